from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from netlib.runs import checkpoint
from netlib.runs.directory import RunDirectory
from netlib.spec.errors import UsageError
from netlib.training.callbacks import EMA, Callback, EarlyStopping, StopOnNaN, Training
from netlib.training.fit import fit
from netlib.training.weights import restore_weights

DECAY = 0.8


class EachStep(Callback):
    """Keeps the weights after each step."""

    def __init__(self) -> None:
        self.weights: list[dict[str, np.ndarray]] = []

    def join(self, training: Training) -> None:
        self._model = training.model

    def next_stop(self, step: int) -> int:
        return step + 1

    def epoch_started(self, epoch: int, epochs: int | None, steps: int) -> None:
        if epoch == 1:
            self.weights = [self._model.state_dict()]

    def chunk_ended(self, *details: Any) -> None:
        self.weights.append(self._model.state_dict())


def closed_form(weights: list[dict[str, np.ndarray]], decay: float) -> dict[str, np.ndarray]:
    """`decay^n w_0 + (1 - decay) sum_i decay^(n - i) w_i`, in double precision."""
    last = len(weights) - 1
    shares = [decay**last, *((1 - decay) * decay ** (last - step) for step in range(1, last + 1))]
    assert sum(shares) == pytest.approx(1)
    return {
        path: sum(share * step[path].astype(np.float64) for share, step in zip(shares, weights, strict=True))
        for path in weights[0]
    }


def test_averages_are_those_of_the_closed_form(mode_lab: Any) -> None:
    watching, ema = EachStep(), EMA(DECAY)
    job = mode_lab.job(epochs=2, callbacks=[watching, ema])
    fit(job)
    assert len(watching.weights) == 1 + 2 * 6
    expected = closed_form(watching.weights, DECAY)
    for path, average in ema.variables().items():
        np.testing.assert_allclose(average.numpy(), expected[path], rtol=2e-5, atol=1e-7)
        assert not np.allclose(average.numpy(), watching.weights[-1][path], rtol=1e-3)
    for path, value in mode_lab.weights().items():  # the training has ended
        np.testing.assert_array_equal(value, ema.variables()[path].numpy())


@pytest.mark.slow
def test_training_itself_does_not_see_them(mode_lab: Any, blobs: Any) -> None:
    plain, averaged = EachStep(), EachStep()
    fit(mode_lab.job(epochs=2, callbacks=[plain]))
    fit(mode_lab.reset().job(validation=blobs(20, seed=9), epochs=2, callbacks=[averaged, EMA(DECAY)]))
    for one, other in zip(plain.weights, averaged.weights, strict=True):
        for path, value in one.items():
            np.testing.assert_array_equal(value, other[path], err_msg=path)


def test_validation_and_the_best_epoch_are_of_the_averages(lab: Any, blobs: Any, run: RunDirectory) -> None:
    job = lab.job(validation=blobs(20, seed=9), epochs=2, callbacks=[EMA(DECAY)], run=run)
    fit(job)
    for record in job.progress.records:
        saved = checkpoint.read(run.checkpoints / checkpoint.name_of(record["step"]))
        lab.engine.model.load_state_dict(saved.groups["model"])
        assert job.evaluator.run(job.validation)["loss"] != record["validation"]["loss"]
        restore_weights(lab.engine.model, saved.path)
        assert job.evaluator.run(job.validation) == record["validation"]


def test_both_sets_are_saved(lab: Any, run: RunDirectory) -> None:
    watching, ema = EachStep(), EMA(DECAY)
    job = lab.job(epochs=1, callbacks=[watching, ema], run=run)
    fit(job)
    saved = checkpoint.read(run.checkpoints / "step-00000006").groups
    averages = {name.removeprefix("callbacks/EMA/"): a for name, a in saved["loop"].items() if "EMA" in name}
    assert set(averages) == set(saved["model"]) == set(watching.weights[-1])
    for path, value in saved["model"].items():
        np.testing.assert_array_equal(value, watching.weights[-1][path])
        np.testing.assert_array_equal(averages[path], ema.variables()[path].numpy())


def test_with_early_stopping_the_model_ends_with_the_best_averages(lab: Any, blobs: Any) -> None:
    lab.engine.optimizer.learning_rate = 0.7
    for callbacks in ([EMA(0.5), EarlyStopping(2)], [EarlyStopping(2), EMA(0.5)]):  # whichever comes first
        job = lab.reset().job(validation=blobs(20, seed=9), epochs=6, callbacks=callbacks)
        lab.engine.optimizer.learning_rate = 0.7
        fit(job)
        best = min(job.progress.records, key=lambda record: record["validation"]["loss"])
        assert best is not job.progress.records[-1]
        assert job.evaluator.run(job.validation) == best["validation"]


def test_statistics_are_used_as_they_are_and_frozen_weights_have_no_average(make_lab: Any) -> None:
    nodes = [
        {"Dense": 4, "name": "hidden", "trainable": False},
        {"BatchNormalization": None, "name": "normed"},
        {"Dense": 3},
    ]
    lab = make_lab(nodes)
    ema = EMA(DECAY)
    fit(lab.job(callbacks=[ema]))
    assert set(ema.variables()) == {"normed.gamma", "normed.beta", "dense.kernel", "dense.bias"}
    assert np.abs(lab.weights()["normed.moving_mean"]).max() > 0


@pytest.mark.slow
def test_one_object_serves_one_training_after_another(lab: Any, make_lab: Any) -> None:
    """Each time the averages begin anew; what is compiled never has those of another model."""
    ema, other = EMA(DECAY), make_lab()
    fit(lab.job(callbacks=[ema]))
    first = lab.weights()
    fit(lab.reset().job(callbacks=[ema]))
    again = lab.weights()
    fit(other.job(callbacks=[ema]))
    fit(lab.reset().job(callbacks=[ema]))
    for path, value in lab.weights().items():
        np.testing.assert_array_equal(value, first[path])
        np.testing.assert_array_equal(again[path], first[path])
    fit(lab.reset().job())  # and without it the weights are the last ones
    assert not np.array_equal(lab.weights()["head.kernel"], first["head.kernel"])


def test_a_second_one_is_refused(lab: Any) -> None:
    with pytest.raises(UsageError, match="there are two EMA among the callbacks: a model is measured with one set of"):
        lab.job(callbacks=[EMA(0.9), StopOnNaN(), EMA(0.99)])
