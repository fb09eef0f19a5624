from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from netlib.spec.computing import AddMetric
from netlib.spec.contract import check, check_without_data
from netlib.spec.errors import Problem
from netlib.spec.features import DataSignature, Feature, labels, numbers
from netlib.spec.graph import Graph, Node, Ref
from netlib.spec.language.analysis import analyse
from netlib.spec.tensors import TensorSpec
from netlib.spec.training import TrainSpec

CROSS = "sparse_categorical_crossentropy"


def graph(nodes: list[Any], outputs: list[str] | None = None) -> Graph:
    section: Any = nodes if outputs is None else {"nodes": nodes, "outputs": outputs}
    made, problems = analyse(section, {"x": TensorSpec((None, 8))})
    assert not problems
    assert made is not None
    return made


def problems(
    nodes: list[Any],
    target: Feature,
    loss: Any = CROSS,
    *,
    outputs: list[str] | None = None,
    validation: bool = True,
    batches: int | None = None,
    **train: Any,
) -> list[Problem]:
    signature = DataSignature({"x": numbers(8)}, {"y": target}, 100)
    spec = TrainSpec.parse({"loss": loss, "epochs": 10, **train})
    return check(graph(nodes, outputs), spec, signature, validation=validation, batches=batches)


def only(found: list[Problem]) -> Problem:
    assert len(found) == 1, found
    return found[0]


HEAD_3 = [{"Dense": 3}]
HEAD_1 = [{"Dense": 1}]
FLAT = Feature(TensorSpec((None,)))
PIXELS = numbers(3, minimum=0, maximum=16)
FOCAL = {"CategoricalFocalCrossentropy": {"alpha": [1, 2]}}


@pytest.mark.parametrize(
    ("nodes", "target", "train"),
    [
        (HEAD_3, labels(3), {"metrics": ["accuracy", "auc", "f1", CROSS, {"Precision": {"class_id": 1}}]}),
        (HEAD_3, labels(2), {}),
        (HEAD_3, labels(3), {"loss": "categorical_crossentropy", "metrics": ["accuracy", "categorical_crossentropy"]}),
        (HEAD_3, numbers(3), {"loss": "categorical_crossentropy", "metrics": ["accuracy", "auc"]}),
        (HEAD_1, labels(2), {"loss": "bce", "metrics": ["accuracy", "auc", "recall", "bce"]}),
        (HEAD_3, numbers(3), {"loss": "bce", "metrics": ["accuracy"]}),
        (HEAD_1, labels(2), {"loss": "hinge", "metrics": ["accuracy"]}),
        (HEAD_1, numbers(1), {"loss": "mse", "metrics": ["mae", "r2", "rmse"]}),
        (
            [{"Dense": {"units": 3, "activation": "softmax"}}],
            labels(3),
            {"loss": {"SparseCategoricalCrossentropy": {"from_logits": False}}},
        ),
        ([{"Dense": {"units": 3, "activation": "softmax"}}], numbers(3), {"loss": "kld"}),
        ([{"Dense": {"units": 3, "activation": "relu"}}], labels(3), {}),
    ],
)
def test_what_fits_has_no_problems(nodes: list[Any], target: Feature, train: dict[str, Any]) -> None:
    assert problems(nodes, target, **train) == []


@pytest.mark.parametrize(
    ("nodes", "loc"),
    [
        ([{"Dense": {"units": 3, "activation": "softmax"}}], ("model", 0, "Dense", "activation")),
        ([{"Dense": 3}, {"Activation": "softmax"}], ("model", 1, "Activation")),
        ([{"Dense": 3}, {"Activation": "sigmoid"}], ("model", 1, "Activation")),
        (
            [{"Sequential": [{"Dense": {"units": 3, "activation": "softmax"}}]}],
            ("model", 0, "Sequential", 0, "Dense", "activation"),
        ),
    ],
)
def test_probabilities_in_front_of_a_loss_on_logits(nodes: list[Any], loc: tuple[Any, ...]) -> None:
    problem = only(problems(nodes, labels(3)))
    assert problem.loc == loc
    assert problem.severity == "error"
    assert "SparseCategoricalCrossentropy takes logits: leave the activation out" in problem.message
    assert "set from_logits: false" in problem.message


