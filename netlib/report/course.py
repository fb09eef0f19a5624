"""The course of a training's metrics so far: a line each with their last values, those of the best epoch, and a sparkline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.text import Text

from netlib.report import numbers
from netlib.report.layout import GAP
from netlib.report.sparkline import sparkline

SPARK_WIDTH = 24
LEAST_SPARK = 6
"""Characters below which a sparkline says nothing."""
LEAST_NAME = 8
SPLITS: tuple[str, ...] = ("train", "validation", "best")
DROPPED = ("train", "validation")
"""Columns that a narrow terminal can do without, in this order."""


class Course:
    """What was measured so far. One thread notes, another may draw."""

    def __init__(self) -> None:
        self._values: dict[str, dict[str, float]] = {}
        self._series: dict[str, dict[str, list[float]]] = {"train": {}, "validation": {}}
        self._epoch: dict[str, list[float]] = {}
        self._best_epoch = 0

    def begin_epoch(self) -> None:
        """A new epoch; what is noted of the one before is in its record."""
        self._epoch = {}

    def note(self, logs: Mapping[str, float]) -> None:
        """Means of the epoch so far. A metric that is measured by the epoch keeps its last value."""
        losses = {name: value for name, value in logs.items() if name != "learning_rate"}
        self._values["train"] = {**self._values.get("train", {}), **losses}
        for name, value in losses.items():
            self._epoch.setdefault(name, []).append(value)

    def take(self, record: Mapping[str, Any], *, best: bool) -> None:
        """An epoch's record; `best` if it is better than all before it."""
        for split, series in self._series.items():
            if measured := record.get(split):
                self._values[split] = measured
                for name, value in measured.items():
                    series.setdefault(name, []).append(value)
        if best:
            self._best_epoch = record["epoch"]
            self._values["best"] = record.get("validation") or record["train"]

    def lines(self, width: int, *, monitor: str, draws: bool = True) -> list[Text]:
        """The lines for a terminal of so many columns, the titles first; none if nothing was measured.

        Args:
            width: columns to fill.
            monitor: what decides about the best epoch.
            draws: whether the terminal takes more than ASCII.
        """
        values = {split: self._values[split] for split in SPLITS if split in self._values}
        names = list(dict.fromkeys(name for each in values.values() for name in each))
        if not names:
            return []
        cells = {split: [_shown(each.get(name)) for name in names] for split, each in values.items()}
        columns, room = _fitted(cells, names, width)
        spark = width - room - sum(len(GAP) + wide for wide in columns.values()) - len(GAP)
        lines = [_line("".ljust(room), [(title.rjust(wide), "dim") for title, wide in columns.items()])]
        for place, name in enumerate(names):
            figures = [
                (cells[title][place].rjust(wide), "bold" if title == "best" else "") for title, wide in columns.items()
            ]
            bars = sparkline(self._course(name), min(spark, SPARK_WIDTH), draws=draws) if spark >= LEAST_SPARK else ""
            lines.append(_line(_cut(name, room, draws).ljust(room), [*figures, (bars, "cyan")]))
        if self._best_epoch:
            lines.append(Text(f"best: epoch {self._best_epoch}, by {monitor}", style="dim", no_wrap=True))
        return lines

    def _course(self, name: str) -> list[float]:
        """The validation's values of it by epoch, else those of training; in the first epoch, what it was on the way."""
        epochs = self._series["validation"].get(name) or self._series["train"].get(name, [])
        course = list(epochs if len(epochs) > 1 else self._epoch.get(name, []))
        return course if len(course) > 1 else []


def _fitted(cells: Mapping[str, list[str]], names: list[str], width: int) -> tuple[dict[str, int], int]:
    """The widths of the columns that have room, and that of the names, which are cut where there is none."""
    columns = {title: max(map(len, (title, *texts))) for title, texts in cells.items()}
    longest = max(map(len, names))
    for title in DROPPED:
        if _taken(columns.values()) + min(longest, LEAST_NAME) > width and len(columns) > 1:
            columns.pop(title, None)
    return columns, max(min(longest, width - _taken(columns.values())), 1)


def _taken(widths: Iterable[int]) -> int:
    return sum(len(GAP) + wide for wide in widths)


def _shown(value: float | None) -> str:
    return "" if value is None else numbers.metric(value)


def _cut(name: str, room: int, draws: bool) -> str:
    mark = "…" if draws else "~"
    return name if len(name) <= room else f"{name[: room - 1]}{mark}"


def _line(name: str, cells: list[tuple[str, str]]) -> Text:
    return Text.assemble(name, *((f"{GAP}{text}", style) for text, style in cells), no_wrap=True)
