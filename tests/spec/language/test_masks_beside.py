"""A mask that a node is given in its `from`: its shape against what it masks, and what the node costs."""

from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.costs import add, cost
from netlib.spec.language.analysis import analyse
from netlib.spec.tensors import TensorSpec

INPUTS = {
    "x": TensorSpec((None, 5, 4)),
    "short": TensorSpec((None, 3, 4)),
    "m": TensorSpec((None, 5), "bool"),
    "m3": TensorSpec((None, 3), "bool"),
    "square": TensorSpec((None, 5, 3), "bool"),
    "open": TensorSpec((None, None), "bool"),
    "full": TensorSpec((None, 5, 1), "bool"),
}
HEADS = {"MultiHeadAttention": {"num_heads": 1, "key_dim": 2}}


def problems_of(node: dict[str, Any]) -> list[str]:
    graph, problems = analyse([{**node, "name": "n"}], INPUTS, loc=("model",))
    if graph is not None:
        (made,) = graph.nodes
        shapes = [graph.tensor(ref).shape for ref in made.reads.values()]
        assert add([cost(made, shapes)]).activations is not None
    return [problem.message for problem in problems]


FITTING = [
    {"BatchNormalization": None, "from": {"input": "x", "mask": "m"}},
    {"BatchNormalization": None, "from": {"input": "x", "mask": "open"}},
    {"GroupNormalization": {"groups": 2}, "from": {"input": "x", "mask": "m"}},
    {"InstanceNormalization": None, "from": {"input": "x", "mask": "m"}},
    {"LSTM": 3, "from": {"sequence": "x", "mask": "m"}},
    {"GlobalAveragePooling1D": None, "from": {"input": "x", "mask": "m"}},
    {"Softmax": None, "from": {"input": "x", "mask": "m"}},
    {"Softmax": None, "from": {"input": "x", "mask": "full"}},
    {**HEADS, "from": {"query": "x", "value": "short", "mask": "m3"}},
    {**HEADS, "from": {"query": "x", "value": "short", "mask": "square"}},
    {"Attention": None, "from": {"query": "x", "value": "short", "key": "short", "mask": "square"}},
]


def key_of(node: dict[str, Any]) -> str:
    return f"{next(iter(node))}-{node['from']['mask']}"


@pytest.mark.parametrize("node", FITTING, ids=key_of)
def test_a_mask_that_fits_is_taken_and_costs_nothing(node: dict[str, Any]) -> None:
    assert not problems_of(node)


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ({"LSTM": 3, "from": {"sequence": "x", "mask": "m3"}}, "LSTM's mask has a value for each place, (batch, 5), got"),
        ({"BatchNormalization": None, "from": {"input": "x", "mask": "square"}}, "(batch, 5), got (batch, 5, 3)"),
        ({"Softmax": None, "from": {"input": "x", "mask": "square"}}, "a mask of (batch, 5, 3) for an input of (batch, 5, 4)"),
        ({**HEADS, "from": {"query": "x", "value": "short", "mask": "m"}}, "(batch, 3), got (batch, 5)"),
        ({**HEADS, "from": {"query": "short", "value": "x", "mask": "square"}}, "(batch, 3, 5), got (batch, 5, 3)"),
    ],
    ids=["LSTM", "BatchNormalization", "Softmax", "attention", "attention between"],
)  # fmt: skip
def test_a_mask_that_does_not_fit_is_told_with_both_shapes(node: dict[str, Any], message: str) -> None:
    (found,) = problems_of(node)
    assert message in found
