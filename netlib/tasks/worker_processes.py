"""The processes of workers on one machine: started together, told of signals together, and ended when one of them is lost."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import FrameType
from typing import IO

GRACE = 60.0
"""Seconds that the others have to save and end, once one has failed."""
LAST_GRACE = 10.0
"""Seconds between the request to end (SIGTERM) and the end (SIGKILL)."""
MOMENT = 1.0
"""Seconds in which most see by themselves that one is lost."""
HELD_BACK = 3.0
"""Seconds for which others' lines wait for the end of what the first draws on a terminal."""
_LEFT = "\x1b[?25h\n"
"""Shows the cursor behind progress that nobody will end, and begins a line."""
_PAUSE = 0.1
_FORWARDED = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1") if hasattr(signal, name)]


def run_workers(
    command: Sequence[str], environments: Sequence[Mapping[str, str]], say: Callable[[str], None], grace: float = GRACE
) -> int:
    """Starts a worker for each environment, and waits until all have ended.

    What the first writes is written as it is, so that its progress is drawn on a terminal; lines of others begin with their
    number, and go to stderr. Signals go to all. Once one has failed, the stdin of the others ends, which those look at that wait
    for one another (`netlib.tasks.rendezvous`), and all have `grace` seconds to end by themselves.

    Args:
        command: what each runs.
        environments: the variables of each, besides those of this process.
        say: is told when one has failed.
        grace: in seconds.

    Returns:
        The exit code: 0, or that of the first that failed; 128 and the signal's number where a signal ended it.
    """
    workers = Workers()
    before = {number: signal.signal(number, workers.forward) for number in _FORWARDED if not _is_ignored(number)}
    try:
        for number, environment in enumerate(environments):
            workers.start(number, command, environment)
        return workers.wait(say, grace)
    finally:
        workers.close()
        for number, handler in before.items():
            signal.signal(number, handler)


class Workers:
    """The processes, in their order."""

    def __init__(self) -> None:
        read, write = os.pipe()
        self._stdin, self._none_failed = os.fdopen(read), os.fdopen(write, "w")
        self._processes: list[subprocess.Popen[str]] = []
        self._readers: list[threading.Thread] = []
        self._told: list[int] = []
        self._undisturbed = threading.Event()

    def start(self, number: int, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Starts one, in a group of its own: Ctrl-C comes to this process alone, which passes it on once."""
        output = None if number == 0 else subprocess.PIPE
        process = subprocess.Popen(
            command,
            env={**os.environ, **environment},
            stdin=self._stdin,
            stdout=output,
            stderr=None if number == 0 else subprocess.STDOUT,
            text=True,
            errors="backslashreplace",
            process_group=0,
            preexec_fn=_end_with_parent,
        )
        self._processes.append(process)
        if process.stdout:
            told = process.stdout, f"worker {number}: ", self._undisturbed
            reader = threading.Thread(target=_prefixed, args=told, daemon=True)
            reader.start()
            self._readers.append(reader)
        for each in self._told:  # a signal came while they were started
            process.send_signal(each)

    def forward(self, number: int, frame: FrameType | None) -> None:
        """Passes a signal on to all."""
        del frame
        if number != getattr(signal, "SIGUSR1", None):
            self._told.append(number)
        self.end(number)

    def end(self, number: int) -> None:
        """Sends all that are left a signal."""
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(number)

    def close(self) -> None:
        """Ends all that are left."""
        self.end(signal.SIGKILL)
        self._stdin.close()
        self._none_failed.close()

    def wait(self, say: Callable[[str], None], grace: float) -> int:
        """Until all have ended; the exit code of the first that failed."""
        while (failed := _first(self._codes())) is None and not self._told and self._are_left():
            time.sleep(_PAUSE)
        if failed is not None and not self._told:
            self._end_others(failed, say, grace)
        self._ended_within(math.inf)
        for reader in self._readers:
            reader.join(1.0)
        failed = _first(self._codes()) if failed is None else failed
        return 0 if failed is None else _exit_code(self._codes()[failed] or 0)

    def _end_others(self, failed: int, say: Callable[[str], None], grace: float) -> None:
        """Where one has failed: nothing is said of one that could tell why itself, unless others stay."""
        code = self._codes()[failed] or 0
        self._none_failed.close()
        if not self._ended_within(MOMENT):
            if sys.stderr.isatty():
                sys.stderr.write("\n")  # the first may be in the middle of a line
            self._undisturbed.set()
            say(f"{_ended(failed, code)}; the others have {grace:g} s to save and end")
        elif code < 0:
            say(_ended(failed, code))
        for seconds, number in ((grace, signal.SIGTERM), (LAST_GRACE, signal.SIGKILL)):
            if not self._ended_within(seconds):
                self.end(number)

    def _ended_within(self, seconds: float) -> bool:
        """Waits so long, or until all have ended; whether they have."""
        end = time.monotonic() + seconds
        while self._are_left() and time.monotonic() < end:
            time.sleep(_PAUSE)
        return not self._are_left()

    def _are_left(self) -> bool:
        return None in self._codes()

    def _codes(self) -> list[int | None]:
        codes = [process.poll() for process in self._processes]
        if codes[0] is not None and not self._undisturbed.is_set():
            if codes[0] < 0 and sys.stderr.isatty():
                sys.stderr.write(_LEFT)
            self._undisturbed.set()
        return codes


def _first(codes: Sequence[int | None]) -> int | None:
    """Of those that have failed the one that a signal ended, which is why the others fail, else the first."""
    failed = [number for number, code in enumerate(codes) if code]
    return next((number for number in failed if (codes[number] or 0) < 0), next(iter(failed), None))


def _ended(number: int, code: int) -> str:
    how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
    return f"worker {number} ended {how}"


def _exit_code(code: int) -> int:
    return 128 - code if code < 0 else code


def _prefixed(lines: IO[str], prefix: str, undisturbed: threading.Event) -> None:
    """On a terminal, where the first worker draws, a line is held back for a moment, in which that one mostly ends, too."""
    for line in lines:
        if sys.stderr.isatty():
            undisturbed.wait(HELD_BACK)
        sys.stderr.write(prefix + line if line.endswith("\n") else f"{prefix}{line}\n")
        sys.stderr.flush()


def _is_ignored(number: int) -> bool:
    return signal.getsignal(number) == signal.SIG_IGN and number != signal.SIGINT


if sys.platform == "linux":
    import ctypes

    _PR_SET_PDEATHSIG = 1
    _libc = ctypes.CDLL(None)

    def _end_with_parent() -> None:
        """Runs in the new process: whoever kills its parent ends it, too, in the way in which it saves."""
        _libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))

else:
    _end_with_parent = None
