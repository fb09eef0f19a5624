"""Data that vanishes or changes while a network is trained on it."""

from __future__ import annotations

import shutil

import polars as pl
import pytest
from traces import need_error, need_same_checkpoints, need_same_end, need_success, steps

pytestmark = pytest.mark.slow

TRAIN = ("train", "stream.yaml", "--run-dir", "run")
RESUME = ("train", "--resume", "run")


@pytest.fixture
def whole(undisturbed):
    return undisturbed("stream.yaml", "train.epochs=2")


@pytest.mark.parametrize("moment", ["step-00000000", "step-00000040", "step-00000075"])
def test_a_streamed_file_that_vanishes_and_comes_back(netlab, folder, whole, moment):
    done = netlab(*TRAIN, folder=folder, after=moment, do=[["mv", "table.parquet", "away"]])
    need_error(done, "table.parquet")
    need_same_checkpoints(folder / "run", whole)
    assert steps(folder / "run")
    need_error(netlab(*RESUME, folder=folder), "table.parquet", code=2)
    (folder / "away").rename(folder / "table.parquet")
    need_success(netlab(*RESUME, folder=folder))
    need_same_end(folder / "run", whole)


@pytest.mark.parametrize("command", [["truncate", "-s", "20000", "table.parquet"], ["cp", "mlp.yaml", "table.parquet"]])
def test_a_streamed_file_that_is_damaged(netlab, folder, whole, command):
    shutil.copy2(folder / "table.parquet", folder / "kept")
    done = netlab(*TRAIN, folder=folder, after="step-00000040", do=[command])
    need_error(done, "table.parquet")
    need_same_checkpoints(folder / "run", whole)
    (folder / "kept").rename(folder / "table.parquet")
    need_success(netlab(*RESUME, folder=folder))
    need_same_end(folder / "run", whole)


def test_a_streamed_file_that_is_another_one(netlab, folder, whole):
    shutil.copy2(folder / "table.parquet", folder / "kept")
    other = pl.read_parquet(folder / "table.parquet").with_columns(pl.col("y") * 2)
    other.write_parquet(folder / "other", row_group_size=100)
    done = netlab(*TRAIN, folder=folder, after="step-00000040", do=[["mv", "other", "table.parquet"]])
    need_error(done, "table.parquet", "changed")
    need_error(netlab(*RESUME, folder=folder), "the data has changed since run 'run' began")
    (folder / "kept").rename(folder / "table.parquet")
    need_success(netlab(*RESUME, folder=folder))
    need_same_end(folder / "run", whole)


def test_of_data_in_memory_the_file_is_not_missed(netlab, folder):
    words = ["train", "stream.yaml", "data.memory=50MB", "--run-dir", "run"]
    need_success(netlab(*words, folder=folder, after="step-00000040", do=[["rm", "table.parquet"]]))
