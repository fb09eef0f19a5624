"""Networks as plain values and back."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import json
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.spec.errors import UsageError

X = tf.constant(np.random.default_rng(3).normal(size=[3, 4]), tf.float32)


class Hand(nn.Layer[Any]):
    def __init__(self, units: int, **options: Any) -> None:
        super().__init__(**options)
        self.units, self.dense = units, nn.Dense(units)

    def call(self, x: tf.Tensor) -> tf.Tensor:  # type: ignore[override]
        return self.dense(x)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}


class Silent(nn.Layer[Any]):
    def __init__(self, units: int = 3) -> None:
        super().__init__()
        self.units = units

    def call(self, x: tf.Tensor) -> tf.Tensor:  # type: ignore[override]
        return x * float(self.units)


def shared() -> nn.Network:
    a, b, dense = nn.Input([4], name="a"), nn.Input([4], name="b"), nn.Dense(3)
    return nn.Network([a, b], {"s": nn.Add()(dense(a), dense(b)), "t": dense(a), "same": b}, seed=1)


def frozen() -> nn.Network:
    chain = nn.Sequential([nn.Dense(3, "relu"), nn.Sequential([nn.Dense(2), nn.BatchNormalization()])], seed=3)
    chain(X)
    chain.freeze(["dense.kernel", "sequential.dense.bias", "**.moving_*"])
    return chain


def tied() -> nn.Network:
    dense = nn.Dense(4)
    return nn.Sequential([dense, nn.Activation("tanh"), dense], seed=1)


NESTED: list[Any] = [
    {"Dense": 4, "name": "stem"},
    {
        "Network": {
            "nodes": [{"Dense": 3}, {"Sequential": ["BatchNormalization", {"Dense": 4}]}],
            "outputs": {"y": "sequential"},
        }
    },
    {"Add": {}, "from": ["previous", "stem"]},
]
CASES: dict[str, Any] = {
    "a chain": lambda: nn.Sequential([nn.Dense(3, "relu"), nn.Dense(2, name="head", trainable=False)], seed=3),
    "half": lambda: nn.Sequential(
        [nn.Dense(3), nn.Dense(2, dtype="float32")], seed=3, dtype="mixed_bfloat16", name="half"
    ),
    "shared": shared,
    "frozen": frozen,
    "frozen as a whole": lambda: nn.Sequential([nn.Dense(2)], trainable=False),
    "twice": tied,
    "nodes": lambda: nn.Network(NESTED, seed=1),
    "nested": lambda: nn.Sequential(
        [nn.Sequential([nn.Dense(3), nn.Sequential([nn.Dense(2)])], trainable=False), nn.Dense(1)]
    ),
    "foreign": lambda: nn.Sequential([keras.layers.Dense(3), nn.Sequential([Hand(2), Hand(2, name="last")])], seed=1),
}


@pytest.mark.parametrize("name", CASES)
def test_a_network_comes_back(name: str) -> None:
    network = CASES[name]()
    values = {"a": X, "b": 2 * X} if name == "shared" else X
    expected = network(values)
    config = json.loads(json.dumps(network.get_config()))
    again = type(network).from_config(config, {"Hand": Hand, "Dense": keras.layers.Dense})
    if name != "foreign":
        first = again(values)
        if network.seed is not None:  # the seed makes the same weights
            tf.nest.map_structure(np.testing.assert_array_equal, first, expected)
    again.load_state_dict(network.state_dict())
    tf.nest.map_structure(np.testing.assert_array_equal, again(values), expected)
    assert [each._replace(variable=None) for each in again.named_variables()] == [
        each._replace(variable=None) for each in network.named_variables()
    ]
    assert again.get_config() == network.get_config()
    assert again.graph.parameters() == network.graph.parameters()
    assert (again.name, again.dtype) == (network.name, network.dtype)


def test_before_it_is_built() -> None:
    network = nn.Network(NESTED, seed=1)
    config = json.loads(json.dumps(network.get_config()))
    np.testing.assert_array_equal(nn.Network.from_config(config)(X), network(X))
    with pytest.raises(UsageError, match="sequential is not built yet: call it once before it is described"):
        nn.Sequential([nn.Dense(2)]).get_config()


def test_classes_are_named_by_the_caller_and_by_nobody_else() -> None:
    chain = nn.Sequential([Hand(2), nn.Dense(1)])
    chain(X)
    config = chain.get_config()
    with pytest.raises(UsageError, match=r"'Hand' is no layer of netlab's; give its class: layers=\{'Hand': Hand\}"):
        nn.Sequential.from_config(config)
    config["nodes"][0]["class"] = "netlib.Desne"
    with pytest.raises(UsageError, match="netlab has no layer 'Desne'; did you mean 'Dense'"):
        nn.Sequential.from_config(config)


def test_what_cannot_be_described() -> None:
    silent = nn.Sequential([Silent(5)])
    silent(X)
    with pytest.raises(
        UsageError, match=r"Silent does not say its parameter 'units': define get_config\(self\) that returns"
    ):
        silent.get_config()
    function = nn.Sequential([lambda x: x])
    function(X)
    with pytest.raises(UsageError, match=r"Lambda cannot be described by plain values; write it as a nn\.Layer"):
        function.get_config()


def test_what_is_shared_across_networks_would_come_apart() -> None:
    dense, x = nn.Dense(4), nn.Input([4])
    inner = nn.Network(x, dense(x))
    network = nn.Network(x, dense(inner(x)))
    message = (
        r"network cannot be described by plain values: dense and network share what is at 'network\.dense'; make the network"
        r" in code, and load its weights with load_state_dict"
    )
    with pytest.raises(UsageError, match=message):
        network.get_config()
    one = nn.Sequential([nn.Input([4]), nn.Dense(4), nn.Dense(4)])
    one[1].kernel = one[0].kernel
    with pytest.raises(UsageError, match=r"dense and dense_2 share what is at 'dense\.kernel'"):
        one.get_config()
