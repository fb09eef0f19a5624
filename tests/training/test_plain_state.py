from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from netlib.runs.errors import CheckpointError
from netlib.training.plain_state import need_plain_state
from netlib.training.progress import Progress

NOW = {"progress": Progress().state(), "callbacks": {"stop": {"best": None, "waited": 0}, "plain": {}}}


def changed(**progress: Any) -> dict[str, Any]:
    return {"progress": {**Progress(step=3, records=[{"step": 3}]).state(), **progress}, "callbacks": {}}


@pytest.mark.parametrize(
    "saved",
    [
        changed(),
        changed(best_value=-1.5, best_step=3, loss_sums={"loss": math.nan}, seconds=2),
        {"progress": {"step": 7}, "callbacks": {"stop": {"best": math.inf, "waited": 2}, "gone": {"x": "y"}}},
    ],
)
def test_what_a_training_has_written_is_taken(saved: dict[str, Any]) -> None:
    need_plain_state(Path("c"), saved, NOW)


@pytest.mark.parametrize(
    ("saved", "message"),
    [
        ({}, "it has no progress, or no callbacks"),
        ({"progress": {}, "callbacks": []}, "it has no progress, or no callbacks"),
        (changed(stepp=1), "progress 'stepp' is '1'"),
        (changed(step="3"), "progress 'step' is '3'"),
        (changed(step=True), "progress 'step' is 'True'"),
        (changed(epoch=-1), "progress 'epoch' is '-1'"),
        (changed(position=10**30), f"progress 'position' is '{10**30}'"),
        (changed(seconds=None), "progress 'seconds' is 'None'"),
        (changed(loss_sums={"loss": "x"}), "progress 'loss_sums' is "),
        (changed(records=[1]), r"progress 'records' is '\[1\]'"),
        (changed(best_value=[]), r"progress 'best_value' is '\[\]'"),
        ({**changed(), "callbacks": {"stop": {"best": 1.0}}}, "callback 'stop' needs best, waited"),
        ({**changed(), "callbacks": {"stop": None}}, "callback 'stop' needs best, waited"),
        ({**changed(), "callbacks": {"stop": {"best": 1.0, "waited": "x"}}}, "'waited' of callback 'stop' is 'x'"),
    ],
)
def test_what_no_training_writes_is_refused(saved: dict[str, Any], message: str) -> None:
    with pytest.raises(CheckpointError, match=rf"^checkpoint c does not say where the training stands: {message}"):
        need_plain_state(Path("c"), saved, NOW)
