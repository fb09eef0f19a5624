"""The display of a sweep on a terminal: how far it has come, the best so far, and the trials that run."""

from __future__ import annotations

from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from netlib.report.layout import GAP
from netlib.report.live import BAR_WIDTH, LEAST_BAR
from netlib.report.sweep_progress import (
    FRAMES_PER_SECOND,
    TimeLeft,
    best,
    chosen,
    count,
    left,
    outcome,
    running,
)
from netlib.spec.study import ENDED, StudyView


class LiveSweep:
    """Draws what it was shown last; the lines vanish when it is stopped."""

    def __init__(self, stream: TextIO) -> None:
        self._view: StudyView | None = None
        self._left = TimeLeft()
        self._told: set[int] | None = None
        self._console = Console(file=stream, highlight=False)
        self._live = Live(
            console=self._console,
            get_renderable=lambda: self.frame(self._console.width),
            refresh_per_second=FRAMES_PER_SECOND,
            transient=True,
            redirect_stdout=False,
        )

    def show(self, view: StudyView) -> None:
        """From now on this is drawn."""
        if self._view is None:
            self._console.print(Text(f"{view.name}  kept in {view.storage}", style="bold"))
            self._live.start()
        self._view = view
        self._left.note(view)
        failed = view.of("failed")
        if self._told is None:
            self._told = {trial.number for trial in failed}
        for trial in failed:
            if trial.number not in self._told:
                self._told.add(trial.number)
                self.say(GAP.join(outcome(view, trial)))

    def say(self, text: str) -> None:
        """Printed above the lines, where it stays."""
        self._console.print(Text(text))

    def stop(self) -> None:
        """Takes the lines away; may be called again."""
        self._live.stop()

    def frame(self, width: int) -> RenderableType:
        """What is to be seen now on so many columns."""
        if self._view is None:
            return Text("")
        lines = [self._best(self._view), *running(self._view, width)]
        return Group(
            self._head(self._view, width), *(Text(line, no_wrap=True, overflow="ellipsis") for line in lines if line)
        )

    def _best(self, view: StudyView) -> str:
        found = view.best
        return f"{view.metric}: {best(view)}{GAP}{chosen(found)}" if found else ""

    def _head(self, view: StudyView, width: int) -> RenderableType:
        words = [count(view), *filter(None, [left(self._left)])]
        room = width - sum(map(len, words)) - len(GAP) * len(words)
        if view.wanted is None or room < LEAST_BAR:
            return Text(GAP.join(words), no_wrap=True, overflow="ellipsis")
        head = Table.grid(padding=(0, len(GAP)))
        part = min(1.0, len(view.of(*ENDED)) / view.wanted)
        head.add_row(words[0], ProgressBar(total=1.0, completed=part, width=min(room, BAR_WIDTH)), *words[1:])
        return head
