from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import copy
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.nn.layer import Layer
from netlib.nn.layers.core import Dense
from netlib.nn.network import Network
from netlib.nn.sequential import Sequential
from netlib.spec.errors import SpecError, UsageError
from netlib.spec.language.analysis import analyse
from netlib.spec.tensors import TensorSpec

RNG = np.random.default_rng(5)
X = tf.constant(RNG.normal(size=[3, 4]), tf.float32)
Y = tf.constant(RNG.normal(size=[3, 2]), tf.float32)
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


def paths(network: Network) -> list[str]:
    return [named.path for named in network.named_variables()]


def test_a_chain_computes_its_layers_one_after_the_other() -> None:
    network = Sequential([{"Dense": {"units": 3, "activation": "relu"}}, {"Dense": 2, "name": "head"}], seed=1)
    result = network(X)
    first, head = network.layer("dense"), network.layer("head")
    expected = tf.nn.relu(X @ first.kernel + first.bias) @ head.kernel + head.bias
    np.testing.assert_allclose(result, expected, rtol=1e-5)
    assert paths(network) == ["dense.kernel", "dense.bias", "head.kernel", "head.bias"]
    assert network["head.kernel"] is head.kernel


def test_an_empty_network_is_the_identity() -> None:
    np.testing.assert_array_equal(Network()(X), X)
    np.testing.assert_array_equal(Sequential([{"Sequential": []}])(X), X)


def test_nested_networks_have_nested_paths_and_weights_as_analysed() -> None:
    network = Network(NESTED, seed=1)
    network(X)
    analysed = [f"{node.path}.{weight.name}" for node in network.graph.walk() for weight in node.weights]
    assert paths(network) == analysed
    assert analysed[2] == "network.dense.kernel"
    assert "network.sequential.batch_normalization.moving_mean" in analysed
    for path, module in network.named_modules():
        assert path == getattr(module, "path", path) or path == ""


def test_several_inputs_and_outputs() -> None:
    nodes = [{"Dense": 2, "from": "x", "name": "left"}, {"Add": {}, "from": ["left", "y"], "name": "total"}]
    inputs = {"x": {"shape": [4]}, "y": {"shape": [2]}}
    network = Network(nodes, inputs=inputs, outputs=["total", "left"], seed=1)
    result = network({"y": Y, "x": X})  # matched by name, whatever their order
    assert list(result) == ["total", "left"]
    np.testing.assert_allclose(result["total"], result["left"] + Y, rtol=1e-6)
    again = Network(nodes, inputs=inputs, outputs={"a": "total", "b": "left"}, seed=1)({"x": X, "y": Y})
    np.testing.assert_array_equal(again["a"], result["total"])
    np.testing.assert_array_equal(again["b"], result["left"])


def test_what_a_container_captures_is_what_the_outer_node_gave() -> None:
    inner = [{"Dense": 3}, {"Sequential": [{"Concatenate": {}, "from": ["previous", "stem", "image"]}]}]
    section = {
        "inputs": {"image": {"shape": [4]}},
        "nodes": [{"Dense": 2, "name": "stem"}, {"Sequential": inner, "name": "body"}],
    }
    network = Network(section["nodes"], inputs=section["inputs"], outputs=["body", "stem"], seed=1)
    result = network(X)
    np.testing.assert_array_equal(result["body"][:, 3:5], result["stem"])
    np.testing.assert_array_equal(result["body"][:, 5:], X)


def test_a_tensor_passes_through_a_container_to_several_outputs() -> None:
    box = {"Network": {"nodes": [{"Dense": 2, "name": "a"}], "outputs": {"a": "a", "same": "input"}}, "name": "box"}
    result = Network([box], outputs=["box.a", "box.same"])(X)
    np.testing.assert_array_equal(result["same"], X)
    assert result["a"].shape == (3, 2)


def test_training_reaches_nested_layers() -> None:
    network = Network([{"Sequential": [{"Dropout": 0.5}, "BatchNormalization"]}])
    np.testing.assert_allclose(network(X), X / np.sqrt(1 + 1e-3), rtol=1e-5)
    before = network["sequential.batch_normalization.moving_variance"].numpy()
    network(X, training=True)
    assert np.any(network["sequential.batch_normalization.moving_variance"].numpy() != before)


