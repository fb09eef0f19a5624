from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib.nn.layers.convolution import Conv2D
from netlib.nn.layers.depthwise_convolution import DepthwiseConv1D, DepthwiseConv2D
from netlib.nn.layers.separable_convolution import SeparableConv2D

IMAGE = np.random.default_rng(2).normal(size=(2, 8, 7, 3)).astype("float32")


def test_each_channel_has_kernels_of_its_own() -> None:
    layer = DepthwiseConv1D(2, depth_multiplier=2, use_bias=False)
    sequence = tf.constant([[[1.0, 100.0], [2.0, 200.0], [3.0, 300.0]]])
    layer(sequence)
    layer.kernel.assign([[[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [2.0, 0.0]]])
    np.testing.assert_array_equal(layer(sequence)[0], [[1, 2, 400, 100], [2, 3, 600, 200]])


@pytest.mark.parametrize("padding", ["valid", "same", 1, [[2, 0], [0, 1]]])
@pytest.mark.parametrize(
    "settings",
    [{}, {"strides": 3}, {"strides": [2, 1]}, {"dilation_rate": 2}, {"strides": [3, 2], "dilation_rate": [1, 2]}],
)
@pytest.mark.parametrize("known", [True, False])
def test_it_is_a_convolution_whose_kernel_is_zero_between_channels(
    padding: Any, settings: dict[str, Any], known: bool
) -> None:
    """Of every place with a dilation, of which the strides take some: the first where `same` with these strides has its own."""
    layer = DepthwiseConv2D(3, padding=padding, use_bias=False, seed=1, depth_multiplier=2, **settings)
    shape = (None, *(IMAGE.shape[1:3] if known else (None, None)), 3)
    call = tf.function(lambda image: layer(image), input_signature=[tf.TensorSpec(shape)], autograph=False)
    given = call(IMAGE)
    assert call.get_concrete_function().structured_outputs.shape.as_list() == list(layer.output_shape(shape))

    strides, rate = layer.spec.strides, layer.spec.dilation_rate
    around = padding
    if padding == "same":  # what TensorFlow's documentation says
        sums = [
            max((-(-n // s) - 1) * s + 2 * d + 1 - n, 0)
            for n, s, d in zip(IMAGE.shape[1:3], strides, rate, strict=True)
        ]
        around = [[each // 2, each - each // 2] for each in sums]
    dense = Conv2D(6, 3, padding=around, dilation_rate=rate, use_bias=False)
    dense(IMAGE)
    kernel = np.zeros(dense.kernel.shape, "float32")
    for channel in range(3):
        kernel[:, :, channel, 2 * channel : 2 * channel + 2] = layer.kernel[:, :, channel]
    dense.kernel.assign(kernel)
    np.testing.assert_allclose(given, dense(IMAGE)[:, :: strides[0], :: strides[1]], atol=1e-5)


def test_a_separable_convolution_is_two() -> None:
    layer = SeparableConv2D(4, 3, strides=[1, 2], depth_multiplier=2, activation="relu", seed=1)
    outputs = layer(IMAGE)
    first, second = (
        DepthwiseConv2D(3, strides=[1, 2], depth_multiplier=2, use_bias=False),
        Conv2D(4, 1, activation="relu"),
    )
    second(first(IMAGE))
    first.kernel.assign(layer.depthwise_kernel)
    second.kernel.assign(layer.pointwise_kernel)
    np.testing.assert_allclose(second(first(IMAGE)), outputs, atol=1e-6)
