from __future__ import annotations

import pytest

from netlib.report.evaluation import Measured, evaluations_table

ROWS = [
    Measured("runs/a-1/checkpoints/step-00000120", "test", 1270, {"loss": 0.25, "accuracy": 0.9}),
    Measured("runs/a-1/checkpoints/step-00000120", "new.csv", 90, {"loss": 12.3456, "accuracy": 0.5}),
]


@pytest.fixture(autouse=True)
def width(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


def test_what_is_the_same_is_said_once():
    assert evaluations_table(ROWS) == (
        "data     samples    loss  accuracy\n"
        "test       1,270  0.2500    0.9000\n"
        "new.csv       90  12.346    0.5000\n"
        "\n"
        "runs/a-1/checkpoints/step-00000120\n"
    )


def test_runs_with_other_metrics():
    other = Measured("runs/b-2/checkpoints/step-00000001", "test", 1270, {"loss": 1.5, "auc": 0.75})
    assert evaluations_table([ROWS[0], other]) == (
        "checkpoint                          samples    loss  accuracy     auc\n"
        "runs/a-1/checkpoints/step-00000120    1,270  0.2500    0.9000\n"
        "runs/b-2/checkpoints/step-00000001    1,270  1.5000            0.7500\n"
        "\n"
        "data: test\n"
    )


def test_narrow_terminals_break_texts_and_only_the_titles_are_coloured(monkeypatch):
    wide = evaluations_table([*ROWS, ROWS[0]._replace(checkpoint="runs/b-1/checkpoints/step-00000001")])
    monkeypatch.setenv("COLUMNS", "60")
    rows = [*ROWS, ROWS[0]._replace(checkpoint="runs/b-1/checkpoints/step-00000001")]
    narrow, coloured = evaluations_table(rows), evaluations_table(rows, color=True)
    assert max(map(len, narrow.splitlines())) <= 60 < max(map(len, wide.splitlines()))
    head, *lines = narrow.splitlines()
    assert coloured.splitlines() == [f"\x1b[1m{head}\x1b[0m", *lines]
