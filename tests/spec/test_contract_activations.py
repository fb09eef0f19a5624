from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.contract_activations import check_links, end_of
from netlib.spec.graph import Graph, Ref
from netlib.spec.language.analysis import analyse
from netlib.spec.tensors import TensorSpec
from netlib.spec.training import TrainSpec


def graph(nodes: list[Any]) -> Graph:
    made, problems = analyse(nodes, {"x": TensorSpec((None, 8))})
    assert not problems
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("nodes", "end"),
    [
        ([{"Dense": 3}], "linear"),
        ([{"Dense": {"units": 3, "activation": "relu"}}], "linear"),
        ([{"Dense": {"units": 3, "activation": "softmax"}}], "softmax"),
        ([{"Dense": 3}, {"Activation": "sigmoid"}], "sigmoid"),
        ([{"Sequential": [{"Dense": {"units": 3, "activation": "softmax"}}]}], "softmax"),
    ],
)
def test_how_an_output_ends(nodes: list[Any], end: str) -> None:
    assert end_of(graph(nodes), "output") == end


def test_an_input_that_is_an_output_ends_in_nothing() -> None:
    assert end_of(Graph({"x": TensorSpec((None, 3))}, (), {"x": Ref(None, "x")}), "x") == "linear"


@pytest.mark.parametrize(
    ("activation", "loss", "severity", "message"),
    [
        (
            "softmax",
            "categorical_crossentropy",
            "error",
            "goes through softmax, but CategoricalCrossentropy takes logits",
        ),
        ("sigmoid", "bce", "error", "output 'output' goes through sigmoid, but BinaryCrossentropy takes logits"),
        ("relu", {"BinaryCrossentropy": {"from_logits": False}}, "warning", "ends in Dense without softmax or sigmoid"),
    ],
)
def test_losses_that_get_what_they_do_not_take(activation: str, loss: Any, severity: str, message: str) -> None:
    made = graph([{"Dense": {"units": 3, "activation": activation}}])
    heads = TrainSpec.parse({"epochs": 1, "loss": loss}).bind(["output"], None)
    (problem,) = check_links(made, heads)
    assert problem.severity == severity
    assert message in problem.message


def test_a_loss_that_is_computed_says_nothing_of_activations() -> None:
    made = graph([{"Dense": {"units": 3, "activation": "softmax"}}])
    heads = TrainSpec.parse({"epochs": 1, "loss": {"Compute": "mean(log(output))"}}).bind(["output"], None)
    assert check_links(made, heads) == []
