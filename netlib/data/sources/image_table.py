"""Reads the source `image_table`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from netlib.data.arrays import Arrays
from netlib.data.sources import tables
from netlib.data.sources.image_stream import ImageReader
from netlib.data.sources.images import Decoded, decoded
from netlib.data.streaming import Reader
from netlib.spec.errors import NetlabError
from netlib.spec.features import SourceSpec
from netlib.spec.sources.image_table import ImageTable
from netlib.spec.sources.images import said


def read(source: SourceSpec, seed: int) -> Arrays:
    """Reads the table's columns as those of any table, and the images as uint8 (rows, height, width, channels).

    Raises:
        SpecError: the table has no such columns, or sizes differ that must not.
        NetlabError: the table is damaged, or a file is no readable image.
    """
    assert isinstance(source, ImageTable)
    table, files = _listed(source, seed)
    found = decoded(source, files)
    _need_one(source, found)
    kept = table.take(found.rows) if found.failures else table
    images = found.images[found.rows] if found.failures else found.images
    return replace(kept, inputs={**kept.inputs, source.input: images}, notes=(*table.notes, *found.notes()))


def reader(source: SourceSpec) -> Reader | None:
    """Holds the table, and decodes the images when they are wanted; see `netlib.data.streaming`."""
    assert isinstance(source, ImageTable)
    opened, found = ImageReader.of(source, *_listed(source, 0))
    _need_one(source, found)
    return opened


def _listed(source: ImageTable, seed: int) -> tuple[Arrays, list[Path]]:
    """The rows that have a path, and the files that these mean."""
    table = tables.read(source, seed)
    paths: Any = table.inputs[source.input]
    pathless = paths.null_count()
    if not pathless:
        return table, source.located(paths.to_list())
    if source.on_error == "fail":
        row = table.row(int(paths.is_null().arg_max() or 0))
        raise NetlabError(f"{said(source.files()[0])}: row {row} has no path in column '{source.images}'")
    told = f"{pathless:,} of {len(paths):,} rows have no path and are left out (on_error: skip)"
    left = table.take(np.flatnonzero(paths.is_not_null().to_numpy()))
    return replace(left, notes=(*table.notes, told)), source.located(paths.drop_nulls().to_list())


def _need_one(source: ImageTable, found: Decoded) -> None:
    if len(found.failures) == len(found.images):
        raise NetlabError(f"{said(source.files()[0])}: no image can be read: {next(iter(found.failures.values()))}")
