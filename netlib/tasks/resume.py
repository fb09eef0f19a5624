"""Going on with a run: its config, with the few changes that keep its past true, and its newest good checkpoint."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from netlib.config.experiment import Experiment
from netlib.runs import checkpoint, locate
from netlib.runs.checkpoint import Checkpoint
from netlib.runs.directory import RunDirectory, open_run
from netlib.spec.errors import UsageError
from netlib.tasks.run_config import config_of_run

SAFE = ("train.epochs", "train.steps", "train.max_time", "train.early_stopping", "train.checkpoint")
"""What may change: when to stop, and when to save. Everything else would make the first part of the run another run's; of
`train.callbacks`, those that change the weights."""


def resumed(path: Path, overrides: Sequence[str]) -> tuple[RunDirectory, Experiment]:
    """The run at `path` and its config with the overrides.

    Raises:
        UsageError: there is no such run, or a change is not safe.
    """
    run = open_run(path)
    if not run.resolved.is_file():
        raise UsageError(f"run '{run.path}' has no resolved.yaml to go on from; it ended before it began to train")
    experiment = config_of_run(run, overrides)
    if overrides:
        began = config_of_run(run)
        changed = _changes("", _steering(began), _steering(experiment))
        unsafe = [key for key in changed if not key.startswith(SAFE)]
        if unsafe:
            message = f"a resumed run cannot change {', '.join(unsafe)}; it may change {', '.join(SAFE)}"
            command = shlex.join(["netlab", "train", str(run.resolved), *overrides])
            raise UsageError(f"{message}. Start a new run with: {command}")
        _need_same_monitor(began, experiment)
    return run, experiment


def _steering(experiment: Experiment) -> dict[str, Any]:
    """The resolved config without the callbacks that may come and go."""
    resolved = experiment.resolved()
    if experiment.train is not None:
        kept = [spec.to_choice() for spec in experiment.train.callbacks if spec.changes_weights]
        resolved["train"]["callbacks"] = kept
    return resolved


def _need_same_monitor(began: Experiment, now: Experiment) -> None:
    if began.data is None or began.train is None or now.train is None:
        return
    validation = began.data.has("validation")
    first, then = began.train.monitored(validation), now.train.monitored(validation)
    if first != then:
        message = f"a resumed run cannot change what its best checkpoint is chosen by: {first} ({first.mode})"
        raise UsageError(f"{message}, with these changes {then} ({then.mode})")


def newest_checkpoint(run: RunDirectory) -> tuple[Checkpoint, list[str]]:
    """The newest checkpoint that verifies, and why newer ones were passed over; what a killed writer left is cleared.

    For the one process that goes on with the run.

    Raises:
        NetlabError: there is none.
    """
    checkpoint.clear_leftovers(run)
    path, damaged = locate.newest_valid(run)
    return checkpoint.read(path), [f"passed over: {entry.reason}" for entry in damaged]


def _changes(prefix: str, before: Any, after: Any) -> list[str]:
    if before == after:
        return []
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        return [prefix]
    keys = [*before, *(key for key in after if key not in before)]
    return [
        change
        for key in keys
        for change in _changes(f"{prefix}.{key}" if prefix else str(key), before.get(key), after.get(key))
    ]
