"""Networks by calling layers on `nn.Input`."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.spec.errors import SpecError, UsageError
from netlib.spec.tensors import TensorSpec

X = tf.constant(np.random.default_rng(3).normal(size=[3, 4]), tf.float32)
Y = tf.constant(np.random.default_rng(4).normal(size=[3, 4]), tf.float32)


def names(network: nn.Network) -> list[str]:
    return [node.name for node in network.graph.nodes]


class Hand(nn.Layer[Any]):
    """Two results by name, from two inputs."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.dense = nn.Dense(2)

    def call(self, x: tf.Tensor, y: tf.Tensor) -> dict[str, tf.Tensor]:  # type: ignore[override]
        return {"sum": self.dense(x) + self.dense(y), "difference": x - y}


def test_what_a_symbol_says_of_itself() -> None:
    x = nn.Input([None, 4], "int32", name="tokens")
    assert (x.shape, x.dtype, x.port) == ((None, None, 4), "int32", "tokens")
    y = nn.Embedding(10, 3)(x)
    assert (y.shape, y.dtype) == ((None, None, 4, 3), "float32")


def test_several_inputs_and_outputs_by_every_way_of_naming_them() -> None:
    x, y = nn.Input([4], name="x"), nn.Input([4], name="y")
    dense = nn.Dense(4, seed=1)
    total = nn.Add(name="total")(dense(x), y)
    listed = nn.Network([x, y], [total, dense(y)])
    result = listed({"y": Y, "x": X})
    assert list(result) == ["total", "dense_2"]
    np.testing.assert_allclose(result["total"], dense(X) + Y, rtol=1e-6)
    np.testing.assert_allclose(listed(X, Y)["dense_2"], dense(Y), rtol=1e-6)
    mapped = nn.Network({"a": x, "b": y}, outputs={"t": total, "same": x})
    again = mapped({"a": X, "b": Y})
    np.testing.assert_allclose(again["t"], result["total"], rtol=1e-6)
    np.testing.assert_array_equal(again["same"], X)
    assert nn.Network(inputs=[x, y], outputs=total)(X, Y).shape == (3, 4)


def test_a_shared_layer_counts_once_in_graph_and_tree() -> None:
    x, y = nn.Input([4], name="x"), nn.Input([4], name="y")
    dense = nn.Dense(4)
    network = nn.Network([x, y], nn.Add()(dense(dense(x)), dense(y)))
    assert names(network) == ["dense", "dense_2", "dense_3", "add"]
    assert [node.shares for node in network.graph.nodes] == [None, "dense", "dense", None]
    assert network.graph.parameters().total == network.num_parameters() == 20
    assert network.layer("dense_3") is dense
    np.testing.assert_allclose(network(X, Y), dense(dense(X)) + dense(Y), rtol=1e-5)


def test_a_layer_shared_across_networks_counts_once_too() -> None:
    dense, z = nn.Dense(4), nn.Input([4])
    inner = nn.Network(z, dense(z))
    other = nn.Network(z, nn.Activation("tanh")(dense(z)))
    x = nn.Input([4])
    network = nn.Network(x, dense(inner(other(x))))
    assert network.graph.parameters().total == network.num_parameters() == 20
    np.testing.assert_allclose(network(X), dense(dense(tf.tanh(dense(X)))), rtol=1e-5)
    dense.kernel.assign(tf.zeros([4, 4]))
    np.testing.assert_array_equal(inner(X), np.zeros([3, 4]))


def test_one_layer_in_two_networks_has_one_set_of_weights() -> None:
    encoder, x = nn.Sequential([nn.Input([4]), nn.Dense(3)]), nn.Input([4])
    one = nn.Network(x, nn.Dense(1)(encoder(x)))
    other = nn.Network(x, nn.Dense(2)(encoder(x)))
    assert one["sequential.dense.kernel"] is other["sequential.dense.kernel"]
    one.freeze("sequential")
    assert len(other.trainable_variables) == 2


def test_layers_written_by_hand_with_ports() -> None:
    x, y = nn.Input([4], name="x"), nn.Input([4], name="y")
    hand = Hand()
    made = hand(x, y)
    assert {port: symbol.shape for port, symbol in made.items()} == {"sum": (None, 2), "difference": (None, 4)}
    assert not hand.built
    network = nn.Network([x, y], [made["difference"], made["sum"]])
    result = network(X, Y)
    assert list(result) == ["difference", "sum"]
    np.testing.assert_allclose(result["sum"], hand(X, Y)["sum"], rtol=1e-5)
    assert network.graph.parameters().total == network.num_parameters() == 10


