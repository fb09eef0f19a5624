"""Reads the sources that are functions of a user's."""

from __future__ import annotations

from typing import Any

import numpy as np

from netlib.data.arrays import Arrays
from netlib.data.sources.blocks import converted
from netlib.spec.features import SourceSpec
from netlib.spec.sources.plugin import PluginSource, samples_of


def read(source: SourceSpec, seed: int) -> Arrays:
    """What the function returns: floats as float32, integers as int32 or narrower, booleans as they are; texts as series.

    Raises:
        MissingFileError: the function looked for a file, and that of a parameter is not there.
        NetlabError: it raised something, or returned what are no samples, or numbers that float32 cannot hold.
    """
    assert isinstance(source, PluginSource)
    found = samples_of(source.seeded(seed))
    origin = source.written.origin
    return Arrays(
        {name: _held(values, f"{origin}: input '{name}'") for name, values in found.inputs.items()},
        {name: _held(values, f"{origin}: target '{name}'") for name, values in found.targets.items()},
        found.weights,
    )


def _held(values: Any, where: str) -> Any:
    if isinstance(values, np.ndarray):
        return converted(values, where)
    import polars as pl

    return pl.Series(values, dtype=pl.String()) if isinstance(values, list) else values
