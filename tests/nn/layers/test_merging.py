from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib.nn.layers import merging
from netlib.nn.layers.merging import Add, Concatenate, Dot, Stack


def test_add_repeats_axes_of_length_one_and_missing_ones() -> None:
    rng = np.random.default_rng(0)
    image, row, vector = (rng.normal(size=shape).astype("float32") for shape in [(2, 3, 4), (2, 1, 4), (2, 4)])
    np.testing.assert_allclose(Add()(image, row, vector), image + row + vector[:, None], rtol=1e-6)
    np.testing.assert_allclose(Add()(vector, image), image + vector[:, None], rtol=1e-6)


def test_a_missing_axis_leaves_the_batch_where_it_is() -> None:
    # As many samples as features: added from the right, the vectors of the samples would be mixed.
    np.testing.assert_array_equal(
        Add()(tf.zeros((2, 2, 2)), tf.constant([[1.0, 2.0], [3.0, 4.0]]))[1], [[3, 4], [3, 4]]
    )


def test_static_shapes_survive() -> None:
    signature = [tf.TensorSpec((None, 3, 4)), tf.TensorSpec((None, 4))]
    add = tf.function(lambda *values: Add()(*values), input_signature=signature, autograph=False)
    assert tuple(add.get_concrete_function().structured_outputs.shape) == (None, 3, 4)


def test_concatenate() -> None:
    first, second = np.ones((2, 3, 4)), np.zeros((2, 1, 4))
    np.testing.assert_array_equal(Concatenate(axis=-2)(first, second), np.concatenate([first, second], axis=1))
    np.testing.assert_array_equal(Concatenate()(first), first)


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("Subtract", np.subtract),
        ("Multiply", np.multiply),
        ("Maximum", np.maximum),
        ("Minimum", np.minimum),
        ("Average", lambda one, other: (one + other) / 2),
    ],
)
def test_element_by_element(name: str, function: Callable[..., Any]) -> None:
    rng = np.random.default_rng(0)
    image, vector = (rng.normal(size=shape).astype("float32") for shape in [(2, 3, 4), (2, 4)])
    layer = getattr(merging, name)()
    np.testing.assert_allclose(layer(image, vector), function(image, vector[:, None]), rtol=1e-6)
    np.testing.assert_allclose(layer(vector, image), function(vector[:, None], image), rtol=1e-6)


def test_average_divides_by_all_of_them() -> None:
    np.testing.assert_array_equal(merging.Average()(*map(tf.constant, ([[3.0]], [[6.0]], [[9.0]]))), [[6]])


@pytest.mark.parametrize("axis", [1, 2, 3, -1])
def test_stack(axis: int) -> None:
    inputs = [np.full((2, 3, 4), value) for value in range(3)]
    np.testing.assert_array_equal(Stack(axis)(*inputs), np.stack(inputs, axis=axis))


def test_scalar_products() -> None:
    rng = np.random.default_rng(1)
    one, other = rng.normal(size=(5, 3, 4)), rng.normal(size=(5, 2, 4, 6))
    np.testing.assert_allclose(
        Dot([2, 2])(np.float32(one), np.float32(other)), np.einsum("bic,bjck->bijk", one, other), rtol=1e-4, atol=1e-5
    )
    cosine = Dot(1, normalize=True)(np.float32([[3, 4]]), np.float32([[4, 3]]))
    np.testing.assert_allclose(cosine, [[24 / 25]], rtol=1e-6)


# Masks.

FIRST, SECOND = tf.constant([[True, True, False]]), tf.constant([[True, False, True]])
VALUES = tf.ones((1, 3, 4))


def test_a_mask_beside_none_stays() -> None:
    for layer in (Add(), Concatenate(), Stack(axis=2)):
        np.testing.assert_array_equal(layer.compute_mask(VALUES, VALUES, mask=(FIRST, None)), FIRST)
        np.testing.assert_array_equal(layer.compute_mask(VALUES, VALUES, mask=(FIRST, SECOND)), [[True, False, False]])
        assert layer.compute_mask(VALUES, VALUES) is None


def test_masks_stand_one_behind_the_other_as_what_they_are_of() -> None:
    join = Concatenate(axis=1)
    np.testing.assert_array_equal(
        join.compute_mask(VALUES, VALUES, mask=(None, SECOND)), [[True, True, True, True, False, True]]
    )
    assert join.compute_mask(VALUES, VALUES, mask=None) is None


def test_a_new_time_axis_has_no_mask() -> None:
    assert Stack(axis=1).compute_mask(VALUES, VALUES, mask=(FIRST, SECOND)) is None
    assert Dot(1).compute_mask(VALUES, VALUES, mask=(FIRST, SECOND)) is None
