"""A training that is ended by a signal, or by numbers that are not finite."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netlib.data.arrays import Arrays
from netlib.runs import checkpoint, pointers
from netlib.runs.directory import RunDirectory
from netlib.training.checkpoints import TrainingError
from netlib.training.fit import fit
from netlib.training.interrupt import SIGNALS, Interrupted

Blobs = Callable[..., Arrays]
MakeLab = Callable[..., Any]


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_saves_and_ends_the_training(
    lab: Any, run: RunDirectory, recorder: Any, number: signal.Signals
) -> None:
    def send(event: str, details: tuple[Any, ...]) -> None:
        if event == "chunk_ended" and details[:2] == (2, 1):
            os.kill(os.getpid(), number)

    handlers = [signal.getsignal(each) for each in SIGNALS]
    job = lab.job(epochs=3, run=run, listeners=[recorder(send)], checkpoint={"every_steps": 1})
    message = (
        rf"stopped by {number.name} after step 1 of 6 in epoch 2; saved, go on with: netlab train --resume {run.path}"
    )
    with pytest.raises(Interrupted, match=message) as caught:
        fit(job)
    assert caught.value.exit_code == 128 + number
    assert [signal.getsignal(each) for each in SIGNALS] == handlers
    saved = checkpoint.read(run.checkpoints / "step-00000007")
    assert pointers.pointed(run, "latest") == saved.path
    assert (saved.state["progress"]["epoch"], saved.state["progress"]["position"]) == (1, 1)
    np.testing.assert_array_equal(saved.groups["model"]["head.kernel"], lab.weights()["head.kernel"])


def test_a_signal_after_an_epoch(lab: Any, recorder: Any) -> None:
    def send(event: str, details: tuple[Any, ...]) -> None:
        if event == "epoch_ended":
            os.kill(os.getpid(), signal.SIGTERM)

    job = lab.job(epochs=3, listeners=[recorder(send)])
    with pytest.raises(Interrupted, match=r"stopped by SIGTERM after epoch 1$"):
        fit(job)
    assert (job.progress.epoch, job.progress.position, len(job.progress.records)) == (1, 0, 1)


@pytest.mark.parametrize(("row", "step"), [(0, 1), (85, 6)])
@pytest.mark.parametrize("activation", ["relu", "linear"])
def test_what_is_not_finite_ends_the_training_and_is_not_saved(
    make_lab: MakeLab, run: RunDirectory, activation: str, row: int, step: int
) -> None:
    """relu makes 0 of NaN: the loss stays finite while the gradient, and all weights below, are NaN."""
    lab = make_lab([{"Dense": {"units": 8, "activation": activation}}, {"Dense": 3}])
    inputs = lab.data.inputs["input"].copy()
    inputs[row] = np.nan
    job = lab.job(Arrays({"input": inputs}, lab.data.targets), epochs=2, run=run, shuffle=False)
    noun = {"relu": "gradient", "linear": "loss"}[activation]
    message = (
        f"the {noun} became nan in step {step}; the last checkpoint stands. Lower the learning rate, set train.clip"
    )
    with pytest.raises(TrainingError, match=message):
        fit(job)
    assert_only_finite(run.checkpoints)
    assert [path.name for path in checkpoint.checkpoints_of(run)] == ["step-00000000"]


def test_weights_that_are_not_finite_are_not_saved(make_lab: MakeLab, blobs: Blobs, run: RunDirectory) -> None:
    """The loss of the last step was still a number, its update was not."""
    rate = {"PiecewiseConstantDecay": {"boundaries": [4], "values": [0.01, 3e38]}}
    lab = make_lab(None, blobs(96), optimizer={"SGD": {"learning_rate": rate}})
    lab.data.inputs["input"][:] *= 1e3
    job = lab.job(epochs=1, run=run)
    with pytest.raises(TrainingError, match=r"weight '.*' is not finite after step \d+; the last checkpoint stands"):
        fit(job)
    assert_only_finite(run.checkpoints)


def test_slots_that_are_not_finite_are_not_saved(lab: Any, run: RunDirectory) -> None:
    """Adam whose mean of squares is infinite never moves again, and nothing else shows it."""
    job = lab.job(epochs=1, run=run)
    slots = lab.job().state._variables["optimizer"]
    slot = next(slots[name] for name in slots if name.startswith("velocities/"))
    slot.assign(np.full(slot.shape, np.inf, np.float32))
    with pytest.raises(TrainingError, match=r"optimizer's 'velocities/hidden\.kernel' is not finite after step 0"):
        fit(job)
    assert checkpoint.checkpoints_of(run) == []


def assert_only_finite(folder: Path) -> None:
    for path in folder.glob("step-*"):
        for group in checkpoint.read(path).groups.values():
            assert all(np.isfinite(value).all() for value in group.values())
