"""The training loop on the host: epochs, chunks of steps, validation, checkpoints. The steps themselves run on the device."""

from __future__ import annotations

import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field

import numpy as np

from netlib.data.shuffling import permutation
from netlib.spec.listener import Listener
from netlib.training.budget import Budget
from netlib.training.callbacks import Callback
from netlib.training.checkpoints import CheckpointWriter, TrainingError, TrainingState
from netlib.training.evaluation import Evaluator
from netlib.training.interrupt import Interrupt, Interrupted, watch_signals
from netlib.training.loop import DeviceData, TrainLoop
from netlib.training.meters import Meters
from netlib.training.monitor import Monitor
from netlib.training.pace import Pace
from netlib.training.progress import Progress, Record


@dataclass
class Fit:
    """A training that is ready to run: what it computes with, how long, and who takes part."""

    state: TrainingState
    loop: TrainLoop
    meters: Meters
    rows: int
    batch_rows: int
    seed: int
    budget: Budget
    monitor: Monitor
    evaluator: Evaluator
    shuffle: bool = True
    validation: DeviceData | None = None
    validate_every: int = 1
    save_every_epochs: int | None = None
    save_every_steps: int | None = None
    callbacks: Mapping[str, Callback] = field(default_factory=dict)
    listeners: Sequence[Listener] = ()
    writer: CheckpointWriter | None = None
    interrupt: Interrupt | None = None

    @property
    def progress(self) -> Progress:
        """Where it stands."""
        return self.state.progress


def fit(job: Fit) -> str:
    """Trains until the budget is spent, a callback asks to stop, or a signal comes; returns why it ended.

    What happens, in this order, because a checkpoint must hold all that came before it and nothing that came after:

    1. the order of the epoch is drawn, from the seed and the epoch's number;
    2. chunks of steps run; after each the loss is looked at, and where one is due a checkpoint is written;
    3. the epoch, or what the budget leaves of it, is validated if that is due or it is the last; its record is made;
    4. callbacks see the record, and may ask to stop;
    5. the checkpoint of the epoch is written, if it is due, the best so far, or the last;
    6. listeners see the record.

    Raises:
        TrainingError: the loss, a gradient, or a weight, is not finite any more.
        Interrupted: SIGINT or SIGTERM came; a checkpoint was written.
    """
    pace = Pace(job.loop.capacity)
    with nullcontext(job.interrupt) if job.interrupt else watch_signals() as interrupt:
        if job.writer and job.progress.step == 0:
            _save(job, best=False)
        while not (job.budget.spent(job.progress) or _asked_to_stop(job)):
            _stop_if(job, interrupt)
            _epoch(job, pace, interrupt)
        _stop_if(job, interrupt)
    return _asked_to_stop(job) or "the budget is spent"


def _asked_to_stop(job: Fit) -> str | None:
    return next((reason for callback in job.callbacks.values() if (reason := callback.stop())), None)


def _epoch(job: Fit, pace: Pace, interrupt: Interrupt) -> None:
    progress = job.progress
    _tell(job, "epoch_started", progress.epoch + 1, job.budget.epochs, job.loop.steps)
    if progress.position == 0:
        job.meters.reset()
    job.loop.start_epoch(_order(job))
    while progress.position < job.loop.steps and not job.budget.spent(progress):
        _chunk(job, pace)
        _stop_if(job, interrupt)
        if progress.position < job.loop.steps and _divides(job.save_every_steps, progress.step):
            _save(job, best=False)
    record = _record(job)
    best = _note_if_best(job, record)
    progress.take(record, whole=progress.position == job.loop.steps)
    for callback in job.callbacks.values():
        callback.epoch_ended(record)
    last = job.budget.spent(progress) or _asked_to_stop(job)
    due = _divides(job.save_every_epochs, progress.epoch) or _divides(job.save_every_steps, progress.step)
    if best or last or due:
        _save(job, best=best)
    _tell(job, "epoch_ended", record)


