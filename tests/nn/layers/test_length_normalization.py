"""RMSNormalization and UnitNormalization against closed form in NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.spec.errors import SpecError

RNG = np.random.default_rng(4)
VALUES = RNG.normal(1.0, 2.0, (3, 4, 5)).astype(np.float32)


@pytest.mark.parametrize("axis", [-1, 1, [1, 2], [-1, 1]])
def test_root_mean_square(axis: int | list[int]) -> None:
    layer = nn.RMSNormalization(axis=axis, epsilon=0.01)
    layer(VALUES)
    axes = {-1: (2,), 1: (1,)}[axis] if isinstance(axis, int) else (1, 2)
    lengths = [VALUES.shape[each] for each in axes]
    assert tuple(layer.scale.shape) == tuple(lengths)
    scale = RNG.normal(size=lengths)
    layer.scale.assign(scale)
    shaped = scale.reshape([VALUES.shape[each] if each in axes else 1 for each in range(3)])
    expected = VALUES / np.sqrt((VALUES.astype(float) ** 2).mean(axes, keepdims=True) + 0.01) * shaped
    np.testing.assert_allclose(layer(VALUES), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("axis", [-1, 1, [1, 2]])
def test_vectors_of_length_one(axis: int | list[int]) -> None:
    output = nn.UnitNormalization(axis=axis)(VALUES).numpy()
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    np.testing.assert_allclose(np.sqrt((output**2).sum(axes)), 1, rtol=1e-5)
    np.testing.assert_allclose(
        output / VALUES, (output / VALUES).max(axes, keepdims=True) * np.ones_like(output), rtol=1e-4
    )


def test_a_vector_of_zeros_stays_one_and_spoils_no_gradient() -> None:
    x = tf.constant([[0.0, 0.0], [3.0, 4.0]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        output = nn.UnitNormalization()(x)
    np.testing.assert_allclose(output, np.array([[0, 0], [0.6, 0.8]]), rtol=1e-6)
    assert np.isfinite(tape.gradient(output, x)).all()


@pytest.mark.parametrize("name", ["RMSNormalization", "UnitNormalization"])
def test_squares_are_summed_in_float32(name: str) -> None:
    values = tf.constant([[300.0] * 512, [1e-4] * 512])
    output = getattr(nn, name)(dtype="mixed_float16")(values)
    assert output.dtype == tf.float16
    wide = getattr(nn, name)()(tf.cast(tf.cast(values, tf.float16), tf.float32))
    np.testing.assert_allclose(tf.cast(output, tf.float32), wide, rtol=1e-3)


@pytest.mark.parametrize("name", ["RMSNormalization", "UnitNormalization"])
@pytest.mark.parametrize(
    ("axis", "message"),
    [
        (3, r"{} has axis \(= 3\), which its input \(batch, 4, 5\) has not"),
        (0, r"{} has axis \(= 0\), which is the batch of its input"),
        ([1, -2], r"{}'s axis \(= \[1, -2\]\) names an axis of \(batch, 4, 5\) twice"),
    ],
)
def test_an_axis_that_cannot_be(name: str, axis: int | list[int], message: str) -> None:
    with pytest.raises(SpecError, match=message.format(name)):
        getattr(nn, name)(axis=axis)(VALUES)


def test_the_factor_needs_to_know_its_length() -> None:
    with pytest.raises(
        SpecError, match=r"RMSNormalization needs to know the length of axis 1 of its input, got \(batch, \?\)"
    ):
        nn.RMSNormalization().output_shape((None, None))
