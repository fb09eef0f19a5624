"""From a number that is not finite to the node, the rows and the step; and past it, by going back."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from netlib.data.arrays import Arrays
from netlib.data.shuffling import permutation
from netlib.runs import checkpoint
from netlib.runs.directory import RunDirectory, create
from netlib.training.callbacks import Callback, StopOnNaN, Training
from netlib.training.checkpoints import TrainingError
from netlib.training.fit import fit
from netlib.training.interrupt import Interrupted, watch_signals

MakeLab = Callable[..., Any]
BATCH, ROWS, BAD = 16, 90, 57
LOGS = [
    {"Compute": "log(x)", "name": "logs"},
    {"Dense": {"units": 8, "activation": "relu"}, "name": "hidden"},
    "BatchNormalization",
    {"Dropout": 0.3},
    {"Dense": 3, "name": "head"},
]


def positive(blobs: Any, bad: int | None = BAD) -> Arrays:
    """Samples whose logarithms are finite but for one."""
    data = blobs(ROWS)
    inputs = np.abs(data.inputs["input"]) + 0.1
    if bad is not None:
        inputs[bad, 2] = 0
    return Arrays({"input": inputs}, data.targets)


def step_with(row: int, epoch: int = 0) -> int:
    """The step of an epoch, from 1, that has a row."""
    return int(np.flatnonzero(permutation(5, epoch, ROWS) == row)[0]) // BATCH + 1


@pytest.mark.parametrize(("mode", "accumulate"), [("xla", 1), ("graph", 4), ("eager", 1)])
def test_step_node_row_and_batch_are_found(
    make_lab: MakeLab,
    run: RunDirectory,
    blobs: Any,
    recorder: Any,
    mode: str,
    accumulate: int,
    answering: Any,
    state: Any,
    assert_same: Any,
) -> None:
    """With dropout, statistics and a schedule of checkpoints; the state is that before the step, to the bit."""
    data, step = positive(blobs), step_with(BAD)
    lab = make_lab(LOGS, data, BATCH // accumulate, execution=mode, accumulate=accumulate, metrics=["accuracy"])
    straight = lab.job(epochs=None, steps=step - 1)
    fit(straight)
    expected = state(straight)
    heard = recorder()
    job = lab.reset().job(run=run, epochs=3, checkpoint={"every_steps": 2}, listeners=[heard])
    last = (step - 1) // 2 * 2
    with pytest.raises(TrainingError) as caught:
        fit(answering(job, run))
    lines = str(caught.value).splitlines()
    assert lines[0] == (
        f"the loss became nan in step {step}, in epoch 1; the last checkpoint, {checkpoint.name_of(last)}, stands"
    )
    rows = BATCH // accumulate
    found = f"node 'logs' (Compute, net.yaml:nodes:0) gives 1 infinite of {rows * 6} numbers"
    assert lines[1] == f"the first that is not finite: {found}, in row {BAD} of the training data"
    assert lines[2].startswith("  it reads x: least 0, greatest ")
    assert f"look at row {BAD} of the data" in lines[-1]
    assert [text for (text,) in heard.of("message")][-2:] == [
        f"the loss became nan in step {step}: steps are run again from {checkpoint.name_of(last)} on, to find where that began",
        f"running step {step} node by node",
    ]
    assert_same(state(job), expected)

    folder = run.path / "trouble" / f"step-{step:08d}"
    saved = load_file(folder / "batch.safetensors")
    numbers = permutation(5, 0, ROWS)[(step - 1) * BATCH : step * BATCH]
    np.testing.assert_array_equal(saved["rows"], numbers)
    np.testing.assert_array_equal(saved["inputs/input"], data.inputs["input"][numbers])
    np.testing.assert_array_equal(saved["targets/target"], data.targets["target"][numbers])
    report = json.loads((folder / "report.json").read_text())
    assert (report["step"], report["first"], report["place"]) == (step, "logs", "net.yaml:nodes:0")
    assert report["nodes"][-1]["gives"]["output"]["infinities"] == 1
    assert lines[1] in (folder / "report.txt").read_text()
    assert checkpoint.checkpoints_of(run)[-1].name == checkpoint.name_of(last)


def test_a_later_epoch_is_found_across_ends_that_changed_the_learning_rate(
    make_lab: MakeLab, run: RunDirectory, blobs: Any, answering: Any, state: Any
) -> None:
    """The last checkpoint is that of the first epoch, so two are run again, with what happens at their ends."""
    plateau = {"ReduceOnPlateau": {"monitor": "train.loss", "mode": "min", "patience": 1, "min_delta": 9.0}}
    monitor = {"metric": "train.loss", "mode": "max"}
    settings = {"callbacks": [plateau], "monitor": monitor, "checkpoint": {"every_epochs": 99}}
    lab = make_lab(LOGS, positive(blobs, None), epochs=4, **settings)

    class Poisons(Callback):
        """In the fourth epoch a weight grows beyond what float32 has."""

        def join(self, training: Training) -> None:
            self._weight = training.model["head.kernel"]

        def epoch_started(self, epoch: int, *details: Any) -> None:
            if epoch == 4:
                self._weight.assign(self._weight * 1e38)

    straight = lab.job(epochs=3, callbacks=[Poisons()])
    fit(straight)
    assert straight.progress.records[-1]["learning_rate"] < straight.progress.records[0]["learning_rate"]
    expected = state(straight)
    job = lab.reset().job(run=run, callbacks=[Poisons()])
    message = "in step 19, in epoch 4; the last checkpoint, step-00000006, stands"
    with pytest.raises(TrainingError, match=message) as caught:
        fit(answering(job, run))
    assert "the weights with the largest numbers before the step: head.kernel" in str(caught.value)
    found = state(job)
    for name in ("model: hidden.kernel", "optimizer: velocities/hidden.kernel", "optimizer: iterations"):
        np.testing.assert_array_equal(found[name], expected[name])


def test_a_gradient_that_becomes_nan_on_its_way_back(
    make_lab: MakeLab, run: RunDirectory, blobs: Any, found_of: Any
) -> None:
    """The root of a square has no derivative at 0, which a row of zeros gives."""
    data = positive(blobs, None)
    data.inputs["input"][BAD] = 0
    nodes = [
        {"Dense": {"units": 4, "use_bias": False}, "name": "below"},
        {"Compute": "sqrt(x * x)", "name": "roots"},
        {"Dense": 3, "name": "above"},
    ]
    text = found_of(make_lab(nodes, data), run)
    assert f"the gradient became nan in step {step_with(BAD)}" in text
    assert (
        "all nodes give finite numbers, and the loss is finite; not finite are the gradients of below.kernel (24 NaN"
        in text
    )
    assert "it becomes so on its way back through node 'roots' (Compute, net.yaml:nodes:1)" in text


def test_an_update_that_makes_a_weight_infinite(
    make_lab: MakeLab, run: RunDirectory, blobs: Any, found_of: Any
) -> None:
    rate = {"PiecewiseConstantDecay": {"boundaries": [2], "values": [0.01, 3e38]}}
    data = blobs(ROWS)
    data.inputs["input"][:] *= 1e3
    text = found_of(make_lab([LOGS[-1]], data, optimizer={"SGD": {"learning_rate": rate}}), run)
    assert text.startswith("a weight, or a slot of the optimizer, became not finite in step 4, in epoch 1")
    assert "loss and gradients are finite; what the update makes of them is not:\n  weight 'head.kernel': " in text


def test_slots_that_no_loss_shows(make_lab: MakeLab, run: RunDirectory, found_of: Any) -> None:
    """The square of the gradient is more than float32 has: Adam stands still, and nothing else shows it."""
    loss = {"large": {"SparseCategoricalCrossentropy": {}, "weight": 1e25}}
    text = found_of(make_lab([LOGS[-1]], loss=loss), run)
    assert text.startswith("a weight, or a slot of the optimizer, became not finite in step 1, in epoch 1")
    assert "the optimizer's 'velocities/head.kernel': " in text


def test_a_loss_that_is_not_finite_by_itself(make_lab: MakeLab, run: RunDirectory, blobs: Any, found_of: Any) -> None:
    data = positive(blobs, None)
    data = Arrays(data.inputs, {"target": np.linspace(1, 2, ROWS, dtype=np.float32)[:, None]})
    data.targets["target"][BAD] = -1
    loss = {"odd": {"Compute": "mean((output - log(target)) ** 2)"}}
    text = found_of(make_lab([{"Dense": 1, "name": "output"}], data, loss=loss), run)
    assert f"the loss became nan in step {step_with(BAD)}" in text
    assert "all nodes give finite numbers, and the loss 'loss' is not finite (net.yaml:train:loss)" in text


def test_what_is_odd_in_the_batch_itself_is_said_first(
    make_lab: MakeLab, run: RunDirectory, blobs: Any, found_of: Any
) -> None:
    data = blobs(ROWS)
    data.inputs["input"][BAD, 0] = 1e38
    data = replace(data, rows=np.arange(1000, 1000 + ROWS))
    lines = found_of(make_lab([LOGS[1], LOGS[2], LOGS[4]], data), run).splitlines()
    row = 1000 + BAD
    assert lines[1].startswith(
        f"'inputs/input' of the batch is itself not finite, or larger than 1e+15, in row {row} of the training data: "
    )
    assert lines[-1].startswith(f"what to do: look at row {row} of the data, and leave them out or repair them")


def test_a_loss_that_explodes(make_lab: MakeLab, run: RunDirectory, found_of: Any) -> None:
    loss = {"squares": {"MeanSquaredError": {}, "weight": 1.0}}
    x = np.linspace(1, 2, 64, dtype=np.float32)[:, None]
    lab = make_lab(
        [{"Dense": 1, "name": "line"}], Arrays({"input": x}, {"target": x}), loss=loss, optimizer={"SGD": 9.0}
    )
    text = found_of(lab, run, epochs=40)
    assert "lower the learning rate, or set train.clip" in text
    assert "the weights with the largest numbers before the step: line." in text


class Spoils(Callback):
    """Makes a weight infinite, once in its life."""

    done = False

    def join(self, training: Training) -> None:
        self._weight = training.model["head.bias"]

    def next_stop(self, step: int) -> int:
        return step + 1

    def chunk_ended(self, epoch: int, step: int, *details: Any) -> None:
        if (epoch, step) == (1, 3) and not self.done:
            self.done = True
            self._weight.assign(self._weight * np.inf)


@pytest.mark.parametrize("on_nan", ["stop", "rollback"])
def test_what_is_not_met_again_is_said_to_be_so(
    make_lab: MakeLab, run: RunDirectory, on_nan: str, answering: Any
) -> None:
    job = answering(make_lab([LOGS[-1]]).job(run=run, callbacks=[Spoils()]), run, on_nan)
    message = (
        r"the loss became nan in step 4; .* The steps after step-00000000 were run once more, and it was not met again: something"
        r" does not compute the same each time"
    )
    with pytest.raises(TrainingError, match=message):
        fit(job)


def test_a_signal_ends_the_search(
    make_lab: MakeLab, run: RunDirectory, blobs: Any, recorder: Any, answering: Any
) -> None:
    def react(event: str, details: tuple[Any, ...]) -> None:
        if event == "message" and "run again" in details[0]:
            os.kill(os.getpid(), signal.SIGINT)

    job = make_lab(LOGS, positive(blobs)).job(run=run, listeners=[recorder(react)])
    message = (
        rf"the loss became nan in step {step_with(BAD)}; a signal ended the search .* netlab train --resume {run.path}"
    )
    with watch_signals() as interrupt, pytest.raises(Interrupted, match=message) as caught:
        fit(answering(replace(job, interrupt=interrupt), run))
    assert caught.value.exit_code == 130
    assert not (run.path / "trouble").exists()


def test_a_callback_that_answers_comes_first(make_lab: MakeLab, run: RunDirectory, blobs: Any, answering: Any) -> None:
    job = make_lab(LOGS, positive(blobs)).job(run=run, callbacks=[StopOnNaN()])
    assert "the weights are the initial ones" in fit(answering(job, run))
    assert not (run.path / "trouble").exists()


def test_where_nothing_was_saved_the_error_is_that_of_the_numbers(
    make_lab: MakeLab, run: RunDirectory, answering: Any
) -> None:
    lab = make_lab([LOGS[-1]])
    lab.engine.model["head.bias"].assign([np.inf] * 3)
    with pytest.raises(
        TrainingError, match=r"weight 'head\.bias' is not finite after step 0|the loss became nan in step 1; the last"
    ):
        fit(answering(lab.job(run=run), run))


def timeless(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{k: v for k, v in record.items() if k not in ("seconds", "samples_per_second")} for record in records]


@pytest.mark.parametrize("mode", ["xla", "graph"])
def test_going_back_leaves_out_the_step_alone(
    make_lab: MakeLab, run: RunDirectory, blobs: Any, mode: str, answering: Any, state: Any, assert_same: Any
) -> None:
    """It ends as a training that skips such steps from the start; and with the same bits where it was cut after a step that was
    left out, or is gone on with from before it."""
    data = positive(blobs)
    settings = {"execution": mode, "metrics": ["accuracy"], "epochs": 3}
    skipping = make_lab(LOGS, data, on_nan="skip", **settings)
    expected = skipping.job()
    fit(expected)
    lab = make_lab(LOGS, data, on_nan="rollback", **settings)
    taken_back: list[int] = []
    often = {"every_steps": 4, "keep_last": "all"}
    job = lab.job(run=run, checkpoint=often)
    fit(answering(job, run, "rollback", lambda state: taken_back.append(state.progress.step)))
    if mode == "graph":
        assert_same(state(job), state(expected))
        assert timeless(job.progress.records) == timeless(expected.progress.records)
    else:  # XLA puts what it computes together in another way where there is a gate, and so rounds otherwise
        for name, value in state(job).items():
            np.testing.assert_allclose(value, state(expected)[name], rtol=1e-3, atol=1e-5)
    bad = [6 * epoch + step_with(BAD, epoch) for epoch in range(3)]
    assert taken_back == [max(each for each in (0, 4, 6, 8, 12, 16) if each < step) for step in bad]
    assert job.progress.left_out == 3
    ended = state(job)
    for start in (0, 4, 8, 16):
        other = create(run.path.parent, "again")
        again = lab.reset().job(run=other, checkpoint={"every_steps": 5})
        again.state.restore(checkpoint.read(run.checkpoints / checkpoint.name_of(start)))
        fit(answering(again, other, "rollback"))
        assert_same(state(again), ended)
        assert timeless(again.progress.records) == timeless(job.progress.records)


def test_going_back_has_an_end(make_lab: MakeLab, run: RunDirectory, blobs: Any, answering: Any) -> None:
    data = positive(blobs)
    data.inputs["input"][:, 1] = 0
    lab = make_lab(LOGS, data, on_nan="rollback")
    with pytest.raises(TrainingError) as caught:
        fit(answering(lab.job(run=run, epochs=2), run, "rollback"))
    lines = str(caught.value).splitlines()
    assert lines[0] == "the loss became nan in step 6, in epoch 1; the last checkpoint, step-00000000, stands"
    assert lines[1] == "5 steps were left out already, and no epoch since then was without one (train.on_nan: rollback)"


def test_a_batch_that_is_huge_is_saved_in_part(
    make_lab: MakeLab, run: RunDirectory, blobs: Any, monkeypatch: pytest.MonkeyPatch, found_of: Any
) -> None:
    monkeypatch.setattr("netlib.training.trouble.batch.MOST_BYTES", 7 * 4 * 3)
    data = blobs(ROWS)
    data.inputs["input"][BAD] = np.nan
    text = found_of(make_lab([LOGS[-1]], data), run)
    assert "the batch (the first 3 of its 16 rows: it is large) and a report are in " in text
    saved = load_file(next(Path(run.path / "trouble").iterdir()) / "batch.safetensors")
    assert len(saved["rows"]) == len(saved["inputs/input"]) == 3
    assert BAD in saved["rows"]


def test_too_many_skipped_steps_are_explained_by_the_first(
    make_lab: MakeLab, run: RunDirectory, blobs: Any, answering: Any
) -> None:
    data = positive(blobs)
    data.inputs["input"][:, 1] = 0
    lab = make_lab(LOGS, data, on_nan="skip")
    with pytest.raises(TrainingError) as caught:
        fit(answering(lab.job(run=run, epochs=3), run, "skip"))
    lines = str(caught.value).splitlines()
    assert lines[0] == "the loss became nan in step 1, in epoch 1; the last checkpoint, step-00000000, stands"
    assert lines[1] == "all 6 steps of epoch 1 were skipped, for they are not finite"
    assert (
        lines[2]
        == "the first that is not finite: node 'logs' (Compute, net.yaml:nodes:0) gives 16 infinite of 96 numbers"
    )
