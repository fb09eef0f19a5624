from __future__ import annotations

from pathlib import Path

import pytest

from netlib.runs.going_on import resume_command
from netlib.spec.launched import VARIABLE, launched_workers


@pytest.mark.parametrize(("written", "workers"), [(None, 0), ("", 0), ("3", 3), ("-1", 0), ("many", 0)])
def test_how_many_were_launched(written, workers):
    assert launched_workers({} if written is None else {VARIABLE: written}) == workers


def test_a_run_is_gone_on_with_as_it_was_started(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert resume_command(Path("runs/a b"), "train.epochs=4") == "netlab train --resume 'runs/a b' train.epochs=4"
    monkeypatch.setenv(VARIABLE, "3")
    assert (
        resume_command(Path("runs/a"), "train.epochs=4") == "netlab launch --workers 3 --resume runs/a train.epochs=4"
    )
