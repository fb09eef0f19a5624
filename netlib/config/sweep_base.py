"""The config that a sweep is about, with what all trials change; problems of these changes are told where the sweep has them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from netlib.config.extends import path_named
from netlib.config.problems import ConfigError, PlacedProblem
from netlib.config.sources import open_source
from netlib.config.suggestions import tree_of
from netlib.config.sweep import path_keys, word
from netlib.config.sweep_trials import Base
from netlib.config.sweep_written import Written
from netlib.config.tree import Value
from netlib.spec.errors import SpecError
from netlib.spec.search_space import Distribution
from netlib.spec.train_fields import MonitorSpec

MONITOR, STOPPING = "train.monitor", "'train.early_stopping.monitor'"
ONE_BEST = "there is one best checkpoint"
"""Ends what a config is told whose early stopping watches something else."""


def base_of(written: Written, space: Mapping[str, Distribution]) -> Base | None:
    """The config with what all trials have; None where there is no such file, which is reported."""
    named = written.find("config")
    if named is None or not isinstance(named.content, str) or not named.content:
        return None
    path, shown = path_named(named)
    try:
        open_source(shown, "base file", path=path, mentioned=named.place)
    except ConfigError as error:
        written.problems += error.problems
        return None
    tree = tree_of(shown)
    base = Base(shown, (), path_keys(tree.plain() if tree else None), named.place.source.folder)
    changes = [text for _, _, text in _changes(written, base)]
    return replace(base, changes=(*changes, *written.overrides)).read(space)


def _changes(written: Written, base: Base) -> Iterator[tuple[str, Value, str]]:
    """What the sweep changes in every trial: the key, where it is written, and the word of the command line."""
    for key, value in written.mapping("set").items():
        yield str(key), value, word(str(key), value.plain(), base.paths, base.folder)
    monitor = written.find("monitor")
    if monitor and _is_monitor(monitor.plain()):
        yield MONITOR, monitor, word(MONITOR, monitor.plain(), (), base.folder)


def _is_monitor(said: Any) -> bool:
    try:
        MonitorSpec.parse(said)
    except SpecError:  # which is reported
        return False
    return True


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
    for key, value, text in _changes(written, base):
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


_UNKNOWN = re.compile(r".* has no (?:key|parameter) '[^']*'")
_OTHER = {"train": "data", "data": "train"}


def _fields() -> dict[str, list[str]]:
    from netlib.spec.data import DataSpec
    from netlib.spec.training import TrainSpec

    return {"data": [*DataSpec.model_fields], "train": [*TrainSpec.model_fields]}
