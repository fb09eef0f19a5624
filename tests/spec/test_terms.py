from __future__ import annotations

import re
from typing import Any

import pytest

from netlib.spec.choice import parse_choice
from netlib.spec.errors import SpecError
from netlib.spec.terms import (
    LossTerm,
    MetricTerm,
    losses_to_plain,
    metrics_to_plain,
    parse_losses,
    parse_metrics,
)


def loss(choice: Any) -> Any:
    return parse_choice("loss", choice)


def metric(choice: Any) -> Any:
    return parse_choice("metric", choice)


@pytest.mark.parametrize(
    ("value", "terms"),
    [
        ("mse", [LossTerm("loss", loss("MeanSquaredError"))]),
        ({"Huber": 2}, [LossTerm("loss", loss({"Huber": 2}))]),
        ({"Huber": {}, "of": "a", "target": "b", "weight": 2}, [LossTerm("loss", loss("Huber"), "a", "b", 2.0)]),
        ({"of": "a", "huber": None}, [LossTerm("loss", loss("Huber"), "a")]),
        (None, []),
        ({"Compute": "mean(a - b)"}, [LossTerm("loss", loss({"Compute": "mean(a - b)"}))]),
        (
            {"pair": {"Compute": "mean(same * d ** 2)", "weight": 0.5}, "other": "mse"},
            [LossTerm("pair", loss({"Compute": "mean(same * d ** 2)"}), weight=0.5), LossTerm("other", loss("mse"))],
        ),
        (
            {"first": "mse", "second": {"Huber": 2, "weight": 0.5}},
            [LossTerm("first", loss("mse")), LossTerm("second", loss({"Huber": 2}), weight=0.5)],
        ),
    ],
)
def test_how_losses_are_written(value: Any, terms: list[LossTerm]) -> None:
    assert parse_losses(value) == tuple(terms)
    assert parse_losses(losses_to_plain(terms)) == tuple(terms)


@pytest.mark.parametrize(
    ("value", "terms"),
    [
        ([], []),
        ("accuracy", [MetricTerm("accuracy", metric("Accuracy"))]),
        (["Accuracy", "mae"], [MetricTerm("accuracy", metric("Accuracy")), MetricTerm("mae", metric("mae"))]),
        ([{"AUC": {"curve": "PR"}, "name": "area"}], [MetricTerm("area", metric({"AUC": {"curve": "PR"}}))]),
        (
            [{"top_k_categorical_accuracy": 3}],
            [MetricTerm("top_k_categorical_accuracy", metric({"TopKCategoricalAccuracy": 3}))],
        ),
        ([{"acc": {}, "of": "a", "target": "b"}], [MetricTerm("acc", metric("acc"), "a", "b")]),
        ([{"Compute": "mean(a)", "name": "gap"}], [MetricTerm("gap", metric({"Compute": "mean(a)"}))]),
        ({"gap": {"Compute": {"expression": "mean(a)"}}}, [MetricTerm("gap", metric({"Compute": "mean(a)"}))]),
        ([{"Compute": "mean(a)"}], [MetricTerm("compute", metric({"Compute": "mean(a)"}))]),
        (
            {"area": "AUC", "f": {"F1Score": {}, "of": "a"}},
            [MetricTerm("area", metric("AUC")), MetricTerm("f", metric("f1"), "a")],
        ),
    ],
)
def test_how_metrics_are_written(value: Any, terms: list[MetricTerm]) -> None:
    assert parse_metrics(value) == tuple(terms)
    assert parse_metrics(metrics_to_plain(terms)) == tuple(terms)


def test_terms_know_their_place() -> None:
    assert [term.loc for term in parse_losses("mse")] == [("loss",)]
    assert [term.loc for term in parse_losses({"a": "mse"})] == [("loss", "a")]
    assert [term.loc for term in parse_metrics(["accuracy", "AUC"])] == [("metrics", 0), ("metrics", 1)]
    assert [term.loc for term in parse_metrics({"a": "accuracy"})] == [("metrics", "a")]