def test_logits_in_front_of_a_loss_on_probabilities() -> None:
    problem = only(problems(HEAD_3, labels(3), {"SparseCategoricalCrossentropy": {"from_logits": False}}))
    assert (problem.loc, problem.severity) == (("train", "loss"), "warning")
    assert "takes probabilities here, but output 'output' ends in Dense without softmax or sigmoid" in problem.message


@pytest.mark.parametrize(
    ("nodes", "target", "loss", "loc", "message"),
    [
        (HEAD_3, labels(5), CROSS, ("model", 0), "target 'y' has 5 classes, but output 'output' has 3 units"),
        (HEAD_3, labels(5), "categorical_crossentropy", ("model", 0), "has 5 classes, but output 'output' has 3 units"),
        (HEAD_1, labels(2), CROSS, ("model", 0), "of one unit is 0 whatever the weights: use BinaryCrossentropy"),
        (HEAD_1, labels(5), "bce", ("train", "loss"), "tells two classes apart, but target 'y' has 5: use Sparse"),
        (HEAD_3, labels(3), "bce", ("train", "loss"), "the target (batch) int32; use SparseCategoricalCrossentropy"),
        ([{"Dense": 2}], labels(2), "bce", ("train", "loss"), "; use SparseCategoricalCrossentropy, or one unit"),
        (HEAD_3, numbers(3), CROSS, ("train", "loss"), "; for one-hot targets use CategoricalCrossentropy"),
        (HEAD_3, FLAT, "mse", ("train", "loss"), "a target of the output's shape: the output is (batch, 3), the target (batch)"),
        (HEAD_3, numbers(1), "mse", ("train", "loss"), "the output is (batch, 3), the target (batch, 1) float32"),
        (HEAD_3, PIXELS, "bce", ("train", "loss"), "probabilities, but target 'y' has values from 0 to 16"),
        (HEAD_3, numbers(3), FOCAL, ("model", 0), "has 2 values of alpha for 3 units"),
    ],
)  # fmt: skip
def test_targets_and_units_that_do_not_fit(
    nodes: list[Any], target: Feature, loss: Any, loc: tuple[Any, ...], message: str
) -> None:
    problem = only(problems(nodes, target, loss))
    assert problem.loc == loc
    assert message in problem.message


@pytest.mark.parametrize(
    ("nodes", "target", "loss", "metric", "message"),
    [
        (
            HEAD_1,
            numbers(1),
            "mse",
            "accuracy",
            "accuracy is of classes, but the loss of output 'output' is MeanSquaredError",
        ),
        (
            HEAD_1,
            numbers(1),
            "mse",
            "auc",
            "AUC of output 'output' needs probabilities, but the loss of that output is MeanSquaredError",
        ),
        (HEAD_1, labels(2), "hinge", "auc", "needs probabilities, but the loss of that output is Hinge"),
        (
            HEAD_1,
            labels(2),
            "bce",
            CROSS,
            "is of a softmax, but the loss of that output, BinaryCrossentropy, of a sigmoid",
        ),
        (HEAD_1, labels(2), "bce", "sparse_categorical_accuracy", "of one unit says nothing"),
        (HEAD_3, labels(3), CROSS, "top_k_categorical_accuracy", "with k = 5 is always 1 for 3 units"),
        (HEAD_1, labels(2), "bce", "f1", "F1Score of output 'output' of one unit needs a threshold"),
        (HEAD_3, numbers(3), "categorical_crossentropy", "sparse_categorical_accuracy", "needs the index of a class"),
        (HEAD_3, labels(3), CROSS, "mae", "needs a target of the output's shape"),
    ],
)
def test_metrics_that_do_not_fit(nodes: list[Any], target: Feature, loss: Any, metric: str, message: str) -> None:
    problem = only(problems(nodes, target, loss, metrics=[metric]))
    assert problem.loc == ("train", "metrics", 0)
    assert message in problem.message


