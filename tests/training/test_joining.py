"""What is learned of parts of a batch, with the oracle of one large batch: masked losses count by their real places."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib.nn.keras_objects import make
from netlib.nn.replicas import synchronized
from netlib.spec.mixing import MixUp
from netlib.spec.tensors import TensorSpec
from netlib.spec.training import TrainSpec
from netlib.training.added import added_by
from netlib.training.meters import Meters
from netlib.training.mixing import Mixing
from netlib.training.model import Model
from netlib.training.objective import Objective
from netlib.training.step import TrainStep

pytestmark = pytest.mark.filterwarnings("ignore::netlib.training.learning.UntrainedWarning")
RNG = np.random.default_rng(9)
ROWS, TIME, WORDS = 13, 6, 7
LENGTHS = RNG.integers(1, TIME + 1, ROWS)
TOKENS = np.where(np.arange(TIME) < LENGTHS[:, None], RNG.integers(1, WORDS, (ROWS, TIME)), 0)
OTHERS = np.where(RNG.random((ROWS, TIME)) < 0.5, RNG.integers(1, WORDS, (ROWS, TIME)), 0)
BATCH: dict[str, Any] = {
    "inputs": {"a": tf.constant(TOKENS, tf.int32), "b": tf.constant(OTHERS, tf.int32)},
    "targets": {
        "tags": tf.constant(RNG.integers(0, 3, (ROWS, TIME))),
        "value": tf.constant(RNG.normal(size=(ROWS, 1)), tf.float32),
    },
    "weights": None,
}
WEIGHTS = tf.constant(RNG.uniform(0.1, 2, ROWS), tf.float32)
EMBEDDING = {"Embedding": {"input_dim": WORDS, "output_dim": 4, "mask_zero": True}}
NODES: list[Any] = [
    {**EMBEDDING, "name": "words", "from": "a"},
    {"Dense": {"units": 3, "kernel_regularizer": {"L2": 0.1}}, "name": "tagger", "from": "words"},
    {"GlobalAveragePooling1D": None, "name": "pooled", "from": "words"},
    {"Dense": 1, "name": "amount", "from": "pooled"},
    {**EMBEDDING, "name": "more", "from": "b"},
    {"Dense": 3, "name": "second", "from": "more"},
]
TAGS = {"sparse_categorical_crossentropy": None, "of": "tagger", "target": "tags"}
LOSSES: dict[str, Any] = {
    "one mask": {"tags": TAGS},
    "the same mask twice": {"tags": TAGS, "squares": {"Compute": "0.3 * mean(tagger ** 2)", "weight": 2}},
    "with and without": {"tags": TAGS, "size": {"mse": None, "of": "amount", "target": "value", "weight": 0.5}},
    "two masks": {"tags": TAGS, "more": {**TAGS, "of": "second", "weight": 3}},
    "a sum": {"sum": {"Compute": "mean(tagger ** 2) + 0.5 * mean(second ** 2) + mean(amount ** 2)"}},
    "both masks at once": {"both": {"Compute": "mean((tagger - second) ** 2)"}},
    "no mask": {"size": {"mse": None, "of": "amount", "target": "value"}},
}
PORTIONS = {"one mask": 1, "the same mask twice": 1, "with and without": 2, "two masks": 2, "a sum": 3}


def make_step(loss: Any, batch_size: int, nodes: list[Any] = NODES) -> TrainStep:
    inputs = {name: {"shape": [TIME], "dtype": "int32"} for name in "ab"}
    named: dict[str, Any] = {"inputs": inputs, "nodes": nodes, "outputs": ["tagger", "amount", "second"]}
    model = Model(**named, seed=5)
    model.ensure_built(*(TensorSpec((None, TIME), "int32") for _ in range(2)))
    train = TrainSpec.parse({"epochs": 1, "loss": loss, "optimizer": {"SGD": 0.1}})
    heads = train.bind(list(model.graph.outputs), ["tags", "value"], ["a", "b"])
    optimizer = make(train.optimizer)
    optimizer.build(model.trainable_variables)
    added = added_by(model, training=True, taken=())
    meters = Meters(heads, model.graph.output_tensors())
    return TrainStep(model, Objective(heads), optimizer, meters, batch_size, 8, None, seed=5, added=added)


def assert_same(found: Any, expected: Any) -> None:
    for one, other in zip(tf.nest.flatten(found), tf.nest.flatten(expected), strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=1e-6)


def learned(step: TrainStep, batch: Any, mode: str = "eager") -> Any:
    def run() -> Any:
        return step.learned(batch, ROWS, tf.constant(0, tf.int64))

    return run() if mode == "eager" else tf.function(run, jit_compile=mode == "xla", autograph=False)()


def part_of(batch: Any, rows: slice) -> Any:
    return tf.nest.map_structure(lambda each: None if each is None else each[rows], batch)


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weights"])
@pytest.mark.parametrize("case", LOSSES)
def test_micro_batches_make_the_step_of_one_large_batch(case: str, weights: Any) -> None:
    """Each column of the losses, the weight and every gradient; of 13 rows in fours, the last makes a batch by itself."""
    batch = {**BATCH, "weights": weights}
    small, large = make_step(LOSSES[case], 4), make_step(LOSSES[case], ROWS)
    assert_same(learned(small, batch), learned(large, batch))
    assert small._known_portions == [PORTIONS.get(case, 1)]


@pytest.mark.parametrize("mode", ["graph", "xla"])
def test_compiled_they_do_too(mode: str) -> None:
    small, large = make_step(LOSSES["with and without"], 4), make_step(LOSSES["with and without"], ROWS)
    assert_same(learned(small, BATCH, mode), learned(large, BATCH))


@pytest.mark.parametrize("case", ["one mask", "with and without"])
def test_what_layers_add_is_joined_by_the_samples(case: str) -> None:
    nodes = [*NODES, {"AddLoss": "mean(amount ** 2)", "name": "extra"}, {"AddMetric": "mean(amount)", "name": "logged"}]
    small, large = make_step(LOSSES[case], 4, nodes), make_step(LOSSES[case], ROWS, nodes)
    assert "logged" in large.facts
    assert_same(learned(small, BATCH), learned(large, BATCH))
    assert small._known_portions == [2]


@pytest.mark.parametrize("batch_size", [ROWS, 3], ids=["whole", "accumulated"])
@pytest.mark.parametrize("case", LOSSES)
def test_sums_of_what_replicas_have_are_those_of_the_whole(case: str, batch_size: int) -> None:
    """Of any lengths; random numbers follow the place in the whole batch."""
    batch = {**BATCH, "weights": WEIGHTS}
    step, large = make_step(LOSSES[case], batch_size), make_step(LOSSES[case], ROWS)
    number = tf.constant(0, tf.int64)
    parts = [slice(0, 5), slice(5, 6), slice(6, ROWS)]
    found = [step.sums(part_of(batch, each), each.stop - each.start, number, each.start) for each in parts]
    summed = [tf.add_n(each) for each in zip(*found, strict=True)]
    assert_same(step.joined(summed), learned(large, batch))


def test_the_mean_is_over_the_real_places() -> None:
    """By hand: what is joined by the samples instead is another number."""
    step = make_step(LOSSES["one mask"], 4)
    losses, weight, _ = learned(step, BATCH)
    logits = step.model(BATCH["inputs"])["tagger"]
    each = tf.nn.sparse_softmax_cross_entropy_with_logits(BATCH["targets"]["tags"], logits).numpy()
    penalty = sum(float(value) for value in step.model.penalties)
    assert float(losses[0]) == pytest.approx(each[TOKENS != 0].mean() + penalty, rel=1e-5)
    assert float(weight) == ROWS
    starts = range(0, ROWS, 4)
    by_samples = sum(each[i : i + 4][TOKENS[i : i + 4] != 0].mean() * min(4, ROWS - i) for i in starts) / ROWS
    assert abs(by_samples + penalty - float(losses[0])) > 1e-3


def test_a_part_without_a_real_place_counts_for_nothing() -> None:
    blank = np.where(np.arange(ROWS)[:, None] < 4, 0, TOKENS)
    batch = {**BATCH, "inputs": {**BATCH["inputs"], "a": tf.constant(blank, tf.int32)}}
    small, large = make_step(LOSSES["one mask"], 4), make_step(LOSSES["one mask"], ROWS)
    assert_same(learned(small, batch), learned(large, batch))


MIXED_NODES: list[Any] = [{"Masking": None, "name": "real"}, {"Dense": {"units": 3}, "name": "tagger"}]


def test_mixed_samples_of_masked_sequences() -> None:
    model = Model(MIXED_NODES, seed=5)
    model.ensure_built(TensorSpec((None, TIME, 2)))
    train = TrainSpec.parse({"epochs": 1, "loss": "sparse_categorical_crossentropy"})
    heads = train.bind(list(model.graph.outputs), ["tags"], ["input"])
    optimizer = make(train.optimizer)
    optimizer.build(model.trainable_variables)
    meters = Meters(heads, model.graph.output_tensors())
    inputs = tf.constant(RNG.normal(size=(ROWS, TIME, 2)) * (RNG.random((ROWS, TIME, 1)) < 0.3), tf.float32)
    plain = {"inputs": {"input": inputs}, "targets": {"tags": BATCH["targets"]["tags"]}, "weights": None}
    batch = Mixing(MixUp(), {"input": TensorSpec((None, TIME, 2))}, 5)(plain, ROWS, tf.constant(0, tf.int64))
    large = TrainStep(model, Objective(heads), optimizer, meters, ROWS, 8, None, seed=5)
    assert_same(learned(replace(large, batch_size=4), batch), learned(large, batch))


def test_synchronised_statistics_with_weights() -> None:
    """Of two replicas, threads here, one has samples that weigh nothing, and are in the statistics all the same."""
    random = np.random.default_rng(4)
    batch = {
        "inputs": {"input": tf.constant(random.normal(3, 1, (8, 5)), tf.float32)},
        "targets": {"value": tf.constant(random.normal(size=(8, 2)), tf.float32)},
        "weights": tf.constant([0.0, 0.0, 0.0, 1, 5, 0.2, 2, 1]),
    }
    nodes: list[Any] = [{"Dense": 4}, "BatchNormalization", {"Dense": 2}]
    number, parts = tf.constant(0, tf.int64), [slice(0, 3), slice(3, 8)]
    brought: dict[int, Any] = {}
    barrier = Barrier(2, timeout=60)

    def replica(place: int) -> list[tf.Tensor]:
        def sums(tensors: Sequence[tf.Tensor]) -> list[tf.Tensor]:
            brought[place] = tensors
            barrier.wait()
            found = [tf.add(*each) for each in zip(brought[0], brought[1], strict=True)]
            barrier.wait()
            return found

        step, rows = statistics_step(nodes), parts[place]
        with synchronized(sums):
            return step.sums(part_of(batch, rows), rows.stop - rows.start, number, rows.start)

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(replica, range(2))
    large = statistics_step(nodes)
    found = large.joined([tf.add(*each) for each in zip(first, second, strict=True)])
    assert_same(found, large.learned(batch, 8, number))


def statistics_step(nodes: list[Any]) -> TrainStep:
    model = Model(nodes, seed=5)
    model.ensure_built(TensorSpec((None, 5)))
    train = TrainSpec.parse({"epochs": 1, "loss": "mse"})
    heads = train.bind(list(model.graph.outputs), ["value"], ["input"])
    return TrainStep(model, Objective(heads), None, Meters(heads, model.graph.output_tensors()), 8, 1, None, seed=5)
