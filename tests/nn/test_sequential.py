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
from netlib.spec.errors import SpecError, UsageError

X = tf.constant(np.random.default_rng(3).normal(size=[3, 4]), tf.float32)


class Scale(tf.Module):
    def __init__(self) -> None:
        super().__init__(name="scale")
        self.factor = tf.Variable(2.0)

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        return x * self.factor


class Twice(nn.Layer[Any]):
    def call(self, x: tf.Tensor) -> tf.Tensor:  # type: ignore[override]
        return x * 2.0


def items() -> list[Any]:
    return [nn.Dense(3), "Flatten", {"Dense": 2, "name": "head"}, keras.layers.Dense(2), Scale(), Twice(), tf.nn.relu]


@pytest.mark.parametrize("start", [True, False], ids=["built at once", "built by the first call"])
def test_whatever_is_in_the_list_becomes_a_layer(start: bool) -> None:
    chain = nn.Sequential([*([nn.Input([4])] if start else []), *items()], seed=1)
    assert chain.built == start
    result = chain(X)
    assert [node.name for node in chain.graph.nodes] == [
        "dense",
        "flatten",
        "head",
        "dense_2",
        "scale",
        "twice",
        "relu",
    ]
    expected: Any = X
    for layer in chain:
        expected = layer(expected)
    np.testing.assert_allclose(result, expected, rtol=1e-5)
    assert [named.path for named in chain.named_variables()] == [
        *(f"{name}.{weight}" for name in ("dense", "head", "dense_2") for weight in ("kernel", "bias")),
        "scale.factor",
    ]
    assert chain.graph.parameters().total == chain.num_parameters()


@pytest.mark.parametrize("built", [False, True])
def test_it_is_like_a_list(built: bool) -> None:
    layers = [nn.Dense(3), nn.Activation("relu"), nn.Dense(2)]
    chain = nn.Sequential(layers)
    if built:
        chain(X)
    assert len(chain) == 3
    assert list(chain) == layers
    assert (chain[0], chain[-1], chain[-3]) == (layers[0], layers[2], layers[0])
    assert chain
    assert nn.Sequential()
    for index in (3, -4):
        with pytest.raises(UsageError, match=rf"sequential has 3 layers, so none at \[{index}\]"):
            chain[index]
    part = chain[:2]
    assert isinstance(part, nn.Sequential)
    assert list(part) == layers[:2]
    assert part.built == built
    assert list(chain[5:]) == []
    np.testing.assert_allclose(part(X), layers[1](layers[0](X)), rtol=1e-6)
    assert layers[0] in chain


def test_a_slice_shares_its_layers() -> None:
    chain = nn.Sequential([nn.Input([4]), nn.Dense(3), nn.Dense(3), nn.Dense(3)])
    tail = chain[1:]
    assert [tensor.shape for tensor in tail.graph.inputs.values()] == [(None, 3)]
    chain[2].bias.assign([1.0, 2.0, 3.0])
    hidden = chain[:1](X)
    np.testing.assert_allclose(tail(hidden), chain(X), rtol=1e-5)
    assert tail.variables[0] is chain["dense_2.kernel"]
    with pytest.raises(
        SpecError, match=r"dense_3 was built with a kernel of \(3, 2\); for inputs of \(batch, 4\) it would be"
    ):
        nn.Sequential([nn.Input([3]), nn.Dense(4), nn.Dense(3), nn.Dense(2)])[0::2]


@pytest.mark.parametrize("built", [False, True])
def test_it_grows_and_keeps_its_weights(built: bool) -> None:
    chain = nn.Sequential([nn.Dense(3), nn.Dense(2)], seed=1)
    if built:
        chain(X)
        before = chain.state_dict()
    chain.append({"Activation": "tanh"})
    chain.insert(1, nn.Dense(3, name="between"))
    chain.insert(0, "Identity")
    result = chain(X)
    assert [node.name for node in chain.graph.nodes] == ["identity", "dense", "between", "dense_2", "activation"]
    assert float(tf.reduce_max(tf.abs(result))) <= 1
    if built:
        after = chain.state_dict()
        assert set(after) - set(before) == {"between.kernel", "between.bias"}
        for path, value in before.items():
            np.testing.assert_array_equal(after[path], value)


