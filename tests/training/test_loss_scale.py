"""Loss scaling, against closed forms and Keras; and what a skipped step leaves as it was."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from netlib.data.arrays import Arrays
from netlib.runs import checkpoint
from netlib.runs.directory import RunDirectory, create
from netlib.training import loss_scale
from netlib.training.callbacks import EMA
from netlib.training.checkpoints import TrainingError
from netlib.training.fit import fit
from netlib.training.loop import Block
from netlib.training.loss_scale import FIRST, GREATEST, LossScale, needs_loss_scale
from netlib.training.model import Model

MakeLab = Callable[..., Any]
NODES = [
    {"Dense": {"units": 8, "activation": "relu"}, "name": "hidden"},
    "BatchNormalization",
    {"Dropout": 0.3},
    {"Dense": 3, "name": "head"},
]
LARGE = {"large": {"SparseCategoricalCrossentropy": {}, "weight": 128}}
"""Its gradient is so large that the first steps do not fit float16."""
ONE = Arrays({"input": np.ones([1, 1], np.float32)}, {"target": np.full([1, 1], 0.5, np.float32)})


def half(nodes: Any = NODES) -> dict[str, Any]:
    return {"nodes": nodes, "dtype": "mixed_float16"}


def weighing(make_lab: MakeLab, weight: float, **settings: Any) -> Any:
    """One weight, 1 at first, and one sample, 1, whose target is 0.5: the gradient is the loss's weight."""
    nodes = [{"Dense": {"units": 1, "use_bias": False, "kernel_initializer": "ones"}, "name": "w"}]
    loss = {"weighed": {"MeanSquaredError": {}, "weight": weight}}
    words = {"loss": loss, "optimizer": {"SGD": {"learning_rate": 0.5, "momentum": 0.5}}, **settings}
    return make_lab(half(nodes), ONE, batch_size=1, **words)


def steps(lab: Any, count: int, chunk: int = 99) -> dict[str, np.ndarray]:
    """The facts of so many steps, each on the same rows, by name."""
    loop, rows, done = lab.engine.loop, [], 0
    data = lab.engine.feed(lab.data)
    order = tf.constant(np.tile(np.arange(len(lab.data), dtype=np.int32), count))
    tensors = next(iter(data.epoch(0, 0, count))).tensors
    block = Block(tensors, order, len(lab.data), 0, count)
    while done < count:
        rows.append(loop.run(block, done, min(done + chunk, count), done))
        done += len(rows[-1])
    return dict(zip(loop.facts, np.concatenate(rows).T, strict=True))


def state(lab: Any) -> dict[str, np.ndarray]:
    groups = lab.job().state._values()
    return {f"{group}: {name}": value for group, values in groups.items() for name, value in values.items()}


def assert_same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    assert list(one) == list(other)
    for name, value in one.items():
        np.testing.assert_array_equal(value, other[name], err_msg=name)


def test_scale_and_updates_are_those_of_keras(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loss_scale, "GROWTH_STEPS", 3)
    theirs = keras.mixed_precision.LossScaleOptimizer(keras.optimizers.SGD(0.1, momentum=0.9), dynamic_growth_steps=3)
    inner = keras.optimizers.SGD(0.1, momentum=0.9)
    scale, (mine, other) = LossScale(), (tf.Variable([1.0, 2.0]) for _ in range(2))
    theirs.build([other])
    inner.build([mine])
    for number, finite in enumerate([1, 0, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1]):
        loss = tf.constant(0.25 * (number + 1))
        assert float(scale.scaled(loss)) == float(theirs.scale_loss(loss))
        gradient = scale.scaled(loss) * tf.constant([1.0, 2.0]) * (1.0 if finite else math.inf)
        theirs.apply([gradient], [other])
        (own,) = scale.unscaled([gradient])
        skipped = scale.update(
            tf.reduce_all(tf.math.is_finite(own)), lambda own=own: inner.apply([own], [mine]), lambda: None
        )
        assert float(skipped) == 1 - finite
        values = scale.values()
        assert values["loss_scale/scale"] == theirs.dynamic_scale.numpy()
        assert values["loss_scale/finite_steps"] == theirs.step_counter.numpy()
        assert inner.iterations.numpy() == theirs.inner_optimizer.iterations.numpy()
        np.testing.assert_array_equal(mine.numpy(), other.numpy())


def test_the_scale_has_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loss_scale, "GROWTH_STEPS", 1)
    scale = LossScale()

    def take(finite: bool, count: int) -> list[float]:
        def nothing() -> None:
            pass

        return [float(scale.update(tf.constant(finite), nothing, nothing)) for _ in range(count)]

    assert take(True, 115) == [0] * 115
    assert scale.value == GREATEST == 2.0**127
    assert take(False, 127) == [1] * 127
    assert scale.value == 1
    assert take(False, 2) == [0, 0]  # which the loop takes for a failure
    assert scale.value == 1


