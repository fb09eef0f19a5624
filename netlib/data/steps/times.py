"""Steps over times."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import polars as pl

from netlib.data.arrays import Array
from netlib.data.steps.step import Learned, Step, nothing
from netlib.spec.features import PreprocessingSpec
from netlib.spec.preprocessing.times import CYCLES, DateParts

_DAY = 24 * 60 * 60 * 1_000_000
"""In microseconds."""

_PARTS: dict[str, Callable[[pl.Series], pl.Series]] = {
    "year": lambda times: times.dt.year(),
    "quarter": lambda times: times.dt.quarter(),
    "month": lambda times: times.dt.month(),
    "day": lambda times: times.dt.day(),
    "weekday": lambda times: times.dt.weekday() - 1,
    "yearday": lambda times: times.dt.ordinal_day(),
    "hour": lambda times: times.dt.hour(),
    "minute": lambda times: times.dt.minute(),
    "second": lambda times: times.dt.second(),
    "days": lambda times: times.dt.timestamp("us") / _DAY,
}


def _date_parts(spec: DateParts, _learned: Learned, values: pl.Series) -> Array:
    return np.column_stack(list(_columns(spec, values))).astype(np.float32)


def _columns(spec: DateParts, values: pl.Series) -> Iterator[Array]:
    for part in spec.parts:
        numbers = _PARTS[part](values).cast(pl.Float64()).to_numpy()  # what is missing is NaN
        if spec.cyclic and part in CYCLES:
            first, count = CYCLES[part]
            angle = (numbers - first) * (2 * math.pi / count)
            yield np.sin(angle)
            yield np.cos(angle)
        else:
            yield numbers


STEPS: dict[type[PreprocessingSpec], Step] = {DateParts: Step((), nothing, _date_parts)}
