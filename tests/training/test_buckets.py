"""Batches of samples of like length: which they are, in which order, and what training on them gives."""

from __future__ import annotations

import sys
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.data.arrays import Arrays
from netlib.data.lengths import by_length
from netlib.spec.buckets import Bucketed
from netlib.spec.errors import UsageError
from netlib.spec.training import TrainSpec
from netlib.training.buckets import MIX, RUN, BucketFeed
from netlib.training.loop import Block, DeviceData
from netlib.training.model import Model
from netlib.training.samples import tensors_of
from netlib.training.setup import Engine, heads_of, make_engine


def feed(sizes: list[int], rows: int, seed: int = 1, **options: Any) -> BucketFeed:
    """Of buckets whose samples are numbered through all of them."""
    starts = np.cumsum([0, *sizes])
    numbers = [np.arange(a, b, dtype=np.int32) for a, b in pairwise(starts)]
    return BucketFeed([DeviceData(Arrays({"x": each}, {})) for each in numbers], rows, seed, **options)


def steps(feed: BucketFeed, epoch: int = 0, start: int = 0, end: int = sys.maxsize) -> list[list[int]]:
    """The samples of each step from `start` to `end`, as the loop takes them."""
    found = []
    done = start
    for block in feed.epoch(epoch, start, end):
        assert block.first <= done < block.end
        values, order = block.tensors["inputs"]["x"].numpy(), block.order.numpy()
        for step in range(done, min(block.end, end)):
            first = (step - block.first + block.offset) * block.rows
            found.append(values[order[first : first + block.rows]].tolist())
            assert len(found[-1]) == block.rows
        done = min(block.end, end)
    return found


