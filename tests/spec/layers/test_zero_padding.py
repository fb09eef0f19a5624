from __future__ import annotations

from typing import Any

import keras
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlib.spec.errors import SpecError
from netlib.spec.layers import zero_padding
from netlib.spec.layers.zero_padding import ZeroPadding2D, ZeroPadding3D
from netlib.spec.tensors import TensorSpec


@given(st.integers(1, 3), st.data())
def test_every_axis_grows_as_keras_s(count: int, data: st.DataObject) -> None:
    axes = data.draw(st.lists(st.one_of(st.none(), st.integers(1, 9)), min_size=count, max_size=count))
    side = st.tuples(st.integers(0, 3), st.integers(0, 3))
    padding: Any = data.draw(st.one_of(st.integers(0, 3), st.tuples(*[side] * count)))
    name, shape = f"ZeroPadding{count}D", (None, *axes, 2)
    theirs = getattr(keras.layers, name)(padding[0] if count == 1 and isinstance(padding, tuple) else padding)
    assert getattr(zero_padding, name).parse({"padding": padding}).output_shape(shape) == theirs.compute_output_shape(
        shape
    )


def test_only_as_many_axes_have_sides_and_they_keep_their_dtype() -> None:
    assert ZeroPadding2D.parse(1).outputs(TensorSpec((None, 2, 2, 1), "uint8"))["output"].dtype == "uint8"
    with pytest.raises(SpecError, match=r"ZeroPadding2D needs an input of rank 4, .* got \(batch, 8\)"):
        ZeroPadding2D.parse(1).output_shape((None, 8))
    with pytest.raises(SpecError, match=r"padding: expected an integer, three of them .*, none below 0, got \[1, 2\]"):
        ZeroPadding3D.parse([1, 2])
