"""Shapes of convolutions and pooling against Keras's, over many settings."""

from __future__ import annotations

from typing import Any

import keras
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.spec.errors import SpecError
from netlib.spec.layer import LayerSpec
from netlib.spec.layers.convolution import Conv2D
from netlib.spec.layers.pooling import AveragePooling2D, MaxPooling2D
from netlib.spec.layers.windows import reach, simplest, windows

small = st.integers(1, 4)
pairs = st.tuples(small, small)
axes = st.one_of(st.none(), st.integers(1, 12))
shapes = st.tuples(st.none(), axes, axes, st.integers(1, 3))
paddings = st.sampled_from(["valid", "same"])


def assert_as_keras(spec: LayerSpec, layer: Any, shape: tuple[int | None, ...]) -> None:
    try:
        expected = layer.compute_output_shape(shape)
    except ValueError:
        with pytest.raises(SpecError, match="is larger than its input"):
            spec.output_shape(shape)
    else:
        assert spec.output_shape(shape) == expected


@settings(max_examples=300)
@given(shapes, pairs, pairs, paddings, st.booleans())
def test_convolution(
    shape: tuple[int | None, ...], size: tuple[int, int], steps: tuple[int, int], padding: str, dilated: bool
) -> None:
    parameters = {
        "filters": 2,
        "kernel_size": size,
        "padding": padding,
        "dilation_rate" if dilated else "strides": steps,
    }
    assert_as_keras(Conv2D.parse(parameters), keras.layers.Conv2D(**parameters), shape)


@settings(max_examples=300)
@given(shapes, pairs, st.one_of(st.none(), pairs), paddings, st.sampled_from([MaxPooling2D, AveragePooling2D]))
def test_pooling(
    shape: tuple[int | None, ...],
    size: tuple[int, int],
    strides: tuple[int, int] | None,
    padding: str,
    cls: type[LayerSpec],
) -> None:
    parameters = {"pool_size": size, "strides": strides, "padding": padding}
    assert_as_keras(cls.parse(parameters), getattr(keras.layers, cls.__name__)(**parameters), shape)


sides = st.tuples(st.tuples(st.integers(0, 3), st.integers(0, 3)), st.tuples(st.integers(0, 3), st.integers(0, 3)))


@settings(max_examples=300)
@given(shapes, pairs, pairs, sides, st.booleans())
def test_explicit_padding_is_an_image_with_zeros_around(
    shape: tuple[int | None, ...], size: tuple[int, int], steps: tuple[int, int], padding: Any, dilated: bool
) -> None:
    step = {"dilation_rate" if dilated else "strides": steps}
    spec = Conv2D.parse({"filters": 2, "kernel_size": size, "padding": padding, **step})
    around = keras.layers.ZeroPadding2D(padding).compute_output_shape(shape)
    try:
        expected = keras.layers.Conv2D(2, size, **step).compute_output_shape(around)
    except ValueError:
        with pytest.raises(SpecError, match="is larger than its input"):
            spec.output_shape(shape)
    else:
        assert spec.output_shape(shape) == expected


@settings(max_examples=300)
@given(shapes, pairs, pairs, sides)
def test_the_simplest_padding_is_the_same(
    shape: tuple[int | None, ...], size: tuple[int, int], strides: tuple[int, int], padding: Any
) -> None:
    rule = simplest(padding, size, strides)
    if rule == "valid":
        assert padding == ((0, 0), (0, 0))
    if rule == "same":  # TensorFlow's: what is odd stands behind
        assert strides == (1, 1)
        assert padding == tuple(((n - 1) // 2, n - 1 - (n - 1) // 2) for n in size)
        layer = MaxPooling2D.parse({})
        assert windows(layer, shape, size, strides, padding) == shape[1:3]
    assert isinstance(rule, str) or rule == padding


def test_padding_that_has_a_rule() -> None:
    assert simplest(((1, 1), (1, 1)), (3, 3), (1, 1)) == "same"
    assert simplest(((0, 1), (2, 2)), (2, 5), (1, 1)) == "same"
    assert simplest(((1, 1), (1, 1)), (3, 3), (2, 1)) == ((1, 1), (1, 1))
    assert simplest(((0, 0), (0, 0)), (3, 3), (2, 2)) == "valid"
    assert simplest("same", (3, 3), (2, 2)) == "same"
    assert reach((3, 2), (2, 4)) == (5, 5)


def test_a_window_larger_than_the_image_with_its_padding_names_all_three() -> None:
    conv = Conv2D.parse({"filters": 1, "kernel_size": 7, "padding": [1, 2]})
    message = (
        r"Conv2D's window of 7 x 7 is larger than its input \(batch, 4, 4, 1\) with padding \[\[1, 1\], \[2, 2\]\];"
        r" make it smaller, or use padding: same"
    )
    with pytest.raises(SpecError, match=message):
        conv.output_shape((None, 4, 4, 1))
    assert conv.output_shape((None, 5, 4, 1)) == (None, 1, 2, 1)


def test_a_window_larger_than_the_image_names_both() -> None:
    conv = Conv2D.parse({"filters": 1, "kernel_size": [3, 2], "dilation_rate": 2})
    message = (
        r"Conv2D's window of 5 x 3 is larger than its input \(batch, 4, \?, 1\); make it smaller, or use padding: same"
    )
    with pytest.raises(SpecError, match=message):
        conv.output_shape((None, 4, None, 1))
    assert conv.model_copy(update={"padding": "same"}).output_shape((None, 4, None, 1)) == (None, 4, None, 1)


@pytest.mark.parametrize("layer", [Conv2D.parse({"filters": 1, "kernel_size": 1}), MaxPooling2D.parse({})])
def test_only_images_have_windows(layer: LayerSpec) -> None:
    message = rf"{layer.type_name()} needs an input of rank 4, \(batch, height, width, channels\), got \(batch, 8, 8\)"
    with pytest.raises(SpecError, match=message):
        layer.output_shape((None, 8, 8))
