from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from netlib.training import measuring
from netlib.training.fit import fit
from netlib.training.measuring import MATMUL_FLOPS, Round, Stopwatch, TimedFeed, matmul_rate, peak_memory
from netlib.training.model import Model
from netlib.training.samples import samples_of
from netlib.training.setup import heads_of, make_engine, prepare


class Clock:
    """Shows what it is set to; `step` is added each time somebody looks."""

    def __init__(self, step: float = 0.0) -> None:
        self.now = 0.0
        self.step = step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


class SlowFeed:
    """Two blocks, for each of which one waits 3 seconds, and 1 for the end."""

    samples, steps = 10, 2

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def epoch(self, number: int, start: int, end: int, poll: Any) -> Iterator[Any]:
        for block in ("first", "second"):
            self.clock.now += 3
            yield block
        self.clock.now += 1


def test_a_timed_feed_counts_the_waiting_and_not_what_is_done_with_the_blocks():
    clock = Clock()
    feed = TimedFeed(SlowFeed(clock), clock)
    for block in feed.epoch(0, 0, 2):
        assert block in ("first", "second")
        clock.now += 100
    assert feed.waited == 7
    assert (feed.samples, feed.steps) == (10, 2)


def trained(watch: Stopwatch, clock: Clock, feed: Any, progress: Any, epochs: list[tuple[float, float, float]]) -> None:
    """Tells of epochs of four steps and 100 samples: seconds in all, in the loop, waiting."""
    for number, (seconds, compute, waited) in enumerate(epochs):
        assert watch.stop() is None
        watch.epoch_started(number + 1, None, 4)
        clock.now += seconds
        feed.waited += waited
        progress.samples = 100
        watch.chunk_ended(number + 1, 4, 4, {}, 1.0)
        watch.epoch_ended({"seconds": compute})


@pytest.fixture
def watched():
    clock, feed, progress, turns = Clock(), SimpleNamespace(waited=0.0), SimpleNamespace(samples=0), []
    watch = Stopwatch(feed, 2, turns.append, clock)  # type: ignore[arg-type]
    watch.join(SimpleNamespace(progress=progress))  # type: ignore[arg-type]
    return watch, clock, feed, progress, turns


def test_epochs_that_are_long_enough_are_a_round_each(watched):
    watch, clock, feed, progress, turns = watched
    trained(watch, clock, feed, progress, [(9, 9, 0), (4, 4, 0), (2, 1.5, 0.25), (1, 0.75, 0.125)])
    assert watch.first_step_at == 9
    assert turns == [0, 1, 2]
    assert watch.rounds == [Round(1, 4, 100, 2, 1.5, 0.25), Round(1, 4, 100, 1, 0.75, 0.125)]
    assert watch.stop() == "everything is measured"


def test_short_epochs_are_timed_together(watched):
    watch, clock, feed, progress, turns = watched
    short = (0.125, 0.0625, 0.03125)
    trained(watch, clock, feed, progress, [(9, 9, 0), *[short] * 3, *[short] * 6])
    assert turns == [0, 1, 2]
    assert watch.rounds == [Round(3, 12, 300, 0.375, 0.1875, 0.09375)] * 2


def test_the_turns_of_others_are_off_the_clock(watched):
    watch, clock, feed, progress, _ = watched

    def slow_turn(done: int) -> None:
        clock.now += 1000

    watch._turn = slow_turn
    trained(watch, clock, feed, progress, [(9, 9, 0), (4, 4, 0), (2, 2, 0), (1, 1, 0)])
    assert [each.seconds for each in watch.rounds] == [2, 1]


@pytest.fixture
def small_matrices(monkeypatch):
    monkeypatch.setattr(measuring, "MATMUL_SIZE", 8)


def test_the_matmul_rate_is_that_of_the_fastest_product(small_matrices):
    assert matmul_rate(0.0, Clock(0.25)) == MATMUL_FLOPS / 0.25 == 2 * 2048**3 * 4


def test_products_are_made_until_the_time_is_over(small_matrices):
    looks = Clock(0.125)
    matmul_rate(0.5, looks)
    assert looks.now == 8 * 0.125  # four products, with two looks each


def test_the_peak_of_the_memory_stays_when_what_was_taken_is_given_back():
    taken = np.ones(2**27, np.uint8)
    with_it = peak_memory()
    del taken
    assert peak_memory() > 2**27
    assert abs(peak_memory() - with_it) < 2**23  # the system counts in portions


def test_a_real_training_is_timed_by_its_own_loop(monkeypatch):
    monkeypatch.setattr(measuring, "LONG_ENOUGH", 0.001)
    model = Model([{"Dense": 3}], seed=1)
    model.compile("mean_squared_error")
    x, y = np.ones((64, 4), np.float32), np.ones((64, 3), np.float32)
    model(x)
    samples = samples_of(model, x, y)
    assert model.trainer is not None
    train = model.trainer.train.model_copy(update={"epochs": None})
    engine = make_engine(model, train, heads_of(model, train, samples), 32, 1)
    feed = TimedFeed(engine.feed(samples))
    turns: list[int] = []
    watch = Stopwatch(feed, 2, turns.append)
    assert fit(prepare(engine, feed, None, callbacks=[watch])) == "everything is measured"
    assert turns == [0, 1, 2]
    for each in watch.rounds:
        assert (each.steps, each.samples) == (2 * each.epochs, 64 * each.epochs)
        assert 0 < each.compute <= each.seconds
        assert 0 <= each.data <= each.seconds
