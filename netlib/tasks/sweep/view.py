"""A study as plain values: `netlib.spec.study.StudyView`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import optuna
from optuna.trial import FrozenTrial, TrialState

from netlib.spec.study import StudyView, TrialView
from netlib.spec.study import TrialState as State
from netlib.tasks.sweep.attributes import EPOCHS, RUN, WHY, WORKER
from netlib.tasks.sweep.liveness import is_here, is_running
from netlib.tasks.sweep.storage import shown
from netlib.tasks.sweep.study import SEARCH, WANTED

STATES: Mapping[TrialState, State] = {
    TrialState.RUNNING: "running",
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
    TrialState.WAITING: "waiting",
}


def view(study: optuna.Study) -> StudyView:
    """What it has come to."""
    attributes = study.user_attrs
    wanted = attributes.get(WANTED)
    trials = [trial for trial in study.get_trials(deepcopy=False) if not _is_spare(trial, wanted)]
    search = attributes.get(SEARCH) or {}
    url = str(getattr(getattr(study._storage, "_backend", study._storage), "url", ""))
    return StudyView(
        study.study_name,
        "min" if study.direction == optuna.study.StudyDirection.MINIMIZE else "max",
        str(search.get("metric", "value")),
        tuple(map(_trial, trials)),
        wanted,
        shown(url) if url else "",
    )


def _is_spare(trial: FrozenTrial, wanted: int | None) -> bool:
    """Whether it was made too much, by two processes at once, and is never begun."""
    return trial.state == TrialState.WAITING and wanted is not None and trial.number >= wanted


def _trial(trial: FrozenTrial) -> TrialView:
    reached = trial.intermediate_values
    last = reached[max(reached)] if reached else None
    run = trial.user_attrs.get(RUN)
    state = _state(trial)
    waits = state == "waiting"
    return TrialView(
        trial.number,
        state,
        last if trial.value is None else trial.value,
        dict(trial.params),
        None if run is None else _from_here(Path(run)),
        None if waits else _seconds(trial),
        trial.user_attrs.get(EPOCHS, None if waits else max(reached, default=None)),
        trial.user_attrs.get(WHY),
    )


def _state(trial: FrozenTrial) -> State:
    """As it is kept; what a process of this machine worked on that is not there any more waits for another one."""
    worker = trial.user_attrs.get(WORKER)
    if trial.state == TrialState.RUNNING and worker and is_here(worker) and not is_running(worker):
        return "waiting"
    return STATES[trial.state]


def _seconds(trial: FrozenTrial) -> float | None:
    if trial.datetime_start is None:
        return None
    end = trial.datetime_complete or datetime.now()
    return max(0.0, (end - trial.datetime_start).total_seconds())


def _from_here(path: Path) -> Path:
    """As one would type it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
