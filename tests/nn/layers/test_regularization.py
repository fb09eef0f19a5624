from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.nn.layers.regularization import AlphaDropout, Dropout
from netlib.nn.random import forward_pass

ONES = tf.ones((200, 50))


def trained(layer: Any, inputs: tf.Tensor, step: int = 1, first_row: int = 0, seed: int = 3) -> np.ndarray:
    with forward_pass(seed, step, first_row):
        return np.asarray(layer(inputs, training=True))


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_the_share_that_is_dropped_and_the_scale_of_the_rest(rate: float) -> None:
    outputs = trained(Dropout(rate), ONES)
    assert set(np.unique(outputs)) == {0.0, np.float32(1 / (1 - rate))}
    # Five standard deviations of a binomial share of 10,000.
    assert abs(np.mean(outputs == 0) - rate) < 5 * np.sqrt(rate * (1 - rate) / outputs.size)


def test_places_are_dropped_independently() -> None:
    dropped = trained(Dropout(0.5), ONES) == 0
    counts = dropped.sum(axis=1)
    assert abs(counts.var() / (50 * 0.25) - 1) < 0.5
    assert len(np.unique(dropped, axis=0)) == 200


def test_inference_and_rate_zero_change_nothing() -> None:
    np.testing.assert_array_equal(Dropout(0.5)(ONES), ONES)
    np.testing.assert_array_equal(Dropout(0)(ONES, training=True), ONES)


def test_values_that_are_dropped_give_no_gradient_and_do_not_spoil_it() -> None:
    layer = Dropout(0.5)
    values = tf.fill((10, 10), np.inf)
    with forward_pass(1, 1), tf.GradientTape() as tape:
        tape.watch(values)
        outputs = layer(values, training=True)
    gradient = tape.gradient(outputs, values)
    np.testing.assert_array_equal(gradient, np.where(outputs == 0, 0.0, 2.0))


def test_a_shared_axis_has_one_decision() -> None:
    outputs = trained(Dropout(0.5, noise_shape=[None, 1, None]), tf.ones((8, 6, 5)))
    np.testing.assert_array_equal(outputs, np.repeat(outputs[:, :1], 6, axis=1))
    assert len(np.unique(outputs[:, 0], axis=0)) > 1


def test_parts_of_a_batch_draw_what_the_whole_draws() -> None:
    layer = Dropout(0.5)
    whole = trained(layer, ONES)
    parts = [trained(layer, ONES[:70]), trained(layer, ONES[70:], first_row=70)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_the_mask_depends_on_seed_step_and_path() -> None:
    layer = Dropout(0.5, path="a")
    first = trained(layer, ONES)
    np.testing.assert_array_equal(trained(layer, ONES), first)
    for other in (trained(layer, ONES, step=2), trained(layer, ONES, seed=4), trained(Dropout(0.5, path="b"), ONES)):
        assert np.any(other != first)


@pytest.mark.parametrize("noise_shape", [None, [None, 1, None]])
def test_unknown_lengths_draw_the_same_bits(noise_shape: list[int | None] | None) -> None:
    layer, values = Dropout(0.5, noise_shape=noise_shape), tf.ones((8, 6, 5))

    @tf.function(input_signature=[tf.TensorSpec((None, None, 5))])
    def unknown(values: tf.Tensor) -> tf.Tensor:
        with forward_pass(3, 1):
            return layer(values, training=True)

    np.testing.assert_array_equal(unknown(values), trained(layer, values))


SPATIAL = {
    "1D": (nn.SpatialDropout1D, (30, 4, 50)),
    "2D": (nn.SpatialDropout2D, (30, 3, 4, 50)),
    "3D": (nn.SpatialDropout3D, (30, 2, 3, 4, 50)),
}


@pytest.mark.parametrize("rank", SPATIAL)
def test_spatial_dropout_drops_whole_channels(rank: str) -> None:
    kind, shape = SPATIAL[rank]
    outputs = trained(kind(0.3), tf.ones(shape))
    channels = outputs.reshape(30, -1, 50)
    np.testing.assert_array_equal(channels, np.broadcast_to(channels[:, :1], channels.shape))
    dropped = channels[:, 0] == 0
    np.testing.assert_array_equal(channels[:, 0][~dropped], np.float32(1 / 0.7))
    # Five standard deviations of a binomial share of 1,500.
    assert abs(dropped.mean() - 0.3) < 5 * np.sqrt(0.3 * 0.7 / dropped.size)
    assert len(np.unique(dropped, axis=0)) == 30
    np.testing.assert_array_equal(kind(0.3)(tf.ones(shape)), tf.ones(shape))


@pytest.mark.parametrize("rank", SPATIAL)
def test_spatial_dropout_is_a_dropout_with_a_mask_for_channels(rank: str) -> None:
    kind, shape = SPATIAL[rank]
    noise_shape = [None, *[1] * (len(shape) - 2), None]
    values = tf.constant(np.random.default_rng(1).normal(size=shape), tf.float32)
    ours, plain = trained(kind(0.3, path="a"), values), trained(Dropout(0.3, noise_shape=noise_shape, path="a"), values)
    np.testing.assert_array_equal(ours, plain)


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_alpha_dropout_keeps_mean_and_variance(rate: float) -> None:
    values = np.random.default_rng(1).normal(size=(400, 100)).astype(np.float32)
    values = (values - values.mean()) / values.std()
    outputs = trained(AlphaDropout(rate), tf.constant(values))
    # Five standard deviations: the variance of the squares is at most 3 - 1 and what the limit adds.
    assert abs(outputs.mean()) < 5 / 200
    assert abs(outputs.var() - 1) < 5 * 2 / 200


def test_alpha_dropout_in_closed_form() -> None:
    """Section 3 of the paper: a (x d + alpha' (1 - d)) + b, where SELU tends to alpha'."""
    rate, limit = 0.4, tf.nn.selu(-1e4).numpy()
    a = (1 - rate + limit**2 * rate * (1 - rate)) ** -0.5
    b = -a * rate * limit
    values = np.random.default_rng(1).normal(size=(200, 50)).astype(np.float32)
    outputs = trained(AlphaDropout(rate), tf.constant(values))
    dropped = np.isclose(outputs, a * limit + b, rtol=1e-6)
    assert abs(dropped.mean() - rate) < 5 * np.sqrt(rate * (1 - rate) / outputs.size)
    np.testing.assert_allclose(outputs[~dropped], (a * values + b)[~dropped], rtol=1e-4, atol=1e-5)


def test_alpha_dropout_at_inference_and_its_gradient() -> None:
    np.testing.assert_array_equal(AlphaDropout(0.5)(ONES), ONES)
    layer, values = AlphaDropout(0.5), tf.fill((10, 10), 3.0)
    with forward_pass(1, 1), tf.GradientTape() as tape:
        tape.watch(values)
        outputs = layer(values, training=True)
    gradient = tape.gradient(outputs, values).numpy()
    kept = outputs.numpy() > 0
    assert set(np.unique(gradient[~kept])) == {0.0}
    assert len(np.unique(gradient[kept])) == 1
