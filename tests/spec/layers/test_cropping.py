from __future__ import annotations

from typing import Any

import keras
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlib.spec.errors import SpecError
from netlib.spec.layers import cropping
from netlib.spec.layers.cropping import Cropping1D, Cropping2D
from netlib.spec.tensors import TensorSpec


@given(st.integers(1, 3), st.data())
def test_every_axis_shrinks_as_keras_s(count: int, data: st.DataObject) -> None:
    axes = data.draw(st.lists(st.one_of(st.none(), st.integers(1, 9)), min_size=count, max_size=count))
    side = st.tuples(st.integers(0, 3), st.integers(0, 3))
    sides: Any = data.draw(st.one_of(st.integers(0, 3), st.tuples(*[side] * count)))
    name, shape = f"Cropping{count}D", (None, *axes, 2)
    ours = getattr(cropping, name).parse({"cropping": sides})
    theirs = getattr(keras.layers, name)(sides[0] if count == 1 and isinstance(sides, tuple) else sides)
    try:
        expected = theirs.compute_output_shape(shape)
    except ValueError:
        with pytest.raises(SpecError, match="leaves nothing of its input"):
            ours.output_shape(shape)
    else:
        assert ours.output_shape(shape) == expected


def test_something_must_be_left() -> None:
    message = (
        r"Cropping2D with cropping \[\[1, 1\], \[2, 2\]\] leaves nothing of its input \(batch, \?, 4, 3\); cut off less than"
        " its length"
    )
    with pytest.raises(SpecError, match=message):
        Cropping2D.parse([1, 2]).output_shape((None, None, 4, 3))


def test_a_sequence_keeps_its_dtype() -> None:
    assert Cropping1D.parse({}).outputs(TensorSpec((None, 4, 3), "bool"))["output"] == TensorSpec((None, 2, 3), "bool")
    with pytest.raises(
        SpecError, match=r"Cropping1D needs an input of rank 3, \(batch, time, features\), got \(batch, 8\)"
    ):
        Cropping1D.parse(1).output_shape((None, 8))
