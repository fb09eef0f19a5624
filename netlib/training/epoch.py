"""One epoch of a training: chunks of steps, its record, what is saved."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import numpy as np

from netlib.training.interrupt import Interrupt
from netlib.training.job import Fit
from netlib.training.loop import Block
from netlib.training.pace import Pace
from netlib.training.progress import Record
from netlib.training.recording import record_of
from netlib.training.replicas import WorkerLost
from netlib.training.stopping import save_if_asked, stop_if
from netlib.training.trouble.finite import need_finite
from netlib.training.trouble.skipping import need_some_finite, said_of_skipped
from netlib.training.waiting import Enough


def run_epoch(job: Fit, pace: Pace, interrupt: Interrupt) -> None:
    """Runs what is left of an epoch, and does all that belongs to its end; see `netlib.training.fit.fit`.

    Raises:
        TrainingError: a number is not finite.
        Interrupted: a signal ended the training; the state is saved.
    """
    progress = job.progress
    job.tell("epoch_started", progress.epoch + 1, job.budget.epochs, job.feed.steps)
    if progress.position == 0:
        job.meters.reset()
        job.states.reset()
    whole = _steps(job, pace, interrupt)
    if not whole and not progress.position:  # the time was over before the samples of the first step had come
        job.saves.save()
        return
    record = record_of(job, interrupt)
    best = _note_if_best(job, record)
    _say_skipped(job)
    progress.take(record, whole=whole)
    for callback in job.callbacks.values():
        callback.epoch_ended(record)
    job.saves.after_epoch(record, best=best, last=job.ends)
    _let_save(job, record)
    job.saves.look()
    if best:
        job.tell("epoch_is_best", record["epoch"])
    for listener in job.listeners:
        listener.epoch_ended(record)


def _steps(job: Fit, pace: Pace, interrupt: Interrupt) -> bool:
    """Runs what is left of the epoch, until the training ends; returns whether the epoch is complete."""
    progress = job.progress
    if job.unrecorded() and (progress.position == job.feed.steps or job.ends):
        return progress.position == job.feed.steps
    try:
        for block in _timed(job, interrupt):
            ends = False  # one chunk runs in any case: whoever asks to stop by the clock may do so at any moment
            while progress.position < block.end and not ends:
                _chunk(job, block, pace, interrupt)
                job.saves.look()
                stop_if(job, interrupt)
                if progress.position != job.feed.steps:
                    job.saves.after_chunk()
                    _let_save(job, None)
                ends = job.ends
            if ends:
                return progress.position == job.feed.steps
    except Enough:
        stop_if(job, interrupt)
        return False
    return True


def _timed(job: Fit, interrupt: Interrupt) -> Iterator[Block]:
    """The blocks that are left of the epoch; to wait for one, as where samples are read from files, takes time of the training.

    Raises:
        Enough: while one was waited for a signal came, or the training was to end.
    """
    progress, began = job.progress, time.perf_counter()

    def waited() -> None:
        nonlocal began
        job.waited(time.perf_counter() - began)
        began = time.perf_counter()

    def poll() -> None:
        waited()
        save_if_asked(job, interrupt)
        if interrupt.number is not None or job.ends:
            raise Enough

    limit = job.budget.limit(progress, sys.maxsize)
    blocks = job.feed.epoch(progress.epoch, progress.position, limit, poll)
    while True:
        began = time.perf_counter()
        block = next(blocks, None)
        waited()
        if block is None:
            return
        yield block


def _chunk(job: Fit, block: Block, pace: Pace, interrupt: Interrupt) -> None:
    progress = job.progress
    start, position = progress.step, progress.position
    compiling = job.loop.compiles(block)
    if compiling:
        job.tell("phase", "compiling")
    end = job.budget.limit(progress, position + (1 if compiling else pace.within(job.budget.seconds_left(progress))))
    end = min([end, *(position + stop - start for stop in _next_stops(job, start))])
    facts, seconds = _ran(job, block, end, interrupt)
    rows = len(facts) * block.rows
    progress.add(job.loop.facts, facts, seconds, rows)
    need_finite(job.loop.facts, facts, start)
    need_some_finite(progress, whole=progress.position == job.feed.steps)
    if not compiling:
        pace.took(len(facts), seconds)
    logs = {**progress.losses(), "learning_rate": progress.learning_rate}
    job.tell("chunk_ended", progress.epoch + 1, progress.position, job.feed.steps, logs, rows / seconds)


def _ran(job: Fit, block: Block, end: int, interrupt: Interrupt) -> tuple[np.ndarray, float]:
    """Runs steps up to that one of the epoch; their facts, and the time that they took.

    Raises:
        WorkerLost: another worker ended; the steps that were done are counted, as the state is the one after them.
    """
    progress, began = job.progress, time.perf_counter()
    facts: np.ndarray | None = None
    try:
        facts = job.loop.run(block, progress.position, end, progress.step)
        return facts, job.took(time.perf_counter() - began, interrupt)
    except WorkerLost as lost:
        done = lost.facts if facts is None else facts
        progress.add(job.loop.facts, done, time.perf_counter() - began, len(done) * block.rows)
        raise


def _next_stops(job: Fit, step: int) -> Iterator[int]:
    if (due := job.due.next_stop(step)) is not None:
        yield due
    for name, callback in job.callbacks.items():
        stop = callback.next_stop(step)
        if stop is not None and stop <= step:
            raise ValueError(f"{name}.next_stop({step}) is {stop}, expected a later step")
        if stop is not None:
            yield stop


def _say_skipped(job: Fit) -> None:
    for text in said_of_skipped(job.progress, job.state.scale):
        job.tell("message", text)


def _note_if_best(job: Fit, record: Record) -> bool:
    """Whether no record before was as good; the progress then has it as the best."""
    progress, value = job.progress, job.monitor.value(record)
    if value is None or not job.monitor.better(value, progress.best_value):
        return False
    progress.best_value, progress.best_step, progress.best_epoch = value, record["step"], record["epoch"]
    return True


def _let_save(job: Fit, record: Record | None) -> None:
    for callback in job.callbacks.values():
        callback.save(record)
