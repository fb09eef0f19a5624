"""Finds inputs whose columns or channels are numbers of wildly different sizes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from textwrap import shorten

import numpy as np

from netlib.data.arrays import Array
from netlib.data.columns import Names, sampled
from netlib.spec.looks import Anomaly

RATIO = 100.0
"""How many times as far numbers may be spread as others beside them."""
LOOKED_AT = 2_000_000
"""Numbers of an input that are looked at, in samples evenly taken from all: sizes that differ so much are seen in them."""
RARE = 20.0
"""A column whose range is so many deviations is almost constant: what it is scaled by would be its few exceptions."""

_LONGEST = 40
"""Characters of a column's name, which may have a text in it."""


def scales(inputs: Mapping[str, Array], names: Names) -> Iterator[Anomaly]:
    """One anomaly for each float input, as the network reads it, whose widest column has a deviation and a range of more than
    `RATIO` times those of its narrowest; constants do not count.

    Args:
        inputs: those of the training split.
        names: gives, of an input and the length of its last axis, how its columns are called.
    """
    for name, values in inputs.items():
        if values.dtype.kind != "f" or values.ndim < 2 or values.shape[-1] < 2:
            continue
        rows = sampled(values, LOOKED_AT).reshape(-1, values.shape[-1])
        ends = _ends(rows)
        if ends is None:
            continue
        wide, narrow, deviations = ends
        called = [shorten(each, _LONGEST) for each in names(name, values.shape[-1])]
        yield Anomaly(
            "scales",
            f"input '{name}' has numbers of wildly different sizes: '{called[wide]}' has a deviation of"
            f" {deviations[wide]:.3g}, '{called[narrow]}' of {deviations[narrow]:.3g}, which will hardly count beside it;"
            f" preprocess: {{{name}: Standardize}} makes them alike",
            name,
        )


def _ends(rows: Array) -> tuple[int, int, Array] | None:
    """The widest and the narrowest column, and the deviations of all; None where they are not too far apart."""
    deviations = rows.std(axis=0, dtype=np.float64)
    ranges = rows.max(axis=0).astype(np.float64) - rows.min(axis=0)
    steady = (deviations > 0) & (ranges > 0) & (ranges < RARE * deviations)
    if not steady.any():
        return None
    wide, narrow = int(deviations.argmax()), int(np.where(steady, deviations, np.inf).argmin())
    apart = deviations[wide] > RATIO * deviations[narrow] and ranges[wide] > RATIO * ranges[narrow]
    return (wide, narrow, deviations) if apart else None
