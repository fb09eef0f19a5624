from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib.nn.layers import convolution
from netlib.nn.layers.convolution import Conv1D, Conv2D

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


def test_a_causal_convolution_sees_nothing_behind_a_place() -> None:
    layer = Conv1D(3, 3, padding="causal", dilation_rate=2, seed=1)
    sequence = np.random.default_rng(2).normal(size=(1, 9, 2)).astype("float32")
    later = sequence.copy()
    later[:, 5:] = 7
    np.testing.assert_array_equal(layer(later)[:, :5], layer(sequence)[:, :5])
    assert np.all(layer(later)[:, 5:] != layer(sequence)[:, 5:])


@pytest.mark.parametrize("parameters", [{"groups": 2}, {"dilation_rate": 3}, {"groups": 2, "padding": "causal"}])
def test_a_sequence_is_an_image_of_width_one(parameters: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    sequence = np.random.default_rng(2).normal(size=(2, 9, 4)).astype("float32")
    flat = Conv1D(4, 3, seed=1, path="a", **parameters)
    native = flat(sequence)
    monkeypatch.setattr(convolution, "_has_all_gradients", lambda: False)
    np.testing.assert_allclose(flat(sequence), native, atol=1e-5)
    step = parameters.get("dilation_rate", 1)
    around = [[2, 0], [0, 0]] if "padding" in parameters else 0
    image = Conv2D(4, [3, 1], groups=parameters.get("groups", 1), dilation_rate=[step, 1], padding=around)
    image(sequence[:, :, None])
    image.kernel.assign(flat.kernel[:, None])
    np.testing.assert_allclose(image(sequence[:, :, None])[:, :, 0], native, atol=1e-5)


@pytest.mark.slow
def test_they_train_on_tensorflows_own_kernels() -> None:
    """They have no gradient for grouped and dilated convolutions, nor one for each channel with unequal strides."""
    program = """if True:
        import tensorflow as tf
        from netlib import nn
        from netlib.nn.layers import convolution
        assert not convolution._has_all_gradients()
        two = {"filters": 4, "kernel_size": 2}
        for name, settings in (
            ("Conv2D", {"groups": 2, **two}), ("Conv2D", {"dilation_rate": 2, "padding": 2, **two}),
            ("Conv2D", {"groups": 2, "dilation_rate": 2, **two}), ("Conv2D", {"padding": 1, "strides": 2, **two}),
            ("Conv1D", {"groups": 2, "dilation_rate": 2, **two}), ("Conv3D", {"groups": 2, "strides": 2, **two}),
            ("Conv3D", {"dilation_rate": 2, **two}), ("Conv2DTranspose", {"strides": 2, **two}),
            ("Conv2DTranspose", {"dilation_rate": 2, **two}), ("Conv3DTranspose", {"dilation_rate": 2, **two}),
            ("Conv1DTranspose", {"strides": 3, **two}), ("DepthwiseConv2D", {"kernel_size": 3, "strides": [2, 1]}),
            ("DepthwiseConv2D", {"kernel_size": 3, "strides": 2, "dilation_rate": 2, "padding": "same"}),
            ("DepthwiseConv1D", {"kernel_size": 3, "dilation_rate": 2}), ("SeparableConv2D", {"strides": [1, 2], **two}),
        ):
            layer = getattr(nn, name)(**settings)
            places = [8] * int(name.removesuffix("Transpose")[-2])
            @tf.function(autograph=False)
            def gradients(image):
                with tf.GradientTape() as tape:
                    loss = tf.reduce_sum(layer(image) ** 2)
                return tape.gradient(loss, layer.trainable_variables)
            assert all(tf.reduce_any(gradient != 0) for gradient in gradients(tf.random.normal([2, *places, 4])))
    """
    environment = {**os.environ, "TF_ENABLE_ONEDNN_OPTS": "0", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
