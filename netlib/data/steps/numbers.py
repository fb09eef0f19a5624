"""Steps over numbers."""

from __future__ import annotations

import numpy as np

from netlib.data.arrays import Array
from netlib.data.steps.step import Learned, Step, nothing
from netlib.spec.errors import NetlabError
from netlib.spec.features import PreprocessingSpec
from netlib.spec.preprocessing.numbers import Impute, Rescale, Standardize


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


def _standardize(_spec: Standardize, learned: Learned, values: Array) -> Array:
    with np.errstate(over="ignore"):  # what does not fit is found, and named, by netlib.data.contract
        result: Array = (values.astype(np.float32) - learned["mean"]) / learned["deviation"]
    return result


def _rescale(spec: Rescale, _learned: Learned, values: Array) -> Array:
    with np.errstate(over="ignore", invalid="ignore"):  # as above
        result: Array = values.astype(np.float32) * np.float32(spec.scale) + np.float32(spec.offset)
    return result


def _fit_impute(spec: Impute, values: Array) -> dict[str, Array]:
    """A number for each index of the last axis, or one where there is no further axis."""
    values = values.astype(np.float32)
    rows = values.reshape(-1, values.shape[-1]) if values.ndim > 1 else values[:, None]
    filled = [_filling(spec.by, column[~np.isnan(column)]) for column in rows.T]
    return {"filling": np.array(filled, np.float32).reshape(values.shape[-1:] if values.ndim > 1 else ())}


def _filling(by: str | float, present: Array) -> float:
    if not isinstance(by, str):
        return by
    if not len(present):
        raise NetlabError(f"every value of the training split is missing, so there is no {by.replace('_', ' ')}")
    if by == "most_frequent":
        found, counts = np.unique(present, return_counts=True)
        return float(found[counts.argmax()])
    return float(np.median(present) if by == "median" else present.mean(dtype=np.float64))


def _impute(_spec: Impute, learned: Learned, values: Array) -> Array:
    values = values.astype(np.float32)
    return np.where(np.isnan(values), learned["filling"], values)


STEPS: dict[type[PreprocessingSpec], Step] = {
    Standardize: Step(("mean", "deviation"), _fit_standardize, _standardize),
    Rescale: Step((), nothing, _rescale),
    Impute: Step(("filling",), _fit_impute, _impute),
}
