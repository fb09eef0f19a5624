"""`Listener`: what looks on while a network is trained. A display, a log, a test."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Listener:
    """Is told what happens, and changes nothing that is computed. A subclass defines the methods that it needs.

    The calls come from the thread that trains, at most a few times a second: a method that takes long makes training longer.
    """

    def run_started(self, run: Path | None, header: Mapping[str, Any]) -> None:
        """Before the first step.

        Args:
            run: the run directory, None if there is none.
            header: `name`, `config`, `parameters` (a `netlib.spec.graph.Parameters`), `execution`, `execution_reason`,
                `devices` (what is computed on, such as `CPU`), `threads`, `data` (what the samples are read from, None where
                that is not known), `samples` (by split), `batch_size` (of all replicas), `replicas` (how many train; it may be
                missing), `learning_rate` (with `replicas`: in words), `steps` (of an epoch, None where that is not known),
                `epochs`, `total_steps` (updates after which it ends, None where another budget says) and `monitor` (`split`,
                `metric` and `mode` of what decides about the best epoch).
        """

    def phase(self, text: str) -> None:
        """Something takes a moment, such as `compiling`; the next chunk ends it."""

    def epoch_started(self, epoch: int, epochs: int | None, steps: int | None) -> None:
        """Before the first step of an epoch. Epochs are counted from 1; `epochs` is None where another budget ends the run,
        `steps` where the epoch's data comes from a stream whose end is not known yet.
        """

    def chunk_ended(
        self,
        epoch: int,
        step_in_epoch: int,
        steps_in_epoch: int | None,
        logs: Mapping[str, float],
        samples_per_second: float,
    ) -> None:
        """Several steps are done; `logs` has means of the epoch so far, and the learning rate."""

    def validation_started(self) -> None:
        """After the last step of an epoch."""

    def epoch_is_best(self, epoch: int) -> None:
        """The epoch that ends is better, by what the training monitors, than all before it; its record comes next."""

    def epoch_ended(self, record: Mapping[str, Any]) -> None:
        """With the epoch's record: `epoch`, `step`, `train`, `validation`, `learning_rate`, `seconds`, `samples_per_second`."""

    def checkpoint_saved(self, path: Path, best: bool) -> None:
        """A checkpoint is whole on the disk. It was saved a while ago; the training went on while it was written.

        Args:
            path: its folder.
            best: whether it is that of an epoch that was better than all before it.
        """

    def message(self, text: str) -> None:
        """A warning, or why training stopped."""

    def run_ended(self, result: Mapping[str, Any]) -> None:
        """After the last step, with the final metrics."""