def test_default_names_give_way_to_explicit_ones() -> None:
    x = nn.Input([4])
    network = nn.Network(x, nn.Dense(2, name="dense")(nn.Dense(3)(nn.Dense(3, name="dense_3")(x))))
    assert names(network) == ["dense_3", "dense_2", "dense"]


@pytest.mark.parametrize(
    ("explicit", "message"),
    [
        (["head", "head"], "two nodes of a network are called 'head'; give one of them another name"),
        (["x", "head"], "two nodes of a network are called 'x'"),
        (
            ["previous", "head"],
            "no layer of a network can be called 'previous': 'previous' has a meaning of its own in `from`",
        ),
    ],
)
def test_names_that_cannot_be(explicit: list[str], message: str) -> None:
    x = nn.Input([4], name="x")
    one, other = (nn.Dense(2, name=name) for name in explicit)
    with pytest.raises(UsageError, match=message):
        nn.Network(x, other(one(x)))


def test_what_cannot_be_an_input() -> None:
    for shape in ([-4], [0], 4, ["a"], [2.5]):
        with pytest.raises(
            SpecError, match=r"Input: shape: expected a list of positive integers, or null where unknown, got"
        ):
            nn.Input(shape)  # type: ignore[arg-type]
    with pytest.raises(SpecError, match="Input: dtype: there is no dtype 'float99'; did you mean 'float64'"):
        nn.Input([4], "float99")
    with pytest.raises(SpecError, match=r"Input: name: expected a name of letters, digits and '_' .*, got 'a b'"):
        nn.Input([4], name="a b")


def test_what_cannot_be_a_network() -> None:
    x, y, z = nn.Input([4], name="x"), nn.Input([4], name="x"), nn.Input([4], name="z")
    dense = nn.Dense(2)
    with pytest.raises(
        UsageError, match=r"two inputs have one name; give each its own: nn\.Input\(shape, name='left'\)"
    ):
        nn.Network([x, y], nn.Add()(x, y))
    with pytest.raises(UsageError, match="input 'z' is not used by any output; leave it out"):
        nn.Network([x, z], dense(x))
    with pytest.raises(
        UsageError, match=r"the outputs depend on an Input \(batch, 4\) float32 that is not among the network's"
    ):
        nn.Network(x, nn.Add()(x, z))
    with pytest.raises(UsageError, match=r"input 'output' is the result of Dense; give nn\.Input\(\.\.\.\)"):
        nn.Network(dense(x), nn.Dense(3)(dense(x)))
    with pytest.raises(UsageError, match="a network needs outputs, got none"):
        nn.Network(x, [])
    with pytest.raises(UsageError, match="a network needs outputs, got none"):
        nn.Network(x)
    with pytest.raises(
        UsageError, match=r"the outputs of a network are made by nn\.Input and by calling layers on it, got 5"
    ):
        nn.Network(x, 5)
    made = dense(x)
    with pytest.raises(UsageError, match="two outputs are called 'dense'; give a mapping from names to them"):
        nn.Network(x, [made, made])
    with pytest.raises(
        UsageError, match=r"add takes its inputs one by one, layer\(a, b\), each an Input or what a layer gave"
    ):
        nn.Add()(x, X)
    with pytest.raises(UsageError, match="network's input 'z' is no Input, nor what a layer gave"):
        nn.Network([x, z], nn.Add()(x, z))({"x": x, "z": X})


def test_shapes_that_do_not_fit_are_told_when_the_layer_is_called() -> None:
    x = nn.Input([4])
    with pytest.raises(
        SpecError, match=r"Conv2D needs an input of rank 4, \(batch, height, width, channels\), got \(batch, 4\)"
    ):
        nn.Conv2D(3, 3)(x)
    with pytest.raises(SpecError, match="Dense needs floating-point input, got int32"):
        nn.Dense(3)(nn.Input([4], "int32"))
    with pytest.raises(SpecError, match="LayerNormalization reads input, got 2 inputs"):
        nn.LayerNormalization()(x, x)
    network = nn.Network(x, nn.Dense(2)(x), name="net")
    with pytest.raises(SpecError, match=r"net's input 'input' is \(batch, 4\) float32, got \(batch, 5\) float32"):
        network(nn.Input([5]))


