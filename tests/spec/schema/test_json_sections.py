from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from netlib.spec.data import DataSpec
from netlib.spec.errors import SpecError
from netlib.spec.schema.json_sections import data_schema, section_definitions, train_schema
from netlib.spec.terms import parse_losses, parse_metrics

LOSSES: dict[str, Any] = {
    "a name": "mse",
    "parameters": {"Huber": {"delta": 2.0}},
    "wiring": {"Huber": 2.0, "of": "a", "target": "b", "weight": 0.1},
    "lower case with wiring": {"mse": None, "weight": 2},
    "by name": {"a": "mae", "b": {"MeanSquaredError": {}, "weight": 0.5}, "c": {"huber": 1.5}},
    "computed": {"Compute": "mean(abs(a - b))"},
    "computed by name": {"a": {"Compute": "mean(abs(a - b))", "weight": 2}},
    "nothing": None,
}
NO_LOSSES: dict[str, Any] = {
    "lower case without wiring": {"mse": {}},
    "no type": {"weight": 1.0},
    "two types": {"MeanSquaredError": {}, "Huber": {}},
    "an unknown key": {"Huber": 1.0, "name": "a"},
    "an unknown parameter": {"a": {"Huber": {"detla": 1.0}}},
    "an unknown loss": {"a": "mes"},
    "a list": ["mse"],
    "no entries": {},
    "a name of the language": {"input": "mse"},
    "a weight that is text": {"Huber": 1.0, "weight": "half"},
}
METRICS: dict[str, Any] = {
    "a name": "accuracy",
    "a list": ["acc", {"AUC": {"curve": "PR"}, "name": "area"}, {"auc": None}],
    "by name": {"right": "accuracy", "area": {"AUC": {}, "of": "a"}},
    "none": [],
}
NO_METRICS: dict[str, Any] = {
    "a weight": [{"AUC": {}, "weight": 1.0}],
    "an unknown parameter": [{"AUC": {"curv": "PR"}}],
    "two types": [{"AUC": {}, "Recall": {}}],
    "a list in a list": [["accuracy"]],
    "a number": 3,
}
DATA: dict[str, Any] = {
    "a bundled source": {"source": "digits", "validation": 0.2},
    "a source's own keys": {"source": "spirals", "samples": 100, "classes": 3, "batch_size": 16},
    "a path": {"source": "npz", "path": "samples.npz", "inputs": ["a", "b"], "targets": {"y": "labels"}},
    "preprocessing": {"source": "iris", "preprocess": {"features": ["Standardize"]}},
}
NO_DATA: dict[str, Any] = {
    "another source's key": {"source": "digits", "samples": 100},
    "an unknown key": {"source": "spirals", "sample": 100},
    "a missing key": {"source": "npz"},
    "a share of everything": {"source": "iris", "test": 1},
    "a batch of none": {"source": "iris", "batch_size": 0},
    "an unknown source": {"source": "iri"},
    "an unknown step": {"source": "iris", "preprocess": {"features": "Standardise"}},
}


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    sections = {"properties": {"data": data_schema(), "train": train_schema()}}
    return Draft202012Validator({**sections, "$defs": section_definitions()})


@pytest.mark.parametrize("loss", LOSSES.values(), ids=list(LOSSES))
def test_losses_are_taken_by_both(validator: Draft202012Validator, loss: Any) -> None:
    parse_losses(loss)
    validator.validate({"train": {"epochs": 1, "loss": loss}})


@pytest.mark.parametrize("loss", NO_LOSSES.values(), ids=list(NO_LOSSES))
def test_what_is_no_loss_is_refused_by_both(validator: Draft202012Validator, loss: Any) -> None:
    with pytest.raises(SpecError):
        parse_losses(loss)
    assert not validator.is_valid({"train": {"epochs": 1, "loss": loss}})


@pytest.mark.parametrize("metrics", METRICS.values(), ids=list(METRICS))
def test_metrics_are_taken_by_both(validator: Draft202012Validator, metrics: Any) -> None:
    parse_metrics(metrics)
    validator.validate({"train": {"epochs": 1, "loss": "mse", "metrics": metrics}})


@pytest.mark.parametrize("metrics", NO_METRICS.values(), ids=list(NO_METRICS))
def test_what_is_no_metric_is_refused_by_both(validator: Draft202012Validator, metrics: Any) -> None:
    with pytest.raises(SpecError):
        parse_metrics(metrics)
    assert not validator.is_valid({"train": {"epochs": 1, "loss": "mse", "metrics": metrics}})


@pytest.mark.parametrize("data", DATA.values(), ids=list(DATA))
def test_data_is_taken_by_both(validator: Draft202012Validator, data: Any) -> None:
    DataSpec.parse(data)
    validator.validate({"data": data})


@pytest.mark.parametrize("data", NO_DATA.values(), ids=list(NO_DATA))
def test_what_is_no_data_is_refused_by_both(validator: Draft202012Validator, data: Any) -> None:
    with pytest.raises(SpecError):
        DataSpec.parse(data)
    assert not validator.is_valid({"data": data})
