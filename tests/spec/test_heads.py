from __future__ import annotations

import re
from typing import Any

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.heads import Heads, bind, encoding, replica_problems
from netlib.spec.metrics import BinaryAccuracy, SparseCategoricalAccuracy
from netlib.spec.tensors import TensorSpec
from netlib.spec.terms import parse_losses, parse_metrics


def bound(loss: Any, metrics: Any = (), outputs: str = "output", targets: str = "y", inputs: str = "x") -> Heads:
    return bind(parse_losses(loss), parse_metrics(metrics), outputs.split(), targets.split(), inputs.split())


def sides(loss: Any, **names: str) -> dict[str, tuple[str, str]]:
    return {term.name: (term.output, term.target) for term in bound(loss, **names).losses}


def test_the_only_output_and_target_need_no_name() -> None:
    assert sides("mse") == {"loss": ("output", "y")}


def test_names_join_terms_outputs_and_targets() -> None:
    loss = {"digit": "mse", "size": "mae"}
    assert sides(loss, outputs="digit size", targets="size digit") == {
        "digit": ("digit", "digit"),
        "size": ("size", "size"),
    }
    assert sides({"aux": {"mae": {}, "of": "size"}, "digit": "mse"}, outputs="digit size", targets="size digit") == {
        "aux": ("size", "size"),
        "digit": ("digit", "digit"),
    }


def test_an_input_may_be_a_target() -> None:
    assert sides({"MeanSquaredError": {}, "target": "x"}) == {"loss": ("output", "x")}


def test_a_metric_has_the_target_of_its_outputs_loss() -> None:
    loss = {"MeanSquaredError": {}, "of": "b", "target": "second"}
    heads = bound(loss, [{"mae": {}, "of": "b"}], outputs="a b", targets="first second")
    assert [(term.output, term.target) for term in heads.metrics] == [("b", "second")]


def test_accuracy_becomes_the_one_that_its_loss_asks_for() -> None:
    assert bound("sparse_categorical_crossentropy", "accuracy").metrics[0].spec == SparseCategoricalAccuracy()
    loss = {"a": "binary_crossentropy", "b": "sparse_categorical_crossentropy"}
    heads = bound(loss, [{"acc": {}, "of": "a"}], outputs="a b", targets="a b")
    assert isinstance(heads.metrics[0].spec, BinaryAccuracy)
    assert heads.metrics[0].loss == heads.losses[0].spec


def test_the_link_of_an_output() -> None:
    heads = bound({"a": "bce", "b": "mse"}, outputs="a b c", targets="a b")
    assert [heads.link(output) for output in "abc"] == ["sigmoid", None, None]


def test_what_is_computed_reads_what_it_names() -> None:
    loss = {"a": "mse", "pair": {"Compute": "mean(b * y)", "weight": 2}}
    heads = bound(loss, [{"mae": {}, "of": "a"}, {"Compute": "mean(x)", "name": "m"}], outputs="a b", targets="a y")
    assert [loss.name for loss in heads.all_losses] == ["a", "pair"]
    assert [loss.name for loss in heads.losses] == ["a"]
    assert [metric.name for metric in heads.all_metrics] == ["mae", "m"]
    assert [metric.name for metric in heads.metrics] == ["mae"]
    assert [(each.name, each.weight, each.loc) for each in heads.computed] == [
        ("pair", 2, ("loss", "pair")),
        ("m", 1, ("metrics", 1)),
    ]
    assert heads.link("b") is None


def test_whether_what_is_computed_couples_rows_is_known_of_shapes() -> None:
    wide, flat = TensorSpec((None, 3)), TensorSpec((None,))
    heads = bound({"Compute": "mean(sum(output, axis=-1) * y)"})
    assert heads.couples_rows  # nothing is known yet
    assert not heads.with_tensors({"output": wide}, {"y": flat}).couples_rows
    assert heads.with_tensors({"output": flat}, {"y": flat}).couples_rows  # the last axis is the batch
    assert not bound("mse").couples_rows


