"""Trials, of which nothing is written: how the `train` section is changed for them, and what a dry run tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from netlib.report import numbers
from netlib.runs.directory import next_path
from netlib.spec.listener import Listener
from netlib.spec.training import TrainSpec
from netlib.tasks.plan import TrainPlan

DRY_STEPS = 2


def dry(train: TrainSpec) -> TrainSpec:
    """Two steps of everything that writes no files."""
    return train.model_copy(update={**shortened(DRY_STEPS), "callbacks": without_files(train)})


def shortened(steps: int) -> dict[str, int | None]:
    """The budget of a trial."""
    return {"epochs": None, "max_time": None, "steps": steps}


def without_files(train: TrainSpec) -> tuple[Any, ...]:
    """The callbacks that write none."""
    return tuple(spec for spec in train.callbacks if not spec.writes_files)


class StepTime(Listener):
    """Learns how long a step takes that does not have to be compiled."""

    def __init__(self) -> None:
        self.samples_per_second: float | None = None
        self._compiled = False

    def phase(self, text: str) -> None:
        """The next chunk says nothing."""
        self._compiled = True

    def chunk_ended(
        self,
        epoch: int,
        step_in_epoch: int,
        steps_in_epoch: int | None,
        logs: Mapping[str, float],
        samples_per_second: float,
    ) -> None:
        """Notes the speed."""
        if not self._compiled:
            self.samples_per_second = samples_per_second
        self._compiled = False


def told(plan: TrainPlan, name: str, samples: int | None, speed: float | None) -> Iterator[str]:
    """What a dry run says at its end: how long an epoch may take, as far as that is known, and where a run would be.

    Args:
        plan: what was tried.
        name: of the run directory, without its number.
        samples: of an epoch, None where that is not known.
        speed: samples per second, None where that is not known.
    """
    if samples and speed:
        about = numbers.duration(samples / speed)
        yield f"the steps of an epoch may take about {about}: {numbers.count(round(speed))} samples/s in one step"
    else:
        yield "how long an epoch may take cannot be told from two steps"
    yield f"nothing was written; a run would go to {_place(plan, name)}"


def _place(plan: TrainPlan, name: str) -> Path:
    return plan.run_dir or next_path(plan.runs_root, name)
