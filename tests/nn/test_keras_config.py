"""A module inside of a Keras model, saved and loaded by Keras. How it computes is in `test_keras_model.py`."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.nn.keras_config import module_config, module_from_config
from netlib.spec.errors import UsageError

RNG = np.random.default_rng(3)
X = RNG.normal(size=(32, 5)).astype("float32")
Y = RNG.normal(size=(32, 2)).astype("float32")

NODES = [
    {"Dense": {"units": 8, "activation": "relu", "kernel_regularizer": {"L2": 0.01}}, "name": "hidden"},
    "BatchNormalization",
    {"Dropout": 0.3},
    {"Dense": 2},
]


class Linear(tf.Module):
    """Written by hand; has no config."""

    def __init__(self) -> None:
        super().__init__(name="linear")
        self.table = {"a/b": tf.Variable(tf.ones([5, 2]))}

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        return x @ self.table["a/b"]


@keras.saving.register_keras_serializable(package="tests")
class Times(nn.Layer):
    """Written by hand; has a config, and Keras knows its class."""

    def __init__(self, factor: float, **options: Any) -> None:
        super().__init__(**options)
        self.factor = factor

    def build(self, shape: Any) -> None:
        self.shift = self.add_weight("shift", shape[-1:], "ones")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return x * self.factor + self.shift

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "factor": self.factor}


class Unregistered(Times):
    """Has a config too, but Keras does not know it."""


def fit(model: Any, epochs: int = 2) -> list[float]:
    losses: list[float] = model.fit(X, Y, batch_size=16, epochs=epochs, shuffle=False, verbose=0).history["loss"]
    return losses


MADE = {
    "network": lambda: nn.as_keras(nn.Network(NODES, seed=1)),
    "sequential": lambda: nn.as_keras(nn.Sequential(NODES, seed=1)),
    "built network": lambda: _built(nn.Sequential(NODES, seed=1)),
    "in a Keras Sequential": lambda: keras.Sequential(
        [keras.Input([5]), nn.as_keras(nn.Dense(4, activation="relu")), nn.as_keras(nn.Dense(2))]
    ),
    "in a functional model": lambda: _functional(),
    "one's own layer, in a network": lambda: _built(nn.Sequential([{"Dense": 3}, Times(2.0), nn.Dense(2)])),
    "Keras layers, in a network": lambda: _built(nn.Sequential([keras.layers.Dense(3), nn.Dropout(0.2), nn.Dense(2)])),
    "a class of one's own": lambda: keras.Sequential(
        [keras.Input([5]), nn.as_keras(Times(2.0)), keras.layers.Dense(2)]
    ),
}


def _built(network: Any) -> Any:
    network(X)
    return nn.as_keras(network)


def _functional() -> Any:
    inputs = keras.Input([5])
    left, right = nn.as_keras(nn.Dense(3), "left")(inputs), nn.as_keras(nn.Dense(3), "right")(inputs)
    return keras.Model(inputs, keras.layers.Dense(2)(nn.as_keras(nn.Add())([left, right])))


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_a_saved_model_goes_on_as_if_it_had_not_been_saved(make: Any, tmp_path: Path) -> None:
    model = make()
    model.compile(keras.optimizers.Adam(0.01), "mse", metrics=["mae"])
    fit(model)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))
    assert [v.name for v in loaded.weights] == [v.name for v in model.weights]
    assert fit(loaded) == fit(model), "the optimizer's slots and the random numbers go on too"


@pytest.mark.slow
def test_in_a_fresh_process(tmp_path: Path) -> None:
    model = nn.as_keras(nn.Sequential(NODES, seed=1))
    model.compile("adam", "mse")
    fit(model, 1)
    model.save(tmp_path / "model.keras")
    np.save(tmp_path / "x.npy", X)
    code = (
        "import keras, numpy as np\nfrom netlib.nn import as_keras\n"
        "model = keras.saving.load_model('model.keras')\n"
        "np.save('y.npy', model.predict(np.load('x.npy'), verbose=0))"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, timeout=120)
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), model.predict(X, verbose=0))


@pytest.mark.parametrize("make", [lambda: nn.as_keras(Linear()), lambda: nn.as_keras(nn.Sequential(NODES))])
def test_weights_alone_are_saved_of_everything(make: Any, tmp_path: Path) -> None:
    model, other = make(), make()
    for each in (model, other):
        each.compile("adam", "mse")
        fit(each, 1)
    model.save_weights(tmp_path / "x.weights.h5")
    other.load_weights(tmp_path / "x.weights.h5")
    np.testing.assert_array_equal(model.predict(X, verbose=0), other.predict(X, verbose=0))


def test_weights_do_not_depend_on_what_was_frozen_when_they_were_saved(tmp_path: Path) -> None:
    model, other = _built(nn.Sequential(NODES, seed=1)), _built(nn.Sequential(NODES, seed=2))
    frozen = nn.Sequential(NODES, seed=1)
    frozen(X)
    frozen.freeze("hidden.**")
    model = nn.as_keras(frozen)
    model.save_weights(tmp_path / "x.weights.h5")
    other.load_weights(tmp_path / "x.weights.h5")
    np.testing.assert_array_equal(model.predict(X, verbose=0), other.predict(X, verbose=0))


def test_what_is_frozen_stays_so(tmp_path: Path) -> None:
    network = nn.Sequential(NODES, seed=1)
    model = nn.as_keras(network)
    model(X)
    network.freeze(["hidden.kernel", "batch_normalization"])
    model.compile("adam", "mse")
    fit(model, 1)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert [v.name for v in loaded.trainable_variables] == ["hidden.bias", "dense.kernel", "dense.bias"]
    before = loaded.module["batch_normalization.moving_mean"].numpy()
    fit(loaded, 1)
    np.testing.assert_array_equal(loaded.module["batch_normalization.moving_mean"].numpy(), before)
    network.trainable = False
    model.compile("adam", "mse")
    model.save(tmp_path / "model.keras")
    assert keras.saving.load_model(tmp_path / "model.keras").trainable_variables == []


def test_a_clone_has_weights_of_its_own() -> None:
    inputs = keras.Input([5])
    model = keras.Model(inputs, nn.as_keras(nn.Dense(2))(inputs))
    clone = keras.models.clone_model(model)
    clone.layers[1].module.kernel.assign(tf.zeros([5, 2]))
    assert np.abs(model.layers[1].module.kernel.numpy()).max() > 0


def test_keras_exports_it(tmp_path: Path) -> None:
    model = nn.as_keras(nn.Sequential(NODES, seed=1))
    expected = model.predict(X, verbose=0)
    model.export(tmp_path / "saved", verbose=False)
    loaded = tf.saved_model.load(str(tmp_path / "saved"))
    np.testing.assert_allclose(loaded.serve(X), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("module", "kind"), [(Linear, "Linear"), (lambda: Unregistered(2.0), "Unregistered")])
def test_what_cannot_be_rebuilt_says_so_and_what_to_do(module: Any, kind: str, tmp_path: Path) -> None:
    model = nn.as_keras(module(), "mine")
    model(X)
    message = (
        rf"Keras cannot save \w+: a {kind} cannot be rebuilt from a config.*; save the weights with"
        r" save_weights\('x\.weights\.h5'\).*or give the class get_config and from_config, and register it"
    )
    with pytest.raises(UsageError, match=message):
        model.save(tmp_path / "model.keras")


def test_a_class_inside_of_a_network_that_keras_does_not_know() -> None:
    model = _built(nn.Sequential([Unregistered(2.0)]))
    message = r"cannot be rebuilt from a config \(Keras does not know the class Unregistered\); save the weights with"
    with pytest.raises(UsageError, match=message):
        model.get_config()


def test_a_network_that_cannot_describe_itself_says_why() -> None:
    model = nn.as_keras(nn.Sequential([Linear()]))
    with pytest.raises(UsageError, match=r"a Sequential cannot be rebuilt from a config \(.+\); save the weights with"):
        model.get_config()


def test_a_class_that_is_not_known_when_it_is_loaded() -> None:
    with pytest.raises(
        UsageError, match="the file has a module 'tests>Gone', which is not known here; import the file"
    ):
        module_from_config({"registered": "tests>Gone", "config": {}})
    with pytest.raises(UsageError, match=r"the file has a module 'Dens', which netlab has not; did you mean 'Dense'\?"):
        module_from_config({"netlab": "Dens", "config": {}, "layers": {}})


def test_a_model_of_the_training_package_is_rebuilt_as_its_network() -> None:
    from netlib.training.model import Model

    model = Model(NODES, seed=1)
    model(X)
    config = module_config(model)
    assert config["netlab"] == "Network"
    assert list(module_from_config(config)(X).shape) == [32, 2]


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    model = nn.as_keras(nn.Sequential([{"Dense": 3}, {"Dense": 2}]))
    model(X)
    model.save_weights(tmp_path / "x.weights.h5")
    other = nn.as_keras(nn.Sequential([{"Dense": 4}, {"Dense": 2, "name": "head"}]))
    with pytest.raises(UsageError, match=r"'sequential.*' has no weights yet to load into; call it once on data"):
        other.load_own_variables({"dense.kernel": np.ones([5, 3])})
    other(X)
    before = other.get_weights()
    message = (
        r"the saved weights do not fit sequential: missing: head\.kernel, head\.bias; unexpected: dense_2\.bias,"
        r" dense_2\.kernel; mismatched: dense\.bias is \(4,\), got \(3,\), dense\.kernel is \(5, 4\), got \(5, 3\)"
    )
    with pytest.raises(ValueError, match=message):  # Keras's own, with our words in it
        other.load_weights(tmp_path / "x.weights.h5")
    np.testing.assert_equal(other.get_weights(), before)
