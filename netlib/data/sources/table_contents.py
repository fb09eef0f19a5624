"""What is read of one file of a table: by polars where nothing is wrong, row by row where rows have to be told apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from netlib.data.arrays import Array
from netlib.data.sources.table_flaws import Flaw
from netlib.data.sources.table_frames import csv, json_lines, parquet
from netlib.data.sources.table_texts import Texts, read_texts
from netlib.data.sources.table_values import Fault, converted, missing
from netlib.spec.sources.table import TableSpec
from netlib.spec.sources.table_columns import columns_of


@dataclass(frozen=True)
class Contents:
    """The rows of a file, or of a part of it, that can be used.

    Attributes:
        columns: values by column, with equal lengths.
        rows: how many there are, those that cannot be used among them.
        numbers: the number of each row that can be used, from 0; None if that is all of them.
        flaws: what is wrong with the others, in the order of the first row of each.
    """

    columns: dict[str, pl.Series]
    rows: int
    numbers: Array | None = None
    flaws: tuple[Flaw, ...] = ()

    @property
    def skipped(self) -> int:
        """How many cannot be used."""
        return 0 if self.numbers is None else self.rows - len(self.numbers)


def contents(source: TableSpec, file: Path, held: Mapping[str, str]) -> Contents:
    """Those columns of a file, each as what it is said to hold.

    Raises:
        NetlabError: the file as a whole is damaged.
    """
    if source.form_of(file) == "parquet":
        return of_stored(source, file, held, parquet(file, list(held)))
    return of_whole(source, file, held) or of_texts(source, file, held, read_texts(source, file, list(held)))


def of_stored(source: TableSpec, file: Path, held: Mapping[str, str], stored: pl.DataFrame, first: int = 0) -> Contents:
    """The same of rows of a Parquet file, from `first` on."""
    columns, faults = checked(source, stored, held)
    numbers = np.arange(stored.height)
    return _without(columns, faults, numbers, lambda row: f"row {first + row} (from 0)", file, stored.height)


def of_whole(source: TableSpec, file: Path, held: Mapping[str, str], part: bytes | None = None) -> Contents | None:
    """The same of a text file, or of a part of it as `csv` and `json_lines` take it, if all of its rows can be used."""
    read = csv if source.form_of(file) == "csv" else json_lines
    frame = read(source, file, held, part)
    if frame is None:
        return None
    columns, faults = checked(source, frame, held)
    return None if faults else Contents(columns, frame.height)


def of_texts(source: TableSpec, file: Path, held: Mapping[str, str], texts: Texts) -> Contents:
    """The same of rows that are texts."""
    columns, faults = checked(source, texts.frame, held)
    total = texts.frame.height + len(texts.broken)
    rest = _without(columns, faults, texts.numbers, lambda row: f"line {texts.lines[row]}", file, total)
    broken = _broken(file, texts.broken)
    numbers = texts.numbers if rest.numbers is None and broken else rest.numbers
    return Contents(rest.columns, total, numbers, _in_order([*broken, *rest.flaws]))


def _broken(file: Path, rows: Sequence[tuple[int, int, str]]) -> list[Flaw]:
    kinds: dict[str, list[tuple[int, int]]] = {}
    for line, number, problem in rows:
        kinds.setdefault(problem, []).append((line, number))
    return [
        Flaw(file, f"line {found[0][0]}", problem, len(found), found[0][1], problem) for problem, found in kinds.items()
    ]


def _in_order(flaws: list[Flaw]) -> tuple[Flaw, ...]:
    return tuple(sorted(flaws, key=lambda flaw: flaw.first))


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
            what = f"{role} '{name}' is missing"
            faults.append(Fault(what, rows, what))
    if (
        source.weights
        and source.weights in held
        and (negative := (columns[source.weights] < 0).fill_null(value=False)).any()
    ):
        value = columns[source.weights][int(negative.arg_max() or 0)]
        what = f"weight '{source.weights}' is {value:g}, but none may be negative"
        faults.append(Fault(what, negative, "negative weight"))
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
        first = int(rows.argmax())
        flaws.append(Flaw(file, place(first), fault.what, int(rows.sum()), int(numbers[first]), fault.kind))
    kept = pl.Series(usable)
    found = {name: each.filter(kept) for name, each in columns.items()}
    return Contents(found, total, numbers[usable], _in_order(flaws))
