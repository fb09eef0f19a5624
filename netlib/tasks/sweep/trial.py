"""One trial: an ordinary training in a run directory of its own, begun, gone on with, or found to have ended already."""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from netlib.config.problems import ConfigError
from netlib.runs import outcome
from netlib.runs.checkpoint import checkpoints_of, step_of
from netlib.runs.directory import RunDirectory, is_run
from netlib.runs.overview import overview
from netlib.spec.errors import NetlabError
from netlib.spec.training import Monitored
from netlib.tasks.placed import in_a_line
from netlib.tasks.plan import TrainPlan, plan_training
from netlib.tasks.sweep.pruning import LOST, PRUNED, Reports
from netlib.tasks.training_session import run as train

DEATHS = 3
"""Times that a process may die in a trial, without that it came any further, before the trial is given up."""


@dataclass(frozen=True)
class Outcome:
    """How a trial ended; `value` is that of its best epoch."""

    state: Literal["complete", "pruned", "failed", "lost"]
    value: float | None = None
    why: str | None = None
    epochs: int | None = None


def begun_at(path: Path) -> int:
    """The step from which a run would go on; 0 where there is none."""
    if not is_run(path):
        return 0
    return max((step_of(each) or 0 for each in checkpoints_of(RunDirectory(path))), default=0)


def given_up(starts: Sequence[int]) -> str | None:
    """Why a trial is not begun once more, by the steps from which it was begun so far."""
    if len(starts) <= DEATHS or len(set(starts[-DEATHS - 1 :])) > 1:
        return None
    return (
        f"its process has died {DEATHS} times at step {starts[-1]}, without a word; "
        "the system may have killed it for want of memory"
    )


def ended(path: Path, watched: Monitored) -> Outcome | None:
    """How the run at a path has ended, if it has."""
    if not is_run(path):
        return None
    run = RunDirectory(path)
    try:
        result, failure = outcome.result(run), outcome.failure(run)
    except NetlabError as error:
        return Outcome("failed", why=str(error))
    found = overview(run)
    if result is not None:
        value = found.metrics.get(watched.split, {}).get(watched.metric)
        return judged(str(result.get("reason")), value, found.epochs, watched)
    if failure is not None:
        return Outcome("failed", why=str(failure.get("error")), epochs=found.epochs)
    return None


def trained(path: Path, config: Path, words: Sequence[str], reports: Reports, watched: Monitored) -> Outcome:
    """Trains, from the beginning or from where the run at a path stands.

    Raises:
        Interrupted: a signal ended it; it can be gone on with.
        NetlabError: it failed.
    """
    plan = _plan(path, config, words)
    result = train(plan, (), [reports])
    value = result.metrics.get(watched.split, {}).get(watched.metric)
    return judged(result.reason, value, result.epochs, watched)


def judged(reason: str, value: float | None, epochs: int, watched: Monitored) -> Outcome:
    """What a training that ended for a reason is to the study."""
    if reason == LOST:
        return Outcome("lost")
    if reason.startswith(PRUNED):
        return Outcome("pruned", why=reason.removeprefix(PRUNED), epochs=epochs)
    if value is None or not math.isfinite(value):
        measured = "was not measured" if value is None else f"is {value:g}"
        return Outcome("failed", why=f"{watched} {measured} in its best epoch ({reason})", epochs=epochs)
    return Outcome("complete", value, epochs=epochs)


def told(error: Exception) -> str:
    """Why a trial failed, in words; an error that is none of ours with its kind."""
    if isinstance(error, ConfigError):
        return "; ".join(map(in_a_line, error.problems))
    return str(error) if isinstance(error, NetlabError) else f"{type(error).__name__}: {error}"


def _plan(path: Path, config: Path, words: Sequence[str]) -> TrainPlan:
    if begun_at(path) or (is_run(path) and checkpoints_of(RunDirectory(path))):
        return plan_training(None, resume=path)
    if is_run(path):  # killed before it had anything to go on from
        shutil.rmtree(path, ignore_errors=True)
    return plan_training(config, words, run_dir=path)
