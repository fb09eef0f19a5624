from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib.nn.layers.convolution import Conv2D
from netlib.nn.layers.transposed_convolution import Conv1DTranspose, Conv2DTranspose


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"strides": 2},
        {"strides": [2, 3], "padding": "same"},
        {"dilation_rate": [2, 3]},
        {"dilation_rate": 2, "padding": "same"},
    ],
)
def test_a_transposed_convolution_is_the_transpose(settings: dict[str, Any]) -> None:
    """`<convolution(x), y> = <x, transposed(y)>` for one kernel, whatever x and y are."""
    up = Conv2DTranspose(filters=2, kernel_size=3, use_bias=False, seed=1, **settings)
    down = Conv2D(filters=5, kernel_size=3, use_bias=False, seed=2, **settings)
    rng = np.random.default_rng(2)
    y = rng.normal(size=(2, 4, 5, 5)).astype("float32")
    x = rng.normal(size=tuple(up(y).shape)).astype("float32")
    assert down(x).shape == y.shape
    down.kernel.assign(up.kernel)
    np.testing.assert_allclose(np.sum(down(x) * y), np.sum(x * up(y)), rtol=1e-4)


def test_each_place_spreads_the_kernel() -> None:
    layer = Conv2DTranspose(filters=1, kernel_size=2, strides=2, bias_initializer={"Constant": 1})
    image = tf.reshape([1.0, 10.0], (1, 1, 2, 1))
    layer(image)
    layer.kernel.assign(tf.reshape([1.0, 2.0, 3.0, 4.0], layer.kernel.shape))
    np.testing.assert_array_equal(layer(image)[0, :, :, 0], [[2, 3, 11, 21], [4, 5, 31, 41]])


def test_a_dilated_kernel_spreads_over_a_sequence() -> None:
    layer = Conv1DTranspose(1, 2, dilation_rate=2)
    layer(tf.ones([1, 3, 1]))
    layer.kernel.assign(tf.reshape([1.0, 10.0], layer.kernel.shape))
    np.testing.assert_array_equal(layer(tf.reshape([1.0, 2.0, 3.0], (1, 3, 1)))[0, :, 0], [1, 2, 13, 20, 30])
