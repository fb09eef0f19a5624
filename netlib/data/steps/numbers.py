"""Steps over numbers."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from netlib.data.arrays import Array, Values
from netlib.data.portions import Portions
from netlib.data.row_error import RowError
from netlib.data.steps.moments import axes_of, ends_and_moments_of, ends_of, moments_of
from netlib.data.steps.step import Learned, Step, nothing
from netlib.spec.errors import NetlabError
from netlib.spec.features import PreprocessingSpec
from netlib.spec.preprocessing.numbers import (
    Bucketize,
    Clip,
    Impute,
    Log,
    MinMax,
    Rescale,
    RobustScale,
    Standardize,
)


def _column(values: Array) -> Array:
    """In float32, one number a sample as a column."""
    return (
        values.astype(np.float32, copy=False).reshape(-1, 1)
        if values.ndim == 1
        else values.astype(np.float32, copy=False)
    )


def _array(values: Values) -> Array:
    assert isinstance(values, np.ndarray)
    return values


def _fit_standardize(spec: Standardize, portions: Portions) -> dict[str, Array]:
    """Mean and standard deviation, float32, in the shape of the axes that they are kept apart for."""
    ends, moments = ends_and_moments_of(portions, spec.per)
    least, largest = ends.or_zeros()
    deviation = moments.deviation.astype(np.float32)
    constant = (least == largest) | (deviation == 0)
    # The mean of equal values, summed, may differ from them in its last bit: a constant must become exactly 0.
    return {
        "mean": np.where(constant, least, moments.mean.astype(np.float32)),
        "deviation": np.where(constant, np.float32(1), deviation),
    }


def _standardize(_spec: Standardize, learned: Learned, values: Array) -> Array:
    return _scaled(values, learned["mean"], learned["deviation"])


def _fit_robust(spec: RobustScale, portions: Portions) -> dict[str, Array]:
    values = _array(portions.whole())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of nothing there are no quartiles
        quantile = np.nanquantile if np.isnan(values).any() else np.quantile  # the first takes much longer
        axes = axes_of(spec.per, values)
        quartiles = quantile(values.astype(np.float64), (0.25, 0.5, 0.75), axis=axes, overwrite_input=True)
    first, median, third = np.where(np.isnan(quartiles), 0, quartiles)
    distance = (third - first).clip(max=np.finfo(np.float32).max).astype(np.float32)
    return {"median": np.asarray(median, np.float32), "distance": np.where(distance == 0, np.float32(1), distance)}


def _robust(_spec: RobustScale, learned: Learned, values: Array) -> Array:
    return _scaled(values, learned["median"], learned["distance"])


def _scaled(values: Array, middle: Array, unit: Array) -> Array:
    with np.errstate(over="ignore"):  # what does not fit is found, and named, by netlib.data.contract
        scaled = values.astype(np.float32, copy=False) - middle
        scaled /= unit  # in place: room for another copy takes longer to get than to fill
        return _column(scaled)


def _fit_min_max(spec: MinMax, portions: Portions) -> dict[str, Array]:
    lowest, highest = ends_of(portions, spec.per).or_zeros()
    return {"lowest": lowest, "highest": highest}


def _min_max(spec: MinMax, learned: Learned, values: Array) -> Array:
    lowest, highest = (learned[name].astype(np.float64) for name in ("lowest", "highest"))
    shares = values.astype(np.float64)  # in which the difference of any two numbers of float32 fits
    shares -= lowest
    shares /= np.where(highest == lowest, 1, highest - lowest)
    if spec.clip:
        shares = shares.clip(0, 1)
    # A weighted mean, unlike a sum, gives both ends exactly.
    with np.errstate(over="ignore"):  # as above
        return _column((spec.minimum * (1 - shares) + spec.maximum * shares).astype(np.float32))


def _rescale(spec: Rescale, _learned: Learned, values: Array) -> Array:
    with np.errstate(over="ignore", invalid="ignore"):  # as above
        scaled = values.astype(np.float32)
        scaled *= np.float32(spec.scale)
        scaled += np.float32(spec.offset)
        return _column(scaled)


def _clip(spec: Clip, _learned: Learned, values: Array) -> Array:
    least, most = (None if end is None else np.float32(end) for end in (spec.minimum, spec.maximum))
    clipped = values.astype(np.float32)
    return _column(np.clip(clipped, least, most, out=clipped))


def _log(spec: Log, _learned: Learned, values: Array) -> Array:
    shifted = values.astype(np.float64) + spec.offset
    wrong = shifted <= 0
    if wrong.any():
        first = np.unravel_index(int(wrong.argmax()), wrong.shape)
        what = f"and with the offset {spec.offset:g} no logarithm" if spec.offset else "of which there is no logarithm"
        raise RowError(
            int(first[0]),
            f"has {values[first]}, {what}: it must be above 0 ({int(wrong.sum())} such values);"
            " a larger offset (Log: 1), or Clip in front, helps",
        )
    return _column(np.log(shifted).astype(np.float32))


def _fit_bucketize(spec: Bucketize, portions: Portions) -> dict[str, Array]:
    if spec.boundaries is not None:
        return {"boundaries": np.array(spec.boundaries, np.float32)}
    assert spec.quantiles is not None
    values = _array(portions.whole())
    _refuse_missing(values)
    shares = np.arange(1, spec.quantiles) / spec.quantiles
    return {"boundaries": np.quantile(values.astype(np.float64), shares, overwrite_input=True).astype(np.float32)}


def _bucketize(spec: Bucketize, learned: Learned, values: Array) -> Array:
    _refuse_missing(values)
    floats = values.dtype.kind == "f"
    # An integer may have more digits than float32; a number of float32 is equal to a boundary that is written as it was.
    exact: Any = learned["boundaries"] if floats or spec.boundaries is None else spec.boundaries
    boundaries = np.asarray(exact, np.float32 if floats else np.float64)
    return np.searchsorted(boundaries, values.reshape(-1), side="right").astype(np.int32)


def _refuse_missing(values: Array) -> None:
    missing = np.isnan(values.reshape(-1))
    if missing.any():
        count = int(missing.sum())
        raise RowError(int(missing.argmax()), f"has no number ({count} are missing): put Impute in front of Bucketize")


def _fit_impute(spec: Impute, portions: Portions) -> dict[str, Array]:
    """A number for each index of the last axis, or one where there is no further axis."""
    if isinstance(spec.by, str):
        return {"filling": _means(portions) if spec.by == "mean" else _ranked(spec.by, _array(portions.whole()))}
    return {"filling": np.full(_array(next(iter(portions))).shape[1:][-1:], spec.by, np.float32)}


def _means(portions: Portions) -> Array:
    moments = moments_of(portions, "channel")
    if not moments.count.all():
        raise _nothing_to_fill("mean")
    return moments.mean.astype(np.float32)


def _ranked(by: str, values: Array) -> Array:
    """The medians, or the most frequent numbers."""
    values = values.astype(np.float32, copy=False)
    rows = values.reshape(-1, values.shape[-1]) if values.ndim > 1 else values[:, None]
    filled = [_filling(by, column[~np.isnan(column)]) for column in rows.T]
    return np.array(filled, np.float32).reshape(values.shape[1:][-1:])


def _filling(by: str, present: Array) -> float:
    if not len(present):
        raise _nothing_to_fill(by)
    if by == "most_frequent":
        found, counts = np.unique(present, return_counts=True)
        return float(found[counts.argmax()])
    return float(np.median(present.astype(np.float64), overwrite_input=True))


def _nothing_to_fill(by: str) -> NetlabError:
    what = f"every value of the training split is missing, so there is no {by.replace('_', ' ')}"
    return NetlabError(f"{what}: leave the column out, or say what is put there (Impute: 0)")


def _impute(spec: Impute, learned: Learned, values: Array) -> Array:
    missing = np.isnan(values)
    filled = _column(np.where(missing, learned["filling"], values))
    return np.concatenate([filled, _column(missing)], axis=-1) if spec.flag else filled


STEPS: dict[type[PreprocessingSpec], Step] = {
    Standardize: Step(("mean", "deviation"), _fit_standardize, _standardize, by_number=True),
    RobustScale: Step(("median", "distance"), _fit_robust, _robust, by_number=True),
    MinMax: Step(("lowest", "highest"), _fit_min_max, _min_max),
    Rescale: Step((), nothing, _rescale, by_number=True),
    Clip: Step((), nothing, _clip, by_number=True),
    Log: Step((), nothing, _log),
    Bucketize: Step(("boundaries",), _fit_bucketize, _bucketize, by_axes=False),
    Impute: Step(("filling",), _fit_impute, _impute),
}
