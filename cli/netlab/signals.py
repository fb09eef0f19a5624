"""Signals end the command: at once, with the exit code that a shell gives them, and without a traceback.

A signal raises an exception in the main thread, so that what is half written is cleared away. Where that thread does not come to
it, because it waits for something that is not Python, or something catches the exception, another thread ends the process a
moment later. A training notes signals and obeys them when its state is saved (`netlib.training.interrupt`): its handler is a
method of an object that has a method `at_once`, and only the second Ctrl-C means what the first means elsewhere.
"""

from __future__ import annotations

import atexit
import os
import signal
import socket
import sys
import threading
from types import FrameType
from typing import Any

GRACE = 1.5
"""Seconds in which the main thread may clear away."""
_ENDING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
_SHOW_CURSOR = "\x1b[?25h"


class Ended(KeyboardInterrupt):
    """A signal ends the command."""

    def __init__(self, number: int) -> None:
        super().__init__("interrupted" if number == signal.SIGINT else f"stopped by {signal.Signals(number).name}")
        self.exit_code = 128 + number


_said = threading.Event()
"""Why the command ends is said already, or its work is done."""


def obey_signals() -> None:
    """From now on signals end the process as is said above. SIGUSR1, which asks a training to save, asks nothing of others.

    What is ignored stays so for SIGHUP: `nohup` has asked for it.
    """
    for number in _ENDING:
        if number == signal.SIGINT or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _end)
    if hasattr(signal, "SIGUSR1"):
        signal.signal(signal.SIGUSR1, _ignore)
    told, listening = socket.socketpair()
    told.setblocking(False)
    signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(listening, told), daemon=True, name="netlab-signals").start()


def say_last(error: KeyboardInterrupt) -> int:
    """Says why the command was ended, and gives its exit code."""
    _said.set()
    print(str(error) or "interrupted", file=sys.stderr, flush=True)
    return int(getattr(error, "exit_code", 128 + signal.SIGINT))


def leave(code: Any) -> None:
    """Ends the process, whose work is done: signals have nothing more to stop.

    A thread that still reads what nobody wants any more would be stopped in the middle of something that is not Python, which may
    end the process with a failure: then the process ends as soon as what was registered for its end is done.
    """
    _said.set()
    for number in _ENDING:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _ignore)
    if any(thread.name == "netlab-read-ahead" for thread in threading.enumerate()):
        atexit._run_exitfuncs()
        _end_process(code if isinstance(code, int) else int(code is not None))
    raise SystemExit(code)


def _end(number: int, frame: FrameType | None) -> None:
    del frame
    raise Ended(number)


def _ignore(number: int, frame: FrameType | None) -> None:
    del number, frame


def _watch(listening: socket.socket, told: socket.socket) -> None:
    """Ends the process a moment after a signal that ends it, if it is there still."""
    del told  # it is open as long as this thread runs
    noted: list[object] = []
    while received := listening.recv(64):
        for number in received:
            if number not in _ENDING:
                continue
            trained = getattr(signal.getsignal(number), "__self__", None)
            notes = hasattr(trained, "at_once")
            if notes and (number != signal.SIGINT or trained not in noted):
                noted.append(trained)
                continue
            timer = threading.Timer(GRACE, _end_now, [number, trained if notes else None])
            timer.daemon = True
            timer.start()


def _end_now(number: int, trained: Any) -> None:
    if sys.stderr.isatty():
        print(_SHOW_CURSOR, end="", file=sys.stderr, flush=True)
    if not _said.is_set():
        print(trained.at_once() if trained else Ended(number), file=sys.stderr, flush=True)
    _end_process(128 + number)


def _end_process(code: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):  # nobody reads it any more
            continue
    os._exit(code)
