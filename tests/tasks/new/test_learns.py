"""What is written for real tables trains as it is, to better than always saying the mean or the most frequent class."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from netlib.tasks.new.from_data import new_from
from netlib.tasks.train import train

ROOT = Path(__file__).parents[3]
TABLES = [
    *(
        (ROOT / "netlib/data/bundled" / f"{name}.csv", "target")
        for name in ("iris", "wine", "breast_cancer", "diabetes")
    ),
    *(
        (ROOT / "configs/data" / f"{name}.csv", target)
        for name, target in (("houses", "price"), ("customers", "churned"))
    ),
    (ROOT / "configs/data/weather.csv", "temperature"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("table", "target"), TABLES, ids=lambda value: value.stem if isinstance(value, Path) else "")
def test_it_beats_the_trivial_predictor(table: Path, target: str):
    """R2 is 0 for the mean; a share of the right classes is that of the most frequent one for always saying it."""
    done = new_from(table, [target], name="new")
    found = train(done.path, ["train.epochs=15"]).metrics["validation"]
    if "r2_score" in found:
        assert found["r2_score"] > 0.2
    else:
        column = pl.read_csv(table)[target]
        assert found["accuracy"] > column.value_counts()["count"].max() / len(column) + 0.1  # type: ignore[operator]
