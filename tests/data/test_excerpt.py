"""Some samples of a stream are looked at: from everywhere, few, and what is odd about them is said to be of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from netlib.data import excerpt as module
from netlib.data.excerpt import excerpt
from netlib.data.load import load
from netlib.data.streaming import Streamed
from netlib.spec.data import DataSpec

ROWS = 20_000


@pytest.fixture
def spec(tmp_path: Path) -> DataSpec:
    """A constant column, a copy of the target, and a class that only the last row has."""
    random = np.random.default_rng(0)
    target = random.integers(0, 2, ROWS).astype(np.int32)
    target[-1] = 2
    frame = pl.DataFrame(
        {"place": np.arange(ROWS, dtype=np.float32), "same": np.full(ROWS, 3.0), "copy": target, "kind": target}
    )
    frame.write_parquet(tmp_path / "t.parquet", row_group_size=1000)
    plain = {"source": "parquet", "path": str(tmp_path / "t.parquet"), "targets": "kind", "stratify": False}
    plain |= {"split": "Contiguous", "validation": 0.25, "memory": "128KB"}
    return DataSpec.parse({**plain, "preprocess": {"place": "Standardize"}})


def test_samples_are_from_everywhere_and_few(spec, monkeypatch):
    monkeypatch.setattr(module, "SAMPLES", 640)
    splits = load(spec, 1)
    assert isinstance(splits.train, Streamed)
    raw, few = excerpt(splits, spec.pipeline().with_steps(splits.preprocessing.specs()))
    rows = raw.samples["train"].rows
    assert len(rows) == len(set(rows.tolist())) == len(few.train) == 640
    assert (rows[0], rows[-1]) == (0, 14_999)
    assert np.diff(rows).max() < 15_000 / 640 * 64 * 1.2
    np.testing.assert_array_equal(raw.samples["train"].inputs["place"].reshape(-1), rows)
    assert raw.samples["validation"].rows.min() >= 15_000
    everything = np.concatenate([window.inputs["features"] for window in splits.train.windows(1000)])
    np.testing.assert_array_equal(few.train.inputs["features"], everything[rows])
    assert few.notes[-1] == "640 of 15,000 samples to train on were looked at"


def test_no_more_than_a_window_is_read(spec):
    splits = load(spec, 1)
    _, few = excerpt(splits, spec.pipeline().with_steps(splits.preprocessing.specs()))
    assert splits.train.window == 1000
    assert 1000 - module.NEIGHBOURS < len(few.train) <= 1000


def test_what_is_odd_is_said_of_those_that_were_looked_at(spec):
    found = {each.kind: each.message for each in load(spec, 1).anomalies}
    assert {"leak", "constant"} <= found.keys()
    assert "unseen" not in found
    assert all(message.endswith(" samples looked at)") for message in found.values())
    assert "'same' (3) (of " in found["constant"]


def test_a_preprocessing_that_was_fitted_before_is_not_looked_at_again(spec):
    assert load(spec, 1, load(spec, 1).preprocessing).anomalies == ()