def test_an_output_that_nothing_uses_and_a_metric_without_a_loss() -> None:
    nodes = [{"Dense": 3, "name": "a"}, {"Dense": 3, "name": "b", "from": "a"}]
    loss = {"SparseCategoricalCrossentropy": {}, "of": "a"}
    unused = only(problems(nodes, labels(3), loss, outputs=["a", "b"]))
    assert (unused.loc, unused.severity) == (("model", "nodes", 1), "warning")
    assert "no loss or metric uses output 'b'" in unused.message
    metric = {"CategoricalAccuracy": {}, "of": "b"}
    needs = only(problems(nodes, labels(3), loss, outputs=["a", "b"], metrics=[metric]))
    assert needs.message == "CategoricalAccuracy of output 'b' needs classes, but no loss says what that output is"
    nodes[1]["Dense"] = {"units": 3, "activation": "softmax"}
    assert problems(nodes, labels(3), loss, outputs=["a", "b"], metrics=[metric]) == []


def test_terms_that_cannot_be_bound() -> None:
    problem = only(problems(HEAD_3, labels(3), {"SparseCategoricalCrossentropy": {}, "target": "z"}))
    assert (problem.loc, problem.message) == (
        ("train", "loss", "target"),
        "there is no target 'z'; there is 'y' or 'x'",
    )


def test_monitors() -> None:
    found = only(problems(HEAD_3, labels(3), monitor="validation.acc"))
    assert found.loc == ("train", "monitor")
    assert "nothing is logged as 'validation.acc'" in found.message
    found = only(problems(HEAD_3, labels(3), early_stopping={"monitor": "validation.loss"}, validation=False))
    assert found.loc == ("train", "early_stopping", "monitor")
    assert "there is no validation split" in found.message


@pytest.mark.parametrize(
    ("train", "batches", "steps"),
    [
        ({"steps": 99}, None, 99),
        ({}, 9, 90),
        ({"accumulate": 2}, 9, 50),
        ({"steps": 40}, 9, 40),
        ({}, 10, None),
        ({}, None, None),
    ],
)
def test_a_schedule_longer_than_the_run(train: dict[str, Any], batches: int | None, steps: int | None) -> None:
    rate = {"CosineDecay": {"initial_learning_rate": 1, "decay_steps": 100}}
    found = problems(HEAD_3, labels(3), optimizer={"Adam": {"learning_rate": rate}}, batches=batches, **train)
    if steps is None:
        assert found == []
    else:
        problem = only(found)
        assert (problem.loc, problem.severity) == (("train", "optimizer"), "warning")
        assert f"takes 100 steps, but training has {steps}: it is cut short" in problem.message


def test_all_problems_are_told_at_once() -> None:
    found = problems(HEAD_3, labels(5), metrics=["auc", "mae"], monitor="x")
    assert {problem.loc for problem in found} == {("train", "monitor"), ("model", 0), ("train", "metrics", 1)}


@pytest.mark.parametrize(
    ("shape", "loss", "messages"),
    [
        ((None,), "mse", ["needs an output of rank 2 or more, got (batch)"]),
        ((None, 3), "kld", ["takes probabilities here, but output 'x' is an input"]),
    ],
)
def test_an_output_that_is_an_input(shape: Any, loss: str, messages: list[str]) -> None:
    tensor = TensorSpec(shape)
    passed = Graph({"x": tensor}, (), {"x": Ref(None, "x")})
    signature = DataSignature({"x": Feature(tensor)}, {"y": Feature(tensor)}, 100)
    train = TrainSpec.parse({"loss": loss, "epochs": 1})
    found = [problem for problem in check(passed, train, signature, validation=True) if problem.loc != ("model",)]
    assert [problem.loc for problem in found] == [("train", "loss")] * len(messages)
    assert all(text in problem.message for text, problem in zip(messages, found, strict=True))


def test_a_network_with_nothing_to_train() -> None:
    message = "nothing in the network can be trained: it has no parameters"
    assert message in [problem.message for problem in problems(["Flatten"], labels(3))]
    frozen = [{"Dense": 3, "trainable": False}]
    assert only(problems(frozen, labels(3))).message == (
        "nothing in the network can be trained: all 27 parameters are frozen"
    )


