"""Reads the source `image_table`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from netlib.data.arrays import Arrays
from netlib.data.sources import tables
from netlib.data.sources.images import decoded
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
    table = tables.read(source, seed)
    paths: Any = table.inputs[source.input]
    there = np.flatnonzero(paths.is_not_null().to_numpy())
    pathless = len(paths) - len(there)
    if pathless and source.on_error == "fail":
        row = table.row(int(paths.is_null().arg_max() or 0))
        raise NetlabError(f"{said(source.files()[0])}: row {row} has no path in column '{source.images}'")
    notes = [f"{pathless:,} of {len(paths):,} rows have no path and are left out (on_error: skip)"] if pathless else []
    found = decoded(source, source.located(paths.drop_nulls().to_list()))
    if not len(found.rows):
        raise NetlabError(f"{said(source.files()[0])}: no image can be read: {next(iter(found.failures.values()))}")
    kept = table if len(found.rows) == len(paths) else table.take(there[found.rows])
    images = found.images if len(found.rows) == len(found.images) else found.images[found.rows]
    return replace(kept, inputs={**kept.inputs, source.input: images}, notes=(*table.notes, *notes, *found.notes()))
