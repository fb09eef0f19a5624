"""Signals while training: noted at once, obeyed a moment later, where nothing is half done.

SIGINT (Ctrl-C), SIGTERM and SIGHUP end the training once its state is saved, SIGUSR1 has it saved and lets it go on. Whoever
presses Ctrl-C again does not want to wait: then nothing more is saved.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from netlib.runs.checkpoint import checkpoints_of
from netlib.runs.directory import RunDirectory
from netlib.runs.going_on import resume_command
from netlib.spec.errors import NetlabError


def _there(*names: str) -> tuple[signal.Signals, ...]:
    """Those that the system has: Windows has not all."""
    return tuple(signal.Signals[name] for name in names if hasattr(signal, name))


SIGNALS = _there("SIGINT", "SIGTERM", "SIGHUP")
"""End the training."""
SAVE_SIGNALS = _there("SIGUSR1")
"""Save its state."""


class Interrupted(NetlabError):
    """A signal ended the training; what was reached is saved where there is a run directory."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.exit_code = 128 + number


class StoppedAtOnce(KeyboardInterrupt):
    """Ctrl-C was pressed again: what was done since the last checkpoint is lost. The message says where one can go on."""


class Interrupt:
    """What signals ask for: `number` is that of the first one that ends the training, if any.

    Attributes:
        run: the run that is trained, once there is one.
        wants_save: whether the state is to be saved.
        asked: the signal that came first. It is the `number` at once, unless `shared`.
        shared: whether other processes take part in the training, which have to be told, and may be told by another one first.
    """

    def __init__(self, run: RunDirectory | None = None) -> None:
        self.number: int | None = None
        self.run = run
        self.wants_save = False
        self.asked: int | None = None
        self.shared = False

    def note(self, number: int, frame: FrameType | None) -> None:
        """Remembers a signal.

        Raises:
            StoppedAtOnce: it is Ctrl-C, and the training was to end already.
        """
        del frame
        if number in SAVE_SIGNALS:
            self.wants_save = True
        elif self.asked is None:
            self.asked = number
            self.number = self.number if self.shared else number
        elif number == signal.SIGINT:
            raise StoppedAtOnce(self.at_once())

    def asks_to_save(self) -> bool:
        """Whether SIGUSR1 came since this was asked before."""
        asked, self.wants_save = self.wants_save, False
        return asked

    def obeyed(self, place: str) -> Interrupted:
        """The error that ends the training, after something or while something is done; what there is to save is saved."""
        assert self.number is not None
        again = f"; saved, go on with: {resume_command(self.run.path)}" if self.run else ""
        return Interrupted(self.number, f"stopped by {signal.Signals(self.number).name} {place}{again}")

    def obey(self, place: str) -> None:
        """Where there is nothing to save.

        Raises:
            Interrupted: the training is to end.
        """
        if self.number is not None:
            raise self.obeyed(place)

    def at_once(self) -> str:
        """What is to be said where the training ends without being saved."""
        newest = None
        if self.run:
            with suppress(OSError):
                newest = next(reversed(checkpoints_of(self.run)), None)
        if self.run is None and self.shared:
            return "stopped at once"  # another process has the run
        if self.run is None or newest is None:
            return "stopped at once; nothing was saved"
        again = f"go on from {newest.name} with: {resume_command(self.run.path)}"
        return f"stopped at once; nothing more was saved, {again}"


@contextmanager
def watch_signals(run: RunDirectory | None = None, interrupt: Interrupt | None = None) -> Iterator[Interrupt]:
    """Inside, signals are noted, by `interrupt` or one of `run`, instead of obeyed. Only the main thread can watch them.

    SIGHUP stays ignored where it is ignored already: so `nohup` asks.
    """
    interrupt = interrupt or Interrupt(run)
    if threading.current_thread() is not threading.main_thread():
        yield interrupt
        return
    watched = [each for each in (*SIGNALS, *SAVE_SIGNALS) if not _stays_ignored(each)]
    before = {number: signal.signal(number, interrupt.note) for number in watched}
    try:
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stays_ignored(number: signal.Signals) -> bool:
    return number.name == "SIGHUP" and signal.getsignal(number) == signal.SIG_IGN
