from __future__ import annotations

import pytest

from netlib.report import progress
from netlib.report.progress import TimeLeft, fraction, metrics_of, of


class Clock:
    """Stands for the module `time`."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def test_the_time_left_follows_from_the_speed_since_the_first_chunk(clock):
    left = TimeLeft()
    assert left.seconds() is None
    clock.now += 50  # compiles
    left.done(0.1)
    assert left.seconds() is None
    clock.now += 4
    left.done(0.3)
    assert left.seconds() == pytest.approx(0.7 * 4 / 0.2)
    clock.now += 3
    assert left.seconds() == pytest.approx(0.7 * 4 / 0.2 - 3)
    clock.now += 1000
    assert left.seconds() == 0


def test_what_is_compiled_says_nothing_of_the_time_left(clock):
    left = TimeLeft()
    for step, seconds in enumerate([50, 1, 1, 70, 1, 1], start=1):
        if seconds > 1:
            left.compiling()
        clock.now += seconds
        left.done(step / 100)
    assert left.seconds() == pytest.approx(94)


def test_the_first_validation_is_compiled_and_later_ones_count(clock):
    left = TimeLeft()
    for step, seconds in enumerate([30, 2, 2], start=1):
        left.done((2 * step - 1) / 100)
        clock.now += 1
        left.done(2 * step / 100)
        left.validating()
        clock.now += seconds
    left.done(0.07)
    assert left.seconds() == pytest.approx(93 * 6 / 4)


def test_the_time_left_forgets_how_fast_it_was_long_ago(clock):
    left = TimeLeft()
    for step in range(1000):
        clock.now += 10 if step < 500 else 0.1
        left.done(step / 2000)
    assert left.seconds() == pytest.approx((2000 - 999) * 0.1, rel=0.01)


def test_without_a_number_of_epochs_nothing_is_known_of_the_end(clock):
    left = TimeLeft()
    left.done(fraction(3, None, 5, 10))
    left.done(fraction(4, None, 5, 10))
    assert left.seconds() is None


def test_fraction():
    assert fraction(1, 10, 0, 20) == 0
    assert fraction(10, 10, 20, 20) == 1
    assert fraction(3, 10, 10, 20) == pytest.approx(0.25)
    assert fraction(3, 10, 10, None) is None
    assert fraction(3, None, 10, 20) is None
    assert fraction(3, None, 10, 20, 100) == pytest.approx(0.5)
    assert fraction(3, 10, 10, 20, 100) == pytest.approx(0.5)
    assert fraction(3, 4, 10, 20, 1000) == pytest.approx(0.625)
    assert fraction(7, None, 10, 20, 100) == 1
    assert fraction(3, None, 10, None, 100) is None


def test_metrics_have_their_whole_names():
    record = {"epoch": 1, "train": {"loss": 2.0}, "validation": {"loss": 3.0, "accuracy": 0.5}}
    assert metrics_of(record) == {"train.loss": 2.0, "validation.loss": 3.0, "validation.accuracy": 0.5}
    assert metrics_of({"epoch": 1, "train": {"loss": 2.0}}) == {"train.loss": 2.0}


def test_of():
    assert (of(3, 10), of(10, 10), of(3, None)) == (" 3/10", "10/10", "3")