def test_what_is_put_in_front_does_not_rename_what_is_there() -> None:
    chain = nn.Sequential(["Flatten", {"Dense": 3}])
    chain(X)
    kernel = chain["dense.kernel"]
    chain.insert(0, nn.Dense(4))
    assert [node.name for node in chain.graph.nodes] == ["dense_2", "flatten", "dense"]
    assert chain["dense.kernel"] is kernel


def test_what_does_not_fit_leaves_it_as_it_was() -> None:
    chain = nn.Sequential([nn.Input([4]), nn.Dense(3)])
    expected, layer = chain(X), chain[0]
    message = r"sequential: nodes\.1\.Conv2D: Conv2D needs an input of rank 4, .*, got \(batch, 3\)"
    for bad in (nn.Conv2D(3, 3), {"Conv2D": {"filters": 3, "kernel_size": 3}}):
        with pytest.raises(SpecError, match=message):
            chain.append(bad)
    with pytest.raises(SpecError, match=r"nodes\.0\.Dens: there is no layer 'Dens'; did you mean 'Dense'"):
        chain.insert(0, {"Dens": 3})
    with pytest.raises(SpecError, match=r"nodes\.1\.Dense: dense was built with a kernel of \(4, 3\); for inputs of"):
        chain.insert(0, nn.Dense(7))
    with pytest.raises(UsageError, match="expected a layer, a module or a function, got 5"):
        chain.append(5)
    assert list(chain) == [layer]
    np.testing.assert_array_equal(chain(X), expected)


def test_a_layer_that_stands_there_twice_runs_twice() -> None:
    dense = nn.Dense(4)
    chain = nn.Sequential([nn.Input([4]), dense, dense])
    assert (len(chain), chain.num_parameters()) == (2, 20)
    chain.append(nn.Activation("tanh"))
    assert len(chain) == 3
    np.testing.assert_allclose(chain(X), tf.tanh(dense(dense(X))), rtol=1e-5)


def test_mistakes_are_told_in_the_words_of_a_config_and_with_their_place() -> None:
    bad = {"Conv2D": {"filters": 3, "kernel_size": 3}}

    def told(make: Any) -> str:
        with pytest.raises(SpecError) as caught:
            make()
        return str(caught.value)

    in_yaml = told(lambda: nn.Network([{"Dense": 3}, bad], name="net")(X))
    assert in_yaml == told(lambda: nn.Sequential([nn.Dense(3), nn.Conv2D(3, 3)], name="net")(X))
    assert in_yaml == told(lambda: nn.Sequential([nn.Input([4]), nn.Dense(3), bad], name="net"))
    assert told(lambda: nn.Sequential([nn.Dense(10), nn.Dense("a")])) == "Dense: units: expected an integer, got 'a'"
    in_yaml = told(lambda: nn.Network([{"Dense": 3}, {"Dense": {"units": "a"}}], name="net")(X))
    assert in_yaml == "net: nodes.1.Dense.units: expected an integer, got 'a'"
    assert in_yaml == told(lambda: nn.Sequential([nn.Dense(3), {"Dense": {"units": "a"}}], name="net")(X))
    nested = told(lambda: nn.Sequential([nn.Dense(3), {"Sequential": [{"Dense": 3}, bad]}], name="net")(X))
    assert nested.startswith("net: nodes.1.Sequential.nodes.1.Conv2D: Conv2D needs an input of rank 4")
    wired = told(lambda: nn.Sequential([nn.Dense(3), {"Add": {}, "from": ["previous", "input"]}])(X))
    assert wired == "sequential: nodes.1.from: a node among layers reads the one before; join others by nn.Input"


