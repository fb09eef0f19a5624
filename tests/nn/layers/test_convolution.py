from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib.nn.layers import convolution
from netlib.nn.layers.convolution import Conv2D, Conv2DTranspose

SETTINGS: list[dict[str, Any]] = [
    {"groups": 2},
    {"groups": 4, "strides": 2},
    {"dilation_rate": 2},
    {"groups": 2, "dilation_rate": [1, 2]},
]


def results(settings: dict[str, Any]) -> list[tf.Tensor]:
    """Output and gradients."""
    layer = Conv2D(filters=8, kernel_size=3, padding="same", seed=1, **settings)
    image = tf.constant(np.random.default_rng(2).normal(size=(2, 7, 6, 4)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(image)
        output = layer(image)
        loss = tf.reduce_sum(tf.sin(output))
    return [output, *tape.gradient(loss, [image, layer.kernel, layer.bias])]


def test_the_entries_are_correlations() -> None:
    layer = Conv2D(filters=1, kernel_size=[2, 1], use_bias=False)
    image = tf.reshape(tf.range(6.0), (1, 3, 2, 1))
    layer(image)
    layer.kernel.assign(tf.reshape([1.0, 10.0], layer.kernel.shape))
    np.testing.assert_array_equal(layer(image)[0, :, :, 0], [[0 + 20, 1 + 30], [2 + 40, 3 + 50]])


@pytest.mark.parametrize("settings", SETTINGS)
def test_without_native_gradients_the_results_are_the_same(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    native = results(settings)
    monkeypatch.setattr(convolution, "_has_all_gradients", lambda: False)
    for one, other in zip(results(settings), native, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-5)


@pytest.mark.parametrize(
    "settings", [{}, {"strides": 2}, {"dilation_rate": 2}, {"groups": 2}, {"groups": 2, "dilation_rate": 2}]
)
@pytest.mark.parametrize("padding", [1, [[2, 0], [1, 3]]])
@pytest.mark.parametrize("native", [True, False])
def test_explicit_padding_is_an_image_with_zeros_around(
    settings: dict[str, Any], padding: Any, native: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not native:
        monkeypatch.setattr(convolution, "_has_all_gradients", lambda: False)
    image = np.random.default_rng(2).normal(size=(2, 7, 6, 4)).astype("float32")
    layer = Conv2D(filters=4, kernel_size=3, padding=padding, seed=1, path="a", **settings)
    inside = Conv2D(filters=4, kernel_size=3, seed=1, path="a", **settings)
    around = [(1, 1), (1, 1)] if padding == 1 else padding
    np.testing.assert_allclose(layer(image), inside(np.pad(image, ((0, 0), *around, (0, 0)))), atol=1e-5)


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


@pytest.mark.slow
def test_it_trains_on_tensorflows_own_kernels() -> None:
    """They have no gradient for grouped and dilated convolutions."""
    program = """if True:
        import tensorflow as tf
        from netlib.nn.layers import convolution
        assert not convolution._has_all_gradients()
        conv, transposed = convolution.Conv2D, convolution.Conv2DTranspose
        for kind, settings in (
            (conv, {"groups": 2}), (conv, {"dilation_rate": 2, "padding": 2}), (conv, {"groups": 2, "dilation_rate": 2}),
            (conv, {"padding": 1, "strides": 2}), (transposed, {"strides": 2}), (transposed, {"dilation_rate": 2}),
        ):
            layer = kind(filters=4, kernel_size=3, **settings)
            @tf.function(autograph=False)
            def gradients(image):
                with tf.GradientTape() as tape:
                    loss = tf.reduce_sum(layer(image) ** 2)
                return tape.gradient(loss, layer.trainable_variables)
            assert all(tf.reduce_any(gradient != 0) for gradient in gradients(tf.random.normal((2, 8, 8, 4))))
    """
    environment = {**os.environ, "TF_ENABLE_ONEDNN_OPTS": "0", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
