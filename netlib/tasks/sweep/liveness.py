"""Who works on a trial, and whether that process is still there: on this machine the system says so, elsewhere its beats do."""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

BETWEEN_BEATS = 10.0
"""Seconds."""
GRACE = 60.0
"""Seconds without a beat, on the clock of whoever looks, after which a worker is taken for dead."""


def me() -> dict[str, Any]:
    """This process, so that others can tell whether it lives; `token` is of nobody else."""
    number = os.getpid()
    return {"machine": _machine(), "process": number, "begun": _begun(number), "token": uuid.uuid4().hex}


@cache
def _machine() -> str:
    """Of processes that see each other: a machine since it was started, and of a container its own."""
    parts = [socket.gethostname()]
    try:
        parts += [
            Path("/proc/sys/kernel/random/boot_id").read_text().strip(),
            str(Path("/proc/self/ns/pid").readlink()),
        ]
    except OSError:  # not on Linux
        parts.append(f"{uuid.getnode():x}")
    return "/".join(parts)


def _begun(process: int) -> str | None:
    """When a process was begun, in ticks since the machine was; None where that cannot be known, or there is none."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in ("Z", "X") else fields[19]


def is_here(worker: Mapping[str, Any]) -> bool:
    """Whether it runs, or ran, among the processes that can be seen from here."""
    return worker.get("machine") == _machine()


def is_running(worker: Mapping[str, Any]) -> bool:
    """Whether one that is here is still there."""
    process = int(worker["process"])
    if worker.get("begun") is not None:
        return bool(_begun(process) == worker["begun"])
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


class Watch:
    """Tells which workers are dead, by what was seen of them since it began to look."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[object, tuple[object, float]] = {}

    def is_dead(self, start: object, worker: Mapping[str, Any] | None, beat: object) -> bool:
        """Whether nobody works any more on what is said to run.

        Args:
            start: of what, and when it was begun.
            worker: who works on it; None where that is not said, as of one that was killed before it could.
            beat: the last one.
        """
        if worker and is_here(worker) and not is_running(worker):
            return True
        before, since = self._seen.setdefault(start, (beat, self._clock()))
        if before != beat:
            self._seen[start] = (beat, self._clock())
            return False
        return self._clock() - since > GRACE


class Heart(threading.Thread):
    """Beats while a worker works on a trial.

    Args:
        beat: is called with the number of each beat; says whether the trial is still the worker's.
    """

    def __init__(self, beat: Callable[[int], bool], every: float = BETWEEN_BEATS) -> None:
        super().__init__(daemon=True, name="netlab-beat")
        self.lost = False
        self._beat = beat
        self._every = every
        self._stopped = threading.Event()

    def run(self) -> None:
        """Until it is stopped, or the trial is somebody else's."""
        number = 0
        while not (self.lost or self._stopped.wait(self._every)):
            number += 1
            self.lost = not self._beat(number)

    def stop(self) -> None:
        """No beat comes after this."""
        self._stopped.set()
        self.join()
