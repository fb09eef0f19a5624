"""Writes a run's `metrics.jsonl` and `log.txt` while it trains, and how it began and ended."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from netlib.runs import atomic, history, outcome
from netlib.runs.directory import RunDirectory
from netlib.spec.errors import NetlabError, UsageError
from netlib.spec.listener import Listener

BEFORE_ALL = -1
"""A step that is before that of every record."""


class RunLog(Listener):
    """A listener that keeps each epoch's record and each message."""

    def __init__(self, run: RunDirectory) -> None:
        self._run = run

    def run_started(self, run: Path | None, header: Mapping[str, Any]) -> None:
        """`header.json`; a result that the run had before is none any more."""
        outcome.begin(self._run, header)

    def epoch_ended(self, record: Mapping[str, Any]) -> None:
        """One line in `metrics.jsonl`."""
        history.append(self._run, record)

    def message(self, text: str) -> None:
        """One line in `log.txt`.

        Raises:
            NetlabError: the system refuses.
        """
        with (
            atomic.explained(self._run.log),
            self._run.log.open("a", encoding="utf-8", errors="backslashreplace") as file,
        ):
            file.write(f"{text}\n")

    def run_ended(self, result: Mapping[str, Any]) -> None:
        """The final metrics, as a last line, and `result.json`."""
        if result.get("test"):
            history.append(self._run, {"epoch": result["epoch"], "step": result["step"], "test": result["test"]})
        outcome.end(self._run, result)

    def failed(self, error: Exception) -> None:
        """The error in `log.txt`, and in `failure.json` unless it is a signal that ended the training.

        An error that is none of ours, as of a plug-in or of TensorFlow, is kept with its kind.

        Raises:
            NetlabError: the system refuses.
        """
        ours = isinstance(error, NetlabError)
        text = str(error) if ours else f"{type(error).__name__}: {error}"
        self.message(text)
        if not isinstance(error, NetlabError) or error.exit_code <= UsageError.exit_code:
            outcome.fail(self._run, text)


def go_on(run: RunDirectory, step: int, records: list[dict[str, Any]]) -> None:
    """Makes `metrics.jsonl` what it was at a checkpoint.

    Later lines go, the final one too, for a finished run can be resumed; lines that a kill prevented are written.
    """
    history.truncate_after(run, step)
    if history.read(run).records != records:
        history.truncate_after(run, BEFORE_ALL)
        for record in records:
            history.append(run, record)
