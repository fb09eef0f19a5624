"""The live display on a terminal: a few lines that are drawn again and again while a network is trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from netlib.report import numbers
from netlib.report.progress import TimeLeft, fraction, header_lines, of
from netlib.spec.listener import Listener

FRAMES_PER_SECOND = 5
BAR_WIDTH = 24


class LiveDisplay(Listener):
    """Epoch, bar, speed and time left; below them the metrics of training, of validation and of the best epoch so far.

    A thread of rich's draws; the training only notes what is to be drawn. When the run ends the lines vanish.
    """

    def __init__(self, stream: TextIO) -> None:
        self._epoch = 0
        self._epochs: int | None = None
        self._part = 0.0
        self._phase = "starting"
        self._speed = ""
        self._time_left = TimeLeft()
        self._rows: dict[str, Mapping[str, float]] = {}
        self._best_epoch = 0
        self._best = False
        self._console = Console(file=stream, highlight=False)
        self._live = Live(
            console=self._console,
            get_renderable=self.frame,
            refresh_per_second=FRAMES_PER_SECOND,
            transient=True,
            redirect_stdout=False,
        )

    def run_started(self, run: object, header: Mapping[str, Any]) -> None:
        """Prints the header, then starts to draw."""
        for line in header_lines(header):
            self._console.print(Text(line))
        self._live.start()

    def phase(self, text: str) -> None:
        """Shown in the place of speed and time left."""
        self._phase = text
        self._time_left.compiling()

    def epoch_started(self, epoch: int, epochs: int | None, steps: int | None) -> None:
        """A new epoch."""
        self._epoch, self._epochs = epoch, epochs
        self._best = False
        self._time_left.done(fraction(epoch, epochs, 0, steps))

    def chunk_ended(
        self,
        epoch: int,
        step_in_epoch: int,
        steps_in_epoch: int | None,
        logs: Mapping[str, float],
        samples_per_second: float,
    ) -> None:
        """Advances the bar. A metric that is measured by the epoch keeps its last value."""
        self._phase = ""
        whole_run = fraction(epoch, self._epochs, step_in_epoch, steps_in_epoch)
        self._time_left.done(whole_run)
        self._part = (step_in_epoch / steps_in_epoch if steps_in_epoch else 0.0) if whole_run is None else whole_run
        self._speed = f"{numbers.count(round(samples_per_second))} samples/s"
        losses = {name: value for name, value in logs.items() if name != "learning_rate"}
        self._rows["train"] = {**self._rows.get("train", {}), **losses}

    def validation_started(self) -> None:
        """Says so."""
        self._phase = "validating"
        self._time_left.validating()

    def epoch_is_best(self, epoch: int) -> None:
        """Remembers that the epoch is the best so far."""
        self._best = True

    def epoch_ended(self, record: Mapping[str, Any]) -> None:
        """Takes the record's metrics."""
        self._phase = ""
        for split in ("train", "validation"):
            if record.get(split):
                self._rows[split] = record[split]
        if self._best:
            self._best_epoch = record["epoch"]
            self._rows["best"] = record.get("validation") or record["train"]

    def message(self, text: str) -> None:
        """Printed above the lines, where it stays."""
        self._console.print(Text(text))

    def run_ended(self, result: Mapping[str, Any]) -> None:
        """Takes the lines away."""
        self.stop()

    def stop(self) -> None:
        """Takes the lines away; may be called again."""
        self._live.stop()

    def frame(self) -> RenderableType:
        """What is to be seen now."""
        left = self._time_left.seconds()
        facts = (
            [self._phase] if self._phase else [self._speed, "" if left is None else f"{numbers.duration(left)} left"]
        )
        head = Table.grid(padding=(0, 2))
        epoch = f"epoch {of(self._epoch, self._epochs)}" if self._epoch else ""
        head.add_row(epoch, ProgressBar(total=1.0, completed=self._part, width=BAR_WIDTH), f"{self._part:.0%}", *facts)
        return Group(head, self._metrics()) if self._rows else head

    def _metrics(self) -> Table:
        rows = dict(self._rows)  # the training may add one while this thread draws
        names = list(dict.fromkeys(name for values in rows.values() for name in values))
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        table.add_column("")
        for name in names:
            table.add_column(name, justify="right")
        table.add_column("")
        for row in ("train", "validation", "best"):
            if row in rows:
                cells = [numbers.metric(rows[row][name]) if name in rows[row] else "" for name in names]
                note = f"epoch {self._best_epoch}" if row == "best" else ""
                table.add_row(row, *cells, note, style="bold" if row == "best" else None)
        return table
