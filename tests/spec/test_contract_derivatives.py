"""`gradient(y, x)` in a loss: what is known of it before anything runs."""

from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.computed import beside
from netlib.spec.computing import Compute
from netlib.spec.contract_heads import check_heads
from netlib.spec.errors import SpecError
from netlib.spec.features import Feature, numbers
from netlib.spec.language.analysis import analyse
from netlib.spec.tensor_expressions import TensorExpression
from netlib.spec.tensors import TensorSpec
from netlib.spec.training import TrainSpec

NODES = [
    {"Dense": 4, "from": "x", "name": "hidden"},
    {"Dense": 1, "name": "score"},
    {"StopGradient": None, "from": "hidden", "name": "stopped"},
    {"Dense": 1, "name": "blind"},
    {"Compute": "argmax(hidden)", "name": "index"},
]
OUTPUTS = ["hidden", "score", "blind", "index"]


def said(text: str, outputs: list[str] | None = None) -> list[str]:
    """What is wrong with a loss, as far as a check without data knows."""
    inputs = {"x": TensorSpec((None, 3)), "n": TensorSpec((None,), "int32")}
    graph, _ = analyse({"nodes": NODES, "outputs": outputs or OUTPUTS}, inputs)
    assert graph is not None
    train = TrainSpec.parse({"epochs": 1, "loss": {"Compute": text}})
    features = beside({"x": numbers(3), "n": Feature(inputs["n"])}, {"y": Feature(TensorSpec((None, 1)))})
    found = check_heads(graph, train.bind(outputs or OUTPUTS, ["y"], ["x", "n"]), features)
    return [problem.message for problem in found if problem.severity == "error"]


@pytest.mark.parametrize(
    "text",
    [
        "mean(norm(gradient(score, x)) ** 2)",
        "mean(score) - mean((norm(gradient(score, hidden)) - 1) ** 2)",
        "mean(gradient(output.score, input.x) * x)",
        "mean(gradient(score, x)[:, 0])",
    ],
)
def test_what_can_be_computed(text: str) -> None:
    assert said(text) == []


WRONG = {
    "mean(gradient(y, x))": "'gradient(y, x)' takes an output of the network first, and 'y' is a target",
    "mean(gradient(x, x)) + mean(score)": "'gradient(x, x)' takes an output of the network first, and 'x' is an input",
    "mean(gradient(score, y))": "'gradient(score, y)' takes an output or an input of the network second, and 'y' is a target",
    "mean(gradient(score, n))": "'gradient(score, n)': input 'n' is int32, and only floating-point numbers have derivatives",
    "mean(gradient(index, x))": "'gradient(index, x)': output 'index' is int32, and only floating-point numbers have derivatives",
    "mean(gradient(hidden, score))": "'gradient(hidden, score)' is 0 everywhere: output 'hidden' is not computed of output"
    " 'score'; give the two in the order gradient(y, x), where y is computed of x",
    "mean(gradient(blind, x))": "'gradient(blind, x)' is 0 everywhere: output 'blind' is not computed of input 'x'; give the"
    " two in the order gradient(y, x), where y is computed of x",
    "mean(gradient(score.rest, x))": "'gradient(score.rest, x)' takes output 'score' as a whole, got 'score.rest';"
    " index the result",
    "mean(gradient(score, hidden) - gradient(score, x))": "Compute: in 'gradient(score, hidden) - gradient(score, x)': the shapes"
    " (batch, 4) and (batch, 3) do not fit each other",
}  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_what_cannot(text: str) -> None:
    (message,) = said(text)
    assert message.endswith(WRONG[text].removeprefix("Compute: "))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gradient(score)", r"'gradient' takes the names of two values: .*; got 'gradient\(score\)'"),
        ("gradient(score, x=hidden)", "takes the names of two values"),
        ("gradient(2 * score, x)", r"'2 \* score' is no name"),
        ("gradient(score[0], x)", r"'score\[0\]' is no name"),
        ("gradiant(score, x)", "there is no function 'gradiant'; did you mean 'gradient'"),
    ],
)
def test_how_it_is_written(text: str, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        TensorExpression.parse(text)


@pytest.mark.parametrize("text", ["gradient(y, x)", "x + norm(gradient(y, x))"])
def test_a_node_cannot_have_it(text: str) -> None:
    with pytest.raises(
        SpecError, match=r"'gradient\(y, x\)' cannot stand in a node: .* write it in a loss or a metric"
    ):
        Compute.parse({"expression": text})


def test_outputs_that_a_used_one_is_computed_of_are_learnt_from() -> None:
    inputs = {"x": TensorSpec((None, 3))}
    graph, _ = analyse({"nodes": NODES[:2], "outputs": ["hidden", "score"]}, inputs)
    assert graph is not None
    texts: dict[str, Any] = {
        "score": [],
        "hidden": ["no loss or metric uses output 'score': nothing is learnt from it"],
    }
    for name, expected in texts.items():
        train = TrainSpec.parse({"epochs": 1, "loss": {"Compute": f"mean({name})"}})
        heads = train.bind(["hidden", "score"], [], ["x"])
        assert [problem.message for problem in check_heads(graph, heads, {})] == expected
