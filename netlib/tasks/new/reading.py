"""Reads a table to be looked at: every column as what it holds, whatever is wrong with some of its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from netlib.data.sources.table_frames import csv
from netlib.data.sources.table_texts import read_texts
from netlib.data.sources.table_values import converted, final, missing
from netlib.spec.base import Spec
from netlib.spec.registry import spec_class
from netlib.spec.sources.table import TableSpec
from netlib.spec.sources.table_columns import FLOAT, INTEGER, STRING, feature_of
from netlib.spec.sources.tables import OTHER_SEPARATORS, Csv

WHOLE = 256 * 10**6
"""Bytes of a CSV file of which every row is looked at for whether it has all values."""
LARGE = (FLOAT, "int32 cannot hold its integers")
LOOKED_AT = 200_000
"""Rows that are looked at; of more the first ones."""
FEW = 0.02
"""Share of rows that cannot be read up to which they, and not their column, are odd."""
DATES = ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%Y/%m/%d")
"""How dates are written where not as ISO 8601 says."""


@dataclass(frozen=True)
class Table:
    """Rows of a table.

    Attributes:
        source: reads them.
        columns: those that can be read, by name, as netlab has them.
        unreadable: column -> what it holds, of the others.
        declared: column -> what has to be said of it for it to be read so, and why.
        broken: what is wrong with rows that have to be left out.
        samples: rows of the files, as far as that is known.
    """

    source: TableSpec
    columns: Mapping[str, pl.Series]
    unreadable: Mapping[str, str]
    declared: Mapping[str, tuple[Any, str]]
    broken: tuple[str, ...]
    samples: int

    def ready(self, name: str) -> Any:
        """The values of a column as the source gives them."""
        values = self.columns[name]
        return final(values.cast(pl.Float32()) if values.dtype == pl.Int64() else values)

    def answered(self, targets: Sequence[str]) -> Table:
        """The rows in which no target is missing, as the others are left out."""
        gone = {name: found for name in targets if (found := missing(self.columns[name])) is not None}
        if not gone:
            return self
        kept = ~pl.select(pl.any_horizontal(*gone.values())).to_series()
        columns = {name: values.filter(kept) for name, values in self.columns.items()}
        broken = [f"{_rows(int(found.sum()))} without '{name}'" for name, found in gone.items()]
        samples = self.samples - int((~kept).sum())
        return replace(self, columns=columns, broken=(*self.broken, *broken), samples=samples)

    @property
    def rows(self) -> int:
        """How many are looked at."""
        return len(next(iter(self.columns.values()))) if self.columns else 0


def table(form: str, path: Path) -> Table:
    """The table at a path.

    Raises:
        SpecError: it is no such table.
        NetlabError: it is damaged.
    """
    source = _separated(spec_class("source", form), path)
    held = source.dtypes()
    readable = {name: each for name, each in held.items() if feature_of(each)}
    frame, samples, lost = _stored(source, list(readable))
    columns: dict[str, pl.Series] = {}
    declared: dict[str, tuple[Any, str]] = {}
    wrong = pl.Series([False]).new_from_index(0, frame.height)
    broken = [f"{_rows(lost)} with too many or too few values"] if lost else []
    for name, each in readable.items():
        made, form_of = _read(frame[name], each)
        if form_of is not None:
            declared[name] = form_of
        columns[name], faults = made
        for fault in faults:
            broken.append(f"{fault.what} ({_rows(int(fault.rows.sum()))})")
            wrong = wrong | fault.rows
    if wrong.any():
        columns = {name: values.filter(~wrong) for name, values in columns.items()}
    rest = {name: each for name, each in held.items() if name not in readable}
    return Table(source, columns, rest, declared, tuple(broken), samples - int(wrong.sum()))


def _rows(number: int) -> str:
    return f"{number:,} row{'' if number == 1 else 's'}"


def _separated(kind: type[Spec], path: Path) -> TableSpec:
    """The source with the separator that its first line has."""
    given: dict[str, Any] = {"path": str(path), "targets": []}
    source = kind.parse(given)
    assert isinstance(source, TableSpec)
    names = list(source.dtypes_by_file()) if isinstance(source, Csv) else []
    sign = next((sign for sign in OTHER_SEPARATORS if len(names) == 1 and sign in names[0]), None)
    return source if sign is None else Csv.parse({**given, "separator": sign})


def _stored(source: TableSpec, names: list[str]) -> tuple[pl.DataFrame, int, int]:
    """The first rows as they are stored, how many there are in all, and how many of them are no rows of the table."""
    files = source.files()
    is_small = sum(file.stat().st_size for file in files) <= WHOLE
    if source.form == "csv" and is_small:
        frames = [frame for file in files if (frame := csv(source, file, dict.fromkeys(names, STRING))) is not None]
        if len(frames) == len(files):
            frame = pl.concat(frames)
            return frame.head(LOOKED_AT), frame.height, 0
    else:
        with suppress(pl.exceptions.PolarsError, pl.exceptions.PanicException):
            rows = source.scan().select(names)
            return rows.head(LOOKED_AT).collect(), int(rows.select(pl.len()).collect().item()), 0
    found = [read_texts(source, file, names) for file in files]
    frame, lost = pl.concat(each.frame for each in found), sum(len(each.broken) for each in found)
    return frame.head(LOOKED_AT), frame.height, lost


def _read(column: pl.Series, held: str) -> tuple[Any, tuple[Any, str] | None]:
    """A column as it is best read, with its faults, and what is to be said of it for that."""
    made = converted(column, held)
    if held == STRING:
        return _dated(column) or (made, None)
    faulty = sum(int(fault.rows.sum()) for fault in made[1])
    if faulty <= FEW * len(column):
        return made, None
    if held == INTEGER and not converted(column, FLOAT)[1]:
        whole = column.cast(pl.Int64(), strict=False)
        return (whole if whole.null_count() == column.null_count() else converted(column, FLOAT)[0], []), LARGE
    return converted(column, STRING), (STRING, made[1][0].what.partition(", ")[2] or "its values differ in kind")


def _dated(column: pl.Series) -> tuple[Any, tuple[Any, str]] | None:
    """As times, if all texts are dates that are written in one way."""
    texts = column.cast(pl.String())
    if not texts.count() or not texts.str.contains(r"^\s*\d+[./]\d+[./]\d+").fill_null(value=True).all():
        return None
    fitting = [form for form in DATES if not converted(column, "datetime", form)[1]]
    if len(fitting) != 1:  # 03/04/2024 can be two days
        return None
    return converted(column, "datetime", fitting[0]), ({"dtype": "datetime", "format": fitting[0]}, "dates")
