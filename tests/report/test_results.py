from __future__ import annotations

import pytest

from netlib.report.results import evaluation_result, training_result

METRICS = {
    "train": {"loss": 0.0709, "accuracy": 0.97778},
    "validation": {"loss": 0.0472, "accuracy": 0.96667},
    "test": {"loss": 12.3456, "accuracy": 1.0},
}


@pytest.fixture(autouse=True)
def width(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


def test_a_training():
    assert training_result(METRICS, best_epoch=9, epochs=14, seconds=12.34) == (
        "              loss  accuracy\n"
        "train       0.0709    0.9778\n"
        "validation  0.0472    0.9667\n"
        "test        12.346    1.0000\n"
        "\n"
        "train: the mean over the epoch, while the weights changed; others: of its end\n"
        "best epoch: 9 of 14, 12 s\n"
    )


def test_a_training_that_measured_nothing():
    assert training_result({}, best_epoch=None, epochs=0, seconds=0.5) == "0.5 s\n"


def test_an_epoch_that_was_cut_short_counts():
    assert training_result({}, best_epoch=1, epochs=0, seconds=0.5) == "best epoch: 1 of 1, 0.5 s\n"


def test_a_metric_that_one_split_lacks_is_left_open():
    text = training_result({"train": {"loss": 1.0}, "test": {"auc": 0.5}}, best_epoch=1, epochs=1, seconds=1)
    assert text.splitlines()[:3] == ["         loss     auc", "train  1.0000", "test           0.5000"]


def test_an_evaluation():
    assert evaluation_result("runs/x-1/checkpoints/step-00000120", "test", 1270, METRICS["test"]) == (
        "        loss  accuracy\ntest  12.346    1.0000\n\n1,270 samples, runs/x-1/checkpoints/step-00000120\n"
    )


def test_only_the_titles_are_coloured():
    plain = training_result(METRICS, best_epoch=9, epochs=14, seconds=12.34)
    coloured = training_result(METRICS, best_epoch=9, epochs=14, seconds=12.34, color=True)
    assert coloured.splitlines()[0] == f"\x1b[1m{plain.splitlines()[0]}\x1b[0m"
    assert coloured.splitlines()[1:] == plain.splitlines()[1:]
