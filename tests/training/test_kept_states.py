"""States that layers keep from batch to batch, against one pass over the whole sequence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.data.arrays import Arrays
from netlib.spec.errors import UsageError
from netlib.training.fit import fit
from netlib.training.model import Model

MakeLab = Callable[..., Any]
RNG = np.random.default_rng(3)
WHOLE = RNG.normal(size=(2, 12, 3)).astype(np.float32)
CUT = np.concatenate(np.split(WHOLE, 4, 1))  # four batches of two rows, three steps each
TARGETS = RNG.normal(size=(8, 3, 1)).astype(np.float32)
DATA = Arrays({"input": CUT}, {"target": TARGETS})
MEMORY = {"LSTM": {"units": 4, "stateful": True, "batch_size": 2, "return_sequences": True}, "name": "memory"}
NODES = [{**MEMORY, "trainable": False}, {"Dense": 1, "name": "head"}]  # what the frozen one ends with is known


def hidden(model: Any) -> np.ndarray:
    """`h` after each step, by a layer with the model's weights that reads the whole sequence from zero."""
    whole = nn.LSTM(4, return_sequences=True)
    whole(WHOLE)
    own = model.state_dict()
    whole.load_state_dict({name: own[f"memory.{name}"] for name in ("kernel", "recurrent_kernel", "bias")})
    return np.asarray(whole(WHOLE)["output"])


def answers(model: Any) -> np.ndarray:
    """What the model gives of the whole sequence."""
    own = model.state_dict()
    return np.asarray(hidden(model) @ own["head.kernel"] + own["head.bias"])


def joined(batches: np.ndarray) -> np.ndarray:
    """Four batches of two rows as one sequence."""
    return np.concatenate(np.split(batches, 4), 1)


def state_after(model: Any, batches: int) -> np.ndarray:
    return np.asarray(hidden(model)[:, 3 * batches - 1])


def state(model: Any) -> np.ndarray:
    return np.asarray(model.state_dict()["memory.state_h"])


@pytest.fixture(scope="module", params=["graph", "eager", pytest.param("xla", marks=pytest.mark.slow)])
def _memory(request: pytest.FixtureRequest, make_lab: MakeLab) -> Any:
    return make_lab(NODES, DATA, 2, loss="mse", optimizer={"SGD": 0.1}, execution=request.param)


@pytest.fixture
def memory(_memory: Any) -> Any:
    return _memory.reset()


@pytest.mark.parametrize("epochs", [1, 3])
def test_each_epoch_begins_at_zero(memory: Any, epochs: int) -> None:
    model = memory.engine.model
    fit(memory.job(shuffle=False, epochs=epochs))
    np.testing.assert_allclose(state(model), state_after(model, 4), atol=1e-6)


def test_an_epoch_that_is_cut_short_goes_on_with_its_state(memory: Any) -> None:
    model = memory.engine.model
    job = memory.job(shuffle=False, epochs=None, steps=3)
    fit(job)
    np.testing.assert_allclose(state(model), state_after(model, 3), atol=1e-6)
    fit(memory.job(shuffle=False, progress=job.progress, epochs=1))
    np.testing.assert_allclose(state(model), state_after(model, 4), atol=1e-6)


def test_validation_begins_at_zero_and_changes_nothing(memory: Any) -> None:
    job = memory.job(shuffle=False, validation=DATA, epochs=None, steps=3)
    fit(job)
    model = memory.engine.model
    np.testing.assert_allclose(state(model), state_after(model, 3), atol=1e-6)
    measured = job.progress.records[-1]["validation"]["loss"]
    assert measured == pytest.approx(np.mean((answers(model) - joined(TARGETS)) ** 2), rel=1e-5)


def test_micro_batches_follow_one_another(make_lab: MakeLab) -> None:
    lab = make_lab(NODES, DATA, 2, loss="mse", optimizer={"SGD": 0.1}, accumulate=2, execution="graph")
    fit(lab.job(shuffle=False))
    np.testing.assert_allclose(state(lab.engine.model), state_after(lab.engine.model, 4), atol=1e-6)


def made() -> Model:
    model = Model(NODES, seed=5)
    model.compile("mse", {"SGD": 0.1})
    return model


def test_prediction_is_that_of_the_whole_sequence_and_changes_nothing() -> None:
    model = made()
    first = model.predict(CUT, batch_size=2)
    np.testing.assert_array_equal(state(model), 0)  # of a model that was built inside, too
    model(CUT[:2])
    before = state(model)
    np.testing.assert_array_equal(model.predict(CUT, batch_size=2), first)
    model.evaluate(CUT, TARGETS, batch_size=2)
    np.testing.assert_array_equal(state(model), before)
    np.testing.assert_allclose(joined(first), answers(model), atol=1e-6)


def test_an_order_that_the_states_cannot_follow_is_refused() -> None:
    text = "memory keeps a state for each row from batch to batch, but "
    with pytest.raises(UsageError, match=text + "the samples are shuffled for every epoch; give shuffle=False"):
        made().fit(CUT, TARGETS, batch_size=2)
    with pytest.raises(UsageError, match=text + "7 samples do not fill batches of 2: leave the last 1 out"):
        made().fit(CUT[:7], TARGETS[:7], batch_size=2, shuffle=False)


class Counter(nn.Layer[Any]):
    """Adds the number of batches before this one."""

    couples_rows = True

    def build(self, shape: Any) -> None:
        self.batches = self.add_weight("batches", (), "zeros", trainable=False)

    def call(self, x: tf.Tensor) -> tf.Tensor:
        before = tf.identity(self.batches)
        self.batches.assign_add(1.0)
        return x + before

    def reset_states(self) -> None:
        self.batches.assign(0.0)


def test_a_layer_written_by_hand_is_asked_too() -> None:
    model = Model([Counter()])
    zeros = np.zeros((3, 1), np.float32)
    model(zeros)
    for _ in range(2):
        np.testing.assert_array_equal(model.predict(zeros, batch_size=1)[:, 0], [0, 1, 2])
    np.testing.assert_array_equal(model.variables[0], 1)
