"""Layers of Keras's own as nodes: the table is Keras's, and each layer in it is one that a network runs, trains and saves."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
import yaml
from keras_layer_table import PATH, keras_classes, made, text

from netlib import nn
from netlib.nn.keras_layers import KerasLayer
from netlib.spec.errors import SpecError
from netlib.spec.keras_layers import PREFIX, REFUSED_LAYERS, REFUSED_PARAMETERS, keras_layer, table
from netlib.spec.language.analysis import analyse
from netlib.spec.schema.parameter_schema import default_of
from netlib.spec.tensors import TensorSpec

ROWS: dict[str, dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("keras_layer_cases.yaml").read_text())


def test_the_table_is_what_keras_has() -> None:
    """Where it fails after an update of Keras: look at what is new, refuse what takes no plain values, and write it again."""
    assert json.loads(PATH.read_text()) == json.loads(text(made()))


def test_every_layer_of_keras_is_allowed_or_refused() -> None:
    known = {*table()["layers"], *table()["aliases"], *REFUSED_LAYERS}
    assert set(keras_classes()) == known
    assert not {*table()["layers"]} & {*REFUSED_LAYERS}


def test_every_layer_has_a_row() -> None:
    assert set(ROWS) == set(table()["layers"])


@pytest.mark.parametrize("name", table()["layers"])
def test_defaults_are_keras_s(name: str) -> None:
    facts, fields = table()["layers"][name], keras_layer(PREFIX + name).model_fields
    assert [*fields] == [each for each in (*facts["required"], *facts["defaults"]) if each not in REFUSED_PARAMETERS]
    for each, field in fields.items():
        assert field.is_required() == (each in facts["required"])
        if not field.is_required():
            assert default_of(field) == facts["defaults"][each]


def node_of(name: str) -> dict[str, Any]:
    return {PREFIX + name: ROWS[name].get("parameters", {})}


def tensors_of(name: str) -> dict[str, TensorSpec]:
    shapes, dtype = ROWS[name]["inputs"], ROWS[name].get("dtype", "float32")
    return {f"in{index}": TensorSpec((None, *shape), dtype) for index, shape in enumerate(shapes)}


def values_of(name: str) -> dict[str, tf.Tensor]:
    draw = np.random.default_rng(5)
    below = ROWS[name].get("below")
    return {
        key: tf.constant(
            draw.integers(0, below, (2, *tensor.shape[1:])) if below else draw.uniform(0, 1, (2, *tensor.shape[1:])),
            tensor.dtype,
        )
        for key, tensor in tensors_of(name).items()
    }


def network_of(name: str, seed: int = 3) -> Any:
    tensors = tensors_of(name)
    node = {**node_of(name), "name": "it", "from": list(tensors)}
    inputs = {key: {"shape": list(tensor.shape[1:]), "dtype": tensor.dtype} for key, tensor in tensors.items()}
    network = nn.Network([node], inputs=inputs, seed=seed)
    network.ensure_built(*tensors.values())
    return network


@pytest.mark.parametrize("name", REFUSED_LAYERS)
def test_a_refused_layer_says_why(name: str) -> None:
    graph, problems = analyse([{PREFIX + name: None}], {"x": TensorSpec((None, 4))})
    assert graph is None
    assert [problem.message for problem in problems] == [
        f"{PREFIX}{name} cannot stand in a config: {REFUSED_LAYERS[name]}"
    ]


@pytest.mark.parametrize("name", ROWS)
def test_it_runs_as_keras_says_it_does(name: str) -> None:
    network, values = network_of(name), values_of(name)
    only = next(iter(values.values()))
    (node,) = network.graph.nodes
    given = tf.function(network)(values if len(values) > 1 else only)
    assert given.shape.is_compatible_with(node.output.shape)
    assert given.dtype == node.output.dtype
    made = {node.weight_path(weight): weight.shape for weight in node.weights}
    assert made == {named.path: tuple(named.variable.shape) for named in network.named_variables()}
    target = network.layer("it").target
    listed = list(values.values())
    expected = target(listed if node.spec.variadic else only, *([] if node.spec.variadic else listed[1:]))
    if not node.spec.draws or name == "GRU":
        first = expected[0] if isinstance(expected, list | tuple) else expected
        np.testing.assert_allclose(given, first, atol=1e-5)


def test_what_keras_draws_follows_from_the_seed_and_the_path() -> None:
    nodes = [{PREFIX + "LSTM": {"units": 3, "dropout": 0.5}}, {PREFIX + "Dense": 3}, {PREFIX + "Dense": 3}]
    x = tf.ones([2, 5, 4])

    def made(seed: int) -> dict[str, Any]:
        keras.utils.set_random_seed(np.random.randint(1000))
        network = nn.Network(nodes, seed=seed)
        network.ensure_built(TensorSpec((None, 5, 4)))
        before = network.state_dict()
        return {**before, "given": network(x, training=True).numpy()}

    one, again, other = made(1), made(1), made(2)
    assert all(np.array_equal(one[name], again[name]) for name in one)
    assert not np.array_equal(one["lstm.cell.kernel"], other["lstm.cell.kernel"])
    assert not np.array_equal(one["dense.kernel"], one["dense_2.kernel"])
    assert [name for name in one if "seed" in name]


def test_a_copy_and_a_rebuilt_network_have_it_too() -> None:
    network = network_of("GRU")
    rebuilt = nn.Network.from_config(network.get_config())
    rebuilt.load_state_dict(network.state_dict())
    x = values_of("GRU")["in0"]
    np.testing.assert_array_equal(network(x), rebuilt(x))
    assert network["it"].description() == "keras.layers.GRU(dropout=0.2, units=3)"


def test_masks_go_through() -> None:
    nodes = [
        {"Embedding": {"input_dim": 9, "output_dim": 4, "mask_zero": True}, "name": "known"},
        {PREFIX + "Dropout": 0.5},
        {PREFIX + "MultiHeadAttention": {"num_heads": 1, "key_dim": 3}, "from": ["previous", "known"]},
        {PREFIX + "SimpleRNN": {"units": 3}},
    ]
    network = nn.Network(nodes, inputs={"x": {"shape": [None], "dtype": "int32"}}, seed=1)
    padded = network(tf.constant([[3, 4, 5, 0, 0]]))
    np.testing.assert_allclose(padded, network(tf.constant([[3, 4, 5]])), atol=1e-6)


def test_penalties_are_counted() -> None:
    network = nn.Network([{PREFIX + "Dense": {"units": 2, "kernel_regularizer": {"L2": 0.5}}}], seed=1)
    network(tf.ones([1, 3]))
    kernel = network.state_dict()["dense.kernel"]
    np.testing.assert_allclose(sum(network.losses), 0.5 * np.sum(kernel**2), rtol=1e-6)


def test_it_computes_in_the_dtype_of_its_node() -> None:
    network = nn.Network([{PREFIX + "Dense": 2, "dtype": "bfloat16"}], seed=1)
    network.ensure_built(TensorSpec((None, 3)))
    assert network.graph.output_tensors()["output"].dtype == "bfloat16"
    assert network.state_dict()["dense.kernel"].dtype == np.float32


def test_what_keras_objects_to_stands_at_the_parameter() -> None:
    chain = nn.Sequential([{PREFIX + "Conv2D": {"filters": -1, "kernel_size": 3}}])
    with pytest.raises(SpecError, match=r"cannot be built for \(batch, 8, 8, 3\) float32: Keras says: .*filters"):
        chain(tf.ones([1, 8, 8, 3]))
    network = nn.Network([{PREFIX + "Conv2D": {"filters": -1, "kernel_size": 3}}])
    with pytest.raises(SpecError) as caught:
        network(tf.ones([1, 8, 8, 3]))
    assert [problem.loc for problem in caught.value.problems] == [("nodes", 0, "keras.layers.Conv2D", "filters")]
    with pytest.raises(SpecError, match=r"Keras says: .*expected min_ndim=4, found ndim=2"):
        nn.Network([{PREFIX + "Conv2D": {"filters": 1, "kernel_size": 3}}])(tf.ones([1, 8]))


def test_it_can_be_made_by_itself() -> None:
    layer = KerasLayer({PREFIX + "Dense": 2}, seed=1)
    assert layer(tf.ones([1, 3])).shape == (1, 2)
    assert KerasLayer.from_config(layer.get_config()).get_config() == layer.get_config()
