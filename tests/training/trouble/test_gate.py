"""Steps that are undone, and steps that are skipped: nothing of them is left, and finite ones compute the same bits as ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from netlib.data.arrays import Arrays
from netlib.training.callbacks import EMA
from netlib.training.checkpoints import TrainingError
from netlib.training.fit import fit
from netlib.training.trouble.gate import LEFT_OUT
from netlib.training.trouble.search import Found, Search

MakeLab = Callable[..., Any]
NODES = [
    {"Dense": {"units": 8, "activation": "relu"}, "name": "hidden"},
    "BatchNormalization",
    {"Dropout": 0.3},
    {"Dense": 3, "name": "head"},
]


def assert_close(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    assert list(one) == list(other)
    for name, value in one.items():
        np.testing.assert_allclose(value, other[name], rtol=1e-3, atol=1e-6, err_msg=name)


def spoilt(data: Arrays, *rows: int) -> Arrays:
    inputs = data.inputs["input"].copy()
    inputs[list(rows)] = np.inf
    return Arrays({"input": inputs}, data.targets)


@pytest.mark.parametrize(("mode", "accumulate"), [("graph", 1), ("graph", 3)])
def test_steps_that_are_finite_compute_the_same_bits_while_they_are_looked_at(
    make_lab: MakeLab, mode: str, accumulate: int, state: Any, assert_same: Any
) -> None:
    settings = {"execution": mode, "accumulate": accumulate, "metrics": ["accuracy"], "clip": {"global_norm": 1.0}}
    lab = make_lab(NODES, batch_size=16 // accumulate, **settings)
    ema = EMA(0.9)
    plain = lab.job(callbacks=[ema], epochs=3)
    fit(plain)
    expected = state(plain)
    looked_at = lab.reset().job(callbacks=[ema], epochs=3)
    looked_at.loop.search = Search(10, all=True)
    fit(looked_at)
    assert looked_at.loop.search is None  # it went on without, from step 10 on
    assert_same(state(looked_at), expected)

    skipping = make_lab(NODES, batch_size=16 // accumulate, **settings, on_nan="skip")
    job = skipping.job(callbacks=[EMA(0.9)], epochs=3)
    fit(job)
    assert_same(state(job), expected)


@pytest.mark.parametrize("mode", ["xla", "graph", "eager"])
def test_nothing_is_left_of_a_step_that_is_undone_or_skipped(
    make_lab: MakeLab, mode: str, state: Any, assert_same: Any
) -> None:
    """Row 70 is in step 5 of 6: what is there then is what four steps leave, averages and counters too. At its end a training
    gives the weights the values of their averages, and one that is broken off does not. XLA puts what it computes together in
    another way where there is a gate, and so rounds otherwise."""
    same = assert_close if mode == "xla" else assert_same
    settings = {"execution": mode, "metrics": ["accuracy"]}
    lab = make_lab(NODES, **settings)
    first = lab.job(epochs=None, steps=4, shuffle=False, callbacks=[EMA(0.9)])
    fit(first)
    expected = state(first)

    bad = spoilt(lab.data, 70)
    searched = lab.reset().job(bad, shuffle=False, callbacks=[EMA(0.9)])
    searched.loop.search = Search(99, all=True)
    with pytest.raises(Found) as caught:
        fit(searched)
    found = caught.value
    assert (found.step, found.position) == (4, 4)
    assert np.isnan(found.gradient_norm)
    assert 70 in found.block.chosen(4)
    same(*({n: v for n, v in each.items() if n[:6] != "model:"} for each in (state(searched), expected)))

    skipping = make_lab(NODES, **settings, on_nan="skip")
    skipped = skipping.job(bad, epochs=None, steps=5, shuffle=False, callbacks=[EMA(0.9)])
    fit(skipped)
    progress = skipped.progress
    assert (progress.step, progress.skipped, progress.bad, progress.left_out) == (5, 1, 1, 1)
    assert progress.records[-1]["train"]["loss"] == pytest.approx(first.progress.records[-1]["train"]["loss"], rel=1e-5)
    same(state(skipped), expected)


def test_skipped_steps_are_said_and_counted_by_epoch(make_lab: MakeLab, recorder: Any) -> None:
    heard = recorder()
    lab = make_lab(NODES, on_nan="skip")
    job = lab.job(spoilt(lab.data, 0, 1, 40), epochs=2, shuffle=False, listeners=[heard])
    fit(job)
    said = [text for (text,) in heard.of("message")]
    assert said == [f"2 of the 6 steps of epoch {epoch} were skipped: not finite" for epoch in (1, 2)]
    assert all(np.isfinite(value).all() for value in lab.weights().values())
    assert (job.progress.bad, job.progress.left_out) == (0, 4)


def test_too_many_skipped_steps_are_an_error(make_lab: MakeLab, blobs: Any, assert_same: Any) -> None:
    data = blobs(20 * 16)
    lab = make_lab(NODES, data, on_nan="skip")
    before = lab.weights()
    message = r"\d+ steps in a row, up to step \d+, were skipped, for they are not finite; the last checkpoint stands"
    with pytest.raises(TrainingError, match=message):
        fit(lab.job(spoilt(data, *range(16 * 3, 16 * 14)), shuffle=False))
    short = Arrays({"input": data.inputs["input"][:32]}, {"target": data.targets["target"][:32]})
    with pytest.raises(TrainingError, match="all 2 steps of epoch 1 were skipped, for they are not finite"):
        fit(lab.reset().job(spoilt(short, 0, 31), shuffle=False))
    assert_same(lab.weights(), before)
    fit(lab.job(spoilt(data, *range(16 * 3, 16 * 12)), shuffle=False))  # nine in a row


def test_steps_of_float16_are_skipped_once_the_scale_cannot_help(make_lab: MakeLab) -> None:
    """A row that is not finite is so at every scale: fifteen steps halve it, each said as the scale's; those after are bad."""
    lab = make_lab({"nodes": NODES, "dtype": "mixed_float16"}, on_nan="skip", execution="graph")
    job = lab.job(spoilt(lab.data, 0), epochs=20, shuffle=False)
    fit(job)
    assert lab.engine.scale.value == 1
    assert job.progress.left_out == 5  # of the twenty epochs' first steps
    assert all(np.isfinite(value).all() for value in lab.weights().values())


def test_what_is_skipped_is_known_by_its_fact(make_lab: MakeLab) -> None:
    lab = make_lab(NODES, on_nan="skip", execution="eager")
    job = lab.job(spoilt(lab.data, 3), shuffle=False)
    block = next(iter(job.feed.epoch(0, 0, 2)))
    facts = job.loop.run(block, 0, 2, 0)
    assert facts[:, job.loop.facts.index("skipped")].tolist() == [LEFT_OUT, 0]
