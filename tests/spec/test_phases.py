"""Phases as they are written: their names in the log, what cannot stand beside them, and which weights they fit."""

from __future__ import annotations

import re
from typing import Any

import pytest

from netlib.spec.contract import check
from netlib.spec.errors import SpecError
from netlib.spec.features import DataSignature, labels, numbers
from netlib.spec.freezing import frozen
from netlib.spec.graph import Graph
from netlib.spec.language.analysis import analyse
from netlib.spec.memory import estimate
from netlib.spec.tensors import TensorSpec
from netlib.spec.training import TrainSpec

NODES = [
    {"Dense": 4, "from": "x", "name": "body"},
    {"Dense": 3, "from": "body", "name": "left"},
    {"Dense": 2, "from": "body", "name": "right"},
]
LEFT = {"trains": "left.**", "loss": {"Compute": "mean(left)"}}
DECAY = {"CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": 5}}
RIGHT = {"trains": ["right.**", "body.**"], "times": 2, "loss": {"Compute": "mean(right)"}}


def spec(*phases: Any, **keys: Any) -> TrainSpec:
    return TrainSpec.parse({"epochs": 10, "phases": list(phases), **keys})


def graph() -> Graph:
    made, problems = analyse({"nodes": NODES, "outputs": ["left", "right"]}, {"x": TensorSpec((None, 8))})
    assert made is not None
    assert not problems
    return made


def said(*phases: Any, **keys: Any) -> list[tuple[str, str, str]]:
    found = spec(*phases, **keys).players.check(graph())
    return [(problem.severity, ".".join(map(str, problem.loc)), problem.message) for problem in found]


def test_names_in_the_log() -> None:
    several = {**RIGHT, "loss": {"a": "mse", "b": "mae"}}
    assert spec(LEFT, several).logged_losses == ("loss", "left_loss", "right_loss", "right_a_loss", "right_b_loss")
    assert spec({**LEFT, "name": "first"}, RIGHT).logged_losses == ("loss", "first_loss", "right_loss")
    assert spec({**LEFT, "trains": ["**.bias", "left"]}, RIGHT).phases[0].called == "left"


def test_written_out_and_read_again_it_is_the_same() -> None:
    written = spec(LEFT, {**RIGHT, "clip": {"norm": 1.0}}, mix={"MixUp": 0.2})
    assert TrainSpec.parse(written.to_plain()) == written
    assert not {"loss", "optimizer", "param_groups", "clip", "accumulate"} & written.to_plain().keys()


