"""What a run depended on besides its config: versions, machine, threads, code, command; and what differs from it now."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from netlib.spec import launched
from netlib.spec.cores import available_cores
from netlib.spec.execution import Choice

PACKAGES = ("netlab", "tensorflow", "keras", "numpy", "ml_dtypes", "safetensors", "polars", "pillow")
FEATURES = (
    *("sse4_1", "sse4_2", "avx", "avx2", "fma", "f16c", "avx_vnni"),
    *("avx512f", "avx512bw", "avx512vl", "avx512dq", "avx512_vnni", "avx512_bf16", "avx512_fp16"),
    *("amx_tile", "amx_int8", "amx_bf16", "asimd", "asimdhp", "asimddp", "bf16", "i8mm", "sve", "sve2"),
)
"""What a processor may have by which kernels are chosen, as Linux calls it: the same network ends in other bits without it."""
VARIABLES = (
    *("XLA_FLAGS", "TF_XLA_FLAGS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"),
    *("CUDA_VISIBLE_DEVICES", "NVIDIA_TF32_OVERRIDE", "CUBLAS_WORKSPACE_CONFIG", "PYTHONHASHSEED"),
)
"""Environment variables that change what is computed."""
PREFIXES = (
    *("TF_ENABLE_", "TF_DISABLE_", "TF_FORCE_", "TF_USE_", "TF_DETERMINISTIC_", "TF_CUDNN_", "TF_GPU_", "TF_NUM_"),
    *("TF_MKL_", "TF_FUSE_", "TF_AUTOTUNE_", "TF_FP16_", "TF_ROCM_", "NETLAB_"),
)
"""What the names of others begin with. Not TF_ alone: other tools have their secrets under such names, TF_VAR_password."""
SECRET = ("TOKEN", "SECRET", "PASSWORD", "CREDENTIAL", "KEY")
"""A variable with one of these in its name is never written down."""
_CACHE = "--tf_xla_persistent_cache_"
"""Begins the words of TF_XLA_FLAGS that say where compiled code is kept."""
_SAME_BITS = {"NETLAB_CACHE", launched.VARIABLE}
"""Variables that change no bit: where compiled code is kept, and who started the process."""
_SHORT = 12
"""Digits of a hash that are shown."""
_GIT_SECONDS = 3.0


def describe(
    seed: int,
    threads: int | None,
    execution: Choice,
    command: Sequence[str],
    fingerprint: str | None,
    devices: Sequence[str] = (),
) -> dict[str, Any]:
    """The content of `environment.json`, as plain values.

    Args:
        seed: The seed of the run.
        threads: Threads of TensorFlow within one operation, which some results depend on; None if TensorFlow chose.
        execution: The mode that was chosen, and why.
        command: The command line, word by word.
        fingerprint: Of the data; None if there is none.
        devices: What computes besides the CPU.
    """
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": list(command),
        "directory": _directory(),
        "seed": seed,
        "threads": threads,
        "execution": execution.mode,
        "execution_reason": execution.reason,
        "data_fingerprint": fingerprint,
        **computing(devices),
        "git": _git(),
    }


def computing(devices: Sequence[str] = ()) -> dict[str, Any]:
    """What of the environment the bits depend on, whatever is computed; `devices` as in `describe`."""
    return {"versions": versions(), "machine": machine(devices), "variables": variables()}


def versions() -> dict[str, str | None]:
    """Of Python and of the packages that decide what is computed; None for one that is not installed."""
    return {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}}


def machine(devices: Sequence[str] = ()) -> dict[str, Any]:
    """What the process runs on, with the `devices` besides the CPU."""
    return {
        "platform": platform.platform(),
        "architecture": platform.machine(),
        "processor": _processor(),
        "features": _features(),
        "devices": list(devices),
        "cores": os.cpu_count(),
        "usable_cores": available_cores(),
    }


def variables() -> dict[str, str]:
    """The environment variables that change what is computed; never one that may hold a secret."""
    found = {}
    for name, value in sorted(os.environ.items()):
        if name in VARIABLES or (name.startswith(PREFIXES) and not any(word in name.upper() for word in SECRET)):
            found[name] = " ".join(word for word in value.split() if not word.startswith(_CACHE))
    return {name: value for name, value in found.items() if value}


def differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What decides bits and is not as it was, one text for each: `keras: 3.14.1 -> 3.15.0`.

    Args:
        then: what `describe` gave, perhaps of an earlier version; what it does not have is not compared.
        now: what `describe` or `computing` gives.
    """
    before, after = _flat(then), _flat(now)
    pairs = [(name, value, after[name]) for name, value in before.items() if name in after]
    if "variables" in then and "variables" in now:
        old, new = then["variables"], now["variables"]
        pairs += [(name, old.get(name), new.get(name)) for name in sorted({*old, *new} - _SAME_BITS)]
    return [f"{name}: {said(value)} -> {said(other)}" for name, value, other in pairs if value != other]


def deciding(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Of what `describe` gave, all that decides bits, by the names that are shown."""
    return {**_flat(facts), **(facts.get("variables") or {})}


def _flat(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts that decide bits, by the names that are shown; None for what there is not."""
    machine, found = facts.get("machine") or {}, dict(facts.get("versions") or {})
    found |= {name: machine[name] for name in ("architecture", "processor", "devices") if name in machine}
    if "features" in machine:
        found |= {name: name in machine["features"] for name in FEATURES}
    found |= {name: facts[name] for name in ("threads", "execution") if name in facts}
    if "data_fingerprint" in facts:
        found["data"] = str(facts["data_fingerprint"])[:_SHORT]
    if "git" in facts:
        git = facts["git"] or {}
        found |= {"git commit": (git.get("commit") or "none")[:_SHORT], "git dirty": git.get("dirty")}
    return found


def said(value: Any) -> str:
    """One of these values as text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    """The processor's model; Python tells it everywhere but on Linux."""
    return _of_processor("model name") or platform.processor() or platform.machine()


def _features() -> list[str]:
    """What the processor has of `FEATURES`; empty where the system does not tell."""
    has = (_of_processor("flags") or _of_processor("Features")).split()
    return [name for name in FEATURES if name in has]


def _of_processor(field: str) -> str:
    """What Linux says of the first processor, nothing elsewhere."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(field)), "")


def _directory() -> str | None:
    try:
        return str(Path.cwd())
    except OSError:  # it was removed
        return None


def _git() -> dict[str, Any] | None:
    """The commit of the current folder and whether files differ from it; None outside a repository or without git."""
    commit = _git_says("rev-parse", "HEAD")
    if not commit:
        return None
    status = _git_says("status", "--porcelain")
    return {"commit": commit, "dirty": None if status is None else bool(status)}


def _git_says(*arguments: str) -> str | None:
    # A repository's own settings may name a program to be started as its file monitor: not from here.
    command = ["git", "-c", "core.fsmonitor=false", "--no-optional-locks", *arguments]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_GIT_SECONDS, check=True, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return done.stdout.strip()
