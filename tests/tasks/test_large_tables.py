"""Tables of two million rows, one file and a folder, from file to metrics: in memory, and within less than they take."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from netlib.tasks.evaluate import evaluate
from netlib.tasks.train import train

pytestmark = pytest.mark.slow
ROWS = 2_000_000
CONFIG = """\
seed: 1
data: {source: SOURCE, path: PATH, targets: stays, preprocess: auto, validation: 0.05, test: 0.05, batch_size: 1024}
model: [{Dense: {units: 16, activation: relu}}, Dense: 1]
train: {epochs: 1, loss: binary_crossentropy, optimizer: {Adam: {learning_rate: 3e-3}}, metrics: [accuracy]}
"""


def table(rows: int = ROWS) -> pl.DataFrame:
    """Who stays follows from age and plan; of one row in twenty age or city is missing, which can cost 2 % at most."""
    random = np.random.default_rng(0)
    age, plan = random.integers(18, 90, rows), random.choice(["free", "basic", "pro"], rows)
    city = pl.Series([f"city {i}" for i in range(40)])[random.integers(0, 40, rows)]
    gaps = [pl.Series(random.random(rows) < 0.05) for _ in range(2)]
    columns = {"age": age, "city": city, "plan": plan, "score": random.random(rows).astype(np.float32)}
    frame = pl.DataFrame({**columns, "stays": np.where((age > 50) ^ (plan == "free"), "yes", "no")})
    for name, gap in zip(("age", "city"), gaps, strict=True):
        frame = frame.with_columns(pl.when(gap).then(None).otherwise(pl.col(name)).alias(name))
    return frame


def learned(folder: Path, config: str, memory: str) -> None:
    (folder / "c.yaml").write_text(config)
    result = train(folder / "c.yaml", overrides=[f"data.memory={memory}"], run_dir=folder / memory)
    assert result.steps == -(-ROWS * 9 // 10 // 1024)
    assert result.metrics["test"]["accuracy"] > 0.95
    log = (folder / memory / "log.txt").read_text()
    assert "column 'city': OneHot (" in log
    assert " missing, 40 categories)" in log
    assert ("are read from their files in each epoch" in log) == (memory == "100MB")
    found = evaluate(str(folder / memory), "test")
    assert (found.samples, found.metrics["accuracy"]) == (ROWS // 20, result.metrics["test"]["accuracy"])


@pytest.mark.parametrize("memory", ["1GB", "100MB"])
def test_a_csv_file_of_two_million_rows(tmp_path: Path, memory: str) -> None:
    table().write_csv(tmp_path / "t.csv")
    learned(tmp_path, CONFIG.replace("SOURCE", "csv").replace("PATH", "t.csv"), memory)


@pytest.mark.parametrize("memory", ["1GB", "100MB"])
def test_a_folder_of_parquet_files(tmp_path: Path, memory: str) -> None:
    (tmp_path / "parts").mkdir()
    for number, part in enumerate(table().iter_slices(ROWS // 5)):
        part.write_parquet(tmp_path / "parts" / f"{number}.parquet")
    learned(tmp_path, CONFIG.replace("SOURCE", "parquet").replace("PATH", "parts"), memory)