REFUSED: dict[str, tuple[list[Any], dict[str, Any], str]] = {
    "loss": ([LEFT], {"loss": "mse"}, "loss: cannot stand beside 'phases': each phase has a loss of its own"),
    "optimizer": ([LEFT], {"optimizer": "Adam"}, "optimizer: cannot stand beside 'phases'"),
    "param_groups": (
        [LEFT],
        {"param_groups": [{"params": "left", "learning_rate": 1.0}]},
        "param_groups: cannot stand beside 'phases': each phase has an optimizer of its own, for the weights",
    ),
    "accumulate": ([LEFT], {"accumulate": 2}, "accumulate: cannot stand beside 'phases': a phase takes each of its"),
    "clip": ([LEFT], {"clip": {"norm": 1.0}}, "clip: cannot stand beside 'phases': each phase has a clip of its own"),
    "float16": ([LEFT], {"precision": "mixed_float16"}, "precision: is mixed_float16, but train.phases cannot scale"),
    "no name": ([{**LEFT, "trains": "**.bias"}], {}, r"phases.0: a phase that trains \*\*.bias needs a 'name'"),
    "taken": ([LEFT, LEFT], {}, "phases.1: the name 'left' is taken: phases.0 is called so too; give one another"),
    "logged twice": (
        [{**LEFT, "name": "a", "loss": {"b": "mse", "c": "mse"}}, {**RIGHT, "name": "a_b"}],
        {},
        "phases: two losses would be logged as 'a_b_loss'; give a phase or a term another name",
    ),
    "no loss": ([{**LEFT, "loss": None}], {}, "phases.0.loss: a phase needs a loss: a name, or a mapping from names"),
    "missing": ([{"trains": "left"}], {}, "phases.0: phase needs 'loss': what it minimises"),
    "key": ([{**LEFT, "time": 3}], {}, "phases.0.time: phase has no key 'time'; did you mean 'times'"),
    "odd name": ([{**LEFT, "name": "a b"}], {}, "phases.0.name: expected a name of letters, digits and '_'"),
    "schedule": (
        [{**LEFT, "optimizer": {"SGD": {"learning_rate": DECAY}}}],
        {"callbacks": ["ReduceOnPlateau"]},
        "callbacks.0: cannot reduce the learning rate: 'phases.0.optimizer' follows the schedule CosineDecay",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str) -> None:
    phases, keys, message = REFUSED[name]
    with pytest.raises(SpecError, match=message):
        spec(*phases, **keys)


def test_every_weight_in_some_phase_is_no_problem() -> None:
    assert said(LEFT, RIGHT) == []


def test_a_weight_that_no_phase_trains_is_told_of() -> None:
    expected = "no phase trains body.kernel, body.bias, right.kernel and 1 more: they stay as they were made"
    ((severity, loc, message),) = said(LEFT)
    assert (severity, loc, message.startswith(expected)) == ("warning", "phases", True)


def test_a_selector_that_fits_nothing_is_told_of() -> None:
    ((severity, loc, message),) = said({**LEFT, "trains": ["left", "rigth.**"], "name": "a"}, RIGHT)
    assert (severity, loc) == ("error", "phases.0.trains.1")
    assert re.search("'rigth.\\*\\*' fits none of the .* paths; did you mean 'right.\\*\\*'", message)


def test_a_selector_of_frozen_weights_alone_is_told_of() -> None:
    made = frozen(graph(), ["left"])
    messages = [problem.message for problem in spec(LEFT, RIGHT).players.check(made)]
    assert messages == ["the selector 'left.**' fits only weights that are not trained; leave it out"]


def contract(batches: int | None, *phases: Any) -> list[str]:
    signature = DataSignature({"x": numbers(8)}, {"y": labels(3)}, 100)
    found = check(graph(), spec(*phases), signature, validation=False, batches=batches)
    return [f"{'.'.join(map(str, problem.loc))}: {problem.message}" for problem in found]


def test_a_step_needs_enough_batches() -> None:
    assert contract(3, LEFT, RIGHT) == []
    assert contract(None, LEFT, RIGHT) == []
    (message,) = contract(2, LEFT, RIGHT)
    assert message.startswith("train.phases: a step takes 3 whole batches, those of all phases, and there are 2 to")


@pytest.mark.parametrize(("steps", "cut"), [(40, False), (41, True)])
def test_a_schedule_goes_on_with_each_update_of_its_phase(steps: int, cut: bool) -> None:
    rate = {"CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": steps}}
    found = contract(7, LEFT, {**RIGHT, "optimizer": {"SGD": {"learning_rate": rate}}})  # 2 steps in each of 10 epochs
    text = "train.phases.1.optimizer: the schedule CosineDecay takes 41 steps, but its phase has 2 in each of 20"
    assert [each.startswith(text) for each in found] == [True] * cut


def test_the_slots_of_all_phases_are_in_the_estimate() -> None:
    """A weight in two phases has slots in both: 47 numbers by Adam, 27 of them again by SGD with momentum."""
    both = {**LEFT, "name": "both", "trains": ["left", "body"], "optimizer": {"SGD": {"momentum": 0.9}}}
    memory = estimate(graph(), spec(both, {**RIGHT, "trains": "**", "name": "all"}), 4, "graph")
    assert memory is not None
    body, left, right = 8 * 4 + 4, 4 * 3 + 3, 4 * 2 + 2
    assert memory.slots == 4 * (2 * (body + left + right) + body + left)