@pytest.mark.parametrize(
    ("value", "loc", "message"),
    [
        (3, (), "expected a loss, or a mapping from names to them, got 3"),
        ({}, (), "expected a loss, or a mapping from names to them, got a mapping"),
        ("mze", (), "there is no loss 'mze'; did you mean 'mse'?"),
        ("mean(a - b)", (), "there is no loss 'mean(a - b)'; an expression is written 'Compute: ...'"),
        ({"compute": "mean(a)"}, ("compute",), "there is no loss 'mean(a)'; an expression is written 'Compute: ...'"),
        ({"Huber": {}, "wieght": 1}, ("wieght",), "a loss has no key 'wieght' beside its type; did you mean 'weight'?"),
        (
            {"Huber": {}, "name": 1},
            ("name",),
            "a loss has no key 'name' beside its type; it has 'of', 'target' or 'weight'",
        ),
        ({"Huber": {}, "weight": "x"}, ("weight",), "expected a finite number, got 'x'"),
        ({"Huber": {}, "weight": float("inf")}, ("weight",), "expected a finite number, got inf"),
        ({"Huber": {}, "of": 1}, ("of",), "expected a name, got 1"),
        (
            {"Compute": "mean(a)", "of": "a"},
            ("of",),
            "Compute takes no 'of' and no 'target': its expression reads outputs",
        ),
        ({"a": {"Compute": "mean(a)", "target": "b"}}, ("a", "target"), "Compute takes no 'of' and no 'target'"),
        ({"Compute": "mean("}, ("Compute", "expression"), "'mean(' is not an expression"),
        ({"a": {"Compute": {}}}, ("a", "Compute"), "Compute needs 'expression'"),
        (
            {"Huber": {}, "Hinge": {}},
            (),
            "expected one loss as 'Name: {parameters}', with 'of', 'target' or 'weight' beside it",
        ),
        ({"of": "x"}, (), "beside it, got of"),
        ({"a": {"Huber": {"delta": 0}}}, ("a", "Huber", "delta"), "expected a number greater than 0, got 0"),
        ({"a b": "mse"}, ("a b",), "expected a name of letters, digits and '_'"),
        (
            {"mse": {}},
            ("mse",),
            "'mse' is read as the name of a term here; a type with parameters is written 'MeanSquaredError: ",
        ),
    ],
)
def test_mistakes_in_losses_are_told(value: Any, loc: tuple[str, ...], message: str) -> None:
    with pytest.raises(SpecError, match=re.escape(message)) as caught:
        parse_losses(value)
    assert [problem.loc for problem in caught.value.problems] == [loc]


@pytest.mark.parametrize(
    ("value", "loc", "message"),
    [
        (["accuracy", "acuracy"], (1,), "there is no metric 'acuracy'; did you mean 'accuracy'?"),
        (["accuracy", "Accuracy"], (1,), "there are two metrics 'accuracy'; give one another 'name'"),
        (
            [{"AUC": {}, "weight": 1}],
            (0, "weight"),
            "a metric has no key 'weight' beside its type; it has 'of', 'target' or 'name'",
        ),
        ([{"AUC": {"curve": "X"}}], (0, "AUC", "curve"), "expected 'ROC', 'PR' or 'PRGAIN', got 'X'"),
        (3, (), "expected a metric, or a mapping from names to them, got 3"),
        ([3], (0,), "expected one metric, as a name or as 'Name: {parameters}', got 3"),
    ],
)
def test_mistakes_in_metrics_are_told(value: Any, loc: tuple[str, ...], message: str) -> None:
    with pytest.raises(SpecError, match=re.escape(message)) as caught:
        parse_metrics(value)
    assert [problem.loc for problem in caught.value.problems] == [loc]


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(SpecError) as caught:
        parse_losses({"a": {"Huber": {"delta": 0}, "weight": "x"}, "b": "mze"})
    assert {problem.loc for problem in caught.value.problems} == {("a", "Huber", "delta"), ("a", "weight"), ("b",)}
