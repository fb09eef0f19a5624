"""The workers of a sweep: processes that are started, listened to, asked to end, and started again where one has died."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Any, Self

from netlib.spec.errors import NetlabError

LAST_WORDS = ("done", "full", "stopped", "error")
HASTY = 3
"""Workers in a row that may end before they have begun a trial."""


@dataclass
class Member:
    """One process; `trial` is the number of the one that it works on."""

    process: subprocess.Popen[str]
    complaints: IO[str]
    trial: int | None = None
    has_begun: bool = False
    last: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Died:
    """A worker that ended without a last word."""

    how: str
    trial: int | None
    complaint: str

    def __str__(self) -> str:
        of = "" if self.trial is None else f" in trial {self.trial}, which is gone on with"
        return f"a worker was ended by {self.how}{of}{f' ({self.complaint})' if self.complaint else ''}"


class Crew:
    """Worker processes, all of the same command. They are gone when the block ends, however it does."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = [*command]
        self._heard: queue.SimpleQueue[tuple[Member, dict[str, Any] | None]] = queue.SimpleQueue()
        self._members: list[Member] = []
        self._hasty = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for member in self._members:
            member.process.kill()
            self._let_go(member)

    def __len__(self) -> int:
        return len(self._members)

    def start(self, request: dict[str, Any]) -> None:
        """One more process, in a session of its own: what is typed on the terminal is not for it."""
        complaints = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115  # to its end
        process = subprocess.Popen(
            self._command,
            text=True,
            encoding="utf-8",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env={"TF_CPP_MIN_LOG_LEVEL": "3", **os.environ},
            start_new_session=True,
        )
        member = Member(process, complaints)
        self._members.append(member)
        threading.Thread(target=self._listen, args=(member,), daemon=True, name="netlab-crew").start()
        assert process.stdin is not None
        with suppress(BrokenPipeError):  # it has ended already, which is heard
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()

    def hear(self, seconds: float) -> dict[str, Any] | Died | None:
        """What a worker says next, or that it has died; None where none does in that time.

        Raises:
            NetlabError: one worker after the other ends before it has begun a trial.
        """
        try:
            member, said = self._heard.get(timeout=seconds)
        except queue.Empty:
            return None
        if said is None:
            return self._ended(member)
        if "begun" in said:
            member.trial, member.has_begun, self._hasty = said["begun"], True, 0
        elif "ended" in said:
            member.trial = None
        else:
            member.last = said
            return {}
        return said

    def ask_to_end(self) -> None:
        """All save what they train, and end; they are heard when they have."""
        for member in self._members:
            _close(member)

    def _listen(self, member: Member) -> None:
        assert member.process.stdout is not None
        for line in member.process.stdout:
            with suppress(ValueError):
                self._heard.put((member, json.loads(line)))
        member.process.wait()
        self._heard.put((member, None))

    def _ended(self, member: Member) -> dict[str, Any] | Died:
        """Its last words; without any it has died."""
        self._members.remove(member)
        complaint = self._let_go(member)
        if member.last:
            return member.last
        code = member.process.returncode
        how = signal.Signals(-code).name if code < 0 else f"code {code}"
        if not member.has_begun:
            self._hasty += 1
            if self._hasty >= HASTY:
                raise NetlabError(
                    f"{HASTY} workers in a row ended with {how} before they began a trial: {complaint or 'no word'}"
                )
        return Died(how, member.trial, complaint)

    def _let_go(self, member: Member) -> str:
        """The last line of what it complained of."""
        _close(member)
        member.process.wait()
        with member.complaints as complaints:
            complaints.seek(0)
            return "".join(complaints.read().strip().splitlines()[-1:])


def _close(member: Member) -> None:
    assert member.process.stdin is not None
    with suppress(BrokenPipeError):
        member.process.stdin.close()
