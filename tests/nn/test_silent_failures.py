"""What TensorFlow 2.21 and Keras 3 leave out without a word: shown with them alone, then with the same constructs in netlab.

Each construct keeps its weights where one of the two does not look, so that they are never trained and never saved.
"""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from netlib import nn

RNG = np.random.default_rng(1)
X = RNG.normal(size=(16, 4)).astype("float32")
Y = RNG.normal(size=(16, 2)).astype("float32")


class ModuleWithKeras(tf.Module):
    """A `tf.Module` with a Keras layer inside."""

    def __init__(self) -> None:
        super().__init__(name="module_with_keras")
        self.dense = keras.layers.Dense(2)

    def __call__(self, x: Any) -> Any:
        return self.dense(x)


class KerasWithVariable(keras.layers.Layer):
    """A Keras layer with a `tf.Variable`."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel = tf.Variable(tf.ones([4, 2]))

    def call(self, x: Any) -> Any:
        return x @ self.kernel


class Plain(tf.Module):
    """A `tf.Module` with a `tf.Variable`."""

    def __init__(self) -> None:
        super().__init__(name="plain")
        self.kernel = tf.Variable(tf.ones([4, 2]))

    def __call__(self, x: Any) -> Any:
        return x @ self.kernel


class KerasWithModule(keras.layers.Layer):
    """A Keras layer with a `tf.Module` inside."""

    def __init__(self) -> None:
        super().__init__()
        self.child = Plain()

    def call(self, x: Any) -> Any:
        return self.child(x)


# The faults, in TensorFlow and Keras alone.


def test_a_keras_layer_is_no_module() -> None:
    assert not issubclass(keras.layers.Layer, tf.Module)


def test_a_module_does_not_see_the_weights_of_a_keras_layer() -> None:
    module = ModuleWithKeras()
    module(X)
    assert len(module.dense.weights) == 2
    assert module.variables == module.trainable_variables == ()
    assert module.submodules == ()


@pytest.mark.parametrize("make", [KerasWithVariable, KerasWithModule])
def test_a_keras_layer_does_not_see_variables_and_modules_of_tensorflow(make: Callable[[], Any]) -> None:
    layer = make()
    layer(X)
    assert layer.weights == layer.trainable_variables == layer.variables == []


@pytest.mark.parametrize("make", [KerasWithVariable, KerasWithModule])
def test_keras_trains_and_saves_nothing_of_them(make: Callable[[], Any], tmp_path: Any) -> None:
    layer = make()
    kernel = getattr(layer, "child", layer).kernel
    model = keras.Sequential([keras.Input([4]), layer, keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    model.fit(X, Y, epochs=2, verbose=0)
    np.testing.assert_array_equal(kernel.numpy(), np.ones([4, 2]))
    kernel.assign(tf.zeros([4, 2]))
    model.save_weights(tmp_path / "x.weights.h5")
    kernel.assign(tf.ones([4, 2]))
    model.load_weights(tmp_path / "x.weights.h5")
    np.testing.assert_array_equal(kernel.numpy(), np.ones([4, 2]))


# The same constructs in netlab.


@dataclass
class Parts:
    """A dataclass with a layer inside."""

    first: Any
    second: Any


class Holder(nn.Layer):
    """Calls what it holds, in whatever nesting, one after the other."""

    def __init__(self, held: Any, *parts: Any) -> None:
        super().__init__(name="holder")
        self.held = held
        self.order = [lambda x, part=part: part(x) for part in parts]

    def call(self, x: Any) -> Any:
        for part in self.order:
            x = part(x)
        return x


def holder_of(make: Callable[[], Any], nest: Callable[[Any], Any]) -> Holder:
    part = make()
    return Holder(nest(part), part)


CONSTRUCTS: dict[str, tuple[Callable[[], Any], list[str]]] = {
    "Keras layer": (lambda: keras.layers.Dense(2), ["kernel", "bias"]),
    "module with a Keras layer": (ModuleWithKeras, ["dense.kernel", "dense.bias"]),
    "Keras layer with a variable": (KerasWithVariable, ["kernel"]),
    "Keras layer with a module": (KerasWithModule, ["child.kernel"]),
    "Keras model": (lambda: keras.Sequential([keras.layers.Dense(2)]), ["layers.0.kernel", "layers.0.bias"]),
    "Keras layer in a Keras layer": (
        lambda: keras.layers.TimeDistributed(keras.layers.Dense(2)),
        ["layer.kernel", "layer.bias"],
    ),
}
NESTINGS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "attribute": (lambda part: part, "held"),
    "list": (lambda part: [None, part], "held.1"),
    "tuple in a dict": (lambda part: {"deep": (part,)}, "held.deep.0"),
    "dataclass": (lambda part: Parts(None, [part]), "held.second.0"),
}


def inputs_for(name: str) -> tuple[Any, Any]:
    """`TimeDistributed` takes one axis more."""
    return (X[:, None], Y[:, None]) if name == "Keras layer in a Keras layer" else (X, Y)


@pytest.mark.parametrize("nesting", NESTINGS)
@pytest.mark.parametrize("construct", CONSTRUCTS)
def test_every_variable_has_a_stable_path(construct: str, nesting: str) -> None:
    make, paths = CONSTRUCTS[construct]
    nest, prefix = NESTINGS[nesting]
    x, _ = inputs_for(construct)
    for _ in range(2):  # Keras's own default names have a counter
        holder = holder_of(make, nest)
        holder(x)
        assert [named.path for named in holder.named_variables()] == [f"{prefix}.{path}" for path in paths]
        assert len(holder.trainable_variables) == len(paths)


@pytest.mark.parametrize("construct", CONSTRUCTS)
def test_a_loop_of_one_s_own_trains_and_a_state_dict_saves(construct: str) -> None:
    make, _ = CONSTRUCTS[construct]
    x, y = inputs_for(construct)
    holder, other = (holder_of(make, lambda part: [part]) for _ in range(2))
    holder(x)
    other(x)
    before = holder.state_dict()
    optimizer = keras.optimizers.SGD(0.1)
    losses = []
    for _ in range(3):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((holder(x, training=True) - y) ** 2)
        gradients = tape.gradient(loss, holder.trainable_variables)
        optimizer.apply_gradients(zip(gradients, holder.trainable_variables, strict=True))
        losses.append(float(loss))
    assert losses == sorted(losses, reverse=True)
    after = holder.state_dict()
    assert all(np.abs(after[path] - value).max() > 0 for path, value in before.items())
    assert other.load_state_dict(after).complete()
    np.testing.assert_allclose(other(x), holder(x), rtol=1e-6)


@pytest.mark.parametrize("construct", CONSTRUCTS)
def test_fit_trains(construct: str) -> None:
    from netlib.training.model import Model

    make, paths = CONSTRUCTS[construct]
    x, y = inputs_for(construct)
    inputs, holder = nn.Input(list(x.shape[1:])), holder_of(make, lambda part: {"part": part})
    holder(x)  # an unbuilt one is copied to see what it gives, and Keras copies only classes that are registered
    model = Model(inputs, holder(inputs), seed=0)
    assert [named.path for named in model.named_variables()] == [f"holder.held.part.{path}" for path in paths]
    before = model.state_dict()
    model.compile(loss="mse", optimizer={"SGD": {"learning_rate": 0.1}})
    model.fit(x, y, epochs=2, batch_size=8)
    after = model.state_dict()
    assert all(np.abs(after[path] - value).max() > 0 for path, value in before.items())


@pytest.mark.parametrize("construct", CONSTRUCTS)
def test_keras_trains_and_saves_it_through_as_keras(construct: str, tmp_path: Any) -> None:
    make, paths = CONSTRUCTS[construct]
    x, y = inputs_for(construct)

    def made() -> tuple[Any, Any]:
        holder = holder_of(make, lambda part: part)
        return keras.Sequential([keras.Input(x.shape[1:]), nn.as_keras(holder)]), holder

    (model, holder), (other, copy) = made(), made()
    assert len(model.trainable_weights) == len(paths)
    before = holder.state_dict()
    model.compile("sgd", "mse")
    model.fit(x, y, epochs=2, verbose=0)
    after = holder.state_dict()
    assert all(np.abs(after[path] - value).max() > 0 for path, value in before.items())
    model.save_weights(tmp_path / "x.weights.h5")
    other.load_weights(tmp_path / "x.weights.h5")
    np.testing.assert_equal(copy.state_dict(), after)


def test_statistics_and_seed_states_of_keras_layers_are_found_and_not_trained() -> None:
    layers = [keras.layers.BatchNormalization(), keras.layers.Dropout(0.5)]
    holder = Holder(layers, *layers)
    holder(X, training=True)
    assert [(named.path, named.trainable) for named in holder.named_variables()] == [
        ("held.0.gamma", True),
        ("held.0.beta", True),
        ("held.0.moving_mean", False),
        ("held.0.moving_variance", False),
        ("held.1.seed_generator.state", False),
    ]