def test_targets_that_are_not_known() -> None:
    losses = parse_losses({"a": "mse", "b": {"mae": {}, "target": "z"}, "c": {"Compute": "mean(a * q)"}})
    heads = bind(losses, (), ["a", "b"], None, ["x"])
    assert [(loss.output, loss.target) for loss in heads.losses] == [("a", ""), ("b", "z")]
    assert [(read.side, read.name) for read in heads.computed[0].reads] == [("output", "a"), ("target", "q")]


@pytest.mark.parametrize(
    ("loss", "metrics", "message"),
    [
        (
            {"Compute": "mean(c - y)"},
            (),
            "loss.Compute: there is nothing called 'c' (outputs: a, b; targets: y, z; inputs: x)",
        ),
        (
            {"a": {"mse": {}, "target": "y"}},
            [{"Compute": "mean(input.y)", "name": "m"}],
            "metrics.0.Compute: there is nothing called 'input.y'",
        ),
        (
            "mse",
            (),
            (
                "loss: which output 'loss' is about is not clear; add 'of', as in "
                '{"MeanSquaredError": {}, "of": "a"} (outputs: a, b; targets: y, z)'
            ),
        ),
        (
            {"a": "mse"},
            (),
            (
                "loss.a: which target 'a' is about is not clear; add 'target', as in "
                '{"MeanSquaredError": {}, "target": "y"} (outputs: a, b; targets: y, z)'
            ),
        ),
        ({"MeanSquaredError": {}, "of": "c"}, (), "loss.of: there is no output 'c'; there is 'a' or 'b'"),
        (
            {"MeanSquaredError": {}, "of": "a", "target": "yy"},
            (),
            "loss.target: there is no target 'yy'; did you mean 'y'?",
        ),
        (
            {"MeanSquaredError": {}, "of": "a", "target": "y"},
            ["accuracy"],
            "metrics.0: which output 'accuracy' is about is not clear",
        ),
        (
            {"MeanSquaredError": {}, "of": "a", "target": "y"},
            [{"acc": {}, "of": "a"}],
            "metrics.0: accuracy is of classes, but the loss of output 'a' is MeanSquaredError: use a metric such as",
        ),
        (
            {"MeanSquaredError": {}, "of": "a", "target": "y"},
            [{"acc": {}, "of": "b", "target": "z"}],
            "metrics.0: accuracy follows from a loss, and output 'b' has none: name the accuracy",
        ),
        (
            {"p": {"bce": {}, "of": "a", "target": "y"}, "q": {"mse": {}, "of": "a", "target": "y"}},
            (),
            "loss.q: output 'a' cannot serve both BinaryCrossentropy (link: sigmoid) and MeanSquaredError (link: none)",
        ),
    ],
)
def test_what_cannot_be_told_is_an_error(loss: Any, metrics: Any, message: str) -> None:
    with pytest.raises(SpecError, match=re.escape(message)):
        bound(loss, metrics, outputs="a b", targets="y z")


@pytest.mark.parametrize(
    ("loss", "inputs", "rest"),
    [
        ({"Huber": 2, "weight": 3}, "x z", '{"Huber": {"delta": 2.0}, "weight": 3.0, "target": "x"}'),
        ("mse", "", "'target'"),
    ],
)
def test_without_targets_an_input_has_to_be_named(loss: Any, inputs: str, rest: str) -> None:
    message = f"loss: 'loss' has no target: give one, or name an input that is the target: {rest}"
    with pytest.raises(SpecError, match=re.escape(message)):
        bound(loss, targets="", inputs=inputs)


FLOAT, INT = "float32", "int32"


