from __future__ import annotations

import re
from typing import Any

import pytest

from netlib.spec.choice import parse_choice
from netlib.spec.errors import SpecError
from netlib.spec.registry import names
from netlib.spec.schedules import CosineDecay

COSINE = {"CosineDecay": {"initial_learning_rate": 0.5, "decay_steps": 10}}


def optimizer(choice: Any) -> Any:
    return parse_choice("optimizer", choice)


def test_the_learning_rate_may_stand_alone_and_be_whole() -> None:
    assert optimizer({"SGD": 1}).learning_rate == 1.0
    assert isinstance(optimizer({"SGD": 1}).learning_rate, float)


@pytest.mark.parametrize("name", names("optimizer"))
def test_the_learning_rate_may_be_a_schedule(name: str) -> None:
    spec = optimizer({name: {"learning_rate": COSINE}})
    assert isinstance(spec.learning_rate, CosineDecay)
    assert optimizer(spec.to_choice()) == spec


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        (
            {"Adam": 0},
            "Adam.learning_rate: expected a number greater than 0 that float32 can hold, or a schedule, got 0",
        ),
        ({"Adam": float("nan")}, "expected a number greater than 0 that float32 can hold, or a schedule, got nan"),
        ({"Adam": 1e39}, "expected a number greater than 0 that float32 can hold, or a schedule, got 1e"),
        ({"Adam": True}, "Adam.learning_rate: expected a number, or a schedule as 'Name: {parameters}', got true"),
        ({"Adam": "cosine"}, "Adam.learning_rate: there is no schedule 'cosine'"),
        (
            {"Adam": {"learning_rate": {"CosineDecay": {"initial_learning_rate": -1, "decay_steps": 1}}}},
            "Adam.learning_rate.CosineDecay.initial_learning_rate: expected a number not less than 0, got -1",
        ),
        (
            {"Adam": {"clipnorm": 1}},
            "Adam takes no 'clipnorm': clipping belongs to the training loop, use 'train.clip.norm'",
        ),
        ({"Adam": {"clipvalue": 1}}, "use 'train.clip.value'"),
        ({"SGD": {"global_clipnorm": 1}}, "use 'train.clip.global_norm'"),
        ({"SGD": {"gradient_accumulation_steps": 2}}, "use 'train.accumulate'"),
        (
            {"SGD": {"use_ema": True}},
            "averages of the weights belong to the training loop, which does not keep them yet",
        ),
        (
            {"SGD": {"loss_scale_factor": 2}},
            "the training loop scales the loss by itself where anything computes in float16",
        ),
        ({"SGD": {"name": "x"}}, "SGD takes no 'name': an optimizer has no name here"),
        ({"SGD": {"momentum": 2}}, "SGD.momentum: expected a number not greater than 1"),
        ({"Adam": {"beta_1": 1}}, "Adam.beta_1: expected a number less than 1"),
        ("Muon", "there is no optimizer 'Muon' in netlab: Keras's Muon asks a variable for its path"),
        ("muon", "there is no optimizer 'muon' in netlab"),
        ("Adm", "there is no optimizer 'Adm'; did you mean 'Adam'?"),
    ],
)
def test_mistakes_are_told(choice: object, message: str) -> None:
    with pytest.raises(SpecError, match=re.escape(message)):
        optimizer(choice)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(SpecError) as caught:
        optimizer({"Adam": {"clipnorm": 1, "beta_1": 2, "beta_3": 0.5}})
    assert {problem.loc for problem in caught.value.problems} == {
        ("Adam", key) for key in ("clipnorm", "beta_1", "beta_3")
    }
