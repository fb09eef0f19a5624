from __future__ import annotations

import re
from typing import Any

import pytest

from netlib.spec.checkpoint import BestSpec, CheckpointSpec
from netlib.spec.errors import SpecError
from netlib.spec.training import Monitored, TrainSpec


def train(keep_best: Any, **more: Any) -> TrainSpec:
    return TrainSpec.parse(
        {"loss": "mse", "epochs": 1, "metrics": ["accuracy", "mae"], "checkpoint": {"keep_best": keep_best}, **more}
    )


def test_defaults() -> None:
    spec = CheckpointSpec.parse({})
    assert (spec.every_epochs, spec.every_steps, spec.every_minutes, spec.newest) == (1, None, None, 2)
    assert spec.best == {None: BestSpec(count=1)}


@pytest.mark.parametrize(
    ("values", "plain"),
    [
        ({"keep_last": "all", "every_minutes": 2}, {"keep_last": "all", "every_minutes": 2.0}),
        ({"keep_last": 3.0, "keep_best": 2.0}, {"keep_last": 3, "keep_best": 2}),
        ({"keep_best": {"a.b": 3.0}}, {"keep_best": {"a.b": 3}}),
        ({"keep_best": {"a.b": {"mode": "max"}}}, {"keep_best": {"a.b": {"count": 1, "mode": "max"}}}),
    ],
)
def test_a_section_survives_being_written(values: dict[str, Any], plain: dict[str, Any]) -> None:
    spec = CheckpointSpec.parse(values)
    defaults = CheckpointSpec.parse({}).to_plain()
    assert spec.to_plain() == {**defaults, **plain}
    assert CheckpointSpec.parse(spec.to_plain()) == spec


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"keep_last": 0}, "keep_last: expected a positive integer, or all, got 0"),
        ({"keep_last": "al"}, "keep_last: expected a positive integer, or all, got 'al'"),
        ({"keep_last": True}, "keep_last: expected a positive integer, or all, got true"),
        ({"keep_last": 1.5}, "keep_last: expected a positive integer, or all, got 1.5"),
        ({"keep_last": None}, "keep_last: expected a positive integer, or all, got nothing"),
        ({"every_minutes": 0}, "every_minutes: expected a number greater than 0, got 0"),
        ({"every_minutes": "5m"}, "every_minutes: expected a number, got '5m'"),
        ({"every_minutes": float("inf")}, "every_minutes: expected a finite number, got inf"),
        (
            {"keep_best": 0},
            "or a mapping from logged values to such numbers, as validation.accuracy: 3; got 0",
        ),
        ({"keep_best": ["validation.loss"]}, "as validation.accuracy: 3; got ['validation.loss']"),
        ({"keep_best": {"a.b": 0}}, "keep_best.a.b.count: expected a number greater than 0, got 0"),
        (
            {"keep_best": {"a.b": {"cuont": 1}}},
            "keep_best.a.b.cuont: keep_best has no key 'cuont'; did you mean 'count'?",
        ),
        ({"keep_best": {"a.b": {"mode": "up"}}}, "keep_best.a.b.mode: expected 'auto', 'min' or 'max', got 'up'"),
    ],
)
def test_mistakes_are_told(values: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=re.escape(message)):
        CheckpointSpec.parse(values)


def test_which_way_is_better_comes_from_the_metric() -> None:
    spec = train({"validation.accuracy": 3, "train.mae": 2, "train.loss": {"count": 1, "mode": "max"}})
    assert spec.kept_best(True) == [
        (Monitored("validation", "accuracy", "max"), 3),
        (Monitored("train", "mae", "min"), 2),
        (Monitored("train", "loss", "max"), 1),
    ]
    assert list(spec.unknown_monitors(True)) == []


def test_a_number_is_of_what_is_monitored() -> None:
    assert train(4).kept_best(True) == [(Monitored("validation", "loss", "min"), 4)]
    assert train(4, monitor="train.accuracy").kept_best(True) == [(Monitored("train", "accuracy", "max"), 4)]


@pytest.mark.parametrize(
    ("name", "validation", "message"),
    [
        ("validation.acuracy", True, "nothing is logged as 'validation.acuracy'; did you mean 'validation.accuracy'?"),
        ("validation.accuracy", False, "validation.accuracy is not logged: there is no validation split"),
        ("val_loss", True, "nothing is logged as 'val_loss'; did you mean 'validation.loss'?"),
        ("train.extra", True, "whether more or less of 'extra' is better is not known: give 'mode', min or max"),
    ],
)
def test_what_is_not_logged_is_a_problem_with_its_place(name: str, validation: bool, message: str) -> None:
    spec = train({name: 1, "train.loss": 1})
    problems = list(spec.unknown_monitors(validation, added=["extra"]))
    assert [problem.loc for problem in problems] == [("checkpoint", "keep_best", name)]
    assert problems[0].message.startswith(message)
    with pytest.raises(SpecError, match=re.escape(message)):
        spec.kept_best(validation, added=["extra"])


def test_a_direction_that_is_not_known_can_be_given() -> None:
    spec = train({"train.extra": {"mode": "max"}})
    assert spec.kept_best(False, added=["extra"]) == [(Monitored("train", "extra", "max"), 1)]
