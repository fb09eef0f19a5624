"""The Keras twin of a network: every layer of the catalogue, shipped networks, and what has no counterpart."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
import yaml

from netlib import nn
from netlib.config.load import load
from netlib.nn.keras_twin import NoTwinError, obstacles, twin_of
from netlib.spec.registry import names
from netlib.spec.tensors import TensorSpec
from netlib.tasks.build import build

ROOT = Path(__file__).parents[3]
CONFIGS = ROOT / "configs"
ROWS: dict[str, list[dict[str, Any]]] = {
    name: rows
    for path in sorted((ROOT / "tests" / "conformance" / "layer_cases").glob("*.yaml"))
    for name, rows in yaml.safe_load(path.read_text(encoding="utf-8")).items()
}
"""The table of the layers, which `tests/conformance/layer_table.py` explains."""

WITHOUT = {
    "AddLoss": "in Keras a layer adds a loss by code of its own",
    "AddMetric": "in Keras a layer adds a metric by code of its own",
    "Random": "in Keras numbers are drawn by code of a layer's own",
    "RotaryEmbedding": "Keras has no layer that turns features by their places",
    "RandomCrop": "Keras's RandomCrop leaves images alone outside of training, where this one resizes them",
}
SOURCES = ("Variable", "Variables", "Constant")
"""They read nothing; what reads them is tested with them."""


def of_one_layer(layer: Any, row: Mapping[str, Any]) -> nn.Network:
    """A network that gives every port of a layer, for the inputs of a row of the table."""
    dtypes = row.get("dtype", "float32")
    dtypes = dtypes if isinstance(dtypes, list) else [dtypes] * len(row["inputs"])
    pairs = enumerate(zip(row["inputs"], dtypes, strict=True))
    inputs = [nn.Input(shape, dtype=dtype, name=f"in_{i}") for i, (shape, dtype) in pairs]
    return nn.Network(inputs, layer(*inputs), seed=5)


def randomised(network: nn.Network) -> nn.Network:
    """With weights that no mistake leaves without effect; variances stay positive."""
    rng = np.random.default_rng(23)
    for variable in (each for each in network.variables if each.dtype.is_floating):
        values = rng.uniform(0.5, 1.5, variable.shape) / max(1, np.sqrt(np.prod(variable.shape[:-1])))
        variable.assign(values * (rng.choice([-1, 1], variable.shape) if variable.trainable else 1))
    return network


def values_for(network: nn.Network, below: int = 2) -> dict[str, Any]:
    """Three samples by input; an unknown axis gets a length."""
    rng = np.random.default_rng(17)
    found = {}
    for name, tensor in network.graph.inputs.items():
        shape = (3, *(5 if axis is None else axis for axis in tensor.shape[1:]))
        drawn = rng.normal(0.3, 1.2, shape) if "float" in tensor.dtype else rng.integers(0, below, shape)
        found[name] = tf.constant(drawn, tensor.dtype)
    return found


def assert_twins(network: nn.Network, twin: keras.Model, below: int = 2, tolerance: float = 1e-5) -> None:
    """Both give the same, in evaluation."""
    values = values_for(network, below)
    mine = network.forward(values)
    theirs = twin(values if len(values) > 1 else next(iter(values.values())), training=False)
    theirs = theirs if isinstance(theirs, dict) else {next(iter(mine)): theirs}
    assert mine.keys() == theirs.keys()
    for name, expected in mine.items():
        scale = max(1.0, float(np.abs(expected).max(initial=0)))
        np.testing.assert_allclose(theirs[name], expected, rtol=0, atol=tolerance * scale)


@pytest.mark.parametrize("name", [name for name in names("layer") if name not in (*WITHOUT, *SOURCES)])
def test_the_twin_of_every_layer_gives_what_it_gives(name: str) -> None:
    row = ROWS[name][0]
    network = randomised(of_one_layer(getattr(nn, name)(**row.get("parameters", {})), row))
    assert_twins(network, twin_of(network), row.get("below", 2), max(1e-5, row.get("tolerance", 0)))


def made(*nodes: Any, inputs: Any = None, outputs: Any = None, **options: Any) -> nn.Network:
    """A built network of nodes, for three numbers by default."""
    network = nn.Network(list(nodes), outputs, inputs=inputs or {"x": {"shape": [3]}}, seed=3, **options)
    network.ensure_built(
        *(TensorSpec((None, *each["shape"]), each.get("dtype", "float32")) for each in network.declared.values())
    )
    return randomised(network)


@pytest.mark.parametrize("name", WITHOUT)
def test_a_layer_without_a_counterpart_is_named_with_the_reason(name: str) -> None:
    row = ROWS[name][0]
    odd = {name: row.get("parameters", {}), "name": "odd"}
    leaf = name in ("AddLoss", "AddMetric")
    network = made(
        {"Identity": None, "name": "kept"},
        odd,
        inputs={"x": {"shape": row["inputs"][0]}},
        outputs="kept" if leaf else "odd",
    )
    assert obstacles(network) == [("odd", name, WITHOUT[name])]


def test_everything_without_a_counterpart_is_listed_at_once() -> None:
    network = made(
        {"Dense": 3, "name": "first"},
        {"While": {"max_iterations": 2, "body": "x / 2"}, "name": "halved"},
        {"Random": None, "name": "drawn"},
        {"Dense": {"units": 3}, "name": "again", "tie": {"kernel": "first.kernel"}},
        outputs="again",
    )
    reasons = [
        "network has no twin made of Keras's layers:",
        "  halved (While): Keras has no layer that runs others in this way",
        f"  drawn (Random): {WITHOUT['Random']}",
        "  again (Dense): its kernel is tied to another weight: in Keras a weight is one layer's",
    ]
    with pytest.raises(NoTwinError) as caught:
        twin_of(network)
    assert str(caught.value) == "\n".join(reasons)
    assert [each.path for each in caught.value.obstacles] == ["halved", "drawn", "again"]


REFUSED: dict[str, tuple[list[Any], dict[str, Any], str]] = {
    "average pooling of what is real": (
        [{"AveragePooling1D": {"pool_size": 3, "padding": 1, "count_padding": False}}],
        {"shape": [6, 2]},
        "Keras's pooling counts the zeros of explicit padding; count_padding is false",
    ),
    "rotary heads": (
        [
            {
                "GroupedQueryAttention": {"head_dim": 2, "num_query_heads": 2, "num_key_value_heads": 1, "rotary": {}},
                "from": ["x", "x"],
            }
        ],
        {"shape": [6, 2]},
        "Keras's GroupQueryAttention turns no heads by their places; rotary is given",
    ),
    "a function of which Keras has no operation": (
        [{"Compute": "roll(x, 1, axis=1)"}],
        {"shape": [6, 2]},
        "Keras has no operation like roll()",
    ),
    "the number of samples": (
        [{"Compute": "like(sum(x, axis=0), x)"}],
        {"shape": [3]},
        "like() needs the number of samples, which a functional model has not",
    ),
    "an operation on what is masked": (
        [{"Masking": 0.0}, "Flip"],
        {"shape": [6, 2]},
        "Keras's operations lose the mask of what they read",
    ),
    "a sum of what is masked and what is not": (
        [{"Masking": 0.0}, {"Add": None, "from": ["previous", "x"]}],
        {"shape": [6, 2]},
        "Keras's merging layers do not always keep the mask of what they read",
    ),
    "a mask of which Keras makes something else": (
        [{"Masking": 0.0}, "RMSNormalization"],
        {"shape": [6, 2]},
        "Keras's layer deals otherwise with the mask of what it reads",
    ),
    "a flag of its own": (
        [{"Dropout": 0.5, "training": True}],
        {"shape": [3]},
        "its `training` is fixed: Keras gives all layers of a functional model the same flag",
    ),
    "a mask given beside": (
        [
            {"Compute": "x[:, :, 0] > 0", "name": "m"},
            {"MultiHeadAttention": {"num_heads": 1, "key_dim": 2}, "from": {"query": "x", "value": "x", "mask": "m"}},
        ],
        {"shape": [6, 2]},
        "a mask given by `from` is no argument of Keras's layer, which takes one for each input",
    ),
    "a weight that two expressions read": (
        [
            {"Variable": {"shape": [3]}, "name": "w"},
            {"Compute": "x + w"},
            {"Compute": "y * w", "from": {"y": "previous", "w": "w"}},
        ],
        {"shape": [3]},
        "'w' is read by several nodes: in Keras a weight is one layer's",
    ),
    "a table with a mask that also projects": (
        [
            {"Embedding": {"input_dim": 4, "output_dim": 2, "mask_zero": True}, "name": "e"},
            {"Dense": {"units": 4, "use_bias": False}, "tie": {"kernel": {"to": "e.embeddings", "transpose": True}}},
        ],
        {"shape": [5], "dtype": "int32"},
        "Keras's ReversibleEmbedding gives no mask in a functional model; mask_zero is true",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_why_a_node_has_no_counterpart(case: str) -> None:
    nodes, taken, reason = REFUSED[case]
    assert reason in [each.reason for each in obstacles(made(*nodes, inputs={"x": taken}))]


def test_a_layer_that_is_frozen_in_part_has_no_counterpart() -> None:
    network = made({"Dense": 3, "name": "one"}, {"Dense": 3, "name": "other"})
    network.freeze("other.**")
    assert [each.trainable for each in twin_of(network).layers] == [True, True, False]
    network.freeze("one.bias")
    assert obstacles(network) == [("one", "Dense", "a part of it is frozen: Keras freezes whole layers")]


def test_what_is_written_in_python_has_no_counterpart() -> None:
    network = nn.Sequential([nn.Dense(2), tf.abs])
    network(tf.zeros([2, 3]))
    (found,) = obstacles(network)
    assert found.reason == "it is written in Python, and none of the catalogue's layers"


ALIKE: dict[str, tuple[list[Any], dict[str, Any]]] = {
    "a layer that runs twice": (
        [{"Dense": {"units": 3, "activation": "tanh"}, "name": "d"}, {"share": "d"}],
        {"shape": [3]},
    ),
    "a block that runs twice": (
        [
            {"Sequential": [{"Dense": 3}, {"Dense": 3}], "name": "s"},
            {"share": "s", "name": "a"},
            {"share": "s", "from": "s", "name": "b"},
            {"Add": None, "from": ["a", "b"]},
        ],
        {"shape": [3]},
    ),
    "a table that also projects": (
        [
            {"Embedding": {"input_dim": 4, "output_dim": 2}, "name": "e"},
            {"Dense": {"units": 4, "use_bias": False}, "tie": {"kernel": {"to": "e.embeddings", "transpose": True}}},
        ],
        {"shape": [5], "dtype": "int32"},
    ),
    "several layers for each place": (
        [{"TimeDistributed": [{"Dense": 4}, {"LayerNormalization": None}, {"Dense": 2}]}],
        {"shape": [5, 3]},
    ),
    "padding around a maximum": (
        [{"Compute": "x - 9"}, {"MaxPooling2D": {"pool_size": 3, "strides": 2, "padding": 1}}],
        {"shape": [5, 5, 2]},
    ),
    "strides and padding": (
        [{"Conv2D": {"filters": 2, "kernel_size": 3, "strides": 2, "padding": [1, 2]}}],
        {"shape": [7, 7, 2]},
    ),
    "states as ports": (
        [{"LSTM": 4, "name": "l"}, {"Concatenate": None, "from": ["l.c", "l.output", "l.h"]}],
        {"shape": [5, 3]},
    ),
    "scores as a port": (
        [
            {
                "MultiHeadAttention": {"num_heads": 2, "key_dim": 3, "use_causal_mask": True},
                "name": "a",
                "from": ["x", "x"],
            },
            {"Flatten": None, "from": "a.scores"},
        ],
        {"shape": [5, 3]},
    ),
    "both ways with states": (
        [
            {
                "Bidirectional": {"layer": {"GRU": {"units": 2, "return_sequences": True}}, "merge_mode": "sum"},
                "name": "b",
            },
            {"Add": None, "from": ["b.forward_h", "b.backward_h"], "name": "s"},
            {"Compute": "b[:, 0] + s", "from": {"b": "b", "s": "s"}},
        ],
        {"shape": [5, 3]},
    ),
    "masked places": (
        [
            {"Embedding": {"input_dim": 4, "output_dim": 6, "mask_zero": True}},
            {"MultiHeadAttention": {"num_heads": 2, "key_dim": 3}, "from": ["previous", "previous"]},
            {"GlobalAveragePooling1D": None},
        ],
        {"shape": [5], "dtype": "int32"},
    ),
    "Keras's own": ([{"keras.layers.GRU": {"units": 3}}], {"shape": [5, 3]}),
    "like": (
        [
            {"Variable": {"shape": [1, 3]}, "name": "token"},
            {"Compute": "concatenate([like(token, x), x], axis=1)", "from": {"token": "token", "x": "x"}},
        ],
        {"shape": [5, 3]},
    ),
    "an expression": (
        [{"Compute": "where(x > 0, softmax(x), std(x, axis=1, keepdims=true) ** 2) - x // 2"}],
        {"shape": [3]},
    ),
}


@pytest.mark.parametrize("case", ALIKE)
def test_the_twin_gives_the_same_with(case: str) -> None:
    nodes, taken = ALIKE[case]
    network = made(*nodes, inputs={"x": taken})
    assert_twins(network, twin_of(network), below=4)


def test_a_layer_that_runs_twice_is_one_layer() -> None:
    twin = twin_of(made({"Dense": 3, "name": "d"}, {"share": "d"}, {"share": "d"}))
    assert [layer.name for layer in twin.layers] == ["x", "d"]
    assert len(twin.weights) == 2


def test_layers_have_the_policies_of_their_nodes_and_outputs_are_wide() -> None:
    network = made(
        {"Dense": 3, "name": "a", "dtype": "mixed_bfloat16"},
        {"Dense": 2, "name": "b"},
        {"Dense": 2, "dtype": "mixed_bfloat16", "name": "c"},
    )
    twin = twin_of(network)
    assert [layer.dtype_policy.name for layer in twin.layers[1:4]] == ["mixed_bfloat16", "float32", "mixed_bfloat16"]
    assert twin.output.dtype == "float32"
    assert_twins(network, twin, tolerance=1e-6)


SMALL = [
    "digits_cnn",
    "spirals",
    "zoo/lenet5",
    "concepts/frozen_backbone",
    "concepts/handmade_linear",
    "concepts/lazy_layer",
    "concepts/masked_sequence",
    "concepts/nested_blocks",
    "concepts/nested_variables",
    "concepts/padded_convolution",
    "concepts/recurrent_ports",
    "concepts/siamese",
    "concepts/two_inputs_two_outputs",
    "concepts/wide_and_deep",
    "zoo/char_lstm",
]


@pytest.mark.parametrize("name", SMALL)
def test_the_twin_of_a_shipped_network_gives_what_it_gives(name: str) -> None:
    network = randomised(build(load(CONFIGS / f"{name}.yaml", open_data=False)))
    assert_twins(network, twin_of(network))


SCALED = {
    "zoo/resnet18": ["data.inputs.image.shape=[33, 33, 3]", "vars.classes=10"],
    "zoo/squeezenet1_1": ["data.inputs.image.shape=[49, 49, 3]", "vars.classes=10"],
    "zoo/vit_b16": ["vars.depth=1", "vars.dim=24", "vars.heads=2", "vars.size=32"],
    "zoo/gpt2_small": ["vars.layers=2", "vars.width=24", "vars.heads=4", "vars.length=6", "vars.vocabulary=30"],
}


@pytest.mark.parametrize("name", SCALED)
def test_the_twin_of_a_network_of_the_zoo_made_smaller_gives_what_it_gives(name: str) -> None:
    network = build(load(CONFIGS / f"{name}.yaml", SCALED[name], open_data=False))
    assert_twins(network, twin_of(network))
