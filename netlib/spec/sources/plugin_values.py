"""The values that a user's function returned: what netlab can hold of them, and which feature they are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from netlib.spec.base import shown
from netlib.spec.features import Feature, text, times
from netlib.spec.sources.npz import feature_of
from netlib.spec.tensors import show

if TYPE_CHECKING:
    import polars as pl

INT32 = (-(2**31), 2**31 - 1)


class Wrong(Exception):
    """Says what a function returned and what is wrong about it, as the rest of a sentence that begins with the function."""


def usable(what: str, values: Any) -> Any:
    """The values of an input or target, `what`, if they are some that netlab can hold; an array of texts as a list.

    Raises:
        Wrong: they are none.
    """
    import numpy as np

    if isinstance(values, np.ndarray):
        return _array(what, values)
    if _is_series(values):
        return _series(what, values)
    if isinstance(values, list | tuple) and any(isinstance(each, str) for each in values):
        for row, each in enumerate(values):
            if not isinstance(each, str | None):
                raise Wrong(f"has {kind_of(each)} among the texts of {what}, in row {row}: {shown(each)}")
        return list(values)
    needed = "numbers are needed as a NumPy array, numpy.asarray(values), and texts as a list of str or a polars series"
    raise Wrong(f"returned {kind_of(values)} as {what}; {needed}")


def _array(what: str, values: Any) -> Any:
    """An array of numbers as it is; one of texts as a list."""
    import numpy as np

    if isinstance(values, np.ma.MaskedArray):
        raise Wrong(f"returned a masked array as {what}; fill it: values.filled(numpy.nan), for a step such as Impute")
    if values.dtype.kind == "U" and values.ndim == 1:
        return usable(what, values.tolist()) if len(values) else _refuse_empty(what, values)
    if values.dtype.hasobject:
        remedy = "name a dtype: numpy.asarray(values, dtype=numpy.float32); texts are a list of str"
        raise Wrong(f"returned Python objects (an array of dtype object) as {what}; {remedy}")
    if values.dtype.kind not in "fiub":
        raise Wrong(f"returned an array of {values.dtype} as {what}; numbers are needed: floats, integers or booleans")
    if not values.ndim:
        raise Wrong(f"returned a single value as {what}; one row for each sample is needed")
    if 0 in values.shape:
        _refuse_empty(what, values)
    if values.dtype.kind in "iu" and values.dtype.itemsize >= 4:
        _refuse_large(what, values)
    return values


def _refuse_empty(what: str, values: Any) -> None:
    raise Wrong(f"returned {what} in the shape {show(values.shape)}: there are no values in it")


def _refuse_large(what: str, values: Any) -> None:
    least, most = INT32
    wrong = (values < least) | (values > most) if values.dtype.kind == "i" else values > most
    if wrong.any():
        import numpy as np

        place = np.unravel_index(int(wrong.argmax()), wrong.shape)
        raise Wrong(f"returned {values[place]} in row {int(place[0])} of {what}, which int32 cannot hold; floats can")


def _series(what: str, values: pl.Series) -> Any:
    import polars as pl

    if not len(values):
        raise Wrong(f"returned {what} as a series without values")
    if values.dtype == pl.String():
        return values
    if values.dtype in (pl.Date, pl.Datetime) and getattr(values.dtype, "time_zone", None) is None:
        return values.cast(pl.Datetime("us"))
    held = "a series holds texts, or times without a zone; numbers are a NumPy array, as series.to_numpy() gives it"
    raise Wrong(f"returned a polars series of {values.dtype} as {what}; {held}")


def usable_weights(weights: Any) -> Any:
    """A float32 for each sample.

    Raises:
        Wrong: they are something else.
    """
    import numpy as np

    if not isinstance(weights, np.ndarray) or weights.dtype.kind not in "fiub" or weights.ndim != 1:
        got = f"{show(weights.shape)} {weights.dtype}" if isinstance(weights, np.ndarray) else kind_of(weights)
        raise Wrong(f"must return the weights as an array of one number for each sample; it returned {got}")
    with np.errstate(over="ignore"):
        found = weights.astype(np.float32)
    wrong = ~np.isfinite(found) | (found < 0)
    if wrong.any():
        row = int(wrong.argmax())
        raise Wrong(f"returned the weight {weights[row]} in row {row}; a weight is finite and not below 0")
    return found


def feature_of_values(values: Any) -> Feature:
    """With the least and the largest number, where they are known."""
    import numpy as np

    if not isinstance(values, np.ndarray):
        return text() if isinstance(values, list) or not values.dtype.is_temporal() else times()
    feature = feature_of(values.shape, values.dtype)
    least, most = float(values.min()), float(values.max())
    return replace(feature, minimum=least, maximum=most) if np.isfinite([least, most]).all() else feature


def _is_series(values: Any) -> bool:
    return type(values).__module__.partition(".")[0] == "polars" and type(values).__name__ == "Series"


def kind_of(value: Any) -> str:
    """What something is, as a person says it: `a dict`, `None`, `a torch.Tensor`."""
    if value is None:
        return "None"
    cls = type(value)
    name = cls.__name__ if cls.__module__ == "builtins" else f"{cls.__module__.partition('.')[0]}.{cls.__name__}"
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
