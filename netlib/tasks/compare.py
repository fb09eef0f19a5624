"""In what configs or runs differ: their keys, their networks, what came out, and where they were computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from netlib.config.experiment import Experiment
from netlib.config.load import load
from netlib.runs import environment
from netlib.runs.directory import RunDirectory
from netlib.runs.environment_file import environment_of
from netlib.runs.overview import Overview, overview
from netlib.spec.errors import Loc, UsageError
from netlib.tasks.compare_networks import NetworkDifference, compare_networks
from netlib.tasks.config_changes import plain_by_name
from netlib.tasks.config_keys import key_of
from netlib.tasks.run_config import config_of_run
from netlib.tasks.summarise import run_of
from netlib.tasks.varying import ABSENT, varying


@dataclass(frozen=True)
class Side:
    """A config, or a run, which has more to compare."""

    path: Path
    experiment: Experiment
    run: RunDirectory | None
    overview: Overview | None


@dataclass(frozen=True)
class Fact:
    """A value of each side, None where it has none; `better` is the number of the one with the best, if one is better."""

    name: str
    values: tuple[float | None, ...]
    better: int | None = None


@dataclass(frozen=True)
class Compared:
    """All differences. `keys` and `environment` have the values of each side, `ABSENT` where there is none."""

    sides: tuple[Side, ...]
    keys: Mapping[str, tuple[Any, ...]]
    network: NetworkDifference | None
    results: tuple[Fact, ...]
    environment: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)


def compare(paths: Sequence[Path]) -> Compared:
    """Two or more configs, runs, or checkpoints of runs.

    Raises:
        UsageError: there are less than two, there is no such config or run, or one is not valid.
    """
    if len(paths) < 2:
        raise UsageError(f"there are two or more configs or runs to compare, got {len(paths)}")
    sides = tuple(map(_side, paths))
    return Compared(
        sides, _keys(sides), compare_networks([side.experiment.graph for side in sides]), _results(sides), _where(sides)
    )


def _side(path: Path) -> Side:
    run = run_of(path)
    experiment = config_of_run(run, open_data=False) if run else load(path, open_data=False)
    return Side(path, experiment, run, overview(run) if run else None)


def _keys(sides: Sequence[Side]) -> dict[str, tuple[Any, ...]]:
    """Where lists of nodes differ in what they have, the networks are compared and not the lists."""
    found = varying([plain_by_name(side.experiment) for side in sides])
    networks = all(side.experiment.graph for side in sides)
    return {key_of(loc): values for loc, values in found if not (networks and _of_nodes(loc, values))}


def _of_nodes(loc: Loc, values: Sequence[Any]) -> bool:
    return loc[0] in ("model", "blocks") and any(isinstance(value, Mapping | list) for value in values)


def _results(sides: Sequence[Side]) -> tuple[Fact, ...]:
    """What the runs measured in their best epochs."""
    found = [side.overview for side in sides]
    if not any(found):
        return ()
    metrics = [
        {} if each is None else {(s, n): v for s, of in each.metrics.items() for n, v in of.items()} for each in found
    ]
    names = list(dict.fromkeys(name for each in metrics for name in each))
    facts = [_measured(sides, split, name, tuple(each.get((split, name)) for each in metrics)) for split, name in names]
    return (
        *facts,
        Fact("best epoch", tuple(None if each is None else each.best_epoch for each in found)),
        Fact("epochs", tuple(None if each is None else each.epochs for each in found)),
        Fact("seconds", tuple(None if each is None else each.seconds for each in found)),
    )


def _measured(sides: Sequence[Side], split: str, name: str, values: tuple[float | None, ...]) -> Fact:
    mode = next((found for side in sides if (found := _direction(side.experiment, name))), None)
    there = [value for value in values if value is not None and value == value]
    if mode is None or len(there) < 2 or min(there) == max(there):
        return Fact(f"{split}.{name}", values)
    return Fact(f"{split}.{name}", values, values.index(min(there) if mode == "min" else max(there)))


def _direction(experiment: Experiment, name: str) -> Literal["min", "max"] | None:
    """Which way a metric is better; None where that is not known."""
    if experiment.train is None:
        return None
    if name in experiment.train.logged_losses:
        return "min"
    spec = next((term.spec for term in experiment.train.metrics if term.name == name), None)
    found: Literal["min", "max"] | None = getattr(spec, "direction", None)
    return found


def _where(sides: Sequence[Side]) -> dict[str, tuple[Any, ...]]:
    """Of the runs; a config has not been computed anywhere."""
    facts = [_environment(side.run) if side.run else {} for side in sides]
    ran = [each for each in facts if each]
    names = dict.fromkeys(name for each in ran for name in each)
    rows = {name: tuple(each.get(name, ABSENT) for each in facts) for name in names}
    return {
        name: row
        for name, row in rows.items()
        if any(each.get(name, ABSENT) != ran[0].get(name, ABSENT) for each in ran)
    }


def _environment(run: RunDirectory) -> dict[str, Any]:
    with environment_of(run) as facts:
        return environment.deciding(facts)
