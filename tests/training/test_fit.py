"""The loop on the host: what happens when, what ends a training, and what is saved. Signals and failures are in another file."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from netlib.data.arrays import Arrays
from netlib.runs import checkpoint, pointers
from netlib.runs.directory import RunDirectory
from netlib.training.budget import Budget
from netlib.training.fit import fit
from netlib.training.loop import Block

Blobs = Callable[..., Arrays]
MakeLab = Callable[..., Any]
STEPS = 6  # an epoch: 90 rows in batches of 16


def timeless(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{k: v for k, v in record.items() if k not in ("seconds", "samples_per_second")} for record in records]


def assert_same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    assert list(one) == list(other)
    for path, value in one.items():
        np.testing.assert_array_equal(value, other[path], err_msg=path)


def set_values(job: Any, values: list[float]) -> None:
    """Puts the validation losses of the coming epochs in the place of measured ones."""
    coming = iter(values)

    class Told:
        def run(self, data: Any, poll: Any) -> dict[str, float]:
            del data, poll
            return {"loss": next(coming)}

    job.evaluator = Told()


def test_events_come_in_the_order_that_fit_promises(lab: Any, blobs: Blobs, run: RunDirectory, recorder: Any) -> None:
    heard = recorder()
    job = lab.job(validation=blobs(20, seed=9), epochs=2, listeners=[heard], run=run)
    assert fit(job) == "the budget is spent"
    names = [name for name in heard.names() if name not in ("phase", "checkpoint_saved")]
    assert (names.pop(0), names.pop()) == ("run_started", "run_ended")
    chunks = [index for index, name in enumerate(names) if name == "chunk_ended"]
    rest = [name for name in names if name != "chunk_ended"]
    assert rest[:4] == ["epoch_started", "validation_started", "epoch_is_best", "epoch_ended"]
    assert [name for name in rest if name != "epoch_is_best"] == [
        "epoch_started",
        "validation_started",
        "epoch_ended",
    ] * 2
    assert heard.of("epoch_is_best")[-1] == (job.progress.best_epoch,)
    assert all(names.index("epoch_started") < index for index in chunks)
    assert names.index("validation_started") > chunks[0]

    assert heard.of("epoch_started") == [(1, 2, STEPS), (2, 2, STEPS)]
    positions = [(epoch, position) for epoch, position, *_ in heard.of("chunk_ended")]
    assert positions == sorted(set(positions))
    assert [each for each in positions if each[1] == STEPS] == [(1, STEPS), (2, STEPS)]
    saved = [path.name for path, _ in heard.of("checkpoint_saved")]
    assert saved == ["step-00000000", "step-00000006", "step-00000012"]
    assert [record for (record,) in heard.of("epoch_ended")] == job.progress.records


def test_a_checkpoint_holds_what_came_before_it_and_nothing_after(
    lab: Any, blobs: Blobs, run: RunDirectory, recorder: Any
) -> None:
    """When it is written the record of its epoch is made, and the epoch counted."""
    states = []

    def read(event: str, details: tuple[Any, ...]) -> None:
        if event == "checkpoint_saved":
            states.append(checkpoint.read(details[0]).state["progress"])

    fit(lab.job(validation=blobs(20, seed=9), epochs=2, listeners=[recorder(read)], run=run))
    assert [(s["epoch"], s["position"], s["step"], len(s["records"])) for s in states] == [
        (0, 0, 0, 0),
        (1, 0, 6, 1),
        (2, 0, 12, 2),
    ]
    assert states[2]["best_step"] in (6, 12)


def test_records(lab: Any, blobs: Blobs) -> None:
    job = lab.job(validation=blobs(20, seed=9), epochs=2)
    fit(job)
    for number, record in enumerate(job.progress.records, start=1):
        assert list(record) == [
            "epoch", "step", "train", "validation", "learning_rate", "seconds", "samples_per_second"
        ]  # fmt: skip
        assert (record["epoch"], record["step"]) == (number, STEPS * number)
        assert list(record["train"]) == list(record["validation"]) == ["loss", "accuracy"]
        assert 0 <= record["train"]["accuracy"] <= 1
        assert record["learning_rate"] == pytest.approx(0.01)
        assert record["seconds"] > 0
        assert record["samples_per_second"] > 0
    assert job.progress.elapsed == pytest.approx(sum(r["seconds"] for r in job.progress.records))


def test_one_seed_gives_one_result(lab: Any, make_lab: MakeLab) -> None:
    fit(lab.job(epochs=2))
    first = lab.weights()
    fit(lab.reset().job(epochs=2))
    assert_same(lab.weights(), first)
    lab.reset()
    job = lab.job(epochs=2)
    job.feed.seed = 6  # another order of the samples
    fit(job)
    assert not np.array_equal(lab.weights()["head.kernel"], first["head.kernel"])
    other = make_lab(metrics=["accuracy"])
    fit(other.job(epochs=2))
    assert_same(other.weights(), first)


def test_each_epoch_has_an_order_of_its_own_unless_it_is_not_shuffled(lab: Any) -> None:
    orders: list[np.ndarray] = []

    def told(feed: Any) -> Any:
        def epoch(*details: Any) -> Iterator[Block]:
            blocks = list(type(feed).epoch(feed, *details))
            orders.append(np.concatenate([block.order for block in blocks]))
            yield from blocks

        feed.epoch = epoch
        return feed

    for shuffle in (True, False):
        job = lab.reset().job(epochs=2, shuffle=shuffle)
        told(job.feed)
        fit(job)
    assert not np.array_equal(orders[0], orders[1])
    for order in orders[:2]:
        np.testing.assert_array_equal(np.sort(order), np.arange(90))
    for order in orders[2:]:
        np.testing.assert_array_equal(order, np.arange(90))


@pytest.mark.parametrize(
    ("budget", "steps", "epochs", "position"),
    [
        ({"epochs": 2}, 12, 2, 0),
        ({"epochs": None, "steps": 8}, 8, 1, 2),
        ({"epochs": 1, "steps": 8}, 6, 1, 0),
        ({"epochs": 3, "steps": 12}, 12, 2, 0),
        ({"epochs": 5, "max_time": 1e-6}, 1, 0, 1),
    ],
)
def test_budgets(lab: Any, budget: dict[str, Any], steps: int, epochs: int, position: int) -> None:
    job = lab.job(**budget)
    assert fit(job) == "the budget is spent"
    progress = job.progress
    assert (progress.step, progress.epoch, progress.position) == (steps, epochs, position)
    assert [record["step"] for record in progress.records][-1] == steps


def test_a_spent_budget_trains_nothing(lab: Any) -> None:
    before, job = lab.weights(), lab.job(epochs=1)
    job.progress.epoch = 1
    assert fit(job) == "the budget is spent"
    assert_same(lab.weights(), before)


def test_a_budget_that_ended_in_mid_epoch_can_be_extended(lab: Any, blobs: Blobs) -> None:
    """The epoch is validated where it was cut, and the rest of it goes on to the same bits."""
    validation = blobs(20, seed=9)
    straight = lab.job(validation=validation, epochs=3)
    fit(straight)
    weights = lab.weights()

    cut = lab.reset().job(validation=validation, epochs=None, steps=9)
    fit(cut)
    assert "validation" in cut.progress.records[-1]
    assert (cut.progress.epoch, cut.progress.position) == (1, 3)
    extended = lab.job(validation=validation, epochs=3, progress=cut.progress)
    fit(extended)
    assert_same(lab.weights(), weights)
    records = timeless(extended.progress.records)
    assert [(record["epoch"], record["step"]) for record in records] == [(1, 6), (2, 9), (2, 12), (3, 18)]
    assert [records[0], *records[2:]] == timeless(straight.progress.records)


def test_validates_every_so_often_and_at_the_end(lab: Any, blobs: Blobs) -> None:
    job = lab.job(validation=blobs(20, seed=9), epochs=5, validate_every=2)
    fit(job)
    assert ["validation" in record for record in job.progress.records] == [False, True, False, True, True]


def test_early_stopping_ends_the_training_and_saves(lab: Any, blobs: Blobs, run: RunDirectory, recorder: Any) -> None:
    heard = recorder()
    stopping = {"patience": 2}
    checkpoints = {"every_epochs": 10, "keep_last": 9}
    job = lab.job(
        validation=blobs(20), epochs=9, early_stopping=stopping, run=run, listeners=[heard], checkpoint=checkpoints
    )
    set_values(job, [3, 1, 2, 1.5, 0])
    assert fit(job) == "validation.loss has not become better for 2 epochs (best: 1)"
    assert job.progress.epoch == 4
    saved = [(path.name, best) for path, best in heard.of("checkpoint_saved")]
    assert saved == [
        ("step-00000000", False), ("step-00000006", True), ("step-00000012", True), ("step-00000024", False)
    ]  # fmt: skip
    assert pointers.pointed(run, "best") == run.checkpoints / "step-00000012"
    assert pointers.pointed(run, "latest") == run.checkpoints / "step-00000024"


def test_the_best_epoch_is_never_one_without_a_number(lab: Any, blobs: Blobs, run: RunDirectory) -> None:
    job = lab.job(validation=blobs(20), epochs=5, run=run)
    set_values(job, [float("nan"), 2, float("nan"), 1, 1])
    fit(job)
    progress = job.progress
    assert (progress.best_epoch, progress.best_step, progress.best_value) == (4, 24, 1)
    assert pointers.pointed(run, "best") == run.checkpoints / "step-00000024"
    latest = checkpoint.read(run.checkpoints / "step-00000030").state["progress"]
    assert np.isnan(latest["records"][0]["validation"]["loss"])
    assert latest["best_value"] == 1


def test_checkpoints_between_epochs(lab: Any, run: RunDirectory, recorder: Any) -> None:
    heard = recorder()
    checkpoints = {"every_epochs": 2, "every_steps": 4, "keep_last": 2}
    job = lab.job(epochs=4, run=run, listeners=[heard], checkpoint=checkpoints, monitor="train.accuracy")
    job.monitor = lab.job().monitor
    job.progress.best_value = -1.0  # nothing is better: what is due is saved, and no more
    fit(job)
    saved = [checkpoint.step_of(path) for path, _ in heard.of("checkpoint_saved")]
    assert saved == [0, 4, 8, 12, 16, 20, 24]
    assert [path.name for path in checkpoint.checkpoints_of(run)] == ["step-00000020", "step-00000024"]


def test_capacity_of_a_call_is_kept(make_lab: MakeLab, monkeypatch: pytest.MonkeyPatch, recorder: Any) -> None:
    monkeypatch.setattr("netlib.training.loop.CAPACITY", 2)
    heard = recorder()
    lab = make_lab()
    job = lab.job(epochs=3, listeners=[heard])
    fit(job)
    assert job.progress.step == 3 * STEPS
    positions = [0, *(position for _, position, *_ in heard.of("chunk_ended"))]
    assert max(after - before for before, after in itertools.pairwise(positions)) == 2


def test_budget_without_limit_is_ended_by_a_callback(lab: Any) -> None:
    job = lab.job(epochs=1, early_stopping={"monitor": "train.loss", "baseline": 0.0})
    job.budget = Budget()
    assert fit(job).startswith("train.loss has not become better for 1 epoch (best: 0")


def test_time_that_is_waited_for_samples_is_time_of_the_epoch(lab: Any) -> None:
    job = lab.job(epochs=1)
    feed = job.feed

    class Slow:
        samples, steps = feed.samples, feed.steps

        def epoch(self, *details: Any) -> Iterator[Block]:
            for block in feed.epoch(*details):
                time.sleep(0.5)
                yield block

    job.feed = Slow()
    fit(job)
    (record,) = job.progress.records
    assert record["seconds"] >= 0.5 * 2  # 5 whole steps, and a smaller one
    assert job.progress.elapsed >= 0.5 * 2
    assert record["samples_per_second"] <= 90
