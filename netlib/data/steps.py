"""What each preprocessing step computes on the host; what its parameters mean stands in `netlib.spec.preprocessing`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from netlib.data.arrays import Array
from netlib.spec.features import PreprocessingSpec
from netlib.spec.preprocessing import Rescale, Standardize


@dataclass(frozen=True)
class Step:
    """The computation of a step.

    `fit(spec, values)` gives the arrays that the step `learns`, `apply(spec, learned, values)` the float32 values.
    """

    learns: tuple[str, ...]
    fit: Callable[[Any, Array], dict[str, Array]]
    apply: Callable[[Any, dict[str, Array], Array], Array]


def _fit_standardize(spec: Standardize, values: Array) -> dict[str, Array]:
    """Mean and standard deviation, float32, in the shape of the axes that they are kept apart for."""
    values = values.astype(np.float32)
    axes = tuple(range(max(values.ndim - 1, 1))) if spec.per == "channel" else (0,)
    mean = values.mean(axis=axes, dtype=np.float64)
    deviation = values.std(axis=axes, dtype=np.float64).astype(np.float32)
    lowest = values.min(axis=axes)
    constant = (lowest == values.max(axis=axes)) | (deviation == 0)
    # The mean of equal values, summed, may differ from them in its last bit: a constant must become exactly 0.
    return {
        "mean": np.where(constant, lowest, mean.astype(np.float32)),
        "deviation": np.where(constant, np.float32(1), deviation),
    }


def _standardize(_spec: Standardize, learned: dict[str, Array], values: Array) -> Array:
    with np.errstate(over="ignore"):  # what does not fit is found, and named, by netlib.data.contract
        result: Array = (values.astype(np.float32) - learned["mean"]) / learned["deviation"]
    return result


def _rescale(spec: Rescale, _learned: dict[str, Array], values: Array) -> Array:
    with np.errstate(over="ignore", invalid="ignore"):  # as above
        result: Array = values.astype(np.float32) * np.float32(spec.scale) + np.float32(spec.offset)
    return result


STEPS: dict[type[PreprocessingSpec], Step] = {
    Standardize: Step(("mean", "deviation"), _fit_standardize, _standardize),
    Rescale: Step((), lambda _spec, _values: {}, _rescale),
}
