"""Signals while training: noted at once, obeyed at the end of the chunk, so that nothing is half done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from netlib.spec.errors import NetlabError

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(NetlabError):
    """A signal ended the training; what was reached is saved where there is a run directory."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.exit_code = 128 + number


class Interrupt:
    """The signal that came, if any."""

    def __init__(self) -> None:
        self.number: int | None = None

    def note(self, number: int, frame: FrameType | None) -> None:
        """Remembers the first signal; a second one is left to Python, which stops at once."""
        del frame
        self.number = number
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


@contextmanager
def watch_signals() -> Iterator[Interrupt]:
    """Inside, SIGINT and SIGTERM are noted instead of obeyed. Only the main thread can watch them."""
    interrupt = Interrupt()
    if threading.current_thread() is not threading.main_thread():
        yield interrupt
        return
    before = {number: signal.signal(number, interrupt.note) for number in SIGNALS}
    try:
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
