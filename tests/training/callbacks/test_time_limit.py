from __future__ import annotations

import time
from typing import Any

import pytest

from netlib.spec.errors import SpecError
from netlib.training.callbacks import Callback, TimeLimit
from netlib.training.fit import fit


class EachStep(Callback):
    """Lets each chunk have one step."""

    def next_stop(self, step: int) -> int:
        return step + 1


def test_it_ends_in_mid_epoch_and_the_rest_can_be_gone_on_with(lab: Any, blobs: Any, monkeypatch: Any) -> None:
    clock = iter(range(1000))
    job = lab.job(validation=blobs(20, seed=9), epochs=3, callbacks=[EachStep(), TimeLimit(4)])
    monkeypatch.setattr(time, "perf_counter", lambda: float(next(clock)))  # a second from one question to the next
    assert fit(job) == "the time limit of 4 s is reached"
    monkeypatch.undo()
    progress = job.progress
    assert progress.epoch == 0
    assert 0 < progress.position < 6
    assert "validation" in progress.records[-1]
    fit(lab.job(epochs=1, progress=progress))
    assert progress.step == 6


def test_time_that_is_over_at_once(lab: Any) -> None:
    job = lab.job(epochs=3, callbacks=[TimeLimit(1e-9)])
    assert fit(job) == "the time limit of 1e-09 s is reached"
    assert job.progress.step == 1


def test_time_that_is_not_over_changes_nothing(lab: Any) -> None:
    assert fit(lab.job(callbacks=[TimeLimit("2h")])) == "the budget is spent"


def test_what_is_no_time() -> None:
    with pytest.raises(SpecError, match="limit: expected seconds, or a time such as 90s, 10m, 2h or 1h30m, got 'soon'"):
        TimeLimit("soon")
