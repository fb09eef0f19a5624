"""What a run depended on besides its config: versions, machine, threads, code, command."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from netlib.spec.execution import Choice

PACKAGES = ("netlab", "tensorflow", "keras", "numpy")
_GIT_SECONDS = 3.0


def describe(
    seed: int, threads: int | None, execution: Choice, command: Sequence[str], fingerprint: str | None
) -> dict[str, Any]:
    """The content of `environment.json`, as plain values.

    Args:
        seed: The seed of the run.
        threads: Threads of TensorFlow within one operation, which some results depend on; None if TensorFlow chose.
        execution: The mode that was chosen, and why.
        command: The command line, word by word.
        fingerprint: Of the data; None if there is none.
    """
    return {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": list(command),
        "seed": seed,
        "threads": threads,
        "execution": execution.mode,
        "execution_reason": execution.reason,
        "data_fingerprint": fingerprint,
        "versions": versions(),
        "machine": machine(),
        "git": _git(),
    }


def versions() -> dict[str, str | None]:
    """Of Python and of the packages that decide what is computed; None for one that is not installed."""
    return {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}}


def machine() -> dict[str, Any]:
    """What the process runs on."""
    return {
        "platform": platform.platform(),
        "architecture": platform.machine(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "usable_cores": available_cores(),
    }


def available_cores() -> int:
    """The cores that this process may use, which a container or `taskset` can make fewer."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    """The processor's model; Python tells it everywhere but on Linux."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, "") or platform.processor() or platform.machine()


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
