"""`--samples`: mean and spread of a run that is random at prediction."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from netlib.spec.errors import UsageError
from netlib.tasks.plan_prediction import Asked, plan_prediction
from netlib.tasks.predict import predict
from netlib.tasks.train import TrainResult, train

CONFIG = """
name: noisy
seed: 3
data: {source: csv, path: points.csv, targets: y, validation: 0.2, batch_size: 16}
model:
  - {Dense: {units: 8, activation: tanh}}
  - {Dropout: 0.5, training: true}
  - {Dense: 1}
train: {epochs: 1, loss: mean_squared_error, execution: graph}
"""


@pytest.fixture(scope="module")
def noisy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("noisy")
    x = np.random.default_rng(0).normal(size=(60, 2))
    lines = [f"{a:.4f},{b:.4f},{a - b:.4f}" for a, b in x]
    (folder / "points.csv").write_text("\n".join(["a,b,y", *lines]) + "\n")
    (folder / "noisy.yaml").write_text(CONFIG)
    return train(folder / "noisy.yaml", runs_root=folder / "runs").run


def rows_of(run, **asked):
    stream = io.BytesIO()
    predict(str(run), Asked(split="validation", **asked), stream)
    return list(csv.DictReader(io.StringIO(stream.getvalue().decode())))


def test_mean_and_spread_stand_beside_the_rows(noisy):
    once, some, again = rows_of(noisy), rows_of(noisy, samples=20), rows_of(noisy, samples=20)
    assert some == again  # the draws are the same each time
    assert list(some[0]) == ["a", "b", "y", "predicted_y", "predicted_y_std"]
    spread = np.array([float(row["predicted_y_std"]) for row in some])
    apart = [float(a["predicted_y"]) - float(b["predicted_y"]) for a, b in zip(once, some, strict=True)]
    assert (spread > 0).all()
    assert 0.3 < np.sqrt(np.mean((np.array(apart) / spread) ** 2)) < 2  # one draw lies about a deviation from the mean


def test_what_is_refused_before_tensorflow(noisy, short: TrainResult):
    with pytest.raises(UsageError, match="--samples takes how many draws are averaged, 2 or more, got 1"):
        plan_prediction(str(noisy), Asked(split="validation", samples=1))
    with pytest.raises(UsageError, match="write `training: true` beside dropout in the config, and train again"):
        plan_prediction(str(short.run), Asked(split="test", samples=9))
