"""The display of a training where there is no terminal: a header, then one line an epoch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from netlib.report import numbers
from netlib.report.header import header_lines
from netlib.report.progress import TimeLeft, fraction, metrics_of, of
from netlib.spec.listener import Listener


class EpochLines(Listener):
    """A header, then one line an epoch; `best` stands at the end of one that is better than all before it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._epochs: int | None = None
        self._total_steps: int | None = None
        self._time_left = TimeLeft()
        self._best = False

    def run_started(self, run: Path | None, header: Mapping[str, Any]) -> None:
        """What is trained, on what, how and where."""
        self._total_steps = header["total_steps"]
        for line in header_lines(run, header):
            self._write(line)

    def epoch_started(self, epoch: int, epochs: int | None, steps: int | None) -> None:
        """Remembers how many epochs there are."""
        self._epochs = epochs
        self._best = False
        self._time_left.done(fraction(epoch, epochs, 0, steps, self._total_steps))

    def phase(self, text: str) -> None:
        """Such a moment says nothing of the time that is left."""
        self._time_left.compiling()

    def chunk_ended(
        self,
        epoch: int,
        step_in_epoch: int,
        steps_in_epoch: int | None,
        logs: Mapping[str, float],
        samples_per_second: float,
    ) -> None:
        """Counts, for the time that is left."""
        self._time_left.done(fraction(epoch, self._epochs, step_in_epoch, steps_in_epoch, self._total_steps))

    def validation_started(self) -> None:
        """Counts, for the time that is left."""
        self._time_left.validating()

    def epoch_is_best(self, epoch: int) -> None:
        """Remembers that the epoch is the best so far."""
        self._best = True

    def epoch_ended(self, record: Mapping[str, Any]) -> None:
        """The epoch's line."""
        parts = [f"epoch {of(record['epoch'], self._epochs)}"]
        parts += [f"{name} {numbers.metric(value)}" for name, value in metrics_of(record).items()]
        parts += [
            f"{numbers.count(round(record['samples_per_second']))} samples/s",
            numbers.duration(record["seconds"]),
        ]
        left = self._time_left.seconds()
        if left is not None and record["epoch"] != self._epochs:
            parts.append(f"{numbers.duration(left)} left")
        self._write("  ".join([*parts, *(["best"] if self._best else [])]))

    def message(self, text: str) -> None:
        """The text on a line of its own."""
        self._write(text)

    def _write(self, line: str) -> None:
        print(line, file=self._stream, flush=True)