def test_a_frozen_container_freezes_what_it_holds() -> None:
    nodes: list[Any] = [{"Sequential": [{"Dense": 2}, "BatchNormalization"], "trainable": False}, {"Dense": 1}]
    network = Network(nodes)
    network(X, training=True)
    assert [named.path for named in network.named_variables() if named.trainable] == ["dense.kernel", "dense.bias"]
    np.testing.assert_array_equal(network["sequential.batch_normalization.moving_mean"], [0, 0])
    whole = Network([{"Dense": 2}, "BatchNormalization"], trainable=False)
    whole(X, training=True)
    assert whole.trainable_variables == ()
    np.testing.assert_array_equal(whole["batch_normalization.moving_mean"], [0, 0])


def test_a_graph_makes_the_same_network_as_its_nodes_bit_for_bit() -> None:
    graph, problems = analyse(NESTED, {"input": TensorSpec((None, 4))})
    assert not problems
    one, other = Network(NESTED, seed=7), Network(graph=graph, seed=7)
    assert other.built
    np.testing.assert_array_equal(one(X), other(X))
    np.testing.assert_equal(one.state_dict(), other.state_dict())
    assert np.any(Network(NESTED, seed=8)(X) != one(X))


def test_initial_weights_follow_from_the_path_of_the_whole_network() -> None:
    def kernel(**options: Any) -> np.ndarray[Any, Any]:
        network = Network([{"Sequential": [{"Dense": 4}]}], seed=1, **options)
        network(X)
        return network["sequential.dense.kernel"].numpy()

    np.testing.assert_array_equal(kernel(name="a"), kernel(name="b"))
    np.testing.assert_array_equal(kernel(path="encoder"), kernel(path="encoder"))
    assert not np.any(kernel(path="encoder") == kernel(path="decoder"))
    dense = Dense(4, seed=1, path="encoder.sequential.dense")
    dense(X)
    np.testing.assert_array_equal(kernel(path="encoder"), dense.kernel)


def test_mistakes_in_the_nodes_are_told_together() -> None:
    with pytest.raises(SpecError) as caught:
        Network([{"Dens": 3}, {"Dense": {"untis": 3, "units": 1}}])(X)
    assert str(caught.value) == (
        "network: nodes.0.Dens: there is no layer 'Dens'; did you mean 'Dense'?\n"
        "network: nodes.1.Dense.untis: Dense has no parameter 'untis'; did you mean 'units'?"
    )


@pytest.mark.parametrize("built", [False, True])
def test_wrong_names_of_inputs(built: bool) -> None:
    nodes = [{"Dense": 2, "from": "x"}, {"Add": {}, "from": ["previous", "y"]}]
    network = Network(nodes, inputs={"x": {"shape": [4]}, "y": {"shape": [2]}})
    if built:
        network({"x": X, "y": Y})
    with pytest.raises(SpecError, match="network has the inputs x, y; call it with a mapping of them"):
        network(X)
    with pytest.raises(SpecError, match="network has the inputs x, y; got x, z"):
        network({"x": X, "z": Y})
    with pytest.raises(SpecError, match="network has the inputs x, y; got x"):
        network({"x": X})
    with pytest.raises(SpecError, match="network has the inputs x, y; got none"):
        network({})
    with pytest.raises(SpecError, match="network has 2 inputs, got 1"):
        network.ensure_built(TensorSpec((None, 4)))


def test_wrong_shapes_and_dtypes_of_inputs() -> None:
    declared = Network([{"Dense": 2}], inputs={"image": {"shape": [5]}})
    message = r"network: inputs\.image: declared as \(batch, 5\) float32, but the data gives \(batch, 4\) float32"
    with pytest.raises(SpecError, match=message):
        declared(X)
    network = Network(["Flatten", {"Dense": 2}], name="net")
    with pytest.raises(SpecError, match=r"net: nodes\.1\.Dense: Dense needs floating-point input, got int32"):
        network(tf.ones([3, 4], tf.int32))
    network(X)
    with pytest.raises(SpecError, match=r"net's input 'input' is \(batch, 4\) float32, got \(batch, 5\) float32"):
        network(tf.ones([3, 5]))
    with pytest.raises(SpecError, match=r"net's input 'input' is \(batch, 4\) float32, got \(batch, 2, 2\) float32"):
        network(tf.ones([3, 2, 2]))
    with pytest.raises(SpecError, match=r"net's input 'input' is \(batch, 4\) float32, got \(batch, 4\) int32"):
        network(tf.ones([3, 4], tf.int32))
    with pytest.raises(SpecError, match=r"net's input 'input' is \(batch, 4\) float32, got \(\) float32"):
        network(1.0)


def test_numbers_of_any_width_will_do() -> None:
    network = Network([{"Dense": 4}, {"Concatenate": {}, "from": ["previous", "input"]}], seed=1)
    wide = network(X.numpy().astype(np.float64))
    assert wide.dtype == tf.float32
    np.testing.assert_array_equal(network(X), wide)