@pytest.mark.parametrize(
    "use",
    [
        lambda x: x + 1,
        lambda x: 2 * x,
        lambda x: 1 / x,
        lambda x: -x,
        lambda x: x**2,
        lambda x: x @ x,
        lambda x: x[:, 0],
        lambda x: abs(x),
        lambda x: x > 0,
        lambda x: list(x),
        lambda x: tf.nn.relu(x),
        lambda x: np.sin(x),
        lambda x: keras.layers.Dense(3)(x),
    ],
)
def test_a_symbol_is_no_tensor_and_says_what_to_do(use: Any) -> None:
    message = r"an Input has no values yet \(\(batch, 4\) float32\): call layers of netlab on it, .* nn\.Foreign\(tf\.nn\.relu"
    with pytest.raises(UsageError, match=message):
        use(nn.Input([4]))


def test_foreign_things_may_be_called_when_wrapped() -> None:
    x = nn.Input([4])
    network = nn.Network(x, nn.Foreign(tf.nn.relu)(nn.Foreign(keras.layers.Dense(3))(x)))
    assert names(network) == ["dense", "relu"]
    assert float(tf.reduce_min(network(X))) >= 0


def test_a_very_deep_network() -> None:
    x = symbol = nn.Input([4])
    for _ in range(1200):  # deeper than Python's stack
        symbol = nn.Activation("tanh")(symbol)
    assert len(nn.Network(x, symbol).graph.nodes) == 1200


def test_masks_travel_along_the_edges() -> None:
    tokens = tf.constant([[1, 2, 0, 0]])
    x = nn.Input([4], "int32")
    embedded = nn.Embedding(5, 3, mask_zero=True)(x)
    network = nn.Network(x, [nn.Dense(2)(nn.Add()(embedded, nn.Dense(3)(embedded))), nn.Flatten()(embedded)])
    network(tokens)
    masks = network.output_masks
    assert list(masks) == ["dense_2"]  # Flatten gives up the axis that it is about
    np.testing.assert_array_equal(masks["dense_2"], [[True, True, False, False]])


def test_nested_networks_pass_masks_and_flags_on() -> None:
    class Watching(nn.Layer[Any]):
        supports_masking = True

        def call(self, x: tf.Tensor, mask: Any = None, training: Any = None) -> tf.Tensor:  # type: ignore[override]
            self.seen = (mask, training)
            return x

    watching = Watching()
    network = nn.Sequential(
        [nn.Input([4], "int32"), nn.Embedding(5, 3, mask_zero=True), nn.Sequential([nn.Dense(3), watching])]
    )
    network(tf.constant([[1, 0, 2, 0]]), training=True)
    np.testing.assert_array_equal(watching.seen[0], [[True, False, True, False]])
    assert watching.seen[1] is True
    assert list(network.output_masks) == ["output"]


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16", "float32"])
def test_the_graph_s_dtypes_are_those_that_come_out(policy: str) -> None:
    x, i = nn.Input([4], name="x"), nn.Input([2], "int32", name="i")
    hand = Hand()(nn.Dense(4)(x), x)
    flat = nn.Flatten()(nn.Embedding(5, 3)(i))
    outputs = {"hand": hand["sum"], "flat": flat, "normal": nn.BatchNormalization()(flat), "same": i}
    network = nn.Network([x, i], outputs, dtype=policy)
    values = {"x": X, "i": tf.constant([[1, 2]] * 3)}
    given = network(values)
    assert {name: t.dtype.name for name, t in given.items()} == {
        name: tensor.dtype for name, tensor in network.graph.output_tensors().items()
    }
    wide = network.forward(values)
    assert {name: t.dtype.name for name, t in wide.items()} == {**dict.fromkeys(outputs, "float32"), "same": "int32"}
    assert {variable.dtype.name for variable in network.variables} == {"float32"}


def test_static_facts_are_those_of_tensors() -> None:
    x = nn.Input([4])
    network = nn.Network(x, nn.Dense(2)(x))
    static = network.static(TensorSpec((None, 4)))
    assert static.outputs == {"output": TensorSpec((None, 2))}
    assert (network.output_shape((None, 4)), network.count((None, 4))) == ((None, 2), 10)
