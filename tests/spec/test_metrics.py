from __future__ import annotations

import re
from typing import Any

import pytest

from netlib.spec.choice import parse_choice
from netlib.spec.errors import SpecError
from netlib.spec.metrics import Accuracy
from netlib.spec.registry import names


def metric(choice: Any) -> Any:
    return parse_choice("metric", choice)


@pytest.mark.parametrize(
    ("loss", "accuracy"),
    [
        ("sparse_categorical_crossentropy", "SparseCategoricalAccuracy"),
        ("categorical_crossentropy", "CategoricalAccuracy"),
        ("categorical_hinge", "CategoricalAccuracy"),
        ("kl_divergence", "CategoricalAccuracy"),
        ("binary_crossentropy", {"BinaryAccuracy": {"threshold": 0.5}}),
        ({"BinaryCrossentropy": {"from_logits": False}}, {"BinaryAccuracy": {"threshold": 0.5}}),
        ("hinge", {"BinaryAccuracy": {"threshold": 0.0}}),
        ("mean_squared_error", None),
    ],
)
def test_accuracy_is_the_one_that_the_loss_asks_for(loss: Any, accuracy: Any) -> None:
    chosen = Accuracy().for_loss(parse_choice("loss", loss))  # type: ignore[arg-type]
    assert chosen == (metric(accuracy) if accuracy else None)


def test_which_way_is_better() -> None:
    lower = {name for name in set(names("metric")) - {"Compute"} if metric(name).direction == "min"}
    assert lower == {name for name in names("metric") if "Error" in name or "entropy" in name}


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"AUC": {"thresholds": [0.1, 2]}}, "AUC.thresholds: expected a list of numbers between 0 and 1, got [0.1, 2]"),
        (
            {"AUC": {"label_weights": [-1]}},
            "AUC.label_weights: expected a list of numbers that are not negative, got [-1]",
        ),
        ({"AUC": {"num_thresholds": 1}}, "AUC.num_thresholds: expected a number greater than 1, got 1"),
        ({"AUC": {"from_logits": True}}, "AUC takes no 'from_logits': what the output is follows from its loss"),
        ({"Precision": {"top_k": 2}}, "Precision takes no 'top_k': Keras computes it in float32"),
        ({"AUC": {"name": "area"}}, "AUC takes no 'name': write it beside the type"),
        ("acuracy", "there is no metric 'acuracy'; did you mean 'accuracy'?"),
    ],
)
def test_mistakes_are_told(choice: object, message: str) -> None:
    with pytest.raises(SpecError, match=re.escape(message)):
        metric(choice)


@pytest.mark.parametrize(
    ("choice", "shape", "objection"),
    [
        ("SparseCategoricalAccuracy", (None, 1), "of one unit says nothing"),
        ("SparseCategoricalAccuracy", (None, 2), None),
        ({"TopKCategoricalAccuracy": 3}, (None, 3), "with k = 3 is always 1 for 3 units"),
        ({"TopKCategoricalAccuracy": 3}, (None, 4), None),
        ({"Recall": {"class_id": 3}}, (None, 3), "looks at class 3, but the classes of 3 units are 0 to 2"),
        ({"Recall": {"class_id": 2}}, (None, 3), None),
        ("F1Score", (None, 1), "of one unit needs a threshold, such as 0.5"),
        ({"F1Score": {"threshold": 0.5}}, (None, 1), None),
        ("F1Score", (None, 4, 3), "needs an output of shape (batch, units), got (batch, 4, 3)"),
        ("R2Score", (None, 4, 3), "needs an output of shape (batch, units), got (batch, 4, 3)"),
        ({"AUC": {"multi_label": True}}, (None, 4, 3), "with multi_label needs an output of shape (batch, units)"),
        ({"AUC": {"label_weights": [1, 2]}}, (None, 3), "has 2 label_weights for 3 units"),
        ("AUC", (None, 4, 3), None),
    ],
)
def test_outputs_for_which_a_metric_makes_no_sense(choice: Any, shape: Any, objection: str | None) -> None:
    found = metric(choice).objection(shape)
    assert found is None if objection is None else objection in found
