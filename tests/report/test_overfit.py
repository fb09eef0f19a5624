from __future__ import annotations

import pytest

from netlib.report.overfit import ADVICE, verdict

FOUND = {
    "before": {"loss": 2.2643, "accuracy": 0.2344}, "after": {"loss": 0.2, "accuracy": 1.0}, "samples": 1280, "steps": 660,
    "seconds": 7.2, "rule": "half of it", "left": (),
}  # fmt: skip


@pytest.fixture(autouse=True)
def width(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")


def test_learned():
    assert verdict(learned=True, **FOUND) == (
        "          before   after\n"
        "loss      2.2643  0.2000\n"
        "accuracy  0.2344  1.0000\n"
        "\n"
        "learned: 1,280 samples in 660 steps, loss 2.2643 -> 0.2000, 7.2 s\n"
        "the rule: half of it\n"
    )


def test_not_learned_says_where_to_look_and_what_was_in_the_way():
    text = verdict(learned=False, **{**FOUND, "left": ("dropout draws random numbers in training", "train.freeze")})
    assert text.partition("\n\n")[2].replace("\n  ", " ").splitlines() == [
        "not learned: 1,280 samples in 660 steps, loss 2.2643 -> 0.2000, 7.2 s",
        "the rule: half of it",
        ADVICE,
        "left as it is: dropout draws random numbers in training; train.freeze",
    ]


def test_titles_and_verdict_stand_out():
    lines = verdict(learned=True, **FOUND, color=True).splitlines()
    assert [line.startswith("\x1b[1m") for line in lines] == [True, False, False, False, True, False]
