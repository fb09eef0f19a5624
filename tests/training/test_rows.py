from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from netlib.training.rows import place_weights, row_means

RNG = np.random.default_rng(7)
VALUES = RNG.normal(size=(5, 4, 3)).astype(np.float32)
MASK = np.array([[1, 1, 1, 1], [1, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0], [1, 1, 1, 0]], bool)
WEIGHTS = RNG.uniform(0.1, 2, 5).astype(np.float32)


def test_the_value_of_a_row_is_the_mean_over_its_other_axes() -> None:
    np.testing.assert_allclose(row_means(tf.constant(VALUES), None, None), VALUES.mean(axis=(1, 2)), rtol=1e-5)
    np.testing.assert_array_equal(row_means(tf.constant(WEIGHTS), None, None), WEIGHTS)


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weights"])
def test_the_mean_of_rows_with_a_mask_is_that_of_the_real_places(weights: np.ndarray | None) -> None:
    given = None if weights is None else tf.constant(weights)
    rows = row_means(tf.constant(VALUES), tf.constant(MASK), given).numpy()
    places = MASK * (np.ones(5) if weights is None else weights)[:, None]
    expected = np.sum(VALUES.mean(axis=2) * places) / places.sum()
    assert np.average(rows, weights=weights) == pytest.approx(expected, rel=1e-5)
    np.testing.assert_allclose(place_weights(tf.constant(MASK), given), places, rtol=1e-6)


def test_without_any_real_place_there_is_nothing() -> None:
    assert row_means(tf.constant(VALUES), tf.zeros([5, 4], tf.bool), None).numpy().tolist() == [0.0] * 5
