from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from netlib.nn.layers.normalization import BatchNormalization, LayerNormalization

RNG = np.random.default_rng(4)


@pytest.mark.parametrize("shape", [(8, 3), (8, 4, 5, 3)], ids=["formula", "fused"])
@pytest.mark.parametrize("mode", ["eager", "graph", "xla"])
def test_moving_statistics_follow_the_batches_inside_a_loop(shape: tuple[int, ...], mode: str) -> None:
    layer = BatchNormalization(momentum=0.8)
    batches = RNG.normal(2.0, 3.0, (5, *shape)).astype("float32")
    layer(batches[0])

    def loop(batches: tf.Tensor) -> tf.Tensor:
        def step(i: tf.Tensor) -> list[tf.Tensor]:
            layer(batches[i], training=True)
            return [i + 1]

        return tf.while_loop(lambda i: i < 5, step, [tf.constant(0)])

    run = loop if mode == "eager" else tf.function(loop, jit_compile=mode == "xla", autograph=False)
    run(tf.constant(batches))

    mean, variance = np.zeros(3), np.ones(3)
    axes = tuple(range(len(shape) - 1))
    for batch in batches.astype("float64"):
        mean = 0.8 * mean + 0.2 * batch.mean(axes)
        variance = 0.8 * variance + 0.2 * batch.var(axes)  # biased, as Keras has it
    np.testing.assert_allclose(layer.moving_mean, mean, rtol=1e-5)
    np.testing.assert_allclose(layer.moving_variance, variance, rtol=1e-5)


@pytest.mark.parametrize("shape", [(8, 3), (8, 4, 5, 3)], ids=["formula", "fused"])
def test_training_normalises_the_batch(shape: tuple[int, ...]) -> None:
    outputs = BatchNormalization(epsilon=2e-5)(RNG.normal(5.0, 2.0, shape), training=True).numpy()
    axes = tuple(range(len(shape) - 1))
    np.testing.assert_allclose(outputs.mean(axes), 0, atol=1e-5)
    np.testing.assert_allclose(outputs.var(axes), 1, atol=1e-4)


@pytest.mark.parametrize("options", [{"training": False}, {"training": True}], ids=["inference", "frozen"])
def test_inference_and_a_frozen_layer_use_the_moving_statistics(options: dict[str, bool]) -> None:
    layer = BatchNormalization(epsilon=0.0, trainable=not options["training"])
    values = RNG.normal(5.0, 2.0, (8, 3)).astype("float32")
    layer(values)
    layer.moving_mean.assign([1.0, 2.0, 3.0])
    layer.moving_variance.assign([4.0, 4.0, 4.0])
    before = layer.state_dict()
    np.testing.assert_allclose(layer(values, **options), (values - [1, 2, 3]) / 2, rtol=1e-5, atol=1e-6)
    for name, value in before.items():
        np.testing.assert_array_equal(layer.state_dict()[name], value)


def test_one_value_a_channel_has_no_variance() -> None:
    layer = BatchNormalization(momentum=0.0)
    np.testing.assert_allclose(layer(np.full((1, 1, 1, 3), 7.0), training=True), np.zeros((1, 1, 1, 3)), atol=1e-6)
    np.testing.assert_allclose(layer.moving_variance, np.zeros(3))


def test_unknown_image_sizes() -> None:
    layer = BatchNormalization(momentum=0.0)
    values = RNG.normal(size=(4, 5, 6, 3)).astype("float32")
    call = tf.function(lambda image: layer(image, training=True), autograph=False)
    call.get_concrete_function(tf.TensorSpec((None, None, None, 3)))(tf.constant(values))
    np.testing.assert_allclose(layer.moving_variance, values.var((0, 1, 2)), rtol=1e-5)


def test_layer_normalization_is_each_samples_own() -> None:
    values = RNG.normal(3.0, 2.0, (4, 5, 6))
    layer = LayerNormalization(axis=[-1, 1], epsilon=1e-6)
    outputs = layer(values).numpy()
    np.testing.assert_allclose(outputs.mean((1, 2)), 0, atol=1e-6)
    np.testing.assert_allclose(outputs.var((1, 2)), 1, atol=1e-4)
    factors = RNG.normal(size=(5, 6))
    layer.gamma.assign(factors)
    np.testing.assert_allclose(layer(values), outputs * factors, atol=1e-5)
