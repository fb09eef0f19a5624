"""Counts texts, a portion at a time."""

from __future__ import annotations

import polars as pl

FEWEST = 1 << 16
"""Different texts from which on the counts of several portions are brought together."""


class Counts:
    """How often each text occurs."""

    def __init__(self) -> None:
        self._total = pl.DataFrame(schema={"text": pl.String(), "count": pl.Int64()})
        self._added: list[pl.DataFrame] = []
        self._waiting = 0

    def add(self, texts: pl.Series) -> None:
        """Counts these too, but for what is null."""
        counts = texts.drop_nulls().alias("text").value_counts().cast({"count": pl.Int64()})
        self._added.append(counts)
        self._waiting += len(counts)
        if self._waiting > max(FEWEST, len(self._total)):
            self._merge()

    def by_frequency(self) -> pl.Series:
        """The texts, the most frequent first, of equally frequent ones the first in the order of their characters."""
        self._merge()
        return self._total.sort(["count", "text"], descending=[True, False])["text"]

    def _merge(self) -> None:
        self._total = pl.concat([self._total, *self._added]).group_by("text").agg(pl.col("count").sum())
        self._added, self._waiting = [], 0
