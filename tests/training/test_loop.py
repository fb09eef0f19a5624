"""The compiled loop: how it is cut into chunks, and in which mode it runs, changes nothing that it computes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netlib.data.arrays import Arrays
from netlib.data.shuffling import permutation
from netlib.nn.module import Module
from netlib.training.captured import Guard
from netlib.training.evaluate_loop import EvaluateLoop
from netlib.training.loop import Block, DeviceData

Lab = Any
MakeLab = Callable[..., Any]
STEPS = 6  # 90 rows in batches of 16: five whole ones and one of ten
NODES = [
    {"Dense": {"units": 8, "activation": "relu"}, "name": "hidden"},
    {"Dropout": 0.3},
    {"Dense": 3, "name": "head"},
]


def run(lab: Lab, chunks: Sequence[int], epochs: int = 2, order: np.ndarray | None = None) -> np.ndarray:
    """The facts of all steps; chunks are taken in turn, the last one over and over."""
    loop, facts, taken, step = lab.engine.loop, [], 0, 0
    for epoch in range(epochs):
        position = 0
        for block in blocks(lab, permutation(1, epoch, len(lab.data)) if order is None else order):
            while position < block.end:
                chunk = chunks[min(taken, len(chunks) - 1)]
                rows = loop.run(block, position, position + chunk, step)
                assert 1 <= len(rows) <= chunk
                facts.append(rows)
                position, step, taken = position + len(rows), step + len(rows), taken + 1
    return np.concatenate(facts)


def blocks(lab: Lab, order: np.ndarray, data: Arrays | None = None) -> list[Block]:
    """An epoch in that order: its whole steps, and the smaller last one."""
    tensors, rows = DeviceData(data or lab.data).tensors, lab.engine.batch_size * lab.engine.train.accumulate
    whole = len(order) // rows
    made = [Block(tensors, tf.constant(order[: whole * rows], tf.int32), rows, 0, whole)]
    rest = len(order) - whole * rows
    return made + [Block(tensors, tf.constant(order[whole * rows :], tf.int32), rest, whole, whole + 1)] * bool(rest)


def assert_same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    assert list(one) == list(other)
    for path, value in one.items():
        np.testing.assert_array_equal(value, other[path], err_msg=path)


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(random=st.lists(st.integers(1, 7), min_size=1, max_size=12))
def test_bits_do_not_depend_on_the_length_of_chunks(mode_lab: Lab, random: list[int]) -> None:
    lab = mode_lab
    facts = run(lab.reset(), [1])
    weights, counters = lab.weights(), lab.engine.meters.results()
    assert len(facts) == 2 * STEPS
    for chunks in ([7], [64], random):
        np.testing.assert_array_equal(run(lab.reset(), chunks), facts)
        assert_same(lab.weights(), weights)
        assert lab.engine.meters.results() == counters


def test_an_epoch_is_its_steps_on_the_rows_in_order(make_lab: MakeLab) -> None:
    """The reference cuts the batches itself; the last one is smaller."""
    loop_lab, by_hand = make_lab(NODES), make_lab(NODES)
    order = permutation(3, 0, len(by_hand.data))
    facts = run(loop_lab, [64], epochs=1, order=order)
    for number in range(STEPS):
        part = by_hand.data.take(order[16 * number : 16 * (number + 1)])
        batch = {
            "inputs": {"input": tf.constant(part.inputs["input"])},
            "targets": {"target": tf.constant(part.targets["target"])},
            "weights": None,
        }
        row = by_hand.engine.loop.step(batch, len(part), tf.constant(number, tf.int64))
        np.testing.assert_allclose(facts[number], row, rtol=1e-5)
    assert facts[:, loop_lab.engine.loop.facts.index("weight")].tolist() == [16, 16, 16, 16, 16, 10]
    for path, value in by_hand.weights().items():
        np.testing.assert_allclose(loop_lab.weights()[path], value, rtol=1e-5, atol=1e-6)


def test_the_order_is_that_of_the_rows(lab: Lab) -> None:
    order = np.random.default_rng(4).permutation(90).astype(np.int32)
    run(lab, [64], epochs=1, order=order)
    ordered = lab.weights()
    lab.reset()
    for block in blocks(lab, np.arange(90), lab.data.take(order)):
        lab.engine.loop.run(block, block.first, block.end, block.first)
    assert_same(lab.weights(), ordered)


def test_rows_that_are_not_in_the_order_may_hold_anything(lab: Lab) -> None:
    inputs = lab.data.inputs["input"].copy()
    inputs[80:] = np.nan
    (block,) = blocks(lab, np.arange(80), Arrays({"input": inputs}, lab.data.targets))
    assert np.isfinite(lab.engine.loop.run(block, 0, 64, 0)).all()
    assert all(np.isfinite(value).all() for value in lab.weights().values())


def test_a_block_may_have_room_for_more_steps_than_it_has(lab: Lab) -> None:
    """The order goes on behind the last step."""
    whole, _ = blocks(lab, np.arange(90))
    facts = lab.engine.loop.run(whole, 0, 3, 0)
    lab.reset()
    partly = Block(whole.tensors, whole.order, whole.rows, first=7, end=10)
    np.testing.assert_array_equal(lab.engine.loop.run(partly, 7, 64, 0), facts)


def test_a_chunk_ends_with_the_block(lab: Lab) -> None:
    loop = lab.engine.loop
    whole, rest = blocks(lab, np.arange(90))
    assert len(loop.run(whole, 2, 64, 2)) == 3
    assert len(loop.run(rest, 5, 64, 5)) == 1
    assert not loop.compiles(whole)
    assert not loop.compiles(rest)


def test_what_is_not_compiled_yet_is_known(make_lab: MakeLab, blobs: Callable[..., Arrays]) -> None:
    lab = make_lab(NODES)
    loop = lab.engine.loop
    whole, rest = blocks(lab, np.arange(90))
    assert loop.compiles(whole)
    loop.run(whole, 0, 1, 0)
    assert not loop.compiles(whole)
    assert loop.compiles(rest)
    longer, _ = blocks(lab, np.arange(100), blobs(100))
    assert loop.compiles(longer)


def test_fewer_rows_than_a_batch(lab: Lab, blobs: Callable[..., Arrays]) -> None:
    loop = lab.engine.loop
    block = Block(DeviceData(blobs(5)).tensors, tf.range(5), 5, 0, 1)
    assert loop.run(block, 0, 9, 0)[:, loop.facts.index("weight")].tolist() == [5]


@pytest.mark.slow
def test_modes_agree_and_draw_the_same_dropout(make_lab: MakeLab) -> None:
    """Other bits of dropout would end in other weights altogether."""
    order = np.arange(90, dtype=np.int32)
    facts, weights = {}, {}
    for mode in ("eager", "graph", "xla"):
        lab = make_lab(NODES, execution=mode, optimizer={"SGD": {"learning_rate": 0.1, "momentum": 0.9}})
        facts[mode], weights[mode] = run(lab, [4], epochs=2, order=order), lab.weights()
    for mode in ("graph", "xla"):
        np.testing.assert_allclose(facts[mode], facts["eager"], rtol=1e-4)
        for path, value in weights["eager"].items():
            np.testing.assert_allclose(weights[mode][path], value, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["graph", "xla"])
def test_accumulated_batches_run_in_the_loop(make_lab: MakeLab, mode: str) -> None:
    """90 rows in groups of four batches of eight: two whole groups, then three batches and a smaller one."""
    optimizer = {"SGD": {"learning_rate": 0.1, "momentum": 0.9}}
    small = make_lab(NODES, batch_size=8, accumulate=4, optimizer=optimizer, execution=mode)
    large = make_lab(NODES, batch_size=32, optimizer=optimizer, execution=mode)
    np.testing.assert_allclose(run(small, [2]), run(large, [3]), rtol=1e-4)
    for path, value in large.weights().items():
        np.testing.assert_allclose(small.weights()[path], value, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("rows", [1, 7, 8, 9, 16])
@pytest.mark.parametrize("with_weights", [False, True])
def test_evaluation_is_the_mean_over_the_rows_however_they_are_batched(rows: int, with_weights: bool) -> None:
    random = np.random.default_rng(rows)
    values, weights = random.normal(size=rows).astype(np.float32), random.random(rows).astype(np.float32)
    seen: list[tuple[int, ...]] = []

    def measure(batch: Any, batch_weights: tf.Tensor, first_row: tf.Tensor) -> tf.Tensor:
        seen.append(tuple(batch_weights.shape))
        losses = tf.stack([batch["inputs"]["x"], batch["targets"]["y"] ** 2])
        return tf.reduce_sum(losses * batch_weights, axis=1)

    loop = EvaluateLoop(measure, columns=2, batch_size=8, execution="graph", guard=Guard("the test", Module()))
    data = Arrays({"x": values}, {"y": values}, weights if with_weights else None)
    means, total = loop.run(DeviceData(data).pieces())
    share = weights if with_weights else None
    expected = [np.average(values, weights=share), np.average(values**2, weights=share)]
    assert total == pytest.approx(weights.sum() if with_weights else rows)
    assert means == pytest.approx(expected, rel=1e-5)
    assert seen == [(min(rows, 8),)]
    filled = data.take(np.arange(40) % rows)  # what is behind the samples does not count
    parts = [DeviceData(filled, length) for length in (rows, min(rows, 8))]
    again, _ = loop.run(parts)
    twice = [np.concatenate([each, each[:8]]) for each in (values, weights)]
    share = twice[1] if with_weights else None
    assert again == pytest.approx(
        [np.average(twice[0], weights=share), np.average(twice[0] ** 2, weights=share)], rel=1e-5
    )


@pytest.mark.parametrize(("rows", "sizes"), [(7, [7]), (8, [8]), (19, [8, 3]), (24, [8])])
def test_an_evaluation_that_does_not_pad_measures_true_batches(rows: int, sizes: list[int]) -> None:
    """The loss is the largest value of a batch, and where its first row stands."""
    values = np.random.default_rng(rows).normal(size=rows).astype(np.float32)
    seen: list[int] = []

    def measure(batch: Any, weights: tf.Tensor, first_row: tf.Tensor) -> tf.Tensor:
        seen.append(weights.shape[0])
        largest = tf.reduce_max(batch["inputs"]["x"])
        return tf.stack([largest, tf.cast(first_row, tf.float32)]) * tf.reduce_sum(weights)

    guard = Guard("the test", Module())
    loop = EvaluateLoop(measure, columns=2, batch_size=8, execution="graph", guard=guard, pads=False)
    means, total = loop.run(DeviceData(Arrays({"x": values}, {})).pieces())
    starts = range(0, rows, 8)
    parts = [values[start : start + 8] for start in starts]
    expected = [sum(len(part) * part.max() for part in parts), sum(map(lambda s, p: s * len(p), starts, parts))]
    assert total == rows
    assert means == pytest.approx([value / rows for value in expected], rel=1e-5)
    assert seen == sizes
    filled = DeviceData(Arrays({"x": np.concatenate([values, np.full(40 - rows, 99, np.float32)])}, {}), rows)
    assert loop.run([filled])[0] == pytest.approx(means, rel=1e-6)  # what is behind the samples does not count
    twice, _ = loop.run([filled, filled])
    assert twice[0] == pytest.approx(means[0], rel=1e-6)
    assert twice[1] == pytest.approx(means[1] + rows / 2, rel=1e-6)  # the second piece begins where the first has ended
