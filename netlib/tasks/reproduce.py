"""Trains a run once more, from what it recorded, and compares the two to the bit."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netlib.config.problems import printable
from netlib.runs import changes, environment, locate
from netlib.runs.directory import RunDirectory, open_run
from netlib.runs.environment_file import environment_of
from netlib.runs.standing import Standing, standing
from netlib.spec.callbacks import TimeLimit
from netlib.spec.errors import NetlabError, UsageError
from netlib.spec.listener import Listener
from netlib.spec.training import TrainSpec
from netlib.tasks.plan import Complete, TrainPlan, plan_training
from netlib.tasks.plugins import need_plugins
from netlib.tasks.resume import is_spent

if TYPE_CHECKING:
    from netlib.tasks.repeating import Comparison


@dataclass(frozen=True)
class ReproductionPlan:
    """A run that is about to be repeated; `part` says why it is repeated only in part, None where it is in whole."""

    run: RunDirectory
    training: TrainPlan
    part: str | None = None


@dataclass(frozen=True)
class Reproduction:
    """A run, its repetition, and what was found: what differs in the environment, and the comparison."""

    run: Path
    again: Path
    part: str | None
    environment: tuple[str, ...]
    comparison: Comparison


def plan_reproduction(run: Path, run_dir: Path | None = None) -> ReproductionPlan:
    """Checks whether a run can be repeated, before TensorFlow is imported.

    Args:
        run: the run.
        run_dir: where the repetition goes; a numbered directory beside the run if None.

    Raises:
        UsageError: there is no such run, it has not trained a step, or its config was changed on the way.
        NetlabError: it is damaged.
    """
    found = open_run(run)
    if not found.resolved.is_file():
        raise UsageError(f"run '{found.path}' has no resolved.yaml to repeat; it ended before it began to train")
    _need_unchanged(found)
    reached = standing(locate.newest_valid(found)[0])
    if reached.step == 0:
        raise UsageError(f"run '{found.path}' ended before its first step: there is nothing to compare with")
    need_plugins(found)
    beside = found.path.parent if found.path.name not in ("", "..") else found.path.resolve().parent
    training = plan_training(found.resolved, runs_root=beside, run_dir=run_dir)
    if training.cluster is not None:
        raise UsageError(
            f"run '{found.path}' is one of several workers, which reproduce does not start: launch {found.resolved} again, and"
            " compare the two runs"
        )
    config = training.config
    train, part = _as_far(config.train, reached)
    complete = Complete(replace(config.experiment, train=train), config.data, config.graph, train)
    complete.need_data()
    return ReproductionPlan(found, replace(training, config=complete, repeated=found), part)


def reproduce(
    plan: ReproductionPlan, listeners: Sequence[Listener] = (), tell: Callable[[str], None] | None = None
) -> Reproduction:
    """Repeats a run as planned.

    Args:
        plan: what is repeated.
        listeners: who looks on.
        tell: hears each difference of the environment, before the training begins.

    Raises:
        NetlabError: the data is not what it was, a file is damaged, or training failed.
    """
    from netlib.tasks.repeating import compare
    from netlib.tasks.training_session import run

    watch = _Environment(plan.run, tell)
    done = run(plan.training, [*listeners, watch])
    assert done.run is not None
    found = compare(plan.run, RunDirectory(done.run))
    return Reproduction(plan.run.path, done.run, plan.part, tuple(watch.found), found)


def _need_unchanged(run: RunDirectory) -> None:
    """Refuses a run whose first part was trained by another config than its last."""
    try:
        lines = [
            f"  after step {record['step']}: {change['key']}: {_value(change, 'before')} -> {_value(change, 'after')}"
            for record in changes.made(run)
            for change in record["changes"]
            if change["kind"] != "safe"
        ]
    except (TypeError, KeyError, AttributeError) as error:
        raise NetlabError(f"{run.changes} is damaged: {error}") from error
    if lines:
        message = (
            f"run '{run.path}' was changed on the way, so its resolved.yaml does not repeat it from the beginning:"
        )
        raise UsageError("\n".join([message, *map(printable, lines)]))


def _value(change: Mapping[str, Any], key: str) -> str:
    return json.dumps(change[key]) if key in change else "(not there)"


def _as_far(train: TrainSpec, reached: Standing) -> tuple[TrainSpec, str | None]:
    """The training without clocks and to the step that the run has come to; and why that is not all that its config says."""
    callbacks = tuple(spec for spec in train.callbacks if not isinstance(spec, TimeLimit))
    timeless = train.model_copy(update={"callbacks": callbacks, "max_time": None})
    if is_spent(timeless, reached):
        return timeless, None
    part = f"the run ended after step {reached.step}, before its epochs or steps were spent; it is repeated to there"
    return timeless.model_copy(update={"steps": reached.step}), part


class _Environment(Listener):
    """Compares what the two runs wrote of their environments, as soon as there is the second."""

    def __init__(self, run: RunDirectory, tell: Callable[[str], None] | None) -> None:
        self._run = run
        self._tell = tell
        self.found: list[str] = []

    def run_started(self, run: Path | None, header: Mapping[str, Any]) -> None:
        assert run is not None
        with environment_of(self._run) as then, environment_of(RunDirectory(run)) as now:
            self.found = [printable(line) for line in environment.differences(then, now)]
        for line in self.found if self._tell else ():
            assert self._tell is not None
            self._tell(line)
