"""A training that is ready to run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from netlib.runs.background import Background
from netlib.spec.listener import Listener
from netlib.training.budget import Budget
from netlib.training.callbacks.callback import Callback
from netlib.training.checkpoint_writer import CheckpointWriter
from netlib.training.checkpoints import TrainingState
from netlib.training.due import Due
from netlib.training.evaluation import Evaluator, Measured
from netlib.training.feed import Feed
from netlib.training.interrupt import Interrupt
from netlib.training.kept_states import KeptStates
from netlib.training.loop import TrainLoop
from netlib.training.meters import Meters
from netlib.training.monitor import Monitor
from netlib.training.progress import Progress
from netlib.training.replicas import Replicas
from netlib.training.saves import Saves
from netlib.training.trouble.answer import Trouble


@dataclass
class Fit:
    """A training that is ready to run: what it computes with, how long, and who takes part."""

    state: TrainingState
    loop: TrainLoop
    meters: Meters
    states: KeptStates
    feed: Feed
    budget: Budget
    monitor: Monitor
    evaluator: Evaluator
    validation: Measured | None = None
    validate_every: int = 1
    due: Due = field(default_factory=Due)
    callbacks: Mapping[str, Callback] = field(default_factory=dict)
    listeners: Sequence[Listener] = ()
    writer: CheckpointWriter | None = None
    background: Background = field(default_factory=lambda: Background("netlab-save"))
    """Writes what is saved, that of callbacks too, while the training goes on."""
    interrupt: Interrupt | None = None
    trouble: Trouble | None = None
    """Answers for numbers that are not finite where no callback does; None where there is no run to go back in."""
    header: Mapping[str, Any] | None = None
    """What everybody is told at the start; None where whoever made the job tells of start and end himself."""
    alone: float = 0.0
    """Seconds that this worker has waited since it last met the others."""

    @property
    def progress(self) -> Progress:
        """Where it stands."""
        return self.state.progress

    def waited(self, seconds: float) -> None:
        """Counts time in which this process waited for its samples; that of others is known when they next meet."""
        if self.replicas.workers == 1:
            self.progress.spent(seconds)
        else:
            self.alone += seconds

    def took(self, seconds: float, interrupt: Interrupt) -> float:
        """The time that something took which all workers did together: the longest, with what they had waited before.

        Here they meet: what signals ask any of them is asked of all from now on, and all see the same clock, so that whatever
        depends on time ends at the same step.

        Raises:
            WorkerLost: one does not answer.
        """
        if self.replicas.workers == 1:
            return seconds
        longest, asked = self.replicas.agreed([seconds + self.alone, float(interrupt.asked or 0)])
        self.alone = 0.0
        interrupt.number = interrupt.number or int(asked) or None
        return longest

    @property
    def replicas(self) -> Replicas:
        """Those that train."""
        return self.loop.replicas

    @property
    def saves(self) -> Saves:
        """What it saves on the way."""
        return Saves(self.progress, self.due, self.writer, self.background, self.tell)

    @property
    def ends(self) -> bool:
        """Whether the budget is spent, or a callback asks to stop."""
        return self.budget.spent(self.progress) or self.asked_to_stop() is not None

    def asked_to_stop(self) -> str | None:
        """Why the first callback that asks for it wants to stop."""
        return next((reason for callback in self.callbacks.values() if (reason := callback.stop())), None)

    def unrecorded(self) -> bool:
        """Whether steps of the epoch are done, and a signal came before its record was made, as while it was validated."""
        done = self.progress
        return done.position > 0 and not (done.records and done.records[-1]["step"] == done.step)

    def tell(self, event: str, *details: object) -> None:
        """Tells everybody of an event: callbacks first, then listeners."""
        for each in (*self.callbacks.values(), *self.listeners):
            getattr(each, event)(*details)
