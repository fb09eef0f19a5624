"""What stands beside the predictions: the columns of a source's files as they are, the names of its files, its texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from netlib.data.arrays import Array
from netlib.data.original_tables import Table, opened_table
from netlib.data.passing_tables import passing_table
from netlib.spec.features import SourceSpec
from netlib.spec.sources.image_files import ImageFiles
from netlib.spec.sources.image_folder import ImageFolder
from netlib.spec.sources.images import said
from netlib.spec.sources.npz import UNREADABLE, Npz
from netlib.spec.sources.table import TableSpec
from netlib.spec.sources.texts import TextFiles, TextFolder, TextLines
from netlib.spec.sources.time_series import TimeSeries

ROW, FILE, TEXT = "row", "file", "text"


@dataclass(frozen=True)
class Originals:
    """Columns of the samples, as the source's files have them.

    Attributes:
        names: of the columns.
        of: gives the columns, by name, of the samples with these numbers in the source.
        notes: what is not among them, and why.
        has_targets: whether the targets are, where there are some.
    """

    names: tuple[str, ...]
    of: Callable[[Array], Mapping[str, Any]]
    notes: tuple[str, ...] = field(default=())
    has_targets: bool = False


def originals(source: SourceSpec, *, typed: bool, wide: bool) -> Originals:
    """What stands beside the predictions for the samples of a source.

    Args:
        source: whose files they are of.
        typed: whether the values of a CSV file are to be what they look like, rather than the texts that they are.
        wide: whether arrays of more than a value a sample are taken, too.

    Raises:
        NetlabError: a file is damaged.
    """
    if isinstance(source, TableSpec):
        stored = all(source.form_of(file) == "parquet" for file in source.files())
        table = opened_table(source, typed=typed) if stored else passing_table(source, typed=typed)
        return _of_table(table, lambda rows: rows)
    if isinstance(source, TimeSeries):
        first, last = _ends(source)
        table = opened_table(source.table(), typed=typed)
        return _of_table(table, lambda rows: last[np.searchsorted(first, rows)])
    if isinstance(source, Npz):
        return _of_arrays(source, wide=wide)
    if isinstance(source, TextLines):
        from netlib.data.sources.texts import read

        lines: Any = read(source, 0).inputs[TEXT]
        return Originals((TEXT,), lambda rows: {TEXT: lines[rows]})
    files = _files(source)
    if files is not None:
        names = pl.Series([said(file) for file in files], dtype=pl.String())
        return Originals((FILE,), lambda rows: {FILE: names[rows]})
    return Originals((ROW,), lambda rows: {ROW: rows})


def _of_table(table: Table, place: Callable[[Array], Array]) -> Originals:
    return Originals(table.names, lambda rows: table.columns(place(rows)), has_targets=True)


def _ends(source: TimeSeries) -> tuple[Array, Array]:
    """The first and the last row of each window, by their numbers in the table, in the order of the first ones."""
    from netlib.data.sources.time_series import reader

    found: Any = reader(source)
    first, last = found.order[found.starts], found.order[found.starts + source.length - 1]
    order = np.argsort(first)
    return first[order], last[order]


def _files(source: SourceSpec) -> list[Path] | None:
    """The file of each sample, where each has one."""
    if isinstance(source, ImageFiles | TextFiles):
        return source.files()
    if isinstance(source, ImageFolder | TextFolder):
        members = source.classes() if isinstance(source, ImageFolder) else source.files()
        return [file for files in members.values() for file in files]
    return None


def _of_arrays(source: Npz, *, wide: bool) -> Originals:
    """The arrays of the file that have a row for each sample, and the number of each."""
    found: dict[str, Array] = {}
    left_out: list[str] = []
    rows = source.signature().samples
    with np.load(source.path, allow_pickle=False) as archive:
        for name in archive.files:
            try:
                values = archive[name]
            except UNREADABLE:
                left_out.append(f"'{name}' (objects)")
                continue
            if not values.ndim or len(values) != rows:
                left_out.append(f"'{name}' (not as many rows)")
            elif wide or values[:1].size <= 1:
                found[name] = values if wide else values.reshape(len(values))
            else:
                left_out.append(f"'{name}' {values.shape[1:]}")
    notes = (f"not beside the predictions: {', '.join(left_out)}",) if left_out else ()
    targets = {*source.targets.values()} <= {*found}
    names = (ROW, *(name for name in found if name != ROW))
    return Originals(
        names,
        lambda rows: {ROW: rows, **{name: values[rows] for name, values in found.items()}},
        notes,
        targets,
    )
