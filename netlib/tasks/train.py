"""Trains what a config describes, in a run directory; or goes on with a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from netlib.runs.directory import DEFAULT_ROOT
from netlib.spec.listener import Listener
from netlib.tasks.plan import TrainPlan, plan_training


@dataclass(frozen=True)
class TrainResult:
    """How a training ended. Metrics are by split, those of the best checkpoint; `run` is None for a dry run."""

    run: Path | None
    reason: str
    epochs: int
    steps: int
    best_epoch: int | None
    metrics: dict[str, dict[str, float]]
    seconds: float


def train(
    config: Path | str | None,
    overrides: Sequence[str] = (),
    *,
    runs_root: Path = DEFAULT_ROOT,
    run_dir: Path | None = None,
    resume: Path | None = None,
    allow_change: bool = False,
    dry_run: bool = False,
    listeners: Sequence[Listener] = (),
) -> TrainResult:
    """Trains, and measures the best weights on the test split if there is one.

    Args:
        config: the config's file; None when a run is resumed.
        overrides: `key=value`, as on the command line.
        runs_root: where a numbered run directory is made.
        run_dir: the run directory itself, in place of a numbered one.
        resume: a run to go on with.
        allow_change: whether it may go on with changes that make the rest of it another run.
        dry_run: two steps of everything, and nothing is written.
        listeners: who looks on.

    Raises:
        UsageError: the config, or what else was asked for, is not valid; nothing was written.
        NetlabError: the data is damaged, or training failed.
    """
    path = None if config is None else Path(config)
    plan = plan_training(
        path,
        overrides,
        runs_root=runs_root,
        run_dir=run_dir,
        resume=resume,
        allow_change=allow_change,
        dry_run=dry_run,
    )
    return execute(plan, listeners)


def execute(plan: TrainPlan, listeners: Sequence[Listener] = ()) -> TrainResult:
    """Trains as planned; see `train`."""
    from netlib.tasks.training_session import run

    return run(plan, listeners)
