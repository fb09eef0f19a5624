"""The training loop on the host: epochs, chunks of steps, validation, checkpoints. The steps themselves run on the device."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from netlib.spec.listener import Listener
from netlib.training.budget import Budget
from netlib.training.callbacks.callback import Callback, close_all, settle, standing_in
from netlib.training.checkpoints import CheckpointWriter, TrainingError, TrainingState, is_due
from netlib.training.evaluation import Evaluator, Measured
from netlib.training.feed import Feed
from netlib.training.interrupt import Interrupt, Interrupted, watch_signals
from netlib.training.kept_states import KeptStates
from netlib.training.loop import CAPACITY, Block, TrainLoop
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
    states: KeptStates
    feed: Feed
    budget: Budget
    monitor: Monitor
    evaluator: Evaluator
    validation: Measured | None = None
    validate_every: int = 1
    save_every_epochs: int | None = None
    save_every_steps: int | None = None
    callbacks: Mapping[str, Callback] = field(default_factory=dict)
    listeners: Sequence[Listener] = ()
    writer: CheckpointWriter | None = None
    interrupt: Interrupt | None = None
    header: Mapping[str, Any] | None = None
    """What everybody is told at the start; None where whoever made the job tells of start and end himself."""

    @property
    def progress(self) -> Progress:
        """Where it stands."""
        return self.state.progress


def fit(job: Fit) -> str:
    """Trains until the budget is spent, a callback asks to stop, or a signal comes; returns why it ended.

    What happens, in this order, because a checkpoint must hold all that came before it and nothing that came after:

    1. the order of the epoch is drawn, from the seed and the epoch's number; metrics and the states that layers keep begin
       anew;
    2. chunks of steps run, callbacks' device hooks after each update; a chunk ends where a callback asks for it. After each
       the loss is looked at, a callback may ask to stop, and where one is due a checkpoint is written;
    3. the epoch, or what is run of it, is validated with what stands in for the weights, if that is due or it is the last; its
       record is made;
    4. callbacks see the record, and may ask to stop;
    5. the checkpoint of the epoch is written, if it is due, the best so far, or the last; callbacks write theirs;
    6. listeners see the record.

    At the end what stands in for the weights takes their places, and then `run_ended` is told. Callbacks are told of everything
    before listeners; among them `early_stopping` of the `train` section comes first, then its `callbacks`, then those of the
    call, each in the order in which they are written. The first that asks to stop, or answers for a failure, gives the reason.

    Raises:
        TrainingError: the loss, a gradient, or a weight, is not finite any more, and no callback answers for it.
        Interrupted: SIGINT or SIGTERM came; a checkpoint was written.
    """
    try:
        if job.header is not None:
            _tell(job, "run_started", None, job.header)
        reason = _answered(job)
        settle(list(job.callbacks.values()))
        if job.header is not None:
            done = job.progress
            result = {"reason": reason, "epoch": done.epoch, "step": done.step, "best_epoch": done.best_epoch}
            _tell(job, "run_ended", {**result, "seconds": done.elapsed})
    finally:
        close_all(job.callbacks.values())
    return reason


def _answered(job: Fit) -> str:
    """Trains; where numbers are not finite, the first callback that answers for it gives the reason."""
    try:
        return _train(job)
    except TrainingError as error:
        job.progress.begin_epoch()  # sums that are not finite would spoil the epochs of a later call
        for callback in job.callbacks.values():
            if reason := callback.failed(error):
                return reason
        raise


def _train(job: Fit) -> str:
    pace = Pace(CAPACITY)
    with nullcontext(job.interrupt) if job.interrupt else watch_signals() as interrupt:
        if job.writer and job.progress.step == 0:
            _save(job, best=False)
        while not _ends(job):
            _stop_if(job, interrupt)
            _epoch(job, pace, interrupt)
        _stop_if(job, interrupt)
    return _asked_to_stop(job) or "the budget is spent"


def _ends(job: Fit) -> bool:
    return job.budget.spent(job.progress) or _asked_to_stop(job) is not None


def _asked_to_stop(job: Fit) -> str | None:
    return next((reason for callback in job.callbacks.values() if (reason := callback.stop())), None)


def _epoch(job: Fit, pace: Pace, interrupt: Interrupt) -> None:
    progress = job.progress
    _tell(job, "epoch_started", progress.epoch + 1, job.budget.epochs, job.feed.steps)
    if progress.position == 0:
        job.meters.reset()
        job.states.reset()
    whole = _steps(job, pace, interrupt)
    record = _record(job)
    best = _note_if_best(job, record)
    _say_skipped(job)
    progress.take(record, whole=whole)
    for callback in job.callbacks.values():
        callback.epoch_ended(record)
    last = _ends(job)
    due = is_due(job.save_every_epochs, progress.epoch) or is_due(job.save_every_steps, progress.step)
    if best or last or due:
        _save(job, best=best)
    _let_save(job, record)
    for listener in job.listeners:
        listener.epoch_ended(record)


def _steps(job: Fit, pace: Pace, interrupt: Interrupt) -> bool:
    """Runs what is left of the epoch, until the training ends; returns whether the epoch is complete."""
    progress = job.progress
    blocks = job.feed.epoch(progress.epoch, progress.position, job.budget.limit(progress, sys.maxsize))
    for block in _timed(blocks, progress):
        ends = False  # one chunk runs in any case: whoever asks to stop by the clock may do so at any moment
        while progress.position < block.end and not ends:
            _chunk(job, block, pace)
            _stop_if(job, interrupt)
            if progress.position != job.feed.steps:
                if is_due(job.save_every_steps, progress.step):
                    _save(job, best=False)
                _let_save(job, None)
            ends = _ends(job)
        if ends:
            return progress.position == job.feed.steps
    return True


def _timed(blocks: Iterator[Block], progress: Progress) -> Iterator[Block]:
    """The blocks; to wait for one, as where samples are read from files, takes time of the training, too."""
    while True:
        began = time.perf_counter()
        block = next(blocks, None)
        progress.spent(time.perf_counter() - began)
        if block is None:
            return
        yield block


def _chunk(job: Fit, block: Block, pace: Pace) -> None:
    progress = job.progress
    start, position = progress.step, progress.position
    compiling = job.loop.compiles(block)
    if compiling:
        _tell(job, "phase", "compiling")
    end = job.budget.limit(progress, position + (1 if compiling else pace.length))
    if job.save_every_steps:
        end = min(end, position + job.save_every_steps - start % job.save_every_steps)
    end = min([end, *(position + stop - start for stop in _next_stops(job, start))])
    began = time.perf_counter()
    facts = job.loop.run(block, position, end, start)
    seconds = time.perf_counter() - began
    rows = len(facts) * block.rows
    progress.add(job.loop.facts, facts, seconds, rows)
    need_finite(job.loop.facts, facts, start)
    if not compiling:
        pace.took(len(facts), seconds)
    logs = {**progress.losses(), "learning_rate": progress.learning_rate}
    _tell(job, "chunk_ended", progress.epoch + 1, progress.position, job.feed.steps, logs, rows / seconds)


def _next_stops(job: Fit, step: int) -> Iterator[int]:
    for name, callback in job.callbacks.items():
        stop = callback.next_stop(step)
        if stop is not None and stop <= step:
            raise ValueError(f"{name}.next_stop({step}) is {stop}, expected a later step")
        if stop is not None:
            yield stop


def need_finite(columns: Sequence[str], facts: np.ndarray, start: int) -> None:
    """Raises TrainingError if the loss or the gradient of a step is not finite; `start` steps were done before the first.

    A step that was skipped has changed nothing, and the next ones scale the loss less: that is no failure.
    """
    losses, norms, skipped = (facts[:, columns.index(name)] for name in ("loss", "gradient_norm", "skipped"))
    # A gradient that is not a number makes such weights, and yet the loss may stay finite: relu makes 0 of them.
    bad = np.flatnonzero((skipped == 0) & (~np.isfinite(losses) | np.isnan(norms)))
    if bad.size:
        first = int(bad[0])
        noun, value = ("gradient", norms[first]) if np.isfinite(losses[first]) else ("loss", losses[first])
        message = f"the {noun} became {value} in step {start + first + 1}; the last checkpoint stands"
        raise TrainingError(f"{message}. Lower the learning rate, set train.clip, or look at the data for odd values")


def _record(job: Fit) -> Record:
    progress = job.progress
    seconds = progress.seconds
    record: Record = {"epoch": progress.epoch + 1, "step": progress.step}
    record["train"] = progress.measured(job.meters.results())
    last = job.budget.spent(progress.after_epoch()) or _asked_to_stop(job) is not None
    due = (progress.epoch + 1) % job.validate_every == 0 or last
    if job.validation and due:
        _tell(job, "validation_started")
        began = time.perf_counter()
        with standing_in(list(job.callbacks.values())):
            record["validation"] = job.evaluator.run(job.validation)
        progress.spent(time.perf_counter() - began)
    record["learning_rate"] = progress.learning_rate
    record["seconds"] = progress.seconds
    record["samples_per_second"] = progress.samples / max(seconds, 1e-9)
    return record


def _say_skipped(job: Fit) -> None:
    progress, scale = job.progress, job.state.scale
    if progress.skipped and scale is not None:
        skipped = f"{progress.skipped} of the {progress.position} steps of epoch {progress.epoch + 1} were skipped"
        _tell(job, "message", f"{skipped}: not finite in float16; the loss scale is now {scale.value:g}")


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
    steps = f"step {done.position}" + (f" of {job.feed.steps}" if job.feed.steps else "")
    place = f"{steps} in epoch {done.epoch + 1}" if done.position else f"epoch {done.epoch}"
    saved = f"; saved, go on with: netlab train --resume {job.writer.run.path}" if job.writer else ""
    raise Interrupted(interrupt.number, f"stopped by {name} after {place}{saved}")


def _save(job: Fit, *, best: bool) -> None:
    if job.writer:
        _tell(job, "checkpoint_saved", job.writer.save(best=best), best)


def _let_save(job: Fit, record: Record | None) -> None:
    for callback in job.callbacks.values():
        callback.save(record)


def _tell(job: Fit, event: str, *details: object) -> None:
    for each in (*job.callbacks.values(), *job.listeners):
        getattr(each, event)(*details)