def test_gradients_that_float16_would_round_to_zero_are_kept(make_lab: MakeLab) -> None:
    lab = weighing(make_lab, 2.0**-30, execution="eager")
    facts = steps(lab, 1)
    assert (facts["gradient_norm"][0], facts["skipped"][0]) == (2.0**-30, 0)
    unscaled = copy.copy(lab.engine.loop.step)
    object.__setattr__(unscaled, "scale", None)
    batch = {"inputs": {"input": tf.ones([1, 1])}, "targets": {"target": tf.constant([[0.5]])}, "weights": None}
    assert float(unscaled(batch, 1, tf.constant(0, tf.int64))[1]) == 0


@pytest.mark.parametrize("mode", ["eager", "graph", "xla"])
def test_a_skipped_step_changes_nothing_but_the_scale(make_lab: MakeLab, mode: str) -> None:
    """A gradient of 2^9 fits float16, which ends below 2^16, times 2^6 at most: nine steps are skipped. Then
    w = 1 - 2^-10 * 2^9 = 0.5, the target, so the next gradient is 0, and momentum takes half of that step once more."""
    lab = weighing(make_lab, 2.0**9, optimizer={"SGD": {"learning_rate": 2.0**-10, "momentum": 0.5}}, execution=mode)
    lab.engine.scale.take({"loss_scale/finite_steps": np.int32(7)})
    facts = steps(lab, 9)
    assert facts["skipped"].tolist() == [1] * 9
    assert np.isnan(facts["gradient_norm"]).all()
    assert facts["loss"].tolist() == [2.0**9 * 0.25] * 9
    found = state(lab)
    assert (found["loop: loss_scale/scale"], found["loop: loss_scale/finite_steps"]) == (2.0**6, 0)
    assert found["model: w.kernel"] == 1
    assert found["optimizer: momentums/w.kernel"] == found["optimizer: iterations"] == 0

    facts = steps(lab, 2)
    assert facts["skipped"].tolist() == [0, 0]
    assert facts["gradient_norm"].tolist() == [2.0**9, 0]
    found = state(lab)
    assert (found["model: w.kernel"], found["optimizer: iterations"]) == (0.25, 2)
    assert found["loop: loss_scale/finite_steps"] == 2


def test_statistics_and_counters_of_a_skipped_step_are_taken_back(make_lab: MakeLab, blobs: Any) -> None:
    """The input of 1e5 is more than float16 has: the forward pass already is not finite, and so are batch statistics."""
    data = blobs(16)
    data.inputs["input"][3] = 1e5
    lab = make_lab(half(), data, metrics=["accuracy", "sparse_categorical_crossentropy"])
    before = state(lab)
    assert steps(lab, 1)["skipped"].tolist() == [1]
    after = state(lab)
    assert after.pop("loop: loss_scale/scale") == before.pop("loop: loss_scale/scale") / 2
    assert_same(after, before)


def test_averages_wait_while_steps_are_skipped(make_lab: MakeLab) -> None:
    lab = weighing(make_lab, 2.0**9, optimizer={"SGD": 2.0**-10})
    ema = EMA(0.5)
    lab.job(callbacks=[ema])
    ema.variables()["w.kernel"].assign([[3.0]])
    assert steps(lab, 9)["skipped"].all()
    assert ema.variables()["w.kernel"].numpy() == 3
    steps(lab, 1)
    assert ema.variables()["w.kernel"].numpy() == (3 + 0.5) / 2


@pytest.mark.parametrize(("kind", "limit"), [("global_norm", 1e-3), ("value", 1e-4)])
def test_gradients_are_unscaled_before_they_are_joined_and_clipped(
    make_lab: MakeLab, kind: str, limit: float, blobs: Any
) -> None:
    nodes, data = [NODES[0], NODES[3]], blobs(16)
    settings = {"optimizer": {"SGD": 1.0}, "clip": {kind: limit}, "execution": "eager"}
    whole = make_lab(nodes, data, **settings)
    parts = make_lab(half(nodes), data, batch_size=4, accumulate=4, **settings)
    first = whole.weights()
    expected, facts = steps(whole, 1), steps(parts, 1)
    assert facts["skipped"].tolist() == [0]
    assert facts["gradient_norm"] == pytest.approx(expected["gradient_norm"], rel=5e-3)
    for path, value in whole.weights().items():
        np.testing.assert_allclose(parts.weights()[path] - first[path], value - first[path], atol=limit / 50)


@pytest.mark.parametrize("mode", ["graph", "xla"])
def test_bits_do_not_depend_on_the_length_of_chunks(make_lab: MakeLab, mode: str) -> None:
    lab = make_lab(half([NODES[0], NODES[2], NODES[3]]), loss=LARGE, execution=mode)
    facts = steps(lab, 12, chunk=1)
    assert 1 < facts["skipped"].sum() < 11
    ended = state(lab)
    for chunk in (5, 99):
        lab.reset()
        assert_same(steps(lab, 12, chunk), facts)
        assert_same(state(lab), ended)