def test_several_outputs_do_not_make_a_chain() -> None:
    class Two(nn.Layer[Any]):
        def call(self, x: tf.Tensor) -> Any:  # type: ignore[override]
            return x, x

    with pytest.raises(
        UsageError, match=r"sequential: Two at 0 has several outputs \(0, 1\); join layers by nn\.Input"
    ):
        nn.Sequential([Two(), nn.Dense(2)])(X)


def test_empty_chains_inside_are_kept() -> None:
    chain = nn.Sequential([nn.Input([4]), nn.Sequential(), nn.Dense(2), nn.Sequential([])])
    assert len(chain) == 3
    assert chain(X).shape == (3, 2)
    assert len(nn.Sequential([nn.Input([4])])) == 0


def test_options_of_nodes_in_a_list() -> None:
    chain = nn.Sequential(
        [nn.Dense(3), {"Sequential": [{"Dense": 2}], "name": "inner", "trainable": False}, {"Network": ["Flatten"]}]
    )
    chain(X)
    assert [named.path for named in chain.named_variables() if not named.trainable] == [
        "inner.dense.kernel",
        "inner.dense.bias",
    ]
    assert chain.graph.parameters() == (15, 8)


def test_a_copy_has_layers_of_its_own() -> None:
    chain = nn.Sequential(items(), seed=1)
    expected = chain(X)
    twin = copy.deepcopy(chain)
    twin.append(nn.Dense(1))
    twin["dense.kernel"].assign(tf.zeros([4, 3]))
    np.testing.assert_array_equal(chain(X), expected)
    assert (len(chain), len(twin)) == (7, 8)


def test_nothing_to_read() -> None:
    with pytest.raises(SpecError, match="sequential has 1 inputs, got 0"):
        nn.Sequential([nn.Dense(2)])()
    with pytest.raises(SpecError, match="sequential has 1 inputs, got 2"):
        nn.Sequential([nn.Dense(2)])(X, X)


def test_layers_keep_their_names_when_one_of_their_kind_is_put_in_front() -> None:
    chain = nn.Sequential([nn.Input([4]), nn.Dense(4), nn.Dense(4)], seed=1)
    before = chain.state_dict()
    chain.insert(0, nn.Dense(4))
    after = chain.state_dict()
    assert [layer.path for layer in chain] == ["dense_3", "dense", "dense_2"]
    assert all(np.array_equal(value, after[path]) for path, value in before.items())
    assert not np.array_equal(after["dense_3.kernel"], after["dense.kernel"])


def test_what_gives_nothing_is_nobody_s_previous() -> None:
    penalty, metric = nn.AddLoss("mean(square(x - 1))"), nn.AddMetric("mean(x)", name="level")
    chain = nn.Sequential([metric, nn.Dense(3, name="first"), penalty, nn.Dense(2, name="last")], seed=1)
    x = tf.constant([[1.0, 2.0, 3.0, 6.0]])
    output = chain(x)
    inner = chain["first"](x)
    np.testing.assert_allclose(output, chain["last"](inner))
    chain(x)
    assert float(chain.added_metrics["level"]) == 3
    np.testing.assert_allclose(chain.added_losses, [np.mean((inner - 1) ** 2)], rtol=1e-6)
    assert [node.type for node in chain.graph.nodes] == ["AddMetric", "Dense", "AddLoss", "Dense"]
    chain.append(nn.Activation("relu"))
    np.testing.assert_allclose(chain(x), tf.nn.relu(output))
    np.testing.assert_allclose(chain.added_losses, [np.mean((inner - 1) ** 2)], rtol=1e-6)
    assert list(chain)[2] is penalty


def test_a_chain_may_end_in_what_gives_nothing() -> None:
    chain = nn.Sequential([nn.Dense(3, name="first"), nn.AddLoss("sum(x)")], seed=1)
    x = tf.ones([2, 4])
    np.testing.assert_allclose(chain(x), chain["first"](x))
