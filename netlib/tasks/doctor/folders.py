"""Whether netlab can write where it writes, and how much room there is."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from netlib.report.numbers import size
from netlib.spec.finding import Finding, State

LITTLE_ROOM = 1 << 30
"""Bytes below which a disk is worth a note: a run of a large network fills them soon."""


def folders(runs: Path, cache: Path | None) -> list[Finding]:
    """Where runs go from here, where compiled code is kept (None: nowhere), and where temporary files are."""
    kept = [Finding("cache", "off (NETLAB_CACHE)")] if cache is None else [_writable("cache", cache, "note")]
    return [_writable("runs", runs, "broken"), *kept, _temporary()]


def _writable(name: str, folder: Path, otherwise: State) -> Finding:
    """Whether a file can be made there, or in the nearest folder around it that exists."""
    absolute = folder.absolute()
    there = next((each for each in (absolute, *absolute.parents) if each.exists()), absolute)
    try:
        with tempfile.TemporaryFile(dir=there):
            free = shutil.disk_usage(there).free
    except OSError as error:
        return Finding(name, f"{absolute}: cannot write to {there}: {error.strerror}", otherwise, _REMEDIES[name])
    return _room(name, absolute, free)


def _temporary() -> Finding:
    try:
        folder = Path(tempfile.gettempdir())
    except OSError as error:
        return Finding("temporary", str(error.strerror), "broken", _REMEDIES["temporary"])
    return _writable("temporary", folder, "broken")


def _room(name: str, folder: Path, free: int) -> Finding:
    value = f"{folder}, {size(free)} free"
    if free < LITTLE_ROOM:
        return Finding(name, value, "note", f"there is little room left on the disk of {folder}")
    return Finding(name, value)


_REMEDIES = {
    "runs": "train elsewhere: netlab train --runs DIR",
    "cache": "without it networks compile anew each time; NETLAB_CACHE names another folder, or is 'off'",
    "temporary": "make room, or set TMPDIR to a folder that can be written to",
}
