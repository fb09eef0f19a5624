"""The live display on a terminal: a few lines that are drawn again and again while a network is trained."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from netlib.report import numbers
from netlib.report.course import Course
from netlib.report.header import header_lines
from netlib.report.layout import GAP
from netlib.report.progress import TimeLeft, fraction, of
from netlib.report.terminal import can_draw
from netlib.spec.listener import Listener

FRAMES_PER_SECOND = 5
BAR_WIDTH = 24
LEAST_BAR = 4
"""Columns below which a bar says nothing."""


class LiveDisplay(Listener):
    """Epoch, bar, speed and time left; below them the metrics of training, of validation and of the best epoch so far.

    A thread of rich's draws; the training only notes what is to be drawn. When the run ends the lines vanish.
    """

    def __init__(self, stream: TextIO) -> None:
        self._epoch = 0
        self._epochs: int | None = None
        self._total_steps: int | None = None
        self._part = 0.0
        self._phase = "starting"
        self._speed = ""
        self._monitor = ""
        self._time_left = TimeLeft()
        self._course = Course()
        self._best = False
        self._draws = can_draw(stream)
        self._console = Console(file=stream, highlight=False)
        self._live = Live(
            console=self._console,
            get_renderable=lambda: self.frame(self._console.width),
            refresh_per_second=FRAMES_PER_SECOND,
            transient=True,
            redirect_stdout=False,
        )

    def run_started(self, run: Path | None, header: Mapping[str, Any]) -> None:
        """Prints the header, then starts to draw."""
        monitor = header["monitor"]
        self._monitor = f"{monitor['split']}.{monitor['metric']}"
        self._total_steps = header["total_steps"]
        for number, line in enumerate(header_lines(run, header)):
            self._console.print(Text(line, style="" if number else "bold"))
        self._live.start()

    def phase(self, text: str) -> None:
        """Shown in the place of speed and time left."""
        self._phase = text
        self._time_left.compiling()

    def epoch_started(self, epoch: int, epochs: int | None, steps: int | None) -> None:
        """A new epoch."""
        self._epoch, self._epochs = epoch, epochs
        self._best = False
        self._course.begin_epoch()
        self._time_left.done(fraction(epoch, epochs, 0, steps, self._total_steps))

    def chunk_ended(
        self,
        epoch: int,
        step_in_epoch: int,
        steps_in_epoch: int | None,
        logs: Mapping[str, float],
        samples_per_second: float,
    ) -> None:
        """Advances the bar: that of the run, or of the epoch where the run's end is not known."""
        self._phase = ""
        whole_run = fraction(epoch, self._epochs, step_in_epoch, steps_in_epoch, self._total_steps)
        self._time_left.done(whole_run)
        self._part = (step_in_epoch / steps_in_epoch if steps_in_epoch else 0.0) if whole_run is None else whole_run
        self._speed = f"{numbers.count(round(samples_per_second))} samples/s"
        self._course.note(logs)

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
        self._course.take(record, best=self._best)

    def message(self, text: str) -> None:
        """Printed above the lines, where it stays."""
        self._console.print(Text(text))

    def run_ended(self, result: Mapping[str, Any]) -> None:
        """Takes the lines away."""
        self.stop()

    def stop(self) -> None:
        """Takes the lines away; may be called again."""
        self._live.stop()

    def frame(self, width: int) -> RenderableType:
        """What is to be seen now on so many columns."""
        return Group(self._head(width), *self._course.lines(width, monitor=self._monitor, draws=self._draws))

    def _head(self, width: int) -> RenderableType:
        left = self._time_left.seconds()
        facts = (
            [self._phase] if self._phase else [self._speed, "" if left is None else f"{numbers.duration(left)} left"]
        )
        epoch = [f"epoch {of(self._epoch, self._epochs)}"] if self._epoch else []
        words = [*epoch, f"{self._part:.0%}", *filter(None, facts)]
        room = width - sum(map(len, words)) - len(GAP) * len(words)
        if room < LEAST_BAR:
            return Text(GAP.join(words), no_wrap=True, overflow="ellipsis")
        head = Table.grid(padding=(0, len(GAP)))
        bar = ProgressBar(total=1.0, completed=self._part, width=min(room, BAR_WIDTH))
        head.add_row(*epoch, bar, *words[len(epoch) :])
        return head
