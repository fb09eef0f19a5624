"""Trains what a config describes, in a run directory; or goes on with a run."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from netlib.config.experiment import Experiment
from netlib.report.display import display
from netlib.report.run_card import RunCard, as_html, as_text, progress
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

    def __repr__(self) -> str:
        """Why it ended, how far it came, and the metrics."""
        return as_text(self._card())

    def _repr_html_(self) -> str:
        return as_html(self._card())

    def _card(self) -> RunCard:
        done = progress(self.epochs, None, self.best_epoch, self.steps, self.seconds)
        return RunCard(f"{self.run or 'dry run'}: {self.reason}", (done,), self.metrics)


def train(
    config: Path | str | Mapping[str, Any] | Experiment | None,
    overrides: Sequence[str] = (),
    *,
    runs_root: Path | str = DEFAULT_ROOT,
    run_dir: Path | str | None = None,
    resume: Path | str | None = None,
    allow_change: bool = False,
    dry_run: bool = False,
    listeners: Sequence[Listener] = (),
    verbose: bool | None = None,
) -> TrainResult:
    """Trains, and measures the best weights on the test split if there is one.

    Args:
        config: the config's file, or a mapping of the same form, or what `load_config` gave; None when a run is resumed.
        overrides: `key=value`, as on the command line.
        runs_root: where a numbered run directory is made.
        run_dir: the run directory itself, in place of a numbered one.
        resume: a run to go on with.
        allow_change: whether it may go on with changes that make the rest of it another run.
        dry_run: two steps of everything, and nothing is written.
        listeners: who looks on.
        verbose: whether progress is shown on stderr; None is where that is a terminal.

    Raises:
        UsageError: the config, or what else was asked for, is not valid; nothing was written.
        NetlabError: the data is damaged, or training failed.
    """
    plan = plan_training(
        Path(config) if isinstance(config, str) else config,
        overrides,
        runs_root=Path(runs_root),
        run_dir=None if run_dir is None else Path(run_dir),
        resume=None if resume is None else Path(resume),
        allow_change=allow_change,
        dry_run=dry_run,
    )
    shown = sys.stderr.isatty() if verbose is None else verbose
    with display(quiet=not shown) as seen:
        return execute(plan, [*listeners, seen])


def execute(plan: TrainPlan, listeners: Sequence[Listener] = ()) -> TrainResult:
    """Trains as planned; see `train`."""
    from netlib.tasks.training_session import run

    return run(plan, listeners)
