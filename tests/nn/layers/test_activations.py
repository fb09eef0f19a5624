from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib import nn
from netlib.spec.errors import SpecError

RNG = np.random.default_rng(3)


def softmax(scores: Any, real: Any, axes: tuple[int, ...]) -> Any:
    """In float64; 0 where nothing is real."""
    powers = np.where(real, np.exp(np.asarray(scores, float)), 0)
    totals = powers.sum(axis=axes, keepdims=True)
    return np.divide(powers, totals, out=np.zeros_like(powers), where=totals > 0)


def test_prelu_in_closed_form() -> None:
    layer, values = (
        nn.PReLU(shared_axes=1, alpha_initializer={"Constant": 0.5}),
        np.array([[[-2, 3], [4, -6]]], "float32"),
    )
    np.testing.assert_array_equal(layer(values), [[[-1, 3], [4, -3]]])
    layer.alpha.assign([[0.5, -1.0]])
    np.testing.assert_array_equal(layer(values), [[[-1, 3], [4, 6]]])


@pytest.mark.parametrize(("axis", "axes"), [(-1, (2,)), (1, (1,)), ([1, 2], (1, 2))])
@pytest.mark.parametrize("rank", [2, 3])
def test_what_a_mask_leaves_out_weighs_nothing(axis: Any, axes: tuple[int, ...], rank: int) -> None:
    scores = RNG.normal(size=(4, 3, 5)).astype("float32")
    mask = RNG.random(size=(4, 3, 5)[:rank]) < 0.6
    mask[0], mask[1] = False, True
    lined_up = mask.reshape(*mask.shape, *[1] * (3 - rank))
    expected = softmax(scores, lined_up, axes)
    np.testing.assert_allclose(nn.Softmax(axis=axis)(scores, mask=tf.constant(mask)), expected, atol=1e-6)


def test_gradients_are_finite_where_nothing_is_left() -> None:
    scores = tf.constant(RNG.normal(size=(2, 3, 4)), tf.float32)
    mask = tf.constant([[False] * 3, [True] * 3])
    for axis in (1, [1, 2]):
        with tf.GradientTape() as tape:
            tape.watch(scores)
            loss = tf.reduce_sum(nn.Softmax(axis=axis)(scores, mask=mask) ** 2)
        gradient = tape.gradient(loss, scores).numpy()
        assert np.all(np.isfinite(gradient))
        assert np.all(gradient[0] == 0)
        assert np.any(gradient[1] != 0)


@given(st.data())
@settings(max_examples=30)
def test_softmax_is_keras_s_with_a_mask_of_the_inputs_rank(data: st.DataObject) -> None:
    shape = data.draw(st.lists(st.integers(1, 4), min_size=2, max_size=4))
    axes = data.draw(st.lists(st.integers(1, len(shape) - 1), min_size=1, max_size=3, unique=True))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    mask = rng.random([data.draw(st.sampled_from([1, length])) for length in shape]) < 0.7
    scores = rng.normal(size=shape).astype("float32")
    expected = keras.layers.Softmax(axis=axes)(scores, mask=tf.constant(mask))
    np.testing.assert_allclose(nn.Softmax(axis=axes)(scores, mask=tf.constant(mask)), expected, atol=2e-6)


def test_a_mask_that_does_not_fit_is_refused() -> None:
    message = r"mask lies along the leading axes of its input, or has all of them, got a mask of {} for an input of \(2, 3, 4\)"
    for shape in ((2, 4), (2, 1), (2, 3, 5), (2, 3, 4, 1)):
        given_shape = str(shape).replace("(", r"\(").replace(")", r"\)")
        with pytest.raises(SpecError, match=message.format(given_shape)):
            nn.Softmax()(tf.ones([2, 3, 4]), mask=tf.ones(shape, tf.bool))


def test_in_a_network_the_mask_comes_along_the_edge_or_by_name() -> None:
    along = nn.Network(nodes=["Masking", {"Softmax": {"axis": 1}}], inputs={"x": {"shape": [3, 1]}})
    values = tf.constant([[[1.0], [0.0], [1.0]]])
    np.testing.assert_allclose(along(values), [[[0.5], [0.0], [0.5]]])
    by_name = nn.Network(
        nodes=[{"Softmax": {"axis": 1}, "from": {"input": "x", "mask": "real"}}],
        inputs={"x": {"shape": [3, 1]}, "real": {"shape": [3], "dtype": "bool"}},
    )
    np.testing.assert_allclose(
        by_name({"x": values, "real": [[False, True, True]]})[0, :, 0], softmax([0, 0, 1], [0, 1, 1], (0,))
    )
