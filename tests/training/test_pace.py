from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlib.training.pace import GROWTH, TARGET_SECONDS, Pace


def test_begins_with_one_step_and_grows_to_the_target() -> None:
    pace = Pace(4096)
    assert pace.length == 1
    for _ in range(5):
        pace.took(pace.length, pace.length * 0.001)
    assert pace.length == pytest.approx(TARGET_SECONDS / 0.001, abs=1)


def test_grows_no_faster_than_its_limit() -> None:
    pace = Pace(4096)
    pace.took(1, 1e-9)
    assert pace.length == GROWTH


def test_slow_steps_run_one_by_one() -> None:
    pace = Pace(4096)
    pace.took(1, 60.0)
    assert pace.length == 1


@given(st.lists(st.tuples(st.integers(1, 4096), st.floats(0, 100)), max_size=20), st.integers(1, 4096))
def test_stays_between_one_step_and_the_capacity(chunks: list[tuple[int, float]], capacity: int) -> None:
    pace = Pace(capacity)
    for steps, seconds in chunks:
        pace.took(steps, seconds)
        assert 1 <= pace.length <= capacity


def test_a_chunk_is_no_longer_than_the_time_that_is_left():
    pace = Pace(4096)
    assert pace.within(0.0) == pace.within(None) == 1
    pace.took(1, 0.001)
    assert pace.within(None) == pace.within(1.0) == pace.length == 8
    assert pace.within(0.0045) == 4
    assert pace.within(0.0) == pace.within(-1.0) == 1
