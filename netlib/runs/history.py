"""The metrics log: one line of JSON an epoch, appended and synced.

Numbers that are not finite are written by the rule of `netlib.runs.plain`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from netlib.runs import atomic, plain
from netlib.runs.directory import RunDirectory
from netlib.runs.errors import HistoryError

_SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class History:
    """The records of a run in order. `cut` says that the last line was incomplete and left out, or is None."""

    records: list[dict[str, Any]]
    cut: str | None = None


def append(run: RunDirectory, record: Mapping[str, Any]) -> None:
    """Add a record, on the disk when this returns. Its `step` is the number of updates after which it was taken.

    Raises:
        NetlabError: if the system refuses; the log is then as it was.
    """
    if type(record.get("step")) is not int:
        raise ValueError(f"a record needs an integer 'step', got {record.get('step')!r}")
    line = f"{plain.to_json(dict(record))}\n".encode()
    with atomic.explained(run.metrics), run.metrics.open("ab", buffering=0) as file:
        before = os.fstat(file.fileno()).st_size
        try:
            written = 0
            while written < len(line):
                written += file.write(line[written:])
            os.fsync(file.fileno())
        except OSError:
            file.truncate(before)
            raise


def read(run: RunDirectory) -> History:
    """All records; none if the run has not come to its first.

    Raises:
        HistoryError: if a line is damaged, the last excepted: that one may have been cut when the process was killed.
    """
    lines, cut = _lines(run)
    return History([record for _, record in lines], cut)


def truncate_after(run: RunDirectory, step: int) -> int:
    """Remove the records of later steps, and a cut line, so that a resumed run can go on; return how many records went.

    Raises:
        HistoryError: as `read`.
        NetlabError: if the system refuses.
    """
    lines, cut = _lines(run)
    kept = [line for line, record in lines if record["step"] <= step]
    whole = b"".join(line + b"\n" for line in kept)
    if lines or cut:
        atomic.write_bytes(run.metrics, whole)
    return len(lines) - len(kept)


def _lines(run: RunDirectory) -> tuple[list[tuple[bytes, dict[str, Any]]], str | None]:
    """Each line with its record."""
    try:
        lines = run.metrics.read_bytes().removesuffix(b"\n").split(b"\n")
    except FileNotFoundError:
        return [], None
    except OSError as error:
        raise HistoryError(f"cannot read {run.metrics}: {error.strerror}") from error
    found: list[tuple[bytes, dict[str, Any]]] = []
    if lines == [b""]:
        return found, None
    for number, line in enumerate(lines, start=1):
        try:
            found.append((line, _record(line)))
        except ValueError as error:
            if number == len(lines):
                return found, f"{run.metrics}: line {number}, the last, is incomplete and was left out"
            raise HistoryError(f"{run.metrics}: line {number} is damaged: {error}") from error
    return found, None


def _record(line: bytes) -> dict[str, Any]:
    record = plain.from_json(line)
    if not isinstance(record, dict) or type(record.get("step")) is not int:
        raise ValueError("expected a mapping with an integer 'step'")
    if not all(isinstance(record[split], dict) for split in _SPLITS if split in record):
        raise ValueError("expected the metrics of a split by their names")
    if "train" in record and type(record.get("epoch")) is not int:
        raise ValueError("expected of an epoch an integer 'epoch'")
    if not isinstance(record.get("seconds", 0.0), int | float):
        raise ValueError("expected a number of 'seconds'")
    numbers = [each for value in record.values() for each in (value.values() if isinstance(value, dict) else [value])]
    if any(isinstance(each, int) and abs(each) >= 2**63 for each in numbers):
        raise ValueError("expected integers of 64 bits")
    return record
