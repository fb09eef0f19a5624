"""A run with a number that is not finite: the line of the node, the row of the data, and how the run goes on."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from safetensors.numpy import load_file

from netlib.spec.errors import NetlabError
from netlib.tasks.train import train

BAD, ROWS = 137, 400
CONFIG = """\
name: t
seed: 3
data: {source: npz, path: data.npz, validation: 0.2, batch_size: 16}
blocks:
  Logs:
    nodes:
      - Compute: log(x)
model:
  - Sequential: [Logs]
    name: inner
  - Dense: {units: 8, activation: relu}
    name: hidden
  - Dropout: 0.2
  - {Dense: 3, name: head}
train: {epochs: 3, loss: sparse_categorical_crossentropy, optimizer: {Adam: 0.01}, execution: graph, metrics: [accuracy]}
"""
PHASES = """\
name: t
seed: 3
data: {source: npz, path: data.npz, validation: 0.2, batch_size: 16}
model:
  nodes:
    - {Dense: 1, name: left}
    - {Compute: log(x), name: logs, from: input}
    - {Dense: 1, name: right}
  outputs: [left, right]
train:
  epochs: 3
  phases:
    - {name: one, trains: "left.**", times: 2, loss: {Compute: mean(left ** 2)}, optimizer: {SGD: 0.01}}
    - {name: two, trains: "right.**", loss: {Compute: mean(right ** 2)}, optimizer: {SGD: 0.01}}
  execution: graph
"""


def samples() -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    x = (np.abs(random.normal(size=(ROWS, 6))) + 0.1).astype(np.float32)
    x[BAD, 2] = 0
    return {"x": x, "y": random.integers(0, 3, ROWS).astype(np.int32)}


@pytest.fixture
def config(write: Callable[..., Path], write_npz: Callable[..., Path]) -> Callable[..., Path]:
    write_npz(**samples())
    return lambda *replaced, text=CONFIG: write(*replaced, text=text)


def failure(*arguments: Any, **named: Any) -> str:
    with pytest.raises(NetlabError) as caught:
        train(*arguments, **named)
    assert caught.value.exit_code == 1
    return str(caught.value)


def test_the_line_of_the_node_and_the_row_of_the_source_are_named(config: Any, tmp_path: Path, recorder: Any) -> None:
    path, run = config(), tmp_path / "run"
    text = failure(path, run_dir=run, listeners=[recorder])
    lines = text.splitlines()
    found = re.match(
        r"the loss became nan in step (\d+), in epoch 1; the last checkpoint, step-00000000, stands", lines[0]
    )
    assert found, text
    place = rf"node 'inner\.logs\.compute' \(Compute, {path}:7:9\) gives 1 infinite of 96 numbers"
    assert re.match(rf"the first that is not finite: {place}, in row {BAD} of the training data", lines[1]), text
    folder = run / "trouble" / f"step-{int(found[1]):08d}"
    assert f"a report are in {folder}" in text
    saved = load_file(folder / "batch.safetensors")
    assert BAD in saved["rows"]
    np.testing.assert_array_equal(saved["inputs/x"], samples()["x"][saved["rows"]])
    assert (run / "log.txt").read_text().endswith(f"{text}\n")
    said = recorder.of("message")
    assert [each for each in said if "node by node" in each] == [f"running step {found[1]} node by node"]

    again = failure(None, resume=run)  # which meets the same
    assert again.splitlines()[0] == lines[0]
    assert again.splitlines()[1] == lines[1].replace(f"{path}:7:9", f"{run}/resolved.yaml:7:7")


def test_it_is_found_after_a_run_was_cut_and_gone_on_with(config: Any, tmp_path: Path) -> None:
    path = config()
    text = failure(path, run_dir=tmp_path / "whole")
    step = int(text.split("in step ")[1].split(",")[0])
    assert step > 3
    train(path, ["train.epochs=null", "train.steps=2"], run_dir=tmp_path / "cut")
    cut = failure(None, ["train.steps=60"], resume=tmp_path / "cut")
    assert cut.splitlines()[2] == text.splitlines()[2]
    assert cut.splitlines()[1].endswith(f"in row {BAD} of the training data")
    assert f"in step {step}, in epoch 1; the last checkpoint, step-00000002, stands" in cut


def test_a_stream_names_the_rows_of_its_files(write: Callable[..., Path], tmp_path: Path) -> None:
    arrays = samples()
    columns = {f"x{i}": np.tile(arrays["x"][:, i], 10) for i in range(6)}
    columns["x2"][:] += 0.5
    columns["x2"][1234] = 0
    pl.DataFrame({**columns, "y": np.tile(arrays["y"], 10)}).write_parquet(tmp_path / "t.parquet")
    data = "{source: parquet, path: t.parquet, targets: y, validation: 0.2, batch_size: 16, memory: 50KB}"
    old = "{source: npz, path: data.npz, validation: 0.2, batch_size: 16}"
    path = write((old, data), text=CONFIG)
    text = failure(path, run_dir=tmp_path / "run")
    assert "are read from their files" in (tmp_path / "run" / "log.txt").read_text()
    assert f"(Compute, {path}:7:9) gives 1 infinite of 96 numbers, in row 1234 of the training data" in text


@pytest.mark.slow
def test_phases_are_looked_at_each_with_its_batch(config: Any, tmp_path: Path) -> None:
    text = failure(config(text=PHASES), run_dir=tmp_path / "run")
    assert re.search(
        rf"node 'logs' \(Compute, .*:7:\d+\) gives 1 infinite of 96 numbers, in row {BAD} of the training data", text
    )
    skipped, rolled = (
        train(config(text=PHASES), [f"train.on_nan={how}"], run_dir=tmp_path / how) for how in ("skip", "rollback")
    )
    ends = [result.run / "checkpoints" / f"step-{result.steps:08d}" for result in (skipped, rolled) if result.run]
    for group in ("model", "optimizer"):
        assert len({(end / f"{group}.safetensors").read_bytes() for end in ends}) == 1


def test_a_run_that_goes_back_has_each_record_once(config: Any, tmp_path: Path, records: Any, weights: Any) -> None:
    """An epoch that ended already is run again, for there was no checkpoint after it; files of callbacks follow too."""
    keys = ["train.checkpoint.every_epochs=9", "train.callbacks=[CSVLog]"]
    rolled = train(config(), ["train.on_nan=rollback", *keys], run_dir=tmp_path / "rolled")
    skipped = train(config(), ["train.on_nan=skip", *keys], run_dir=tmp_path / "skipped")
    assert records(rolled.run) == records(skipped.run)
    assert [record["epoch"] for record in records(rolled.run)] == [1, 2, 3]
    assert weights(rolled.run) == weights(skipped.run)
    assert rolled.run is not None
    rows = (rolled.run / "metrics.csv").read_text().splitlines()
    assert [row.partition(",")[0] for row in rows] == ["epoch", "1", "2", "3"]
    log = (rolled.run / "log.txt").read_text()
    assert re.search(
        r"training goes on from step-\d{8}, without that step \(train.on_nan: rollback\); a report is in ", log
    )
    assert "1 of the 20 steps of epoch 3 were skipped: not finite" in log
    state = json.loads((rolled.run / "checkpoints" / "step-00000060" / "state.json").read_text())
    assert state["state"]["progress"]["left_out"] == 3
