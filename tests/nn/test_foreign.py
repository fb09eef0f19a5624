"""Keras layers, modules of TensorFlow and functions among layers of ours."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import copy
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.nn.foreign import as_layer
from netlib.spec.errors import UsageError

X = tf.constant(np.random.default_rng(3).normal(size=[32, 4]), tf.float32)


class Unflagged(keras.layers.Layer):
    """Keras's own inside, whose flags it does not name itself; it has no config, so Keras cannot copy it."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.dropout, self.normal = keras.layers.Dropout(rate), keras.layers.BatchNormalization()

    def call(self, x: Any) -> Any:
        return self.normal(self.dropout(x))


class Plain(tf.Module):
    def __init__(self) -> None:
        super().__init__(name="any")
        self.w = tf.Variable([1.0, 2.0, 3.0, 4.0])

    def __call__(self, x: tf.Tensor, training: bool = False) -> tf.Tensor:
        return x * self.w if training else x


def test_a_keras_layer_is_trained_and_saved_under_our_paths() -> None:
    chain = nn.Sequential([nn.Input([4]), keras.layers.Dense(3), nn.Dense(1)], seed=1)
    assert list(chain.state_dict()) == ["dense.kernel", "dense.bias", "dense_2.kernel", "dense_2.bias"]
    gradients = chain.gradients(X, tf.ones([32, 1]), keras.losses.MeanSquaredError())
    assert all(np.any(gradient != 0) for gradient in gradients.values())
    assert chain.graph.parameters().total == 19
    assert chain.graph.macs() is None


@pytest.mark.parametrize("training", [False, True])
def test_the_training_flag_reaches_keras_layers_inside_of_keras_layers(training: bool) -> None:
    layer = Unflagged(0.5)
    chain = nn.Sequential([layer])
    chain(X, training=training)
    assert np.any(layer.normal.moving_mean != 0) == training


@pytest.mark.parametrize("training", [False, True])
def test_modules_and_functions_get_what_they_name(training: bool) -> None:
    chain = nn.Sequential([Plain(), lambda x, training: x + 1 if training else x])
    expected = X * [1.0, 2.0, 3.0, 4.0] + 1 if training else X
    np.testing.assert_allclose(chain(X, training=training), expected, rtol=1e-6)
    np.testing.assert_allclose(tf.function(chain, autograph=False)(X, training=training), expected, rtol=1e-6)


def test_what_has_no_name_of_its_own() -> None:
    chain = nn.Sequential([nn.Input([4]), lambda x: x, lambda x: x, tf.nn.relu])
    assert [node.path for node in chain.graph.nodes] == ["lambda", "lambda_2", "relu"]
    assert [node.type for node in chain.graph.nodes] == ["Lambda", "Lambda", "relu"]
    assert repr(chain) == "Sequential()\n  lambda: Lambda()\n  lambda_2: Lambda()\n  relu: relu()"


def test_several_inputs() -> None:
    x, y = nn.Input([4], name="x"), nn.Input([4], name="y")
    outputs = {
        "keras": nn.Foreign(keras.layers.Concatenate())(x, y),
        "two": nn.Foreign(lambda a, b: a - b)(x, y),
        "attention": nn.Foreign(keras.layers.Dot(axes=1))(x, y),
    }
    result = nn.Network([x, y], outputs)({"x": X, "y": 2 * X})
    np.testing.assert_array_equal(result["keras"], np.concatenate([X, 2 * X], axis=1))
    np.testing.assert_array_equal(result["two"], -X)
    np.testing.assert_allclose(result["attention"], 2 * np.sum(np.square(X), axis=1, keepdims=True), rtol=1e-5)


def test_masks_go_in_and_out() -> None:
    tokens, real = tf.constant([[1, 2, 0, 0]]), tf.constant([[True, True, False, False]])
    theirs = nn.Sequential([nn.Input([4], "int32"), keras.layers.Embedding(5, 3, mask_zero=True), nn.Dense(2)])
    theirs(tokens)
    np.testing.assert_array_equal(theirs.output_masks["output"], real)
    ours = nn.Sequential(
        [nn.Input([4], "int32"), nn.Embedding(5, 3, mask_zero=True), nn.Dense(2), keras.layers.LSTM(2)]
    )
    lstm = ours[2].target
    np.testing.assert_allclose(ours(tokens), lstm(ours[:2](tokens), mask=real), rtol=1e-6)
    assert not np.allclose(ours(tokens), lstm(tf.identity(ours[:2](tokens))))  # an operation takes the mask off


