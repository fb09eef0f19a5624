"""Cuts windows of columns that are in memory once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from netlib.data.arrays import Array, Arrays, Values, side_by_side
from netlib.data.sources.file_reader import FileReader
from netlib.spec.sources.time_series import TimeSeries

NUMBER_BYTES = 4
"""Of a value as the network reads it."""


@dataclass(frozen=True)
class SeriesWindows(FileReader[TimeSeries]):
    """Windows over the rows of a table; see `netlib.data.streaming.Reader` and `Numbered`.

    Attributes:
        source: what a window is.
        shown: input -> its columns side by side, float32 (rows, columns), those of a group behind one another.
        told: target -> the values of its column, or of its columns side by side, in that order.
        beside: column -> what a split looks at, in that order.
        order: the numbers of the rows in the table.
        starts: the first row of each window, by its place in the order.
        whole: targets of which every window has an integer, though their column may come as floats.
        remarks: what is to be said.
    """

    shown: Mapping[str, Array]
    told: Mapping[str, Any]
    beside: Mapping[str, Any]
    order: Array
    starts: Array
    whole: frozenset[str]
    remarks: tuple[str, ...]

    @classmethod
    def of(
        cls, source: TimeSeries, values: Mapping[str, Any], order: Array, starts: Array, remarks: tuple[str, ...]
    ) -> SeriesWindows:
        """Windows of the columns' values, which are in the order of the rows."""
        shown = {name: side_by_side([values[used] for used in columns]) for name, columns in source.inputs.items()}
        told = {
            name: values[used] if isinstance(used, str) else side_by_side([values[each] for each in used])
            for name, used in source.targets.items()
        }
        beside = {name: values[name] for name in source.beside}
        whole = frozenset(name for name, column in told.items() if _is_whole(column, source, starts))
        return cls(source, shown, told, beside, order, starts, whole, remarks)

    @property
    def rows(self) -> int:
        """How many windows there are."""
        return len(self.starts)

    @property
    def row_bytes(self) -> int:
        """What a window and its targets take in memory once the network can read them, about."""
        columns = sum(matrix.shape[1] for matrix in self.shown.values())
        predicted = sum(1 if isinstance(used, str) else len(used) for used in self.source.targets.values())
        return NUMBER_BYTES * int(self.source.length * columns + self.source.steps * predicted)

    @property
    def chunk(self) -> int:
        """A window is cut by itself."""
        return 1

    def all(self) -> Arrays:
        """All windows: where they begin evenly, they are views, never copied."""
        return Arrays(
            {name: self._window(name, self.starts) for name in self.shown},
            {name: self._target(name, self.starts) for name in self.told},
            rows=self.order[self.starts],
            beside={name: self._beside(name, self.starts) for name in self.beside},
            spans=self.spans(),
            notes=self.remarks,
        )

    def take(self, numbers: Array) -> Arrays:
        """See `Reader.take`."""
        starts = self.starts[numbers]
        return Arrays(
            {name: self._window(name, starts) for name in self.shown},
            {name: self._target(name, starts) for name in self.told},
        )

    def some(self, name: str, numbers: Array) -> Values:
        """See `Reader.some`."""
        starts = self.starts[numbers]
        if name in self.told:
            values: Values = self._target(name, starts)
            return values
        if name in self.shown:
            return self._window(name, starts)
        beside: Values = self._beside(name, starts)
        return beside

    def notes(self) -> Collection[str]:
        """What was found in the times, and which stretches are too short."""
        return self.remarks

    def row_of(self, numbers: Array) -> Array:
        """See `Numbered.row_of`."""
        return np.asarray(self.order[self.starts[numbers]])

    def spans(self) -> Array:
        """See `Numbered.spans`."""
        return np.stack([self.starts, self.starts + self.source.reach - 1], axis=1)

    def _window(self, name: str, starts: Array) -> Array:
        """Float32 (windows, length, columns)."""
        windows = sliding_window_view(self.shown[name], self.source.length, axis=0).transpose(0, 2, 1)
        stride = int(starts[1] - starts[0]) if len(starts) > 1 else 1
        evenly = len(starts) and stride > 0 and (np.diff(starts) == stride).all()
        return windows[starts[0] : starts[-1] + 1 : stride] if evenly else windows[starts]

    def _target(self, name: str, starts: Array) -> Any:
        """What follows each window: one row of a column as it is, several rows in an axis of their own."""
        column, rows = self.told[name], _behind(self.source, starts)
        if self.source.steps > 1:
            rows = rows[:, None] + np.arange(self.source.steps)
        several = self.source.steps > 1 and isinstance(self.source.targets[name], str)
        found = column.reshape(-1)[rows] if several else column[rows]
        return found.astype(np.int32) if name in self.whole else found

    def _beside(self, name: str, starts: Array) -> Any:
        return self.beside[name][starts + self.source.reach - 1]


def _behind(source: TimeSeries, starts: Array) -> Array:
    """The first row that is predicted of each window."""
    return np.asarray(starts + source.length - 1 + source.horizon)


def _is_whole(column: Any, source: TimeSeries, starts: Array) -> bool:
    """Whether a column's values are integers. Of which one is missing they come as floats, but it may follow no window."""
    if not isinstance(column, np.ndarray) or column.ndim > 1:
        return False
    rows = _behind(source, starts)
    return column.dtype.kind != "f" or not any(np.isnan(column[rows + step]).any() for step in range(source.steps))
