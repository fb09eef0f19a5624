"""A sweep while it runs: a few lines that are drawn again and again on a terminal, a line a trial elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TextIO

from netlib.report import numbers
from netlib.report.layout import GAP
from netlib.report.side_by_side import short_names
from netlib.report.sweep_table import said
from netlib.report.terminal import is_live, width
from netlib.spec.study import ENDED, StudyView, TrialView

SHOWN = 8
"""Running trials that have a line each."""
FRAMES_PER_SECOND = 4


class Progress(Protocol):
    """What a sweep is shown by."""

    def show(self, view: StudyView) -> None:
        """The study as it is now."""

    def say(self, text: str) -> None:
        """A line that stays."""


@contextmanager
def sweep_progress(stream: TextIO | None = None, *, quiet: bool = False) -> Iterator[Progress]:
    """What fits the stream, stderr if None; leaves the terminal as it was."""
    stream = stream or sys.stderr
    if quiet:
        yield _Nothing(stream)
    elif not is_live(stream):
        yield TrialLines(stream)
    else:
        from netlib.report.sweep_live import LiveSweep

        live = LiveSweep(stream)
        try:
            yield live
        finally:
            live.stop()


class _Nothing:
    """Shows warnings alone."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def show(self, view: StudyView) -> None:
        """Not at all."""

    def say(self, text: str) -> None:
        """Writes it."""
        print(text, file=self._stream, flush=True)


class TrialLines:
    """A line for each trial that ends."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._known: set[int] | None = None
        self._left = TimeLeft(clock)

    def show(self, view: StudyView) -> None:
        """Writes what ended since it was shown before; the first time how far the sweep has come."""
        self._left.note(view)
        ended = view.of(*ENDED)
        if self._known is None:
            self._known = {trial.number for trial in ended}
            self.say(f"{view.name}: {count(view)}; kept in {view.storage}")
        for trial in ended:
            if trial.number not in self._known:
                self._known.add(trial.number)
                self.say(GAP.join([*outcome(view, trial), *self._standing(view)]))

    def say(self, text: str) -> None:
        """Writes it."""
        print(text, file=self._stream, flush=True)

    def _standing(self, view: StudyView) -> Iterator[str]:
        yield f"({GAP.join(filter(None, [count(view), best(view), left(self._left)]))})"


class TimeLeft:
    """How long a sweep may take, by how many of its trials have ended since it was looked at first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._first: tuple[int, float] | None = None
        self._last = (0, 0.0)
        self._wanted: int | None = None

    def note(self, view: StudyView) -> None:
        """Looks at how many there are."""
        now, ended = self._clock(), len(view.of(*ENDED))
        if self._first is None or ended != self._last[0]:
            self._last = (ended, now)
        self._first, self._wanted = self._first or (ended, now), view.wanted

    def seconds(self) -> float | None:
        """To the end; None where it cannot be told yet."""
        ended, then = self._last
        if self._first is None or self._wanted is None or not self._first[0] < ended < self._wanted:
            return None
        pace = (then - self._first[1]) / (ended - self._first[0])
        return max(0.0, (self._wanted - ended) * pace - (self._clock() - then))


def left(time_left: TimeLeft) -> str:
    """In words, or nothing."""
    seconds = time_left.seconds()
    return "" if seconds is None else f"{numbers.duration(seconds)} left"


def count(view: StudyView) -> str:
    """How many have ended, of how many."""
    ended = len(view.of(*ENDED))
    return f"{ended}/{view.wanted} trials" if view.wanted is not None else f"{ended} trial{'' if ended == 1 else 's'}"


def best(view: StudyView) -> str:
    """The best value so far, and whose it is."""
    found = view.best
    return "" if found is None or found.value is None else f"best {numbers.metric(found.value)} in trial {found.number}"


def outcome(view: StudyView, trial: TrialView) -> Iterator[str]:
    """How a trial ended."""
    yield f"trial {trial.number}"
    yield trial.state
    if trial.value is not None:
        yield f"{view.metric} {numbers.metric(trial.value)}"
    if trial.epochs is not None:
        yield f"{trial.epochs} epoch{'' if trial.epochs == 1 else 's'}"
    if trial.seconds is not None:
        yield numbers.duration(trial.seconds)
    if trial.state == "failed":
        yield (trial.why or "").split("\n")[0]
    else:
        yield chosen(trial)


def chosen(trial: TrialView) -> str:
    """What it has for each key, which are as short as they may be."""
    short = short_names([*trial.params])
    return " ".join(f"{short[key]}={said(value)}" for key, value in trial.params.items())


def running(view: StudyView, columns: int | None = None) -> Iterator[str]:
    """A line for each trial that runs."""
    found = view.of("running")
    for trial in found[:SHOWN]:
        parts = [f"trial {trial.number}", "" if trial.epochs is None else f"epoch {trial.epochs}"]
        parts += ["" if trial.value is None else numbers.metric(trial.value)]
        parts += ["" if trial.seconds is None else numbers.duration(trial.seconds), chosen(trial)]
        yield GAP.join(filter(None, parts))[: columns or width()]
    if len(found) > SHOWN:
        yield f"and {len(found) - SHOWN} more"
