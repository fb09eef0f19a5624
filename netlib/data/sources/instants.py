"""The times of the rows of a series: that they increase, and where more of it than usual lies between two rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl

from netlib.data.arrays import Array
from netlib.spec.errors import NetlabError
from netlib.spec.sources.time_series import TimeSeries

WIDE = 1.5
"""How many times the usual distance two rows are apart where there is a gap."""


@dataclass(frozen=True)
class Instants:
    """The column of times, the order of the rows, and which of them, in that order, begin a group."""

    column: pl.Series
    order: Array
    begins: Array
    source: TimeSeries

    def gaps(self) -> tuple[Array, tuple[str, ...]]:
        """Which rows, in the order, have a gap before them, and what is to be said of it.

        Raises:
            NetlabError: a time is missing, or is not later than the one before it in the same group.
        """
        values = self._numbers()[self.order]
        apart = np.diff(values)
        inside = ~self.begins[1:]
        self._refuse_disorder(apart, inside)
        gaps = np.zeros(len(values), bool)
        if not inside.any():
            return gaps, ()
        distances, counts = np.unique(apart[inside], return_counts=True)
        usual = distances[counts.argmax()]
        gaps[1:] = inside & (apart > WIDE * usual)
        if not gaps.any():
            return gaps, ()
        return gaps, (f"column '{self.column.name}' has {self._told(gaps, apart, usual)}",)

    def _told(self, gaps: Array, apart: Array, usual: Any) -> str:
        count, widest = int(gaps.sum()), int(np.where(gaps[1:], apart, 0).argmax())
        found = (
            f"{count:,} gap{'s' * (count > 1)}, where more than the usual {self._distance(usual)} lies between two rows"
        )
        most = f"the widest, of {self._distance(apart[widest])}, is behind row {self.order[widest]}"
        drops = self.source.gaps == "drop"
        fate = "no window lies across one" if drops else "windows lie across, which gaps: drop leaves out"
        return f"{found} ({most}): {fate}"

    def _numbers(self) -> Array:
        """Microseconds, or the numbers themselves."""
        where = f"{self.source.path}: column '{self.column.name}'"
        is_time = self.column.dtype.is_temporal()
        numbers = self.column.cast(pl.Int64()) if is_time else self.column
        if numbers.null_count():
            raise NetlabError(f"{where} has no value in row {numbers.is_null().arg_max()}: when was it?")
        return numbers.to_numpy()

    def _refuse_disorder(self, apart: Array, inside: Array) -> None:
        wrong = inside & ~(apart > 0)
        if not wrong.any():
            return
        at = int(wrong.argmax())
        rows = [int(self.order[at]), int(self.order[at + 1])]
        times = [str(self.column[row]) for row in rows]
        where = f"{self.source.path}: column '{self.column.name}'"
        if apart[at] == 0:
            remedy = "" if self.source.group else ", or name the column that says whose each row is, in `group`"
            raise NetlabError(f"{where} has {times[0]} in rows {rows[0]} and {rows[1]}: keep one of them{remedy}")
        remedy = f"sort the table by it{'' if self.source.group else ', or name a `group`'}"
        raise NetlabError(
            f"{where} must increase, but has {times[0]} in row {rows[0]} and {times[1]} in row {rows[1]}: {remedy}"
        )

    def _distance(self, distance: Any) -> str:
        return str(timedelta(microseconds=int(distance))) if self.column.dtype.is_temporal() else f"{distance:g}"
