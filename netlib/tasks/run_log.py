"""Writes a run's `metrics.jsonl` and `log.txt` while it trains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netlib.runs import atomic, history
from netlib.runs.directory import RunDirectory
from netlib.spec.listener import Listener

BEFORE_ALL = -1
"""A step that is before that of every record."""


class RunLog(Listener):
    """A listener that keeps each epoch's record and each message."""

    def __init__(self, run: RunDirectory) -> None:
        self._run = run

    def epoch_ended(self, record: Mapping[str, Any]) -> None:
        """One line in `metrics.jsonl`."""
        history.append(self._run, record)

    def message(self, text: str) -> None:
        """One line in `log.txt`.

        Raises:
            NetlabError: the system refuses.
        """
        with atomic.explained(self._run.log), self._run.log.open("a", encoding="utf-8") as file:
            file.write(f"{text}\n")

    def run_ended(self, result: Mapping[str, Any]) -> None:
        """The final metrics, as a last line."""
        if result.get("test"):
            history.append(self._run, {"epoch": result["epoch"], "step": result["step"], "test": result["test"]})


def go_on(run: RunDirectory, step: int, records: list[dict[str, Any]]) -> None:
    """Makes `metrics.jsonl` what it was at a checkpoint.

    Later lines go, the final one too, for a finished run can be resumed; lines that a kill prevented are written.
    """
    history.truncate_after(run, step)
    if history.read(run).records != records:
        history.truncate_after(run, BEFORE_ALL)
        for record in records:
            history.append(run, record)
