"""`CSVLog` and `JSONLinesLog`: a line for each epoch in a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from netlib.runs import atomic, plain
from netlib.spec.errors import UsageError
from netlib.training.callbacks.callback import Callback, Training
from netlib.training.progress import SPLITS, flat

_FIRST = ("epoch", "step")


class RecordFile(Callback):
    """A file with every epoch of the training, earlier calls of `fit` and what a run did before it was gone on with included.

    A subclass says what is added after an epoch (`epoch_ended`), and what the whole file is (`_write_all`).
    """

    _began = False

    def join(self, training: Training) -> None:
        """Remembers whose epochs it writes."""
        self._progress, self._began = training.progress, False

    def run_started(self, run: Path | None, header: Mapping[str, Any]) -> None:
        """Writes the epochs that are done already.

        Raises:
            NetlabError: the system refuses.
        """
        self._began = True
        self._write_all()

    def restore(self, state: Mapping[str, Any]) -> None:
        """Leaves out the epochs that are taken back (`StopOnNaN`), if it has begun to write.

        Raises:
            NetlabError: the system refuses.
        """
        if self._began:
            self._write_all()

    def _write_all(self) -> None:
        raise NotImplementedError


class CSVLog(RecordFile):
    """Writes one line an epoch, under the names of the metrics (`train.loss`); the cell of what was not measured is empty.

    The file has every epoch of the training, earlier calls of `fit` and what a run did before it was gone on with included; one
    that is there already is replaced.

    Args:
        path: the file; `metrics.csv` in the run directory if None.
    """

    def __init__(self, path: Path | str | None = None) -> None:
        self._given = path
        self._columns: list[str] = []

    def join(self, training: Training) -> None:
        """Finds its file.

        Raises:
            UsageError: no path was given and there is no run directory.
        """
        super().join(training)
        self._path = place(self, self._given, training, "metrics.csv")

    def epoch_ended(self, record: Mapping[str, Any]) -> None:
        """Appends a line; where something is measured for the first time all are written anew, with the new column."""
        row = flat(record)
        if row.keys() <= set(self._columns):
            append(self._path, _lines([row], self._columns))
        else:
            self._write_all()

    def _write_all(self) -> None:
        rows = [flat(record) for record in self._progress.records]
        self._columns = sorted(dict.fromkeys(name for row in rows for name in row), key=_rank)
        header = _lines([dict(zip(self._columns, self._columns, strict=True))], self._columns) if rows else ""
        replace(self._path, header + _lines(rows, self._columns))


class JSONLinesLog(RecordFile):
    """Writes each epoch's record as one line of JSON, by the rule of `netlib.runs.plain`; a run has such a file anyway.

    As with `CSVLog`, the file has every epoch of the training.

    Args:
        path: the file.
    """

    def __init__(self, path: Path | str) -> None:
        self._path = Path(path)

    def epoch_ended(self, record: Mapping[str, Any]) -> None:
        """Appends a line."""
        append(self._path, f"{plain.to_json(dict(record))}\n")

    def _write_all(self) -> None:
        replace(self._path, "".join(f"{plain.to_json(record)}\n" for record in self._progress.records))


def place(callback: Callback, given: Path | str | None, training: Training, name: str) -> Path:
    """Where a callback writes: what it was given, or `name` in the run directory.

    Raises:
        UsageError: there is neither.
    """
    if given is not None:
        return Path(given)
    if training.run is None:
        kind = type(callback).__name__
        raise UsageError(f"{kind} needs a path where there is no run directory, got none; write {kind}('{name}')")
    return training.run.path / name


def replace(path: Path, text: str) -> None:
    """Makes `text` the content of a file, and its folder if need be."""
    with atomic.explained(path.parent, "make"):
        path.parent.mkdir(parents=True, exist_ok=True)
    atomic.write_text(path, text)


def append(path: Path, text: str) -> None:
    """Adds whole lines to a file."""
    with atomic.explained(path), path.open("a", encoding="utf-8", newline="") as file:
        file.write(text)


def _rank(column: str) -> tuple[int, int]:
    """Counts first, then the splits in order, then the rest; metrics stay in the order in which they came."""
    if column in _FIRST:
        return 0, _FIRST.index(column)
    split = column.partition(".")[0]
    return (1, SPLITS.index(split)) if split in SPLITS else (2, 0)


def _lines(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    text = io.StringIO(newline="")
    csv.DictWriter(text, columns, restval="", lineterminator="\n").writerows(rows)
    return text.getvalue()