def test_an_axis_of_unknown_length_takes_any() -> None:
    network = Network([{"Dense": 2}], inputs={"rows": {"shape": [None, 4]}})
    assert network(tf.ones([2, 3, 4])).shape == (2, 3, 2)
    assert network(tf.ones([2, 9, 4])).shape == (2, 9, 2)


def test_a_copy_is_a_network_of_its_own() -> None:
    network = Network([*NESTED, {"Dense": {"units": 2, "kernel_regularizer": "l2"}}], seed=1)
    expected = network(X)
    twin = copy.deepcopy(network)
    assert paths(twin) == paths(network)
    np.testing.assert_array_equal(twin(X), expected)
    for variable in twin.variables:
        variable.assign(tf.zeros_like(variable))
    np.testing.assert_array_equal(network(X), expected)
    assert float(twin.losses[0]) == 0
    assert float(network.losses[0]) > 0
    fresh = copy.deepcopy(Network(NESTED, seed=1))
    np.testing.assert_array_equal(fresh(X), Network(NESTED, seed=1)(X))


@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_network_may_be_built_inside_of_a_function(jit_compile: bool) -> None:
    network = Network(NESTED, seed=1)
    run = tf.function(network, jit_compile=jit_compile)
    result = run(X)
    assert len(network.variables) == len(set(paths(network))) == 2 + 2 + 4 + 2
    np.testing.assert_allclose(result, Network(NESTED, seed=1)(X), rtol=1e-5)


def test_networks_are_layers_of_modules() -> None:
    class Twins(Layer[Any]):
        def __init__(self) -> None:
            super().__init__(name="twins")
            self.parts = [Network([{"Dense": {"units": 2, "kernel_regularizer": "l2"}}]) for _ in range(2)]

        def call(self, inputs: tf.Tensor) -> tf.Tensor:  # type: ignore[override]
            return self.parts[0](inputs) + self.parts[1](inputs)

    twins = Twins()
    twins(X)
    names = [f"parts.{index}.dense.{weight}" for index in range(2) for weight in ("kernel", "bias")]
    assert [named.path for named in twins.named_variables()] == names
    assert len(twins.losses) == 2


rates = {"Dropout": 0.3}
on_images = st.sampled_from(
    [
        {"Conv2D": {"filters": 3, "kernel_size": 2, "padding": "same", "strides": 2}},
        {"Conv2D": {"filters": 2, "kernel_size": [1, 2], "use_bias": False}},
        {"MaxPooling2D": {"pool_size": 2, "padding": "same"}},
        {"AveragePooling2D": 2},
        "BatchNormalization",
        {"LayerNormalization": {"axis": [1, -1]}},
        {"Dense": {"units": 3, "activation": "relu"}},
        rates,
        {"Sequential": [{"Activation": "tanh"}, {"Add": {}, "from": ["previous", "input"]}]},
    ]
)
on_rows = st.sampled_from(
    [
        {"Dense": 4},
        {"Reshape": [2, -1]},
        "LayerNormalization",
        "Flatten",
        {"Network": {"nodes": [{"Concatenate": {}, "from": ["input", "input"]}]}},
        {"Activation": "sigmoid"},
        rates,
    ]
)


@settings(max_examples=25)
@given(
    st.lists(on_images, max_size=4),
    st.sampled_from(["Flatten", "GlobalAveragePooling2D"]),
    st.lists(on_rows, max_size=4),
)
def test_every_valid_chain_computes_the_shapes_that_were_inferred(
    images: list[Any], middle: str, rows: list[Any]
) -> None:
    section = [*images, middle, *rows]
    graph, problems = analyse(section, {"image": TensorSpec((None, 7, 6, 2))})
    if graph is None:
        assert problems
        return
    network = Network(graph=graph, seed=1)
    built = {named.path: tuple(named.variable.shape) for named in network.named_variables()}
    assert built == {f"{node.path}.{weight.name}": weight.shape for node in graph.walk() for weight in node.weights}
    result = network(tf.ones([2, 7, 6, 2]))
    inferred = graph.output_tensors()["output"]
    assert (2, *inferred.shape[1:]) == tuple(result.shape)
    assert inferred.dtype == result.dtype.name
    assert graph.parameters().total == network.num_parameters()
    assert graph.parameters().trainable == sum(int(np.prod(v.shape)) for v in network.trainable_variables)


def test_its_graph_is_not_known_before_the_first_call() -> None:
    network = Network([{"Dense": 2}], name="late")
    with pytest.raises(UsageError, match="late is not built yet: call it once, or give it a graph"):
        _ = network.graph
