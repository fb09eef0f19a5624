"""Takes down where the time of a training goes: its parts by the clock, and operations by TensorFlow's profiler."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import wraps
from typing import Any

import tensorflow as tf

from netlib.runs.directory import RunDirectory
from netlib.runs.profile import FOLDER, Profile
from netlib.spec.listener import Listener
from netlib.training.callbacks.callback import Callback, Training
from netlib.training.feed import Feed
from netlib.training.job import Fit
from netlib.training.loop import Block
from netlib.training.traces import operations
from netlib.training.waiting import Poll, no_poll

TRACED_STEPS = 10
WARM_CHUNKS = 1
"""Chunks of steps that are compiled already, before the one that is traced."""

COMPILING = "compiling"
STEPS = "steps"
WAITING = "waiting for data"
VALIDATION = "validation and test"
CHECKPOINTS = "checkpoints"
CALLBACKS = "callbacks"
DISPLAY = "display and log"
PROFILER = "the profiler itself"


class TracedSteps(Callback):
    """Lets TensorFlow's profiler look on at a few steps, once the steps are warm, and finds out which operations take longest.

    Args:
        run: the trace goes into its folder `profile`.
        profile: is told what was found.
    """

    def __init__(self, run: RunDirectory, profile: Profile) -> None:
        self._folder = run.path / FOLDER
        self._profile = profile
        self._warm = 0
        self._compiled = self._tracing = self._done = False
        self._first = 0

    def join(self, training: Training) -> None:
        """Notes where the training stands."""
        self._progress = training.progress

    def next_stop(self, step: int) -> int | None:
        """After the steps that are traced."""
        return step + TRACED_STEPS if self._tracing else None

    def phase(self, text: str) -> None:
        """The next chunk compiles."""
        self._compiled = True

    def chunk_ended(
        self,
        epoch: int,
        step_in_epoch: int,
        steps_in_epoch: int | None,
        logs: Mapping[str, float],
        samples_per_second: float,
    ) -> None:
        """Begins with the trace, or ends it."""
        if self._tracing:
            self._end()
        elif not self._compiled and not self._done:
            self._warm += 1
            if self._warm > WARM_CHUNKS:
                self._begin()
        self._compiled = False

    def close(self) -> None:
        """Ends a trace that is under way."""
        if self._tracing:
            self._end()

    def _begin(self) -> None:
        self._tracing = True
        self._first = self._progress.step
        with self._profile.part(PROFILER):
            tf.profiler.experimental.start(str(self._folder))

    def _end(self) -> None:
        self._tracing, self._done = False, True
        self._profile.traced_steps = self._progress.step - self._first
        with self._profile.part(PROFILER):
            tf.profiler.experimental.stop()
            self._profile.operations = tuple(operations(self._folder))


class _TimedFeed:
    """A feed; waiting for it is a part of the profile."""

    def __init__(self, feed: Feed, profile: Profile) -> None:
        self.samples, self.steps = feed.samples, feed.steps
        self._feed, self._profile = feed, profile

    def epoch(self, number: int, start: int, end: int, poll: Poll = no_poll) -> Iterator[Block]:
        blocks = self._feed.epoch(number, start, end, poll)
        while True:
            with self._profile.part(WAITING):
                block = next(blocks, None)
            if block is None:
                return
            yield block


def profiled(job: Fit, profile: Profile) -> Fit:
    """The same training, which tells the profile of its parts."""
    _time_steps(job, profile)
    _time(profile, job.evaluator, "run", VALIDATION)
    _time(profile, job.background, "finish", CHECKPOINTS)
    if job.writer:
        _time(profile, job.writer, "save", CHECKPOINTS)
        _time(profile, job.writer, "wait", CHECKPOINTS)
    for callback in job.callbacks.values():
        for name in _told(Callback):
            _time(profile, callback, name, CALLBACKS)
    for listener in job.listeners:
        for name in _told(Listener):
            _time(profile, listener, name, DISPLAY)
    return replace(job, feed=_TimedFeed(job.feed, profile))


def _time_steps(job: Fit, profile: Profile) -> None:
    run = job.loop.run

    def timed(block: Block, *rest: Any) -> Any:
        with profile.part(COMPILING if job.loop.compiles(block) else STEPS):
            return run(block, *rest)

    _set(job.loop, "run", timed)


def _time(profile: Profile, owner: object, name: str, part: str) -> None:
    """From now on a method of this object alone is timed."""
    method = getattr(owner, name)

    @wraps(method)
    def timed(*arguments: Any, **options: Any) -> Any:
        with profile.part(part):
            return method(*arguments, **options)

    _set(owner, name, timed)


def _set(owner: object, name: str, method: Callable[..., Any]) -> None:
    setattr(owner, name, method)


def _told(kind: type) -> list[str]:
    """The events that one of a kind is told of, or may save in."""
    events = [name for name in vars(Listener) if not name.startswith("_")]
    return [*events, "save"] if issubclass(kind, Callback) else events
