"""What lies between outputs, targets, losses and metrics that an expression computes, and losses that layers add."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from netlib.spec.computed import beside
from netlib.spec.contract import check
from netlib.spec.contract_heads import adds_loss, check_heads
from netlib.spec.errors import Problem
from netlib.spec.features import DataSignature, Feature, labels, numbers
from netlib.spec.graph import Graph, Node, Ref
from netlib.spec.language.analysis import analyse
from netlib.spec.layers.core import Dense
from netlib.spec.tensors import TensorSpec
from netlib.spec.training import TrainSpec

TWO = {"nodes": [{"Dense": 3, "name": "a"}, {"Dense": 1, "name": "b", "from": "a"}], "outputs": ["a", "b"]}


class Adding(Dense):
    """Stands for a layer that adds to the loss."""

    adds_loss: ClassVar[bool] = True


def graph(section: Any) -> Graph:
    made, problems = analyse(section, {"x": TensorSpec((None, 8))})
    assert not problems
    assert made is not None
    return made


def adding() -> Graph:
    """A layer that adds to the loss, with its output."""
    out = TensorSpec((None, 3))
    node = Node(
        "adds", "adds", ("model", 0), "Dense", {"0": Ref(None, "x")}, {"output": out}, Adding.parse({"units": 3})
    )
    return Graph({"x": TensorSpec((None, 8))}, (node,), {"output": Ref("adds", "output")})


def problems(made: Graph, target: Feature | None = None, **train: Any) -> list[Problem]:
    """Of the mistakes those of losses and metrics."""
    targets = {} if target is None else {"y": target}
    spec = TrainSpec.parse({"epochs": 1, **train})
    found = check(made, spec, DataSignature({"x": numbers(8)}, targets, 100), validation=True)
    return [problem for problem in found if problem.loc != ("model",)]


@pytest.mark.parametrize(
    ("section", "target", "loss", "metrics"),
    [
        ([{"Dense": 3}], numbers(3), {"Compute": "mean((output - y) ** 2)"}, [{"Compute": "mean(output > y)"}]),
        ([{"Dense": 3}], labels(3), {"Compute": "logsumexp(output, axis=-1)"}, [{"Compute": "argmax(output) == y"}]),
        (TWO, numbers(), {"Compute": "mean(sum(a, axis=-1) * b[:, 0] * y + x[:, 0])"}, ()),
        (TWO, None, {"Compute": "sqrt(mean(a ** 2)) + sum(b)"}, ()),
    ],
)
def test_what_can_be_computed_has_no_problems(section: Any, target: Any, loss: Any, metrics: Any) -> None:
    assert problems(graph(section), target, loss=loss, metrics=metrics) == []


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            "mean(outptu)",
            "there is nothing called 'outptu'; did you mean 'output'? (outputs: output; targets: y; inputs: x)",
        ),
        ("mean(output @ y)", "in 'output @ y'"),
        ("mean(output - x)", "in 'output - x': the shapes (batch, 3) and (batch, 8) do not fit each other"),
        ("sum(output, axis=0)", "expected a value for each sample, or a number, got (3)"),
        ("argmax(output)", "a loss is a floating-point number, got int32, which has no gradient"),
        ("mean(y == argmax(output))", "a loss is a floating-point number, got bool, which has no gradient"),
        ("mean(y)", "the loss reads no output (there is 'output'): nothing could be learnt from it"),
    ],
)
def test_losses_that_cannot_be_computed(expression: str, message: str) -> None:
    found, *_ = problems(graph([{"Dense": 3}]), labels(3), loss={"a": {"Compute": expression}})
    assert found.loc == ("train", "loss", "a", "Compute")
    assert message in found.message


def test_numbers_are_no_classes_to_tell_apart() -> None:
    (found,) = problems(graph([{"Dense": 1}]), numbers(1), loss="sparse_categorical_crossentropy")
    assert found.loc == ("train", "loss")
    assert found.message == (
        "SparseCategoricalCrossentropy is of classes, but target 'y' holds numbers: use MeanSquaredError, or make classes of"
        " them with the step Labels"
    )


@pytest.mark.parametrize("classes", [2, 3])
def test_the_numbers_of_classes_are_no_amounts(classes: int) -> None:
    found = problems(graph([{"Dense": 1}]), labels(classes), loss="mse")
    amounts = "MeanSquaredError takes the numbers of the 3 classes of 'y' for amounts"
    expected = [("warning", f"{amounts}: use SparseCategoricalCrossentropy and 3 units")] if classes > 2 else []
    assert [(each.severity, each.message) for each in found] == expected


def test_metrics_may_be_anything_that_can_be_averaged() -> None:
    made = graph([{"Dense": 1}])
    metrics = [{"Compute": "y", "name": "t"}, {"Compute": "output > 0", "name": "o"}, {"Compute": "mean(output - y)"}]
    (found,) = problems(made, numbers(), loss={"Compute": "mean(output ** 2)"}, metrics=metrics)
    assert found.loc == ("train", "metrics", 2, "Compute")
    assert "it combines every sample with every other" in found.message


def test_an_output_is_used_by_what_reads_it() -> None:
    (found,) = problems(graph(TWO), numbers(3), loss={"Compute": "mean((a - y) ** 2)"})
    assert (found.loc, found.severity) == (("model", "nodes", 1), "warning")
    metric = {"Compute": "mean(output.b)"}
    assert problems(graph(TWO), numbers(3), loss={"Compute": "mean((a - y) ** 2)"}, metrics=[metric]) == []


def test_there_is_a_loss_or_a_layer_that_adds_one() -> None:
    (found,) = problems(graph([{"Dense": 3}]), labels(3))
    assert (found.loc, found.message) == (("train",), "train needs a 'loss', or a network with AddLoss")
    assert adds_loss(adding())
    assert not adds_loss(graph(TWO))
    assert problems(adding()) == []


def test_of_targets_that_are_not_known_nothing_is_said() -> None:
    made = graph([{"Dense": {"units": 1, "activation": "softmax"}}])
    train = TrainSpec.parse(
        {"epochs": 1, "loss": {"a": "sparse_categorical_crossentropy", "b": {"Compute": "mean(q)"}}}
    )
    heads = train.bind(list(made.outputs), None, ["x"])
    found = check_heads(made, heads, beside({"x": numbers(8)}, {}))
    assert [problem.message.partition(":")[0] for problem in found] == [
        "output 'output' goes through softmax, but SparseCategoricalCrossentropy takes logits",
        "SparseCategoricalCrossentropy of output 'output' of one unit is 0 whatever the weights",
        "the loss reads no output (there is 'output')",
    ]
