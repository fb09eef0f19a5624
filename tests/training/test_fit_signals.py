"""Signals, and the end of the time, wherever a training is: its state is saved whole, and goes on to the same bits."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from netlib.data.arrays import Arrays
from netlib.data.preprocessing import Preprocessing
from netlib.data.streaming import Streamed
from netlib.runs import checkpoint
from netlib.runs.directory import RunDirectory
from netlib.training.callbacks.ema import EMA
from netlib.training.fit import fit
from netlib.training.interrupt import Interrupted
from netlib.training.job import Fit
from netlib.training.windows import WindowFeed

Blobs = Callable[..., Arrays]
CLOCK = ("seconds", "samples_per_second")
NEVER = 10**6


def send(number: int, when: Callable[[str, tuple[Any, ...]], bool]) -> Callable[[str, tuple[Any, ...]], None]:
    """What a recorder does: sends a signal to this process each time it is so."""

    def react(event: str, details: tuple[Any, ...]) -> None:
        if when(event, details):
            os.kill(os.getpid(), number)

    return react


def nth(event: str, number: int) -> Callable[[str, tuple[Any, ...]], bool]:
    """Whether something happens for the nth time."""
    seen: list[str] = []

    def happens(name: str, details: tuple[Any, ...]) -> bool:
        del details
        seen.extend([name] * (name == event))
        return name == event and len(seen) == number

    return happens


def without_clock(job: Fit) -> list[dict[str, Any]]:
    return [{key: value for key, value in record.items() if key not in CLOCK} for record in job.progress.records]


@pytest.mark.parametrize(
    "budget",
    [{"epochs": 3}, {"epochs": None, "steps": 12}, {"epochs": None, "steps": 9}],
    ids=["between epochs", "the last epoch, by steps", "an epoch that is cut short"],
)
def test_a_signal_while_the_epoch_is_validated(
    lab: Any, run: RunDirectory, recorder: Any, blobs: Blobs, budget: dict[str, Any]
) -> None:
    options = {**budget, "validation": blobs(1600, 1)}
    whole = lab.job(callbacks=[EMA(0.5)], **options)
    fit(whole)
    weights, records = lab.weights(), without_clock(whole)

    listener = recorder(send(signal.SIGTERM, nth("validation_started", 2)))
    cut = lab.reset().job(callbacks=[EMA(0.5)], run=run, listeners=[listener], **options)
    steps = min(budget.get("steps", 12) - 6, 6)
    with pytest.raises(Interrupted, match=f"stopped by SIGTERM after step {steps} of 6 in epoch 2; saved"):
        fit(cut)
    assert listener.names().count("epoch_ended") == 1
    saved = checkpoint.read(run.checkpoints / f"step-{6 + steps:08d}")

    more = lab.reset().job(callbacks=[EMA(0.5)], run=run, **options)
    more.state.restore(saved)
    fit(more)
    assert without_clock(more) == records
    assert {name: value.tobytes() for name, value in lab.weights().items()} == {
        name: value.tobytes() for name, value in weights.items()
    }


def test_sigusr1_saves_again_and_again_and_changes_nothing(lab: Any, run: RunDirectory, recorder: Any) -> None:
    whole = lab.job(epochs=3)
    fit(whole)
    weights = lab.weights()
    asks = (1, 3, 4)
    listener = recorder(send(signal.SIGUSR1, lambda event, details: event == "chunk_ended" and details[1] in asks))
    options = {"checkpoint": {"every_epochs": 10, "keep_last": "all"}, "callbacks": [EveryStep()]}
    job = lab.reset().job(epochs=3, run=run, listeners=[listener], **options)
    fit(job)
    said = [text for (text,) in listener.of("message")]
    assert said == [
        f"saved after step {step} of 6 in epoch {epoch}, as SIGUSR1 asks" for epoch in (1, 2, 3) for step in asks
    ]
    for step in (1, 3, 4, 7, 9, 10, 13, 15, 16):
        checkpoint.verify(run.checkpoints / f"step-{step:08d}")
    assert without_clock(job) == without_clock(whole)
    assert all(np.array_equal(value, weights[name]) for name, value in lab.weights().items())


def test_what_sigusr1_saves_while_the_epoch_is_validated_has_the_own_weights(
    lab: Any, run: RunDirectory, recorder: Any, blobs: Blobs
) -> None:
    options = {"epochs": 1, "validation": blobs(1600, 1), "run": run}
    options["checkpoint"] = {"every_epochs": 10, "keep_last": "all"}
    listener = recorder(send(signal.SIGTERM, nth("validation_started", 1)))
    with pytest.raises(Interrupted):
        fit(lab.job(callbacks=[EMA(0.5)], listeners=[listener], **options))
    expected = checkpoint.read(run.checkpoints / "step-00000006")

    contents = []

    def keep(event: str, details: tuple[Any, ...]) -> None:
        send(signal.SIGUSR1, lambda *_: event == "validation_started")(event, details)
        if event == "checkpoint_saved":
            contents.append(checkpoint.read(details[0]))

    job = lab.reset().job(callbacks=[EMA(0.5)], listeners=[recorder(keep)], **options)
    fit(job)
    asked = contents[1]  # after that of step 0
    assert asked.state["progress"]["position"] == 6
    for group, arrays in expected.groups.items():
        for name, value in arrays.items():
            np.testing.assert_array_equal(asked.groups[group][name], value)
    plain = lab.reset().job(callbacks=[EMA(0.5)], **{**options, "run": None})
    fit(plain)
    assert without_clock(plain) == without_clock(job)


class EveryStep(EMA):
    """Has chunks of one step; its average is never looked at."""

    name = "every_step"

    def __init__(self) -> None:
        super().__init__(0.5)

    def next_stop(self, step: int) -> int:
        return step + 1

    def stand_ins(self) -> Any:
        return ()


@pytest.fixture
def slow(lab: Any, rows_of: Any) -> Iterator[Any]:
    """Makes trainings on a source of which only the first steps of 16 samples come, and the others when the test is over."""
    over = threading.Event()

    def make(quick: int, **options: Any) -> Fit:
        reader = rows_of(lab.data, 16, lambda numbers: numbers.max() < quick * 16 or over.wait(30))
        job: Fit = lab.job(**options)
        samples = Streamed(reader, np.arange(len(lab.data)), Preprocessing({}), 16)
        job.feed = WindowFeed(samples, 16, 5, None, shuffle=False)
        return job

    yield make
    over.set()


@pytest.mark.parametrize("quick", [0, 2])
def test_a_signal_while_samples_are_waited_for(slow: Any, run: RunDirectory, quick: int) -> None:
    job = slow(quick, epochs=2, run=run)
    sent: list[float] = []

    def later() -> None:
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Timer(2.0, later).start()
    place = "step 2 of 6 in epoch 1" if quick else "epoch 0"
    with pytest.raises(Interrupted, match=f"stopped by SIGTERM after {place}; saved, go on with"):
        fit(job)
    assert time.monotonic() - sent[0] < 2.0
    saved = checkpoint.read(run.checkpoints / f"step-{quick:08d}")
    assert saved.state["progress"]["position"] == quick
    assert saved.state["progress"]["elapsed"] > 0.5  # waiting is time of the training


def test_sigusr1_while_samples_are_waited_for(slow: Any, run: RunDirectory, recorder: Any) -> None:
    listener = recorder()
    job = slow(2, epochs=1, run=run, listeners=[listener])
    threading.Timer(1.5, os.kill, [os.getpid(), signal.SIGUSR1]).start()
    threading.Timer(2.5, os.kill, [os.getpid(), signal.SIGTERM]).start()
    with pytest.raises(Interrupted):
        fit(job)
    assert listener.of("message") == [("saved after step 2 of 6 in epoch 1, as SIGUSR1 asks",)]


@pytest.mark.parametrize("quick", [0, 2])
def test_the_time_is_over_while_samples_are_waited_for(
    slow: Any, run: RunDirectory, recorder: Any, blobs: Blobs, quick: int
) -> None:
    listener = recorder()
    job = slow(quick, epochs=None, max_time=2.0, run=run, validation=blobs(32, 1), listeners=[listener])
    began = time.monotonic()
    assert fit(job) == "the budget is spent"
    assert time.monotonic() - began < 12
    assert listener.names().count("epoch_ended") == bool(quick)
    assert all("validation" in record for record in job.progress.records)
    assert checkpoint.read(run.checkpoints / f"step-{quick:08d}").state["progress"]["elapsed"] >= 2.0


def test_a_training_that_its_time_has_ended_goes_on_to_the_same_bits(lab: Any, run: RunDirectory, blobs: Blobs) -> None:
    validation = blobs(64, 1)
    fit(lab.job(epochs=1, validation=validation))  # compiles
    first = lab.reset().job(epochs=None, max_time=0.7, validation=validation, run=run)
    assert fit(first) == "the budget is spent"
    done = first.progress
    assert done.elapsed >= 0.7
    assert "validation" in done.records[-1]
    assert done.records[-1]["step"] == done.step
    saved = checkpoint.read(run.checkpoints / f"step-{done.step:08d}")
    assert saved.state["progress"]["elapsed"] >= 0.7
    limit = done.elapsed + 0.5
    more = lab.reset().job(epochs=None, max_time=limit, steps=NEVER, validation=validation, run=run)
    more.state.restore(saved)
    assert fit(more) == "the budget is spent"
    weights, steps = lab.weights(), more.progress.step
    assert limit <= more.progress.elapsed < limit + 1.5  # all parts count
    assert steps > done.step
    whole = lab.reset().job(epochs=None, steps=steps, validation=validation)
    fit(whole)
    assert all(np.array_equal(value, weights[name]) for name, value in lab.weights().items())
