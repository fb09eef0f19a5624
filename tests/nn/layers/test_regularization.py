from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from netlib.nn.layers.regularization import Dropout
from netlib.nn.random import forward_pass

ONES = tf.ones((200, 50))


def trained(layer: Dropout, inputs: tf.Tensor, step: int = 1, first_row: int = 0, seed: int = 3) -> np.ndarray:
    with forward_pass(seed, step, first_row):
        return layer(inputs, training=True).numpy()


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
