"""`Checkpoint`: the state of a training in a folder of the user's, where there is no run directory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from netlib.runs import atomic, pointers
from netlib.runs.checkpoint import checkpoints_of, step_of
from netlib.runs.directory import RunDirectory
from netlib.spec.callbacks import Mode
from netlib.spec.errors import UsageError
from netlib.training.callbacks.callback import Callback, Training
from netlib.training.checkpoint_writer import CheckpointWriter, Keep
from netlib.training.due import is_due
from netlib.training.progress import Record


class Checkpoint(Callback):
    """Writes `folder/checkpoints/step-00000012`, as a run has them, with the pointers `latest` and `best` beside it.

    `netlib.training.weights.restore_weights` gives the weights of one to a model.

    Args:
        folder: where they go; it may have checkpoints of earlier steps of this training, and no others.
        every_epochs: epochs between two; none of them if None.
        every_steps: steps between two, besides.
        keep_last: how many are kept, besides the best one.
        best_only: write an epoch only if it is better than all before it.
        monitor: what decides which is the best, such as `validation.loss`; what decides in the training if None.
        mode: which way is better, `auto`, `min` or `max`.

    Raises:
        UsageError: a number is not positive, or nothing would ever be written.
    """

    def __init__(
        self,
        folder: Path | str,
        *,
        every_epochs: int | None = 1,
        every_steps: int | None = None,
        keep_last: int = 2,
        best_only: bool = False,
        monitor: str | None = None,
        mode: Mode = "auto",
    ) -> None:
        for name, value in (("every_epochs", every_epochs), ("every_steps", every_steps), ("keep_last", keep_last)):
            if value is not None and value < 1:
                raise UsageError(f"Checkpoint needs a {name} of at least 1, got {value}")
        if best_only and every_steps:
            raise UsageError(f"Checkpoint cannot tell the best between epochs: leave out every_steps={every_steps}")
        if not (every_epochs or every_steps or best_only):
            raise UsageError("Checkpoint would write nothing: give every_epochs, every_steps or best_only")
        self._run = RunDirectory(Path(folder))
        self._every_epochs, self._every_steps, self._keep_last = every_epochs, every_steps, keep_last
        self._best_only, self._monitor_name, self._mode = best_only, monitor, mode

    def join(self, training: Training) -> None:
        """Finds out what is the best.

        Raises:
            SpecError: the monitor is not logged.
        """
        self._training = training
        self._monitor = training.watch(self._monitor_name, self._mode)
        self._writer = CheckpointWriter(self._run, training.state, Keep(self._keep_last), training.background)
        self._best: float | None = None
        if self._run.checkpoints.is_dir() and pointers.pointed(self._run, "best"):  # of an earlier call
            for record in training.progress.records:
                self.epoch_ended(record)
        self._is_best = False

    def run_started(self, run: Path | None, header: Mapping[str, Any]) -> None:
        """Makes the folder.

        Raises:
            UsageError: it has checkpoints of another training.
        """
        with atomic.explained(self._run.checkpoints, "make"):
            self._run.checkpoints.mkdir(parents=True, exist_ok=True)
        step = self._training.progress.step
        newest = max((step_of(path) or 0 for path in checkpoints_of(self._run)), default=0)
        if newest > step:
            message = f"'{self._run.path}' has a checkpoint of step {newest}, but this training stands at step {step}"
            raise UsageError(f"{message}: it is of another one; choose another folder, or empty it")

    def next_stop(self, step: int) -> int | None:
        """The next step to be saved."""
        return step - step % self._every_steps + self._every_steps if self._every_steps else None

    def epoch_ended(self, record: Mapping[str, Any]) -> None:
        """Notes whether the epoch is the best so far."""
        value = self._monitor.value(record)
        self._is_best = value is not None and self._monitor.better(value, self._best)
        if self._is_best:
            self._best = value

    def save(self, record: Record | None) -> None:
        """Saves a checkpoint if one is due: the state is copied, and written while the training goes on.

        Raises:
            TrainingError: a weight was not finite in an earlier one.
            NetlabError: the system refused to write it.
        """
        progress = self._training.progress
        best = record is not None and self._is_best
        due = is_due(self._every_steps, progress.step)
        if record is not None:
            due = due or is_due(self._every_epochs, progress.epoch)
        if best or (due and not self._best_only):
            self._writer.save(best=best)

    def state(self) -> dict[str, Any]:
        """The best value."""
        return {"best": self._best}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Goes on from the best value."""
        self._best = state["best"]
