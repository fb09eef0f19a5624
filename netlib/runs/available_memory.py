"""The memory that this process can have: of the machine, and of the limits of a container or a shell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

_UNLIMITED = 1 << 60
"""Larger numbers stand for no limit in the files of the first version of cgroups."""


def process_memory(root: Path = Path("/")) -> int | None:
    """Bytes that the process has and can take in addition; None where the system does not tell, as beside Linux.

    What is kept of files can be given back, and counts as free. `root` is where the system's files are.
    """
    found = [*_of_machine(root), *_of_groups(root), *_of_process(root)]
    return max(min(found), 0) + (_kilobytes(root / "proc/self/status", "VmRSS") or 0) if found else None


def _of_machine(root: Path) -> Iterator[int]:
    available = _kilobytes(root / "proc/meminfo", "MemAvailable")
    if available is not None:
        yield available


def _of_groups(root: Path) -> Iterator[int]:
    """What each group (cgroup) that the process is in, and each around it, leaves."""
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        kinds, _, path = rest.partition(":")
        if kinds == "":
            top, names = root / "sys/fs/cgroup", ("memory.max", "memory.current", "inactive_file")
        elif kinds == "memory":
            top, names = (
                root / "sys/fs/cgroup/memory",
                ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
            )
        else:
            continue
        inside = top / path.lstrip("/")
        for folder in (inside, *inside.parents):
            yield from _of_group(folder, *names)
            if folder == top:
                break


def _of_group(folder: Path, limit: str, usage: str, kept: str) -> Iterator[int]:
    most, used = _number(_text(folder / limit)), _number(_text(folder / usage))
    if most is not None and used is not None and most < _UNLIMITED:
        match = re.search(rf"^{kept} (\d+)$", _text(folder / "memory.stat"), re.MULTILINE)
        yield most - used + (int(match[1]) if match else 0)


def _of_process(root: Path) -> Iterator[int]:
    """What the limit of its addresses (`ulimit -v`) leaves."""
    match = re.search(r"^Max address space +(\d+) ", _text(root / "proc/self/limits"), re.MULTILINE)
    taken = _kilobytes(root / "proc/self/status", "VmSize")
    if match and taken is not None:
        yield int(match[1]) - taken


def _kilobytes(file: Path, name: str) -> int | None:
    match = re.search(rf"^{name}:\s*(\d+) kB$", _text(file), re.MULTILINE)
    return int(match[1]) << 10 if match else None


def _number(text: str) -> int | None:
    return int(text) if text.strip().isdecimal() else None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
