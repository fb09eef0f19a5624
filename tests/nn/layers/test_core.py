from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from netlib.nn.layers.core import Activation, Dense, Embedding, Identity
from netlib.nn.layers.merging import Add
from netlib.spec.errors import SpecError, UsageError


def test_dense_is_a_product_and_a_sum() -> None:
    dense = Dense(2, activation="relu")
    values = np.random.default_rng(0).normal(size=(3, 4, 5)).astype("float32")
    output = dense(values)
    dense.bias.assign([0.5, -0.5])
    expected = np.maximum(values @ dense.kernel.numpy() + [0.5, -0.5], 0)
    np.testing.assert_allclose(dense(values), expected, atol=1e-6)
    assert output.shape == (3, 4, 2)


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_numbers_of_another_width_are_cast(dtype: str) -> None:
    dense, values = Dense(2, seed=1), np.random.default_rng(0).normal(size=(3, 4))
    expected = dense(values.astype(dtype).astype("float32"))
    given = dense(values.astype(dtype))
    assert given.dtype == tf.float32
    np.testing.assert_array_equal(given, expected)


def test_a_layer_keeps_the_dtype_where_it_computes_nothing() -> None:
    assert Identity()(np.ones((2, 3))).dtype == tf.float64


def test_dtypes_are_checked_at_every_call() -> None:
    dense = Dense(2)
    dense(tf.ones((2, 3)))
    with pytest.raises(SpecError, match="Dense needs floating-point input, got int32"):
        dense(tf.ones((2, 3), tf.int32))


def test_inputs_that_the_weights_do_not_fit_are_refused() -> None:
    dense = Dense(2, path="head.dense")
    dense(tf.ones((2, 3)))
    message = r"head\.dense was built with a kernel of \(3, 2\); for inputs of \(batch, 4\) it would be \(4, 2\)"
    with pytest.raises(SpecError, match=message):
        dense(tf.ones((2, 4)))
    assert dense(tf.ones((2, 5, 3))).shape == (2, 5, 2)


def test_parameters_may_be_given_in_the_order_of_the_fields() -> None:
    assert Dense(3, "relu", False).spec == Dense(units=3, activation="relu", use_bias=False).spec
    assert Embedding(3, 4).spec == Embedding(input_dim=3, output_dim=4).spec
    with pytest.raises(UsageError, match="Identity has 0 parameters, got 1 by position"):
        Identity(3)


def test_regularised_weights_are_known_by_their_names_and_penalised() -> None:
    dense = Dense(2, kernel_regularizer={"L2": 0.5}, bias_regularizer="l1")
    dense(tf.ones((1, 3)))
    dense.kernel.assign(tf.fill((3, 2), 2.0))
    dense.bias.assign([1.0, -3.0])
    assert list(dense.state_dict()) == ["kernel", "bias"]
    assert [float(loss) for loss in dense.losses] == pytest.approx([0.5 * 6 * 4, 0.01 * 4])
    dense.trainable = False
    assert dense.losses == []


def test_constraints_are_on_the_variables() -> None:
    dense = Dense(2, kernel_constraint="non_neg")
    dense(tf.ones((1, 3)))
    np.testing.assert_array_equal(dense.kernel.constraint(tf.constant([-1.0, 2.0])), [0.0, 2.0])
    assert dense.bias.constraint is None


def test_activation_takes_parameters() -> None:
    np.testing.assert_allclose(Activation({"leaky_relu": 0.5})(tf.constant([[-2.0, 3.0]])), [[-1.0, 3.0]])


def test_embedding_gives_rows_and_refuses_what_is_not_there() -> None:
    embedding = Embedding(input_dim=4, output_dim=3)
    rows = embedding(tf.constant([[0, 3], [1, 1]]))
    np.testing.assert_array_equal(rows, embedding.embeddings.numpy()[[[0, 3], [1, 1]]])
    np.testing.assert_array_equal(embedding(tf.constant([2], tf.uint16)), embedding.embeddings.numpy()[[2]])
    with pytest.raises(tf.errors.InvalidArgumentError, match="indices"):
        embedding(tf.constant([[4, 0], [0, 0]]))


def test_an_embedding_that_stands_by_itself_is_told_its_length() -> None:
    with pytest.raises(SpecError, match="Embedding needs 'input_dim', the largest index plus 1"):
        Embedding(output_dim=3)(tf.constant([1, 2]))


def test_a_list_of_inputs_is_not_stacked() -> None:
    with pytest.raises(UsageError, match=r"add takes its inputs one by one, layer\(a, b\), got a list"):
        Add()([tf.ones((2, 3)), tf.ones((2, 3))])