@settings(max_examples=60)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=4), st.integers(1, 40), st.data())
def test_an_epoch_has_every_sample_once_and_goes_on_anywhere(sizes: list[int], rows: int, data: st.DataObject) -> None:
    made = feed(sizes, rows)
    found = steps(made, 2)
    assert made.samples == sum(sizes)
    assert made.steps == len(found) == sum(-(-size // rows) for size in sizes)
    assert sorted(number for step in found for number in step) == list(range(sum(sizes)))
    bounds = np.cumsum(sizes)
    assert all(len(set(np.searchsorted(bounds, step, side="right"))) == 1 for step in found)
    start = data.draw(st.integers(0, len(found) - 1))
    end = data.draw(st.integers(start + 1, len(found)))
    assert steps(made, 2, start, end) == found[start:end]


def test_orders_follow_from_seed_and_epoch() -> None:
    made = feed([100, 90, 40], 8)
    assert steps(made, 1) == steps(feed([100, 90, 40], 8), 1)
    assert steps(made, 1) != steps(made, 2)
    assert steps(made, 1) != steps(feed([100, 90, 40], 8, seed=2), 1)
    assert steps(feed([20, 9], 8, shuffle=False)) == [
        list(range(8)),
        list(range(8, 16)),
        list(range(16, 20)),
        list(range(20, 28)),
        [28],
    ]


def test_small_steps_may_be_left_out() -> None:
    made = feed([20, 5, 9], 8, drop_remainder=True)
    assert made.steps == 3
    assert {len(step) for step in steps(made)} == {8}
    message = (
        r"a step takes 8 samples, smaller ones are dropped, and none of 2 buckets has as many; set a smaller batch"
    )
    with pytest.raises(UsageError, match=message):
        feed([7, 5], 8, drop_remainder=True)


def test_the_bucket_changes_often_and_runs_are_blocks() -> None:
    made = feed([40_000, 40_000], 10)
    blocks = list(made.epoch(0, 0, sys.maxsize))
    assert all((block.end - block.first) % RUN == 0 for block in blocks)
    assert 8000 / RUN / 3 < len(blocks) < 8000 / RUN
    assert len({block.form for block in blocks}) == 1
    few = feed([MIX * 5, MIX * 5], 10)
    assert len(list(few.epoch(0, 0, sys.maxsize))) > MIX / 4  # each step by itself, but for those that happen to follow


LENGTH, LENGTHS = 12, (4, 7, 12)
NETWORKS: dict[str, list[Any]] = {
    "lstm": [{"Embedding": {"input_dim": 20, "output_dim": 5, "mask_zero": True}}, {"LSTM": 6}, {"Dense": 3}],
    "pooling": [
        {"Embedding": {"input_dim": 20, "output_dim": 5, "mask_zero": True}},
        {"Dense": {"units": 8, "activation": "relu"}},
        "GlobalAveragePooling1D",
        {"Dense": 3},
    ],
    "both ways": [
        {"Embedding": {"input_dim": 20, "output_dim": 5, "mask_zero": True}},
        {"Bidirectional": {"GRU": {"units": 4, "return_sequences": True}}},
        "GlobalMaxPooling1D",
        {"Dense": 3},
    ],
}


def texts(samples: int = 70) -> Arrays:
    random = np.random.default_rng(4)
    lengths = random.integers(1, LENGTH + 1, samples)
    tokens = random.integers(1, 20, (samples, LENGTH)).astype(np.int32)
    tokens[np.arange(LENGTH) >= lengths[:, None]] = 0
    return Arrays({"input": tokens}, {"label": random.integers(0, 3, samples).astype(np.int32)})


def engine_for(nodes: Any, data: Arrays, **more: Any) -> Engine:
    model = Model(nodes, seed=5)
    model.ensure_built(*tensors_of(data))
    keys = {"epochs": 1, "execution": "graph", "loss": "sparse_categorical_crossentropy", **more}
    train = TrainSpec.parse(keys)
    return make_engine(model, train, heads_of(model, train, data), 16, 5)


def run(engine: Engine, blocks: list[Block]) -> list[np.ndarray]:
    """The weights behind all steps, and the facts of each."""
    facts = [engine.loop.run(block, step, step + 1, step) for block in blocks for step in range(block.first, block.end)]
    return [np.concatenate(facts), *(variable.numpy() for variable in engine.model.variables)]


@pytest.mark.parametrize("name", NETWORKS)
def test_masked_networks_learn_what_they_learn_of_the_same_batches_at_the_whole_length(name: str) -> None:
    data = texts()
    mode = "graph" if name == "pooling" else "eager"  # to compile recurrent layers for each length takes a minute
    short, whole = (engine_for(NETWORKS[name], data, execution=mode) for _ in range(2))
    blocks = list(short.feed(data, cut=Bucketed(("input",), LENGTHS)).epoch(0, 0, sys.maxsize))
    assert {block.tensors["inputs"]["input"].shape[1] for block in blocks} == set(LENGTHS)
    uncut = [
        Block(DeviceData(_padded(block)).tensors, block.order, block.rows, block.first, block.end, block.offset)
        for block in blocks
    ]
    for found, expected in zip(run(short, blocks), run(whole, uncut), strict=True):
        np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-6)


def _padded(block: Block) -> Arrays:
    tokens = block.tensors["inputs"]["input"].numpy()
    padded = np.pad(tokens, ((0, 0), (0, LENGTH - tokens.shape[1])))
    return Arrays({"input": padded}, {"label": block.tensors["targets"]["label"].numpy()})


def test_targets_of_each_place_are_cut_with_them() -> None:
    """The loss counts real places only, as the mask of the output says."""
    random = np.random.default_rng(1)
    tokens = texts().inputs["input"]
    data = Arrays({"input": tokens}, {"next": random.integers(0, 3, tokens.shape).astype(np.int32) * (tokens > 0)})
    nodes = [NETWORKS["lstm"][0], {"LSTM": {"units": 6, "return_sequences": True}}, {"Dense": 3}]
    engine = engine_for(nodes, data, execution="eager")
    blocks = list(engine.feed(data, cut=Bucketed(("input", "next"), LENGTHS)).epoch(0, 0, sys.maxsize))
    assert {block.tensors["targets"]["next"].shape[1] for block in blocks} == set(LENGTHS)
    parts = dict(by_length(data, ("input", "next"), LENGTHS))
    block = blocks[0]
    rows = block.order.numpy()[block.offset * block.rows :][: block.rows]
    part = parts[block.tensors["inputs"]["input"].shape[1]]
    logits = engine.model(part.inputs["input"][rows])
    values = tf.keras.losses.sparse_categorical_crossentropy(part.targets["next"][rows], logits, from_logits=True)
    real = part.inputs["input"][rows] > 0
    loss = engine.loop.run(block, block.first, block.first + 1, 0)[0, engine.loop.facts.index("loss")]
    assert loss == pytest.approx(values.numpy()[real].mean(), rel=1e-5)
