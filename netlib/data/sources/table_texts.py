"""CSV and JSON lines files, read row by row as texts: slower than polars, but with the line of each row."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from netlib.data.arrays import Array
from netlib.spec.sources.csv_records import Record, opened, records
from netlib.spec.sources.json_records import Line, objects
from netlib.spec.sources.table import TableSpec
from netlib.spec.sources.table_types import header

BLOCK = 50_000
"""Rows that are kept as Python's texts at a time."""


@dataclass(frozen=True)
class Texts:
    """The rows that could be read, as texts, with the line and the number of each; and line, number, problem of the others."""

    frame: pl.DataFrame
    lines: Array
    numbers: Array
    broken: list[tuple[int, int, str]]


Row = tuple[int, list[str | None], str]
"""Line, values of the columns that are asked for, and what is wrong."""


def read_texts(source: TableSpec, file: Path, columns: list[str]) -> Texts:
    """Those columns of a file.

    Raises:
        NetlabError: it cannot be opened or unpacked, or has no names of columns.
    """
    with opened(file) as stream:
        if source.form_of(file) != "csv":
            return texts_of(json_rows(columns, objects(stream)), columns)
        found = records(stream, source.separator_of(file))
        return texts_of(csv_rows(source, header(file, found), columns, found), columns)


def texts_of(rows: Iterable[Row], columns: list[str]) -> Texts:
    """Rows as a frame."""
    broken: list[tuple[int, int, str]] = []
    kept: list[tuple[int, int, list[str | None]]] = []
    frames: list[pl.DataFrame] = []
    places: list[Array] = []

    def flush() -> None:
        data = {name: [values[i] for _, _, values in kept] for i, name in enumerate(columns)}
        frames.append(pl.DataFrame(data, schema=dict.fromkeys(columns, pl.String())))
        places.append(np.array([(line, number) for line, number, _ in kept], np.int64).reshape(-1, 2))
        kept.clear()

    for number, (line, values, problem) in enumerate(rows):
        if problem:
            broken.append((line, number, problem))
        else:
            kept.append((line, number, values))
        if len(kept) == BLOCK:
            flush()
    flush()
    place = np.concatenate(places)
    return Texts(pl.concat(frames, rechunk=True), place[:, 0], place[:, 1], broken)


def csv_rows(source: TableSpec, names: list[str], columns: list[str], found: Iterable[Record]) -> Iterator[Row]:
    """What records of a file with columns of these names have in some of them; empty lines at the end are no rows."""
    missing = {"", *source.missing_texts()}
    places = [names.index(column) for column in columns]
    blank: list[Record] = []
    for record in found:
        if not record.values and not record.problem:
            blank.append(record)
            continue
        yield from (_csv_row(each, names, places, missing) for each in (*blank, record))
        blank.clear()


def _csv_row(record: Record, names: list[str], places: list[int], missing: set[str]) -> Row:
    values = record.values or ([] if len(names) > 1 or record.problem else [""])
    if record.problem:
        return record.line, [], record.problem
    if len(values) != len(names):
        what = f"{len(values)} value{'s' * (len(values) != 1)}" if values else "an empty line"
        return record.line, [], f"{what}, where {len(names)} value{'s' * (len(names) != 1)} are expected"
    return record.line, [None if values[place] in missing else values[place] for place in places], ""


def json_rows(columns: list[str], found: Iterable[Line]) -> Iterator[Row]:
    """What objects have in these fields."""
    for each in found:
        yield each.line, [_as_text(each.fields.get(column)) for column in columns], each.problem


def _as_text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