def test_losses_of_keras_layers_count_once_for_each_call() -> None:
    dense = keras.layers.Dense(4, kernel_regularizer=keras.regularizers.L2(0.5), activity_regularizer="l2")
    chain = nn.Sequential([dense, nn.Dense(1)])
    for _ in range(2):
        chain(X)
        penalty = 0.5 * float(np.sum(np.square(dense.kernel)))
        assert max(map(float, chain.losses)) == pytest.approx(penalty, rel=1e-5)
        assert len(chain.losses) == 2
    total = tf.function(lambda x: (chain(x), sum(chain.losses))[1], autograph=False)(X)
    chain(X)
    assert float(total) == pytest.approx(float(sum(chain.losses)), rel=1e-6)


def test_frozen_by_the_module_itself_before_it_was_wrapped() -> None:
    class Ours(nn.Module):
        def __init__(self) -> None:
            super().__init__(name="ours")
            self.w, self.v = tf.Variable(1.0), tf.Variable(2.0)

        def __call__(self, x: tf.Tensor) -> tf.Tensor:
            return x * self.w * self.v

    module = Ours()
    module.freeze("w")
    chain = nn.Sequential([module, nn.Dense(1)])
    chain(X)
    assert [named.path for named in chain.named_variables() if named.trainable] == [
        "ours.v",
        "dense.kernel",
        "dense.bias",
    ]
    chain.unfreeze("ours.w")
    assert len(module.trainable_variables) == 2
    chain.trainable = False
    assert module.trainable_variables == ()


def test_it_has_no_place_of_its_own_but_functions_reach_it() -> None:
    dense = keras.layers.Dense(3)
    chain = nn.Sequential([dense])
    chain(X)
    assert [path for path, _ in chain.named_modules()] == ["", "dense"]
    assert [path for path, _ in chain.named_children()] == ["dense"]
    seen: list[Any] = []
    chain.apply(seen.append)
    assert seen[-1] is chain
    assert any(each is dense for each in seen)
    assert isinstance(chain["dense"], nn.Foreign)


def test_a_copy_is_independent() -> None:
    chain = nn.Sequential([keras.layers.Dense(3), keras.layers.BatchNormalization(), Plain(), tf.nn.relu], seed=1)
    expected = chain(X)
    twin = copy.deepcopy(chain)
    np.testing.assert_allclose(twin(X), expected, rtol=1e-6)
    twin["dense.kernel"].assign(tf.zeros([4, 3]))
    np.testing.assert_array_equal(chain(X), expected)


def test_other_kinds_of_numbers_stay() -> None:
    def wide(x: tf.Tensor) -> tf.Tensor:
        return tf.cast(x, tf.float64)

    chain = nn.Sequential([nn.Input([4]), wide, nn.Dense(2)])
    assert [node.output.dtype for node in chain.graph.nodes] == ["float64", "float32"]
    assert chain(X).dtype == tf.float32
    text = nn.Sequential([nn.Input([4]), tf.strings.as_string])
    assert text(X).dtype == tf.string


def test_what_it_says_of_itself() -> None:
    layer = nn.Foreign(keras.layers.Dense(3, name="any"), name="mine")
    again = nn.Foreign.from_config(layer.get_config(), {"Dense": keras.layers.Dense})
    assert again.name == "mine"
    assert again(X).shape == (32, 3)
    with pytest.raises(
        UsageError, match=r"Plain cannot be described by plain values; write it as a nn\.Layer with get_config"
    ):
        nn.Foreign(Plain()).get_config()
    with pytest.raises(UsageError, match="expected a layer, a module or a function, got 5"):
        as_layer(5)
    dense = nn.Dense(2)
    assert as_layer(dense) is dense


def test_a_seed_is_that_of_our_layers_and_not_of_a_keras_layer_inside() -> None:
    def kernels(**options: Any) -> list[np.ndarray]:
        chain = nn.Sequential(
            [nn.Input([4]), nn.Foreign(keras.layers.Dense(3, **options), name="theirs"), nn.Dense(2)], seed=1
        )
        return [chain["theirs.kernel"].numpy(), chain["dense.kernel"].numpy()]

    one, other = kernels(), kernels()
    assert not np.array_equal(one[0], other[0])
    np.testing.assert_array_equal(one[1], other[1])
    initializer = keras.initializers.GlorotUniform
    one, other = (kernels(kernel_initializer=initializer(seed=1)) for _ in range(2))
    np.testing.assert_equal(one, other)


def test_a_module_of_ours_with_control_flow_inside_of_a_keras_model() -> None:
    class Branch(nn.Layer[Any]):
        def call(self, x: tf.Tensor) -> tf.Tensor:  # type: ignore[override]
            return x if tf.reduce_sum(x) > 0 else -x

    model = keras.Sequential([keras.Input([4]), nn.as_keras(Branch())])
    np.testing.assert_allclose(tf.function(lambda x: model(x), autograph=False)(-tf.abs(X)), tf.abs(X), rtol=1e-6)
