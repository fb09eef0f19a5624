"""What changes where a file does."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple


class StampedFile(NamedTuple):
    """A file of a source: its name below the folder that all of them share, its place, its size, and when it last changed."""

    name: str
    path: Path
    size: int
    changed: int


def stamps(files: Iterable[Path]) -> tuple[Any, ...]:
    """Name, size and time of each file; see `SourceSpec.stamp`."""
    return tuple((str(file), *stamp(file)) for file in files)


def stamp(file: Path) -> tuple[int, int]:
    """Size in bytes, and time of the last change in nanoseconds."""
    found = file.stat()
    return found.st_size, found.st_mtime_ns
