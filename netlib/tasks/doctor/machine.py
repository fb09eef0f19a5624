"""The processor, the memory and the environment variables that matter."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from netlib.report.numbers import size
from netlib.runs import environment
from netlib.runs.available_memory import process_memory
from netlib.spec.finding import Finding

LITTLE_MEMORY = 2 << 30
"""Bytes; TensorFlow alone takes 0.6 GiB."""
_SHOWN_FEATURES = ("avx", "avx2", "fma", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "bf16", "sve")
_ALSO = ("XDG_CACHE_HOME", "TMPDIR", "NO_COLOR", "FORCE_COLOR", "COLUMNS")
"""Variables that change no bit, but what is seen, and where files go."""
_ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def machine(root: Path = Path("/")) -> list[Finding]:
    """What computes, and how much of it there is; `root` is where the system's files are."""
    facts = environment.machine()
    features = [name for name in _SHOWN_FEATURES if name in facts["features"]]
    return [
        Finding("system", platform.platform()),
        Finding("processor", facts["processor"] + (f" ({', '.join(features)})" if features else "")),
        _cores(facts["usable_cores"], facts["cores"], cpu_quota(root)),
        _memory(process_memory(root)),
    ]


def variables() -> list[Finding]:
    """Environment variables that change what is computed, or what is seen of it."""
    found = {**environment.variables(), **{name: os.environ[name] for name in _ALSO if os.environ.get(name)}}
    return [Finding(name, value, *_noted(name, value)) for name, value in sorted(found.items())]


def cpu_quota(root: Path = Path("/")) -> float | None:
    """The cores' worth of time that a container may use (cgroups, version 2 or 1); None without a limit."""
    quotas = []
    for folder in _groups(root):
        allowed, period = _pair(folder / "cpu.max") or (_number(folder / "cpu.cfs_quota_us"), None)
        period = period or _number(folder / "cpu.cfs_period_us")
        if allowed and period and allowed > 0:
            quotas.append(allowed / period)
    return min(quotas, default=None)


def _groups(root: Path) -> list[Path]:
    """The folder of the process's group, and those of the groups around it."""
    found = []
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, kinds, path = [*line.split(":", 2), "", ""][:3]
        if kinds == "" or "cpu" in kinds.split(","):
            top = root / "sys/fs/cgroup" / kinds
            inside = top / path.lstrip("/")
            found += [inside, *(each for each in inside.parents if each.is_relative_to(top))]
    return found


def _cores(usable: int, all_of_them: int | None, quota: float | None) -> Finding:
    if quota is not None and quota < usable:
        hint = f"a container's limit: 'train.threads={max(1, int(quota))}' keeps threads from waiting for one another"
        return Finding("cores", f"{usable}, with the time of {quota:g}", "note", hint)
    beside = f" of {all_of_them}" if all_of_them not in (usable, None) else ""
    return Finding("cores", f"{usable}{beside}")


def _memory(free: int | None) -> Finding:
    if free is None:
        return Finding("memory", "the system does not tell")
    if free < LITTLE_MEMORY:
        hint = "TensorFlow alone takes 0.6 GiB; 'data.memory=256MB' keeps samples on the disk"
        return Finding("memory", f"{size(free)} free", "note", hint)
    return Finding("memory", f"{size(free)} free")


def _noted(name: str, value: str) -> tuple[str, str] | tuple[()]:
    """Whether a variable may be there by mistake, and what it does."""
    if name == "TF_ENABLE_ONEDNN_OPTS" and value == "0":
        return "note", "without oneDNN, convolutions are slower on the CPU"
    if name == "CUDA_VISIBLE_DEVICES" and value in ("-1", ""):
        return "note", "it hides every GPU"
    if name in _ONE_THREAD and value == "1":
        return "note", "some libraries then use one core; netlab's own setting is train.threads"
    return ()


def _pair(file: Path) -> tuple[float | None, float | None] | None:
    parts = _text(file).split()
    if len(parts) != 2:
        return None
    return (None if parts[0] == "max" else float(parts[0])), float(parts[1])


def _number(file: Path) -> float | None:
    try:
        return float(_text(file))
    except ValueError:
        return None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