def _order(job: Fit) -> np.ndarray:
    """Of the rows in the epoch to come."""
    if job.shuffle:
        return permutation(job.seed, job.progress.epoch, job.rows)
    return np.arange(job.rows, dtype=np.int32)


def _divides(every: int | None, count: int) -> bool:
    return every is not None and count % every == 0


def _chunk(job: Fit, pace: Pace) -> None:
    progress = job.progress
    start, position = progress.step, progress.position
    compiling = job.loop.compiles(position)
    if compiling:
        _tell(job, "phase", "compiling")
    end = job.budget.limit(progress, position + (1 if compiling else pace.length))
    if job.save_every_steps:
        end = min(end, position + job.save_every_steps - start % job.save_every_steps)
    began = time.perf_counter()
    facts = job.loop.run(position, end, start)
    seconds = time.perf_counter() - began
    progress.add(job.loop.facts, facts, seconds)
    _need_finite(job.loop.facts, facts, start)
    if not compiling:
        pace.took(len(facts), seconds)
    rows = min(progress.position * job.batch_rows, job.rows) - position * job.batch_rows
    logs = {**progress.losses(), "learning_rate": progress.learning_rate}
    _tell(job, "chunk_ended", progress.epoch + 1, progress.position, job.loop.steps, logs, rows / seconds)


def _need_finite(columns: Sequence[str], facts: np.ndarray, start: int) -> None:
    losses, norms = (facts[:, columns.index(name)] for name in ("loss", "gradient_norm"))
    # A gradient that is not a number makes such weights, and yet the loss may stay finite: relu makes 0 of them.
    bad = np.flatnonzero(~np.isfinite(losses) | np.isnan(norms))
    if bad.size:
        first = int(bad[0])
        noun, value = ("gradient", norms[first]) if np.isfinite(losses[first]) else ("loss", losses[first])
        message = f"the {noun} became {value} in step {start + first + 1}; the last checkpoint stands"
        raise TrainingError(f"{message}. Lower the learning rate, set train.clip, or look at the data for odd values")


def _record(job: Fit) -> Record:
    progress = job.progress
    seconds = progress.seconds
    record: Record = {"epoch": progress.epoch + 1, "step": progress.step}
    record["train"] = {**progress.losses(), **job.meters.results()}
    due = (progress.epoch + 1) % job.validate_every == 0 or job.budget.spent(progress.after_epoch())
    if job.validation and due:
        _tell(job, "validation_started")
        began = time.perf_counter()
        record["validation"] = job.evaluator.run(job.validation)
        progress.spent(time.perf_counter() - began)
    record["learning_rate"] = progress.learning_rate
    record["seconds"] = progress.seconds
    record["samples_per_second"] = min(progress.position * job.batch_rows, job.rows) / max(seconds, 1e-9)
    return record


def _note_if_best(job: Fit, record: Record) -> bool:
    """Whether no record before was as good; the progress then has it as the best."""
    progress, value = job.progress, job.monitor.value(record)
    if value is None or not job.monitor.better(value, progress.best_value):
        return False
    progress.best_value, progress.best_step, progress.best_epoch = value, record["step"], record["epoch"]
    return True


def _stop_if(job: Fit, interrupt: Interrupt) -> None:
    if interrupt.number is None:
        return
    _save(job, best=False)
    name = signal.Signals(interrupt.number).name
    done = job.progress
    place = (
        f"step {done.position} of {job.loop.steps} in epoch {done.epoch + 1}"
        if done.position
        else f"epoch {done.epoch}"
    )
    saved = f"; saved, go on with: netlab train --resume {job.writer.run.path}" if job.writer else ""
    raise Interrupted(interrupt.number, f"stopped by {name} after {place}{saved}")


def _save(job: Fit, *, best: bool) -> None:
    if job.writer:
        _tell(job, "checkpoint_saved", job.writer.save(best=best), best)


def _tell(job: Fit, event: str, *details: object) -> None:
    for listener in job.listeners:
        getattr(listener, event)(*details)
