from __future__ import annotations

from typing import Any

import keras
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from netlib.spec.errors import SpecError
from netlib.spec.layers.convolution import Conv2D
from netlib.spec.layers.transposed_convolution import Conv1DTranspose, Conv2DTranspose, Conv3DTranspose
from netlib.spec.tensors import Shape


def transposed(**parameters: Any) -> Conv2DTranspose:
    return Conv2DTranspose.parse({"filters": 6, "kernel_size": 3, **parameters})


small = st.integers(1, 4)
pairs = st.tuples(small, small)
lengths = st.one_of(st.none(), st.integers(1, 9))


@settings(max_examples=300)
@given(
    st.tuples(st.none(), lengths, lengths, st.just(2)),
    pairs,
    pairs,
    st.sampled_from(["valid", "same"]),
    st.one_of(st.none(), st.integers(0, 3), st.tuples(st.integers(0, 3), st.integers(0, 3))),
    st.booleans(),
)
def test_a_transposed_convolution_has_keras_s_shape(
    shape: Shape, size: Any, steps: Any, padding: str, extra: Any, dilated: bool
) -> None:
    parameters = {
        "filters": 2, "kernel_size": size, "padding": padding, "output_padding": extra,
        "dilation_rate" if dilated else "strides": steps,
    }  # fmt: skip
    try:
        spec = Conv2DTranspose.parse(parameters)
    except SpecError:  # test_it_is_the_transpose_of_a_convolution says which are refused
        assume(False)
    if spec.output_padding is not None:  # Keras takes none as large as the stride
        assume(all(extra < stride for extra, stride in zip(spec.output_padding, spec.strides, strict=True)))
    expected = keras.layers.Conv2DTranspose(**parameters).compute_output_shape(shape)
    assert spec.output_shape(shape) == tuple(expected)


@settings(max_examples=200)
@given(st.tuples(small, small), pairs, pairs, st.sampled_from(["valid", "same"]), st.integers(0, 3))
def test_it_is_the_transpose_of_a_convolution(
    places: tuple[int, int], size: Any, steps: Any, padding: str, extra: int
) -> None:
    """The convolution leads back to its input's shape, and multiplies as often. An output padding that does not is refused."""
    parameters = {"kernel_size": size, "strides": steps, "padding": padding}
    back = Conv2D.parse({**parameters, "filters": 5})
    try:
        spec = Conv2DTranspose.parse({**parameters, "filters": 2, "output_padding": extra})
    except SpecError:
        if padding == "valid":
            grown = (None, *((n - 1) * s + k + extra for n, s, k in zip(places, steps, size, strict=True)), 2)
            assert back.output_shape(grown) != (None, *places, 5)
        return
    for each in (spec, spec.model_copy(update={"output_padding": None})):
        output = each.output_shape((None, *places, 5))
        assert back.output_shape(output) == (None, *places, 5)
        assert back.macs(output) == each.macs((None, *places, 5))


def test_u_net_s_way_up() -> None:
    up = transposed(filters=512, kernel_size=2, strides=2)
    assert up.output_shape((None, 16, 16, 1024)) == (None, 32, 32, 512)
    assert up.macs((None, 16, 16, 1024)) == 16 * 16 * 2 * 2 * 1024 * 512
    assert up.macs((None, None, 16, 1024)) is None


def test_a_transposed_kernel_has_the_filters_before_the_channels() -> None:
    kernel, bias = transposed(kernel_size=[3, 5]).weights((None, 4, 4, 2))
    assert (kernel.shape, bias.shape) == ((3, 5, 6, 2), (6,))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"strides": 2, "output_padding": [0, 2]},
            r"output_padding \(= \[0, 2\]\) must be from 0 to 1 where the stride is 2, the kernel reaches 3 and padding is valid",
        ),
        (
            {"kernel_size": 2, "strides": 2, "padding": "same", "output_padding": 0},
            r"output_padding \(= \[0, 0\]\) must be from 1 to 2 where the stride is 2, the kernel reaches 2 and padding is same",
        ),
        ({"output_padding": -1}, r"output_padding: expected an integer or a pair of them, none below 0, got -1"),
        ({"strides": 2, "dilation_rate": 2}, r"strides \(= \[2, 2\]\) and dilation_rate \(= \[2, 2\]\) cannot both be"),
        ({"padding": 1}, r"padding: expected 'valid' or 'same', got 1"),
    ],
)
def test_what_a_transposed_convolution_refuses(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        transposed(**parameters)


def test_only_images_can_grow() -> None:
    message = r"Conv2DTranspose needs an input of rank 4, \(batch, height, width, channels\), got \(batch, 8, 8\)"
    with pytest.raises(SpecError, match=message):
        transposed().output_shape((None, 8, 8))


def test_other_numbers_of_axes() -> None:
    up = {"filters": 2, "kernel_size": 3, "strides": 2}
    assert Conv1DTranspose.parse({**up, "output_padding": 1}).output_shape((None, 5, 3)) == (None, 12, 2)
    assert Conv3DTranspose.parse({**up, "padding": "same"}).output_shape((None, 5, None, 2, 3)) == (
        None,
        10,
        None,
        4,
        2,
    )
    with pytest.raises(SpecError, match=r"output_padding: expected an integer, none below 0, got \[0, 0\]"):
        Conv1DTranspose.parse({**up, "output_padding": [0, 0]})
    with pytest.raises(SpecError, match=r"output_padding: expected an integer or three of them, none below 0, got -1"):
        Conv3DTranspose.parse({**up, "output_padding": -1})
