from __future__ import annotations

from typing import Any

import keras
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlib.spec.errors import SpecError
from netlib.spec.layers.convolution import Conv2D, Conv2DTranspose
from netlib.spec.layers.padding import ZeroPadding2D
from netlib.spec.tensors import TensorSpec


def sides(written: Any) -> Any:
    return ZeroPadding2D.parse({"padding": written}).padding


def test_a_number_or_a_pair_stands_for_more() -> None:
    assert sides(2) == sides(2.0) == ((2, 2), (2, 2))
    assert sides([1, 2]) == ((1, 1), (2, 2))
    assert sides([[1, 2], [0, 3]]) == ((1, 2), (0, 3))
    assert sides([1, [0, 3]]) == ((1, 1), (0, 3))
    assert ZeroPadding2D.parse(3) == ZeroPadding2D.parse({"padding": 3})
    assert ZeroPadding2D.parse({}).padding == ((1, 1), (1, 1))


@pytest.mark.parametrize("wrong", [-1, 1.5, "1", True, [1], [1, 2, 3], [[1, 2, 3], 1], [-1, 0], [[1], [2]], None, {}])
def test_other_forms_are_refused(wrong: Any) -> None:
    message = r"padding: expected an integer, a pair \(height, width\) or a pair of pairs \(\(top, bottom\), \(left, right\)\)"
    with pytest.raises(SpecError, match=message + ", none below 0, got "):
        sides(wrong)
    with pytest.raises(
        SpecError, match=r"padding: expected 'valid' or 'same', an integer, a pair .* none below 0, got "
    ):
        Conv2D.parse({"filters": 1, "kernel_size": 1, "padding": wrong})


@pytest.mark.parametrize("written", ["valid", "same", 0, [1, 2], [[1, 2], [0, 3]]])
def test_plain_values_make_the_same_padding(written: Any) -> None:
    conv = Conv2D.parse({"filters": 1, "kernel_size": 4, "padding": written})
    assert Conv2D.parse(conv.to_plain()) == conv


def test_a_pair_from_zero_on() -> None:
    made = Conv2DTranspose.parse({"filters": 1, "kernel_size": 3, "strides": 2, "output_padding": 1})
    assert made.output_padding == (1, 1)


@given(
    st.tuples(st.none(), *[st.one_of(st.none(), st.integers(1, 9))] * 2, st.integers(1, 3)),
    st.one_of(st.integers(0, 3), st.tuples(st.integers(0, 3), st.integers(0, 3))),
)
def test_the_image_grows_as_keras_s(shape: Any, padding: Any) -> None:
    assert ZeroPadding2D.parse(padding).output_shape(shape) == keras.layers.ZeroPadding2D(padding).compute_output_shape(
        shape
    )


def test_only_images_have_sides_and_they_keep_their_dtype() -> None:
    assert ZeroPadding2D.parse(1).outputs(TensorSpec((None, 2, 2, 1), "uint8"))["output"].dtype == "uint8"
    with pytest.raises(SpecError, match=r"ZeroPadding2D needs an input of rank 4, .* got \(batch, 8\)"):
        ZeroPadding2D.parse(1).output_shape((None, 8))
