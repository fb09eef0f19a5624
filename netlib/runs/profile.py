"""Where the time of a training went: parts that are timed by name, each second counted once, and what a run keeps of them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from typing import Any

from netlib.runs.directory import RunDirectory

FOLDER = "profile"
"""In a run, with the trace of TensorFlow's profiler."""
FILE = "profile.json"
STARTING = "starting"
REST = "the rest"

Clock = Callable[[], float]


@dataclass
class Part:
    """Seconds spent in a part, how often it was entered, and how long it took at the longest.

    A part inside another is counted there alone, in all three.
    """

    seconds: float = 0.0
    times: int = 0
    longest: float = 0.0


@dataclass
class _Stay:
    """In a part, once, without what is in a part inside it."""

    name: str
    seconds: float = 0.0


@dataclass(frozen=True)
class Operation:
    """An operation of the traced steps: its name as a profiler has it, its seconds on all threads, and how often it ran."""

    name: str
    seconds: float
    times: int


class Profile:
    """The parts of a training by name. Its clock begins when it is made, with `starting`; between two parts it is `the rest`.

    Args:
        clock: seconds, from any moment on.
    """

    def __init__(self, clock: Clock = time.perf_counter) -> None:
        self.parts: dict[str, Part] = {}
        self.operations: tuple[Operation, ...] = ()
        self.traced_steps = 0
        self._clock = clock
        self._began = self._at = clock()
        self._inside = [_Stay(STARTING)]

    def started(self) -> None:
        """Ends `starting`."""
        self._pass()
        self.parts[STARTING].times = 1
        self._inside = [_Stay(REST)]

    @property
    def seconds(self) -> float:
        """From its beginning to the last moment that it noted."""
        return self._at - self._began

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Around a part; what is timed inside by another name is not counted here."""
        self._pass()
        stay = _Stay(name)
        self._inside.append(stay)
        try:
            yield
        finally:
            self._pass()
            self._inside.pop()
            part = self.parts[name]
            part.times += 1
            part.longest = max(part.longest, stay.seconds)

    def to_plain(self) -> dict[str, Any]:
        """As `profile.json` has it."""
        return {
            "seconds": self.seconds,
            "parts": {name: asdict(part) for name, part in self.parts.items()},
            "traced_steps": self.traced_steps,
            "operations": [asdict(each) for each in self.operations],
        }

    def save(self, run: RunDirectory) -> None:
        """Writes it into the run.

        Raises:
            NetlabError: the system refuses.
        """
        self._pass()
        run.write(FILE, json.dumps(self.to_plain(), indent=2) + "\n")

    def _pass(self) -> None:
        """Counts the time since the last moment for the innermost part."""
        now = self._clock()
        stay = self._inside[-1]
        stay.seconds += now - self._at
        self.parts.setdefault(stay.name, Part()).seconds += now - self._at
        self._at = now


def timed(profile: Profile | None, name: str) -> AbstractContextManager[None]:
    """Around a part of what may be profiled."""
    return profile.part(name) if profile else nullcontext()
