from __future__ import annotations

import numpy as np
import tensorflow as tf

from netlib.nn.merging import Add, Concatenate


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
