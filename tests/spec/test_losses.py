from __future__ import annotations

import re
from typing import Any

import pytest

from netlib.spec.choice import parse_choice
from netlib.spec.errors import SpecError
from netlib.spec.registry import names


def loss(choice: Any) -> Any:
    return parse_choice("loss", choice)


@pytest.mark.parametrize(
    ("choice", "link", "probabilities", "classifies"),
    [
        ("sparse_categorical_crossentropy", "softmax", True, True),
        ("categorical_crossentropy", "softmax", True, True),
        ("categorical_focal_crossentropy", "softmax", True, True),
        ("binary_crossentropy", "sigmoid", True, True),
        ("binary_focal_crossentropy", "sigmoid", True, True),
        ({"BinaryCrossentropy": {"from_logits": False}}, None, True, True),
        ("kl_divergence", None, True, True),
        ("hinge", None, False, True),
        ("categorical_hinge", None, False, True),
        ("mse", None, False, False),
        ("poisson", None, False, False),
    ],
)
def test_what_a_loss_says_of_its_output(choice: Any, link: str | None, probabilities: bool, classifies: bool) -> None:
    spec = loss(choice)
    assert (spec.link, spec.probabilities, spec.classifies) == (link, probabilities, classifies)


def test_the_form_of_the_target() -> None:
    by_form: dict[str, set[str]] = {}
    for name in set(names("loss")) - {"Compute"}:
        by_form.setdefault(loss(name).target, set()).add(name)
    assert by_form["class index"] == {"SparseCategoricalCrossentropy"}
    assert by_form["one-hot"] == {"CategoricalCrossentropy", "CategoricalFocalCrossentropy", "CategoricalHinge"}


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        (
            {"MeanSquaredError": {"reduction": "sum"}},
            "MeanSquaredError takes no 'reduction': the training loop takes the mean",
        ),
        ({"mse": {"name": "x"}}, "MeanSquaredError takes no 'name': write 'name: {Loss: {...}}'"),
        ({"CosineSimilarity": {"axis": 1}}, "CosineSimilarity takes no 'axis': classes are on the last axis"),
        ({"Huber": 0}, "Huber.delta: expected a number greater than 0, got 0"),
        ({"BinaryCrossentropy": {"label_smoothing": 2}}, "expected a number not greater than 1"),
        ({"CategoricalFocalCrossentropy": {"alpha": [-1]}}, "alpha: expected a number that is not negative, or a list"),
        ("mean_squared_eror", "there is no loss 'mean_squared_eror'; did you mean 'mean_squared_error'?"),
    ],
)
def test_mistakes_are_told(choice: object, message: str) -> None:
    with pytest.raises(SpecError, match=re.escape(message)):
        loss(choice)


def test_outputs_for_which_a_loss_makes_no_sense() -> None:
    assert "of one unit is 0 whatever the weights" in loss("categorical_crossentropy").objection((None, 1))
    assert loss("categorical_crossentropy").objection((None, 2)) is None
    assert loss("binary_crossentropy").objection((None, 1)) is None
    focal = loss({"CategoricalFocalCrossentropy": {"alpha": [1, 2]}})
    assert focal.objection((None, 3)) == "has 2 values of alpha for 3 units"
    assert focal.objection((None, 2)) is None
