"""Problems that the config has with what a sweep changes, told where the sweep has that, and with what it may have meant."""

from __future__ import annotations

import re
from dataclasses import replace

from netlib.config.problems import PlacedProblem
from netlib.config.sweep_base import Base, changes_of
from netlib.config.sweep_written import Written

STOPPING = "'train.early_stopping.monitor'"
ONE_BEST = "there is one best checkpoint"
"""Ends what a config is told whose early stopping watches something else."""
_UNKNOWN = re.compile(r".* has no (?:key|parameter) '[^']*'")
_OTHER = {"train": "data", "data": "train"}


def moved(problem: PlacedProblem, written: Written, base: Base) -> PlacedProblem:
    """A problem of the config; where a change that the sweep makes has it, at that."""
    place, monitor = problem.place, written.find("monitor")
    if monitor and problem.message.endswith(ONE_BEST):
        found = problem.message.partition(", but ")[0]
        message = (
            f"the config's early stopping {found}, and a run has one best epoch: set {STOPPING}, too, or leave this out"
        )
        return replace(problem, place=monitor.place, message=message)
    if place is None or place.source.origin != "command line":
        return problem
    for key, value, text in changes_of(written, base):
        if place.source.text == text:
            at_key = place.column < len(key) and value.key
            return hinted(replace(problem, place=at_key or value.place), written)
    return problem


def hinted(problem: PlacedProblem, written: Written) -> PlacedProblem:
    """A problem with an unknown key; where another section has such a key, with a hint."""
    place = problem.place
    keys = [key for name in ("set", "space") for key, value in written.mapping(name).items() if value.key == place]
    unknown = _UNKNOWN.match(problem.message)
    if not keys or not unknown:
        return problem
    section, _, last = str(keys[0]).partition(".")
    others = [f"{other}.{each}" for other, fields in _fields().items() for each in fields if other != section]
    if f"{_OTHER.get(section)}.{last}" not in others:
        return problem
    return replace(problem, message=f"{unknown[0]}; did you mean '{_OTHER[section]}.{last}'?")


def _fields() -> dict[str, list[str]]:
    from netlib.spec.data import DataSpec
    from netlib.spec.training import TrainSpec

    return {"data": [*DataSpec.model_fields], "train": [*TrainSpec.model_fields]}
