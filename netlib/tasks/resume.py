"""Going on with a run: its config, with the changes that are allowed, and its newest good checkpoint."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from netlib.config.experiment import Experiment
from netlib.runs import checkpoint, locate
from netlib.runs.checkpoint import Checkpoint, step_of
from netlib.runs.directory import CHECKPOINTS, RunDirectory, is_run, open_run
from netlib.runs.lock import need_free
from netlib.runs.standing import Standing, standing
from netlib.spec.errors import UsageError
from netlib.spec.training import TrainSpec
from netlib.tasks.change_rules import Effect, Kind
from netlib.tasks.config_changes import Change, begins_anew, changes_between, monitored
from netlib.tasks.run_config import config_of_run

WITH_BEST = ("early_stopping", "ReduceOnPlateau")
"""Callbacks that remember the best value so far."""


@dataclass(frozen=True)
class Resumed:
    """A run that is about to be gone on with.

    Attributes:
        run: the run.
        experiment: its config, changed.
        overrides: the words that change it.
        changes: what is changed, in the order of the file.
        anew: what begins anew with these changes.
    """

    run: RunDirectory
    experiment: Experiment
    overrides: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    anew: frozenset[Effect] = frozenset()


def resumed(path: Path, overrides: Sequence[str], *, allow_change: bool = False) -> Resumed:
    """The run at `path` and its config with the overrides.

    Raises:
        UsageError: there is no such run, it has no checkpoint, or a change cannot be made.
        NetlabError: the run's checkpoints are damaged.
    """
    run = _opened(path)
    need_free(run)
    if not run.resolved.is_file():
        raise UsageError(f"run '{run.path}' has no resolved.yaml to go on from; it ended before it began to train")
    experiment = config_of_run(run, overrides)
    if not overrides:
        locate.newest_valid(run)
        return Resumed(run, experiment)
    began = config_of_run(run)
    changes = changes_between(began, experiment)
    refused = [change for change in changes if change.kind == "never" or (change.kind == "allow" and not allow_change)]
    if refused:
        raise UsageError(_refusal(run, overrides, refused))
    newest, _ = locate.newest_valid(run)
    allowed = [change for change in changes if change.kind == "allow"]
    train = experiment.train
    if allowed and train is not None and is_spent(train, reached := standing(newest)):
        shown = ", ".join(change.key for change in allowed)
        message = f"run '{run.path}' is finished: nothing would be trained with another {shown}"
        raise UsageError(f"{message}; {_more(run, train, reached)}")
    return Resumed(run, experiment, tuple(overrides), changes, begins_anew(changes, monitored(began)))


def is_spent(train: TrainSpec, reached: Standing) -> bool:
    """Whether the budget of a training is spent at a checkpoint."""
    return bool(more_of(train, reached.epoch, reached.step, reached.elapsed))


def more_of(train: TrainSpec, epochs: int, steps: int, elapsed: float) -> list[str]:
    """What gives a training that has come so far twice the budget that it has spent; empty where none is spent."""
    budgets = {"epochs": (train.epochs, epochs), "steps": (train.steps, steps), "max_time": (train.max_time, elapsed)}
    spent = {name: most for name, (most, done) in budgets.items() if most is not None and done >= most}
    return [f"train.{name}={2 * most:g}" for name, most in spent.items()]


def finished(run: RunDirectory, train: TrainSpec, reached: Standing) -> str:
    """What is said where a run that is gone on with has nothing left to do."""
    return f"the run was finished already; {_more(run, train, reached)}"


def newest_checkpoint(run: RunDirectory) -> tuple[Checkpoint, list[str]]:
    """The newest checkpoint that verifies, and why newer ones were passed over; what a killed writer left is cleared.

    For the one process that goes on with the run.

    Raises:
        NetlabError: there is none.
    """
    checkpoint.clear_leftovers(run)
    saved, damaged = locate.read_newest(run)
    return saved, [f"passed over: {entry.reason}" for entry in damaged]


def without_best(saved: Checkpoint) -> Checkpoint:
    """The checkpoint as one that does not know which was the best so far."""
    progress = {**saved.state["progress"], **dict.fromkeys(("best_step", "best_value", "best_epoch"))}
    callbacks = {name: state for name, state in saved.state["callbacks"].items() if name not in WITH_BEST}
    return replace(saved, state={**saved.state, "progress": progress, "callbacks": callbacks})


def misfit(error: Exception, resumed: Resumed) -> str:
    """What to do where the checkpoint does not fit what the config was changed to."""
    run = resumed.run
    warm = shlex.join([*_new_run(run, resumed.overrides), f"train.load={{from: {run.path}}}"])
    return f"{error}. Take back the change, or start a new run from the weights of this one: {warm}"


def _opened(path: Path) -> RunDirectory:
    """The run that is meant; a part of one is refused, for a run is gone on with where it ended."""
    above = path.absolute()
    inside = next((each for each in above.parents if each.name == CHECKPOINTS and is_run(each.parent)), None)
    if not is_run(path) and inside is not None and step_of(above) is not None:
        run = inside.parent
        message = f"'{path}' is a checkpoint; --resume takes its run, and goes on from the newest checkpoint"
        raise UsageError(f"{message}: {shlex.join(['netlab', 'train', '--resume', str(run)])}")
    return open_run(path)


def _refusal(run: RunDirectory, overrides: Sequence[str], refused: Sequence[Change]) -> str:
    kinds = {change.kind for change in refused}
    lines = [f"run '{run.path}' cannot be gone on with after", *(_line(change) for change in refused)]
    new = _new_run(run, overrides)
    if kinds == {"allow"}:
        words = ["netlab", "train", "--resume", str(run.path), *overrides, "--allow-change"]
        lines.append(f"To go on all the same: {shlex.join(words)}")
    lines.append(f"To start a new run: {shlex.join(new)}")
    if "never" in kinds:
        lines.append(f"and from the weights of this one: {shlex.join([*new, f'train.load={{from: {run.path}}}'])}")
    return "\n".join(lines)


def _line(change: Change) -> str:
    needs: dict[Kind, str] = {"allow": "needs --allow-change", "never": "never"}
    return f"  {change} ({needs[change.kind]}: {change.rule.why})"


def _new_run(run: RunDirectory, overrides: Sequence[str]) -> list[str]:
    return ["netlab", "train", str(run.resolved), *overrides]


def _more(run: RunDirectory, train: TrainSpec, reached: Standing) -> str:
    spent = more_of(train, reached.epoch, reached.step, reached.elapsed)
    if not spent:
        return "to go on, change what ended it (train.early_stopping, a callback)"
    return f"to go on, give it more: {shlex.join(['netlab', 'train', '--resume', str(run.path), *spent])}"
