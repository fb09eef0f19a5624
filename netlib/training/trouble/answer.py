"""What a run does when a number is not finite: it goes back to its last good checkpoint, and looks, or leaves the step out.

Without a run, in `Model.fit`, there is nothing to go back to: the state after a bad step is spoiled, and to keep that before each
step would cost time and memory. There the error is all that is said; `StopOnNaN` keeps the state of the last good epoch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netlib.runs import locate
from netlib.runs.checkpoint import Checkpoint
from netlib.runs.directory import RunDirectory
from netlib.runs.going_on import resume_command
from netlib.spec.errors import NetlabError
from netlib.spec.listener import Listener
from netlib.spec.training import OnNaN
from netlib.training.budget import Budget
from netlib.training.checkpoints import TrainingError, TrainingState
from netlib.training.interrupt import Interrupted
from netlib.training.phases import PhasedStep
from netlib.training.replica_step import ReplicaStep
from netlib.training.step import TrainStep
from netlib.training.trouble.batch import BadBatch
from netlib.training.trouble.gate import UndoneStep, all_finite
from netlib.training.trouble.looking import Usual, look, usual_of
from netlib.training.trouble.report import Place, Report, largest_weights
from netlib.training.trouble.search import Found, Search

if TYPE_CHECKING:
    from netlib.training.job import Fit

MOST_ROLLED_BACK = 5
"""Steps that `train.on_nan: rollback` leaves out without an epoch between in which all are finite."""
Train = Callable[["Fit"], Any]


@dataclass
class Trouble:
    """How a run answers for numbers that are not finite.

    Attributes:
        run: has the checkpoints.
        on_nan: as `train.on_nan` says.
        place: where parts of the config are written.
        taken_back: is told that the training stands at an earlier step again, so that files of the run can follow.
    """

    run: RunDirectory
    on_nan: OnNaN
    place: Place
    taken_back: Callable[[TrainingState], None]
    _left_out: set[int] = field(default_factory=set, init=False)

    def answer(self, job: Fit, error: TrainingError, reached: int, train: Train) -> None:
        """Goes back to the last good checkpoint, to go on from there with the training, or to find out what there is to say.

        Args:
            job: the training, whose steps up to `reached` are done; everything that was saved is written.
            error: what is not finite.
            reached: steps of the run.
            train: runs the steps of a job that are left.

        Raises:
            TrainingError: with what was found, unless the training is to be gone on with.
            Interrupted: a signal ended the search.
        """
        left_out = job.progress.left_out
        found, saved = self._located(job, error, reached, train)
        report = self._looked_at(job, found)
        folder, rows = report.write(self.run)
        if self.on_nan == "rollback" and left_out < MOST_ROLLED_BACK:
            self._roll_back(job, error, report, folder)
            return
        why = _first_part(error) if self.on_nan == "skip" else ""
        if self.on_nan == "rollback":
            why = f"{left_out} steps were left out already, and no epoch since then was without one (train.on_nan: rollback)"
        raise TrainingError("\n".join(self._lines(report, saved, folder, rows, why)))

    def _roll_back(self, job: Fit, error: TrainingError, report: Report, folder: Path) -> None:
        """Goes on from the last checkpoint, without the step of the report, and those that were left out before."""
        saved = self._go_back(job, error)
        self.taken_back(job.state)
        bad = f"{report.became} in step {report.step}: training goes on from {saved.path.name}, without that step"
        _say(job, f"{bad} (train.on_nan: rollback); a report is in {folder}")
        self._left_out |= {report.step}
        job.loop.search = Search(report.step, left_out=frozenset(self._left_out))

    def _located(self, job: Fit, error: TrainingError, reached: int, train: Train) -> tuple[Found, Checkpoint]:
        """The first bad step after the last checkpoint; the training stands before it then.

        The step whose loss is not finite is run to as ever, so that its bits are the same. If a weight was not finite before it,
        or nothing but that is known, each step is looked at.
        """
        saved = self._go_back(job, error)
        _say(job, f"{_first_part(error)}: steps are run again from {saved.path.name} on, to find where that began")
        if error.step is not None:
            found = self._run_again(job, error, Search(error.step, left_out=frozenset(self._left_out)), train)
            if found is not None and bool(all_finite(UndoneStep(_plain(job)).kept())):
                return found, saved
            if found is not None:
                self._go_back(job, error)
                found = self._run_again(job, error, Search(error.step - 1, True, frozenset(self._left_out)), train)
        else:
            found = self._run_again(job, error, Search(reached, True, frozenset(self._left_out)), train)
        if found is not None:
            return found, saved
        raise TrainingError(
            f"{error}. The steps after {saved.path.name} were run once more, and it was not met again: something does not"
            " compute the same each time, so there is nothing to be said of where it began"
        )

    def _run_again(self, job: Fit, error: TrainingError, search: Search, train: Train) -> Found | None:
        """Runs the steps up to the end of a search; None if it finds nothing."""
        job.loop.search = search
        quiet = [_Quiet(listener) for listener in job.listeners]
        again = replace(job, writer=None, listeners=quiet, budget=Budget(job.budget.epochs, search.until))
        try:
            train(again)
        except Found as found:
            return found
        except Interrupted as stopped:
            resume = resume_command(self.run.path)
            message = f"{_first_part(error)}; a signal ended the search for where that began; to go on: {resume}"
            raise Interrupted(stopped.exit_code - 128, message) from None
        except TrainingError:
            return None
        finally:
            job.loop.search = None
        return None

    def _go_back(self, job: Fit, error: TrainingError) -> Checkpoint:
        try:
            saved, _ = locate.read_newest(self.run)
            job.state.restore(saved)
        except NetlabError:  # nothing good was ever saved
            raise error from None
        return saved

    def _looked_at(self, job: Fit, found: Found) -> Report:
        """Looks at the step that was found, before which the training stands."""
        _say(job, f"running step {found.step + 1} node by node")
        step = _plain(job)
        batch = BadBatch.of(found.block, found.position)
        return Report(
            step=found.step + 1,
            epoch=job.progress.epoch + 1,
            became=_became(found),
            batch=batch,
            seen=look(step, batch.tensors, batch.rows, found.step, _usual(step, found)),
            largest=largest_weights([(each.path, each.variable.numpy()) for each in job.state.model.named_variables()]),
            place=self.place,
            losses=("train", "phases") if isinstance(step, PhasedStep) else ("train", "loss"),
        )

    def _lines(self, report: Report, saved: Checkpoint, folder: Path, rows: int, why: str) -> Iterator[str]:
        """What is said at the end."""
        step = f"in step {report.step}, in epoch {report.epoch}"
        yield f"{report.became} {step}; the last checkpoint, {saved.path.name}, stands"
        if why:
            yield why
        yield from report.lines()
        part = "" if rows == report.batch.rows else f" (the first {rows} of its {report.batch.rows} rows: it is large)"
        yield f"the batch{part} and a report are in {folder}"
        yield f"what to do: {'; '.join(report.advice())}"


class _Quiet(Listener):
    """Passes on how a search goes on; its epochs are not those of the run."""

    def __init__(self, listener: Listener) -> None:
        self.phase = listener.phase  # type: ignore[method-assign]
        self.chunk_ended = listener.chunk_ended  # type: ignore[method-assign]
        self.message = listener.message  # type: ignore[method-assign]


def _usual(step: TrainStep | PhasedStep, found: Found) -> Usual | None:
    """What nodes give in the step before the one that was found, or in the one after it, where such a step is good."""
    block, bad = found.block, found.position
    for position in (bad - 1, bad + 1):
        if block.first <= position < block.end:
            batch = BadBatch.of(block, position)
            usual = usual_of(step, batch.tensors, batch.rows, found.step)
            if usual is not None:
                return usual
    return None


def _plain(job: Fit) -> TrainStep | PhasedStep:
    """What a step computes, without a gate around it."""
    step = job.loop.step
    return step.plain if isinstance(step, UndoneStep | ReplicaStep) else step


def _became(found: Found) -> str:
    if not math.isfinite(found.loss):
        return f"the loss became {found.loss}"
    if math.isnan(found.gradient_norm):
        return "the gradient became nan"
    return "a weight, or a slot of the optimizer, became not finite"


def _first_part(error: TrainingError) -> str:
    return str(error).partition("; the last checkpoint stands")[0]


def _say(job: Fit, text: str) -> None:
    everybody: Sequence[Listener] = (*job.callbacks.values(), *job.listeners)
    for each in everybody:
        each.message(text)
