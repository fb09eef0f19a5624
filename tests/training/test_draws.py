"""Several draws of a network that is random at prediction: against its own passes one by one, and the closed form."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from netlib.data.arrays import Arrays
from netlib.training.inference import inference_pass
from netlib.training.model import Model
from netlib.training.moments import Moments
from netlib.training.prediction import Predictor

X = np.random.default_rng(4).normal(size=(50, 4)).astype(np.float32)
NODES = [{"Dropout": 0.25, "training": True}, {"Dense": 1, "name": "head"}]


def test_moments_are_those_of_numpy():
    values = np.random.default_rng(1).normal(1e4, 1, (9, 5, 3)).astype(np.float32)
    found = Moments()
    for each in values:
        found.add(each)
    np.testing.assert_allclose(found.mean, values.astype(np.float64).mean(axis=0), rtol=1e-7)
    np.testing.assert_allclose(found.std, values.astype(np.float64).std(axis=0, ddof=1), rtol=1e-6)
    assert found.mean.dtype == found.std.dtype == np.float32


@pytest.mark.parametrize("mode", ["graph", "xla"])
def test_draws_are_the_passes_one_by_one(mode: str) -> None:
    model = Model(NODES, seed=3)
    model.compile("mse", execution=mode)
    model(X)
    (name,) = model.graph.outputs
    predictor = Predictor(model, model.trainer.train if model.trainer else None)
    once = predictor.run([Arrays({"input": X}, {})], 8)[name]
    passes = []
    for draw in range(6):
        with inference_pass(model, 0, draw):
            passes.append(next(iter(model.forward({"input": tf.constant(X)}).values())).numpy())
    np.testing.assert_allclose(passes[0], once, rtol=1e-5, atol=1e-6)
    parts = list(predictor.drawn([Arrays({"input": X}, {})], 8, 6))
    mean, std = (np.concatenate([getattr(part[name], each) for part in parts]) for each in ("mean", "std"))
    np.testing.assert_allclose(mean, np.mean(passes, axis=0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(std, np.std(passes, axis=0, ddof=1), rtol=1e-4, atol=1e-6)
    again = list(predictor.drawn([Arrays({"input": X}, {})], 8, 6))
    np.testing.assert_array_equal(np.concatenate([part[name].mean for part in again]), mean)


def test_mean_and_spread_are_those_of_dropout_before_a_sum() -> None:
    """Each value is kept with probability q and divided by it: its part of the variance is (1 - q) / q times its square."""
    model = Model(NODES, seed=3)
    model(X)
    kernel = model["head.kernel"].numpy()[:, 0].astype(np.float64)
    (part,) = Predictor(model, None).drawn([Arrays({"input": X[:8]}, {})], 8, 4000)
    (moments,) = part.values()
    parts = X[:8].astype(np.float64) * kernel
    np.testing.assert_allclose(moments.mean[:, 0], parts.sum(axis=1), atol=0.12)
    np.testing.assert_allclose(moments.std[:, 0], np.sqrt((0.25 / 0.75) * (parts**2).sum(axis=1)), rtol=0.06)