@pytest.mark.parametrize(
    ("wants", "output", "target", "dtype", "form"),
    [
        ("class index", (None, 10), (None,), INT, "index"),
        ("class index", (None, 10), (None, 1), INT, "index"),
        ("class index", (None, 8, 10), (None, 8), INT, "index"),
        ("class index", (None, 10), (None,), FLOAT, None),
        ("class index", (None, 10), (None, 10), INT, None),
        ("class index", (None,), (None,), INT, None),
        ("one-hot", (None, 10), (None,), INT, "one-hot"),
        ("one-hot", (None, 10), (None, 10), FLOAT, "like output"),
        ("one-hot", (None, 10), (None, 10), INT, "like output"),
        ("one-hot", (None, 10), (None, 3), INT, None),
        ("one-hot", (None, 10), (None,), FLOAT, None),
        ("one-hot", (None, 1), (None,), INT, "like output"),
        ("like output", (None, 1), (None,), INT, "like output"),
        ("like output", (None, 1), (None, 1), FLOAT, "like output"),
        ("like output", (None,), (None, 1), FLOAT, "like output"),
        ("like output", (None, 3), (None,), FLOAT, None),
        ("like output", (None, 3), (None, 1), FLOAT, None),
        ("like output", (None, None), (None, 4), FLOAT, "like output"),
        ("like output", (None, 4, 4, 1), (None, 4, 4), FLOAT, "like output"),
    ],
)
def test_the_form_in_which_a_target_arrives(wants: Any, output: Any, target: Any, dtype: str, form: str | None) -> None:
    if form:
        assert encoding(wants, TensorSpec(output), TensorSpec(target, dtype)) == form
    else:
        with pytest.raises(SpecError, match=r"needs .*: the output is .*, the target "):
            encoding(wants, TensorSpec(output), TensorSpec(target, dtype))


@pytest.mark.parametrize(
    ("wants", "message"),
    [
        (
            "class index",
            "needs the index of a class, an integer of shape (batch): the output is (batch, 3), the target (batch, 4) f",
        ),
        (
            "one-hot",
            "needs one column for each class, or the index of a class as an integer: the output is (batch, 3), the target",
        ),
        (
            "like output",
            "needs a target of the output's shape: the output is (batch, 3), the target (batch, 4) float32",
        ),
    ],
)
def test_a_misfit_shows_both_shapes(wants: Any, message: str) -> None:
    with pytest.raises(SpecError, match=re.escape(message)):
        encoding(wants, TensorSpec((None, 3)), TensorSpec((None, 4)))


OUTPUTS = {"output": TensorSpec((None, 3))}
OTHERS = {"y": TensorSpec((None, 3)), "x": TensorSpec((None, 4))}


def over_replicas(loss: Any, metrics: Any = (), **others: TensorSpec) -> list[tuple[Any, str]]:
    found = replica_problems(bound(loss, metrics), OUTPUTS, others or OTHERS)
    return [(problem.loc, problem.message) for problem in found]


def test_means_over_samples_add_up_over_replicas() -> None:
    metrics = [{"Compute": "mean(abs(output - y)) + 0.1 * mean(output ** 2)", "name": "error"}, "mae"]
    assert over_replicas("mse", metrics) == []
    assert over_replicas({"Compute": "mean((output - y) ** 2)"}) == []


@pytest.mark.parametrize("expression", ["sqrt(mean((output - y) ** 2))", "sum(output - y)", "output - mean(y, axis=0)"])
def test_what_has_no_value_for_each_sample_does_not(expression: str) -> None:
    ((place, message),) = over_replicas("mse", [{"Compute": expression, "name": "odd"}])
    assert place == ("metrics", 0, "Compute")
    assert message == (
        f"metric 'odd' cannot be added up over replicas: '{expression}' has no value for each sample that the others of the"
        " batch do not change; write it as a mean of such values, as mean(abs(output - target)), or leave out train.distribute"
    )
    ((place, message),) = over_replicas({"Compute": expression})
    assert place[0] == "loss"
    assert message.startswith("loss 'loss' cannot be added up over replicas: ")


def test_what_reads_an_unknown_target_is_passed_over() -> None:
    assert over_replicas("mse", [{"Compute": "sqrt(mean(y ** 2))", "name": "odd"}], x=TensorSpec((None, 4))) == []
