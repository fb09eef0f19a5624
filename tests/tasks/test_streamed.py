"""Training, resuming and measuring on samples that stay in their files."""

from __future__ import annotations

import gc
import gzip
import json
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from netlib.data.sources import table_blocks
from netlib.spec.errors import UsageError
from netlib.tasks.evaluate import evaluate
from netlib.tasks.train import TrainResult, train

CONFIG = """\
seed: 3
data: {source: parquet, path: "PATH", targets: y, preprocess: auto, validation: 0.2, test: 0.2, batch_size: 32, memory: MEMORY}
model: [{Dense: {units: 16, activation: relu}}, Dense: 1]
train: {epochs: 4, loss: mse, optimizer: {Adam: {learning_rate: 1e-2}}, metrics: [mae], EXTRA}
"""


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    random = np.random.default_rng(1)
    x, kind = random.normal(size=(5000, 3)), random.choice(["a", "b"], 5000)
    columns = {f"x{i}": x[:, i] for i in range(3)}
    path = tmp_path_factory.mktemp("table") / "t.parquet"
    pl.DataFrame({**columns, "kind": kind, "y": x[:, 0] - x[:, 1] + (kind == "a")}).write_parquet(path)
    return path


def trained(table: Path, folder: Path, memory: str, extra: str = "accumulate: 1") -> TrainResult:
    folder.mkdir(exist_ok=True)
    config = folder / "c.yaml"
    config.write_text(CONFIG.replace("PATH", str(table)).replace("MEMORY", memory).replace("EXTRA", extra))
    return train(config, run_dir=folder / "run")


def lines(result: TrainResult) -> list[dict[str, object]]:
    assert result.run is not None
    found = [json.loads(line) for line in (result.run / "metrics.jsonl").read_text().splitlines()]
    return [
        {key: value for key, value in line.items() if key not in ("seconds", "samples_per_second")} for line in found
    ]


def test_it_learns_what_it_learns_in_memory(table, tmp_path):
    streamed, whole = trained(table, tmp_path / "s", "50KB"), trained(table, tmp_path / "m", "50MB")
    assert streamed.steps == whole.steps
    for result in (streamed, whole):
        assert result.metrics["test"]["loss"] < 0.02
    assert streamed.run is not None
    assert "5,000 samples of about 0.2 MB in all are read from their files" in (streamed.run / "log.txt").read_text()
    found = evaluate(str(streamed.run), "test")
    assert found.samples == 1000
    assert found.metrics == streamed.metrics["test"]


def test_it_repeats_to_the_bit_and_is_taken_up_in_the_middle_of_an_epoch(table, tmp_path):
    once, again = trained(table, tmp_path / "a", "50KB"), trained(table, tmp_path / "b", "50KB")
    assert lines(once) == lines(again)
    cut = trained(table, tmp_path / "c", "50KB", "steps: 130, checkpoint: {every_steps: 130}")
    assert cut.run is not None
    config = (cut.run / "resolved.yaml").read_text()
    assert "steps: 130" in config
    resumed = train(None, ["train.steps=null"], resume=cut.run)
    assert lines(resumed)[-3:] == lines(once)[-3:]
    assert resumed.metrics == once.metrics


def test_a_comparison_needs_them_in_memory(table, tmp_path):
    from netlib.data.load import load
    from netlib.spec.data import DataSpec
    from netlib.tasks.bench_loop import in_memory

    plain = {"source": "parquet", "path": str(table), "targets": "y", "preprocess": "auto"}
    streamed = load(DataSpec.parse({**plain, "memory": "50KB"}), 1).train
    with pytest.raises(UsageError, match=r"a comparison needs the samples in memory, .* leave it out, or --against"):
        in_memory(streamed, ["keras"])
    assert len(in_memory(streamed, [])) == 8


@pytest.mark.parametrize(("source", "name"), [("csv", "t.csv"), ("csv", "t.csv.gz"), ("json_lines", "t.jsonl")])
def test_files_that_are_converted_train_as_they_do_in_memory(table, tmp_path, monkeypatch, source, name):
    frame, wrong = pl.read_parquet(table).head(1500), pl.int_range(1500) % 100 == 7
    frame = frame.with_columns(pl.when(~wrong).then(pl.col("y")).alias("y"))
    path, made = tmp_path / name, tmp_path / "made"
    made.mkdir()
    frame.write_ndjson(path) if source == "json_lines" else path.write_bytes(
        gzip.compress(frame.write_csv().encode()) if name.endswith(".gz") else frame.write_csv().encode()
    )
    monkeypatch.setattr(table_blocks, "BLOCK", 1 << 14)
    monkeypatch.setattr(tempfile, "tempdir", str(made))
    monkeypatch.setitem(globals(), "CONFIG", CONFIG.replace("parquet", f"{source}, on_error: skip"))
    found, expected = trained(path, tmp_path / "s", "8KB"), trained(path, tmp_path / "m", "8MB")
    assert (found.steps, found.run is not None) == (expected.steps, True)
    log = (found.run / "log.txt").read_text()
    assert f"1,485 samples of {path} were converted to Parquet in {made}" in log
    assert "15 of 1,500 rows are left out (on_error: skip)" in log
    assert found.metrics["test"]["loss"] == pytest.approx(expected.metrics["test"]["loss"], rel=0.5)
    assert evaluate(str(found.run), "test").metrics == found.metrics["test"]
    gc.collect()
    assert list(made.iterdir()) == [], "nothing is left of what was converted"
