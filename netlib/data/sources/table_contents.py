"""What is read of one file of a table: by polars where nothing is wrong, row by row where rows have to be told apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from netlib.data.arrays import Array
from netlib.data.sources.table_frames import csv, json_lines, parquet
from netlib.data.sources.table_texts import read_texts
from netlib.data.sources.table_values import Fault, converted, missing
from netlib.spec.sources.table import TableSpec
from netlib.spec.sources.table_columns import columns_of


@dataclass(frozen=True)
class Flaw:
    """Rows of a file with one and the same fault: what it is, where the first is, and how many there are."""

    file: Path
    place: str
    what: str
    rows: int

    def __str__(self) -> str:
        such = f" ({self.rows:,} such rows)" if self.rows > 1 else ""
        return f"{self.file}, {self.place}: {self.what}{such}"


@dataclass(frozen=True)
class Contents:
    """The rows of a file that can be used.

    Attributes:
        columns: values by column, with equal lengths.
        rows: how many the file has, those that cannot be used among them.
        numbers: the number of each row that can be used, from 0; None if that is all of them.
        flaws: what is wrong with the others.
    """

    columns: dict[str, pl.Series]
    rows: int
    numbers: Array | None = None
    flaws: tuple[Flaw, ...] = ()


def contents(source: TableSpec, file: Path, held: Mapping[str, str]) -> Contents:
    """Those columns of a file, each as what it is said to hold.

    Raises:
        NetlabError: the file as a whole is damaged.
    """
    if source.form_of(file) == "parquet":
        stored = parquet(file, list(held))
        columns, faults = checked(source, stored, held)
        return _without(
            columns, faults, np.arange(stored.height), lambda row: f"row {row} (from 0)", file, stored.height
        )
    frame = csv(source, file, held) if source.form_of(file) == "csv" else json_lines(source, file, held)
    if frame is not None:
        columns, faults = checked(source, frame, held)
        if not faults:
            return Contents(columns, frame.height)
    return _one_by_one(source, file, held)


def _one_by_one(source: TableSpec, file: Path, held: Mapping[str, str]) -> Contents:
    texts = read_texts(source, file, list(held))
    columns, faults = checked(source, texts.frame, held)
    total = texts.frame.height + len(texts.broken)
    kinds: dict[str, list[int]] = {}
    for line, problem in texts.broken:
        kinds.setdefault(problem, []).append(line)
    broken = tuple(Flaw(file, f"line {lines[0]}", problem, len(lines)) for problem, lines in kinds.items())
    rest = _without(columns, faults, texts.numbers, lambda row: f"line {texts.lines[row]}", file, total)
    numbers = texts.numbers if rest.numbers is None and broken else rest.numbers
    return Contents(rest.columns, total, numbers, (*broken, *rest.flaws))


def checked(
    source: TableSpec, frame: pl.DataFrame, held: Mapping[str, str]
) -> tuple[dict[str, pl.Series], list[Fault]]:
    """Columns as what they are said to hold, and the rows that cannot be used.

    Args:
        source: says how a date is written, and what may not be missing.
        frame: the columns as they are stored.
        held: column -> what it holds.
    """
    columns: dict[str, pl.Series] = {}
    faults: list[Fault] = []
    for name, each in held.items():
        declared = source.columns.get(name)
        columns[name], found = converted(frame[name], each, declared.format if declared else None)
        faults += found
    needed = {name: "target" for name in columns_of(source.targets) if name in held}
    needed |= {source.weights: "weight"} if source.weights and source.weights in held else {}
    wrong = [fault.rows for fault in faults]
    for name, role in needed.items():
        rows = missing(columns[name])
        for other in wrong:
            rows = None if rows is None else rows & ~other
        if rows is not None and rows.any():
            faults.append(Fault(f"{role} '{name}' is missing", rows))
    if (
        source.weights
        and source.weights in held
        and (negative := (columns[source.weights] < 0).fill_null(value=False)).any()
    ):
        value = columns[source.weights][int(negative.arg_max() or 0)]
        faults.append(Fault(f"weight '{source.weights}' is {value:g}, but none may be negative", negative))
    return columns, faults


def _without(
    columns: dict[str, pl.Series],
    faults: list[Fault],
    numbers: Array,
    place: Callable[[int], str],
    file: Path,
    total: int,
) -> Contents:
    """The rows that have no fault; `numbers` has that of each row in the file."""
    if not faults:
        return Contents(columns, total)
    usable = np.ones(len(numbers), bool)
    flaws = []
    for fault in faults:
        rows = fault.rows.to_numpy()
        usable &= ~rows
        flaws.append(Flaw(file, place(int(rows.argmax())), fault.what, int(rows.sum())))
    kept = pl.Series(usable)
    return Contents({name: each.filter(kept) for name, each in columns.items()}, total, numbers[usable], tuple(flaws))
