from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netlib.data.arrays import Arrays
from netlib.runs import checkpoint
from netlib.runs.directory import RunDirectory
from netlib.training.callbacks import EMA, Callback, CSVLog, EarlyStopping, JSONLinesLog, StopOnNaN, Training
from netlib.training.checkpoints import TrainingError
from netlib.training.fit import fit


class Spoils(Callback):
    """Makes a weight infinite in mid-epoch, or after the epoch's last step."""

    def __init__(self, epoch: int, step: int | None) -> None:
        self._at = epoch, step

    def join(self, training: Training) -> None:
        self._model = training.model

    def next_stop(self, step: int) -> int:
        return step + 1

    def chunk_ended(self, epoch: int, step: int, steps: int, *details: Any) -> None:
        if (epoch, step) == (self._at[0], self._at[1] or steps):
            weight = self._model.trainable_variables[-1]  # no relu behind it hides it
            weight.assign(np.full(weight.shape, np.nan, np.float32))


@pytest.mark.slow
@pytest.mark.parametrize(("step", "what"), [(3, "the loss became nan in step 16"), (None, "weight '.*' is not finite")])
def test_it_ends_with_the_state_of_the_last_good_epoch(lab: Any, blobs: Any, step: int | None, what: str) -> None:
    """Everything: the optimizer, averages and the history too, so that training can go on as if nothing had been."""
    validation = blobs(20, seed=9)
    good = lab.job(validation=validation, epochs=2, callbacks=[EarlyStopping(9), EMA(0.9)])
    fit(good)
    expected = lab.weights()
    fit(lab.job(validation=validation, epochs=4, progress=good.progress, callbacks=[EarlyStopping(9)]))
    gone_on = lab.weights()

    callbacks = [StopOnNaN(), EarlyStopping(9), EMA(0.9), Spoils(3, step)]
    job = lab.reset().job(validation=validation, epochs=4, callbacks=callbacks)
    progress = job.progress
    reason = fit(job)
    assert reason.partition(";")[2] == " the weights are those of step 12"
    assert re.match(what, reason)
    assert job.progress is progress
    assert (progress.epoch, progress.step, progress.position, len(progress.records)) == (2, 12, 0, 2)
    for path, value in lab.weights().items():
        np.testing.assert_array_equal(value, expected[path])
    fit(lab.job(validation=validation, epochs=4, progress=progress, callbacks=[EarlyStopping(9)]))
    for path, value in lab.weights().items():
        np.testing.assert_array_equal(value, gone_on[path])


def test_before_the_first_good_epoch_it_ends_with_the_initial_weights(make_lab: Any) -> None:
    lab = make_lab()
    inputs = lab.data.inputs["input"].copy()
    inputs[:] = np.nan
    before = lab.weights()
    job = lab.job(Arrays({"input": inputs}, lab.data.targets), callbacks=[StopOnNaN()])
    assert re.fullmatch("the (loss|gradient) became nan in step 1; the weights are the initial ones", fit(job))
    for path, value in lab.weights().items():
        np.testing.assert_array_equal(value, before[path])
    assert job.progress.records == []


def test_in_a_run_nothing_that_is_not_finite_is_saved(lab: Any, run: RunDirectory) -> None:
    job = lab.job(
        epochs=3, callbacks=[StopOnNaN(), Spoils(2, 2)], run=run, checkpoint={"every_steps": 1, "keep_last": 99}
    )
    assert "the weights are those of step 6" in fit(job)
    # After step 8 the weight is spoilt: its checkpoint is refused.
    assert [path.name for path in checkpoint.checkpoints_of(run)][-1] == "step-00000007"


def test_weights_that_are_not_finite_from_the_beginning_are_an_error(make_lab: Any) -> None:
    lab = make_lab()
    weight = lab.engine.model.trainable_variables[0]
    weight.assign(np.full(weight.shape, np.inf, np.float32))
    with pytest.raises(TrainingError, match=r"weight '.*' is not finite after step 0"):
        fit(lab.job(callbacks=[StopOnNaN()]))


def test_without_it_that_is_an_error(lab: Any) -> None:
    with pytest.raises(TrainingError, match="the loss became nan in step 9"):
        fit(lab.job(epochs=3, callbacks=[Spoils(2, 2)]))


class Collects(Callback):
    """Its state is a list that grows."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def epoch_ended(self, record: Mapping[str, Any]) -> None:
        self.seen.append(record["epoch"])

    def state(self) -> dict[str, Any]:
        return {"seen": self.seen}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.seen = state["seen"]


def test_what_is_taken_back_is_in_no_state_and_in_no_file(lab: Any, tmp_path: Path) -> None:
    """The weights of the last update are not finite: that is seen when the files have the epoch already."""
    collects = Collects()
    files = [CSVLog(tmp_path / "metrics.csv"), JSONLinesLog(tmp_path / "metrics.jsonl")]
    job = lab.job(epochs=4, callbacks=[collects, *files, StopOnNaN(), Spoils(3, None)])
    assert "the weights are those of step 12" in fit(job)
    assert collects.seen == [1, 2]
    rows = (tmp_path / "metrics.csv").read_text().splitlines()
    assert [row.partition(",")[0] for row in rows] == ["epoch", "1", "2"]
    records = (tmp_path / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(record)["epoch"] for record in records] == [1, 2]
