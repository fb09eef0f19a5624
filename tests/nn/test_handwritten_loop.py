"""A training loop as TensorFlow's users write it, against the same loop over a Keras model with copied weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.nn.random import forward_pass

STEPS, ROWS, FEATURES, UNITS, CLASSES = 20, 16, 5, 8, 3
RATE, PENALTY, ACTIVITY = 0.3, 0.02, 0.1
SEED = 11

random = np.random.default_rng(0)
X = random.normal(size=(STEPS, ROWS, FEATURES)).astype(np.float32)
Y = random.integers(0, CLASSES, size=(STEPS, ROWS))

cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

MODES: dict[str, Callable[[Any], Any]] = {
    "eager": lambda function: function,
    "graph": tf.function,
    "xla": tf.function(jit_compile=True),
}


class Activity(nn.Layer):
    """Adds a loss as Keras's ActivityRegularization does; Keras divides by the rows."""

    def call(self, x: tf.Tensor) -> tf.Tensor:
        self.add_loss(ACTIVITY * tf.reduce_sum(tf.square(x)) / tf.cast(tf.shape(x)[0], tf.float32))
        return x


class Net(nn.Layer):
    """Every kind of loss, and what behaves differently in training."""

    def __init__(self) -> None:
        super().__init__(seed=SEED)
        self.first = nn.Dense(UNITS, activation="relu", kernel_regularizer={"L2": {"l2": PENALTY}})
        self.activity = Activity()
        self.norm = nn.BatchNormalization()
        self.drop = nn.Dropout(RATE)
        self.head = nn.Dense(CLASSES)

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return self.head(self.drop(self.norm(self.activity(self.first(x)))))


def of_layers() -> Any:
    """The same as a chain."""
    return nn.Sequential(
        [
            nn.Dense(UNITS, activation="relu", kernel_regularizer={"L2": {"l2": PENALTY}}, name="first"),
            Activity(name="activity"),
            nn.BatchNormalization(name="norm"),
            nn.Dropout(RATE, name="drop"),
            nn.Dense(CLASSES, name="head"),
        ],
        seed=SEED,
    )


class FromAbove(keras.layers.Layer):
    """Dropout whose mask is given."""

    mask: Any

    def call(self, x: Any, training: bool = False) -> Any:
        return x * self.mask if training else x


def keras_twin(model: Any) -> tuple[Any, FromAbove]:
    """A Keras model with the same weights, and where to put the mask of its dropout."""
    dropout = FromAbove()
    twin = keras.Sequential(
        [
            keras.layers.Input([FEATURES]),
            keras.layers.Dense(UNITS, activation="relu", kernel_regularizer=keras.regularizers.L2(PENALTY)),
            keras.layers.ActivityRegularization(l2=ACTIVITY),
            keras.layers.BatchNormalization(),
            dropout,
            keras.layers.Dense(CLASSES),
        ]
    )
    twin.set_weights([variable.numpy() for variable in model.variables])
    return twin, dropout


def losses_of_keras(model: Any) -> tuple[list[float], list[np.ndarray]]:
    """The losses of the steps, and the weights after them; the masks of the dropout are netlib's."""
    twin, dropout = keras_twin(model)
    optimizer = keras.optimizers.Adam(0.01)
    losses = []
    for step in range(STEPS):
        with forward_pass(SEED, step):
            dropout.mask = model["drop"](tf.ones([ROWS, UNITS]), training=True)
        with tf.GradientTape() as tape:
            loss = cross_entropy(Y[step], twin(X[step], training=True)) + sum(twin.losses)
        gradients = tape.gradient(loss, twin.trainable_variables)
        optimizer.apply_gradients(zip(gradients, twin.trainable_variables, strict=True))
        losses.append(float(loss))
    return losses, twin.get_weights()


def take_step(model: Any, optimizer: Any) -> Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]:
    def step(x: tf.Tensor, y: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape, forward_pass(SEED, number):
            loss = cross_entropy(y, model(x, training=True)) + sum(model.losses)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    return step


@pytest.mark.parametrize("make", [Net, of_layers], ids=["a layer with layers", "a chain"])
@pytest.mark.parametrize("mode", MODES)
def test_the_losses_are_those_of_keras(mode: str, make: Callable[[], Any]) -> None:
    model = make()
    model(X[0])
    expected, weights = losses_of_keras(model)
    step = MODES[mode](take_step(model, keras.optimizers.Adam(0.01)))
    losses = [float(step(X[number], Y[number], tf.constant(number))) for number in range(STEPS)]
    np.testing.assert_allclose(losses, expected, rtol=1e-4)
    for variable, value in zip(model.variables, weights, strict=True):
        np.testing.assert_allclose(variable.numpy(), value, rtol=1e-3, atol=1e-4)
    assert len({round(loss, 4) for loss in losses}) == STEPS  # the steps differ


@pytest.mark.parametrize("mode", MODES)
def test_a_network_that_is_built_by_the_first_step(mode: str) -> None:
    made_before, made_inside = Net(), Net()
    made_before(X[0])
    runs = [
        MODES[mode](take_step(model, keras.optimizers.SGD(0.1, momentum=0.9))) for model in (made_before, made_inside)
    ]
    for number in range(3):
        before, inside = (float(run(X[number], Y[number], tf.constant(number))) for run in runs)
        assert before == pytest.approx(inside, rel=1e-5)


@pytest.mark.parametrize("mode", MODES)
def test_without_a_forward_pass_dropout_draws_anew_and_inference_does_not_draw(mode: str) -> None:
    model = Net()
    run = {
        training: MODES[mode](lambda x, training=training: model(x, training=training)) for training in (True, False)
    }
    assert not np.array_equal(run[True](X[0]), run[True](X[0]))
    np.testing.assert_array_equal(run[False](X[0]), run[False](X[0]))
    np.testing.assert_array_equal(run[False](X[0]), MODES[mode](lambda x: model(x))(X[0]))


def test_the_losses_are_those_of_the_last_call() -> None:
    model = Net()
    for _ in range(3):
        model(X[0], training=True)
        assert len(model.losses) == 2  # not one more with every call
    penalty, activity = (float(loss) for loss in model.losses)
    assert penalty == pytest.approx(PENALTY * float(tf.reduce_sum(tf.square(model.first.kernel))), rel=1e-5)
    hidden = model.first(X[0])
    assert activity == pytest.approx(ACTIVITY * float(tf.reduce_sum(tf.square(hidden))) / ROWS, rel=1e-5)