WITHOUT_DATA = [
    ([{"Dense": {"units": 3, "activation": "softmax"}}], {}, ("model", 0, "Dense", "activation"), "takes logits"),
    (HEAD_3, {"monitor": "validation.acc"}, ("train", "monitor"), "nothing is logged as 'validation.acc'"),
    (HEAD_3, {"loss": {"mse": {}, "of": "z"}}, ("train", "loss", "of"), "there is no output 'z'; there is 'output'"),
    (HEAD_3, {"loss": {"Compute": "mean(input.q)"}}, ("train", "loss", "Compute"), "there is nothing called 'input.q'"),
    (HEAD_3, {"loss": {"Compute": "mean(output @ x)"}}, ("train", "loss", "Compute"), "in 'output @ x'"),
    (HEAD_3, {"metrics": ["r2"], "loss": None}, ("train",), "train needs a 'loss', or a network with AddLoss"),
    (
        HEAD_1,
        {"metrics": ["f1"], "loss": "bce"},
        ("train", "metrics", 0),
        "F1Score of output 'output' of one unit needs",
    ),
    ([{"Dense": 3, "trainable": False}], {}, ("model",), "all 27 parameters are frozen"),
]


@pytest.mark.parametrize(("nodes", "train", "loc", "message"), WITHOUT_DATA, ids=range(len(WITHOUT_DATA)))
def test_what_is_known_without_data(
    nodes: list[Any], train: dict[str, Any], loc: tuple[Any, ...], message: str
) -> None:
    problem = only(check_without_data(graph(nodes), TrainSpec.parse({"loss": CROSS, "epochs": 1, **train})))
    assert problem.loc == loc
    assert message in problem.message


def test_without_data_a_schedule_is_held_to_the_steps_alone() -> None:
    rate = {"CosineDecay": {"initial_learning_rate": 1, "decay_steps": 100}}
    words = {"loss": CROSS, "optimizer": {"Adam": {"learning_rate": rate}}}
    assert check_without_data(graph(HEAD_3), TrainSpec.parse({**words, "epochs": 1})) == []
    found = only(check_without_data(graph(HEAD_3), TrainSpec.parse({**words, "steps": 99})))
    assert (found.loc, found.severity) == (("train", "optimizer"), "warning")


def test_without_data_targets_may_be_called_anything() -> None:
    loss = {"a": {"mse": {}, "target": "z"}, "b": {"Compute": "mean((output - other) ** 2 + target.third)"}}
    assert check_without_data(graph(HEAD_3), TrainSpec.parse({"loss": loss, "epochs": 1, "metrics": ["mae"]})) == []


def test_a_metric_that_a_node_adds_can_be_monitored() -> None:
    made = graph(HEAD_3)
    node = Node("kl", "kl", ("model", 1), "AddMetric", {"0": Ref(None, "x")}, {}, AddMetric.parse("mean(x)"))
    made = replace(made, nodes=(*made.nodes, node))
    monitor = {"metric": "validation.kl", "mode": "min"}
    assert check_without_data(made, TrainSpec.parse({"loss": CROSS, "epochs": 1, "monitor": monitor})) == []
    found = only(check_without_data(made, TrainSpec.parse({"loss": CROSS, "epochs": 1, "monitor": "train.kl"})))
    assert found.loc == ("train", "monitor")
    assert "whether more or less of 'kl' is better is not known: give 'mode', min or max" in found.message


@pytest.mark.parametrize("name", ["loss", "accuracy"])
def test_a_node_does_not_log_what_is_logged_already(name: str) -> None:
    nodes = [{"AddMetric": "mean(x)", "name": name}, {"Dense": 3}]
    found = only(problems(nodes, labels(3), metrics=["accuracy"]))
    assert found.message == f"'{name}' is logged already; give this AddMetric another name"
    assert found.loc == ("model", 0)


def test_nodes_of_one_name_have_one_mean() -> None:
    each = {"AddMetric": "mean(x)", "name": "level"}
    nodes = [{"Sequential": [{"Dense": 4}, each]}, {"Sequential": [{"Dense": 3}, each]}]
    assert not problems(nodes, labels(3))
