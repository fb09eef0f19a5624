"""`data_files.json`: what the files held that a run reads while it trains, so that one that was merely touched is known again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from netlib.runs.directory import RunDirectory
from netlib.runs.hashing import at_once, sha256
from netlib.spec.errors import NetlabError
from netlib.spec.sources.stamps import StampedFile

FILE = "data_files.json"


class Known(NamedTuple):
    """A file's SHA-256 in hexadecimal, and the times of its last change with which it held that: the run's first one first."""

    sha256: str
    changed: tuple[int, ...]


def known(run: RunDirectory) -> dict[str, Known]:
    """What is known of the files by name; nothing of those that were not read to their end.

    Raises:
        NetlabError: the file is damaged.
    """
    if not (run.path / FILE).exists():
        return {}
    try:
        return {name: _known(entry) for name, entry in json.loads(run.read(FILE)).items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise NetlabError(f"{run.path / FILE} is damaged: {error}") from error


def write(run: RunDirectory, files: Mapping[str, Known]) -> None:
    """Keeps what is known.

    Raises:
        NetlabError: the system refuses.
    """
    run.write(FILE, json.dumps({name: each._asdict() for name, each in files.items()}, indent=0) + "\n")


def touched(files: Sequence[StampedFile], then: Mapping[str, Known]) -> list[StampedFile]:
    """Those of which something is known, but not with the time that they have now."""
    return [file for file in files if file.name in then and file.changed not in then[file.name].changed]


def others(files: Sequence[StampedFile], then: Mapping[str, Known]) -> list[StampedFile]:
    """Those that hold something else by now; all of them are read.

    Raises:
        NetlabError: one cannot be read.
    """
    try:
        digests = at_once(sha256, [file.path for file in files])
    except OSError as error:
        raise NetlabError(f"cannot read {error.filename}: {error.strerror}") from error
    return [file for file, digest in zip(files, digests, strict=True) if digest != then[file.name].sha256]


def _known(entry: Any) -> Known:
    digest, times = entry["sha256"], entry["changed"]
    if not isinstance(digest, str) or not times or any(type(time) is not int for time in times):
        raise ValueError("expected for each file 'sha256', a text, and 'changed', integers")
    return Known(digest, tuple(times))
