"""Texts that are counted a portion at a time."""

from __future__ import annotations

from collections import Counter

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlib.data.steps import counting
from netlib.data.steps.counting import Counts


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "FEWEST", 3)


@given(st.lists(st.lists(st.none() | st.text("abé", max_size=2), max_size=12), max_size=6))
def test_the_most_frequent_come_first(portions):
    counts = Counts()
    for texts in portions:
        counts.add(pl.Series(texts, dtype=pl.String()))
    expected = Counter(text for texts in portions for text in texts if text is not None)
    ordered = sorted(expected, key=lambda text: (-expected[text], text))
    assert counts.by_frequency().to_list() == counts.by_frequency().to_list() == ordered
