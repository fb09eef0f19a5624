"""Writes a run's `metrics.jsonl` and `log.txt` while it trains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netlib.runs import history
from netlib.runs.directory import RunDirectory
from netlib.spec.listener import Listener


class RunLog(Listener):
    """A listener that keeps each epoch's record and each message."""

    def __init__(self, run: RunDirectory) -> None:
        self._run = run

    def epoch_ended(self, record: Mapping[str, Any]) -> None:
        """One line in `metrics.jsonl`."""
        history.append(self._run, record)

    def message(self, text: str) -> None:
        """One line in `log.txt`."""
        with self._run.log.open("a", encoding="utf-8") as file:
            file.write(f"{text}\n")

    def run_ended(self, result: Mapping[str, Any]) -> None:
        """The final metrics, as a last line, unless it is there already: a finished run can be resumed."""
        last = {"epoch": result["epoch"], "step": result["step"], "test": result.get("test")}
        if last["test"] and last not in history.read(self._run).records:
            history.append(self._run, last)


def go_on(run: RunDirectory, step: int, records: list[dict[str, Any]]) -> None:
    """Makes `metrics.jsonl` what it was at a checkpoint: later lines go, and lines that a kill prevented are written."""
    history.truncate_after(run, step)
    written = {record["step"] for record in history.read(run).records}
    for record in records:
        if record["step"] not in written:
            history.append(run, record)
