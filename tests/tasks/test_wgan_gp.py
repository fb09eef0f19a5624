"""The shipped adversarial network, trained: what it draws comes to lie where the real points are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netlib.config.load import load
from netlib.data.load import load as load_data
from netlib.tasks.build import build
from netlib.tasks.train import train
from netlib.training.weights import restore_weights

CONFIG = Path(__file__).parents[2] / "configs" / "concepts" / "wgan_gp.yaml"


def sliced(first: np.ndarray, second: np.ndarray) -> float:
    """The sliced Wasserstein distance: the mean over directions of that between the projections, which sorting gives."""
    angles = np.linspace(0, np.pi, 32, endpoint=False)
    directions = np.stack([np.cos(angles), np.sin(angles)])
    return float(np.abs(np.sort(first @ directions, axis=0) - np.sort(second @ directions, axis=0)).mean())


@pytest.mark.slow
def test_drawn_points_come_to_lie_where_the_real_ones_are(tmp_path: Path, records: Any) -> None:
    result = train(CONFIG, ["train.epochs=60", "train.execution=graph"], run_dir=tmp_path / "run")
    assert result.run is not None
    energies = [record["validation"]["energy"] for record in records(result.run) if "validation" in record]
    assert min(energies) < 0.2 * energies[0]
    experiment = load(CONFIG)
    assert experiment.data is not None
    points = load_data(experiment.data, experiment.seed).train.inputs["features"]
    model = build(experiment)
    before = sliced(model.predict({"features": points})["generator"], points)
    restore_weights(model, result.run / "checkpoints" / f"step-{8 * result.best_epoch:08d}")
    after = sliced(model.predict({"features": points})["generator"], points)
    assert after < 0.25 * before


@pytest.mark.slow
def test_a_run_that_is_gone_on_with_ends_with_the_same_bits(tmp_path: Path) -> None:
    whole = train(CONFIG, ["train.epochs=4", "train.execution=graph"], run_dir=tmp_path / "whole")
    train(CONFIG, ["train.epochs=2", "train.execution=graph"], run_dir=tmp_path / "cut")
    cut = train(None, ["train.epochs=4"], resume=tmp_path / "cut")
    assert whole.run is not None
    assert cut.run is not None
    ends = [run / "checkpoints" / "step-00000032" for run in (whole.run, cut.run)]
    for group in ("model", "optimizer"):
        first, second = ((end / f"{group}.safetensors").read_bytes() for end in ends)
        assert first == second