def test_a_resumed_run_ends_with_the_same_bits(make_lab: MakeLab, run: RunDirectory, blobs: Any, recorder: Any) -> None:
    """Steps are skipped before the checkpoint, in its epoch, and after it."""
    heard, samples = recorder(), blobs(40)  # five steps an epoch
    lab = make_lab(half(), samples, batch_size=9, loss=LARGE, metrics=["accuracy"])
    straight = lab.job(run=run, epochs=2, checkpoint={"every_steps": 1, "keep_last": 99}, listeners=[heard])
    fit(straight)
    skipped = lab.engine.scale
    assert 3 <= math.log2(FIRST / skipped.value) < 10
    said = [text for (text,) in heard.of("message")]
    assert said[0] == "5 of the 5 steps of epoch 1 were skipped: not finite in float16; the loss scale is now 1024"
    assert math.isnan(straight.progress.records[0]["train"]["loss"])
    assert math.isfinite(straight.progress.records[1]["train"]["loss"])
    ended = state(lab)

    heard = recorder()
    job = lab.reset().job(run=create(run.path.parent, "again"), epochs=2, listeners=[heard])
    job.state.restore(checkpoint.read(run.checkpoints / checkpoint.name_of(3)))
    assert (job.progress.skipped, skipped.value) == (3, FIRST / 8)
    fit(job)
    assert_same(state(lab), ended)
    assert [text for (text,) in heard.of("message")] == said


def test_what_is_not_finite_at_any_scale_ends_the_training_with_the_weights_as_they_were(make_lab: MakeLab) -> None:
    """After fifteen halvings the scale is 1, and the sixteenth step is not skipped."""
    lab = weighing(make_lab, 1e30, epochs=20)
    with pytest.raises(TrainingError, match="the gradient became nan in step 16; the last checkpoint stands"):
        fit(lab.job())
    assert lab.engine.scale.value == 1
    assert lab.weights()["w.kernel"] == 1


def test_the_loss_is_scaled_only_where_something_computes_in_float16(make_lab: MakeLab) -> None:
    assert make_lab([{"Dense": 3}], execution="eager").engine.scale is None
    assert make_lab({"nodes": [{"Dense": 3}], "dtype": "mixed_bfloat16"}, execution="eager").engine.scale is None
    one = make_lab([{"Dense": 8, "dtype": "float16"}, {"Dense": 3}], execution="eager")
    assert one.engine.scale is not None
    foreign = Model([keras.layers.Dense(4, dtype="mixed_float16"), {"Dense": 3}])
    foreign(tf.ones([2, 3]))
    assert needs_loss_scale(foreign)


def compiled(**options: Any) -> Model:
    model = Model([NODES[0], NODES[3]], seed=5, dtype="mixed_float16")
    model.compile(LARGE, {"Adam": 0.01}, ["accuracy"], **options)
    return model


def test_a_saved_model_and_a_copy_go_on_to_the_same_bits(tmp_path: Path, blobs: Any) -> None:
    data = blobs(32)
    model = compiled(execution="graph")
    x, y = data.inputs["input"], data.targets["target"]
    model.fit(x, y, epochs=4, batch_size=16)
    assert model.trainer is not None
    assert 1 < model.trainer.scale.value < FIRST
    model.save(tmp_path / "model")
    others = [Model.load(tmp_path / "model"), copy.deepcopy(model)]
    assert others[0].dtype == "mixed_float16"
    model.fit(x, y, epochs=3, batch_size=16)
    for other in others:
        other.fit(x, y, epochs=3, batch_size=16)
        assert_same(other.state_dict(), model.state_dict())
        assert other.trainer is not None
        assert_same(other.trainer.scale.values(), model.trainer.scale.values())
        assert other.optimizer.iterations.numpy() == model.optimizer.iterations.numpy() < 14


def test_a_batch_may_be_skipped(blobs: Any) -> None:
    data, model = blobs(16), compiled(execution="eager")
    x, y = data.inputs["input"], data.targets["target"]
    first = model.train_on_batch(x, y)
    assert math.isfinite(first["loss"])
    assert model.optimizer.iterations.numpy() == 0
    while not model.optimizer.iterations.numpy():
        model.train_on_batch(x, y)
    assert model.trainer is not None
    assert model.trainer.progress.step == 1 + math.log2(FIRST / model.trainer.scale.value)


def test_gradients_to_look_at_are_those_of_a_step() -> None:
    nodes = [{"Dense": {"units": 1, "use_bias": False, "kernel_initializer": "ones"}, "name": "w"}]
    model = Model(nodes, dtype="mixed_float16")
    model.compile({"weighed": {"MeanSquaredError": {}, "weight": 2.0**-30}})
    (gradient,) = model.gradients(ONE.inputs["input"], ONE.targets["target"]).values()
    assert gradient.numpy() == 2.0**-30
