from __future__ import annotations

import math
from pathlib import Path

import pytest

from netlib.runs import checkpoint
from netlib.runs.directory import RunDirectory
from netlib.runs.errors import CheckpointError
from netlib.runs.pointers import point
from netlib.runs.retention import best_steps, prune


@pytest.fixture
def written(run: RunDirectory) -> list[Path]:
    return [checkpoint.write(run, step, {"model": {}}, {}) for step in (0, 10, 20, 30, 40)]


def test_the_newest_and_those_that_are_pointed_at_are_kept(run: RunDirectory, written: list[Path]) -> None:
    point(run, "best", written[1])
    point(run, "latest", written[4])
    assert prune(run, keep_last=5) == []
    assert prune(run, keep_last=2) == [written[0], written[2]]
    assert checkpoint.checkpoints_of(run) == [written[1], written[3], written[4]]
    assert {path.name for path in run.checkpoints.iterdir()} == {
        *("best", "latest", "step-00000010", "step-00000030", "step-00000040")
    }
    point(run, "latest", written[1])  # resumed from an old one
    assert prune(run, keep_last=1) == [written[3]]
    assert checkpoint.checkpoints_of(run) == [written[1], written[4]]


def test_at_least_one_must_be_kept(run: RunDirectory, written: list[Path]) -> None:
    with pytest.raises(ValueError, match=r"^at least 1 checkpoint must be kept, got keep_last=0$"):
        prune(run, keep_last=0)


def test_the_best_are_kept(run: RunDirectory, written: list[Path]) -> None:
    point(run, "latest", written[4])
    assert prune(run, keep_last=1, best={10, 30, 99}) == [written[0], written[2]]
    assert checkpoint.checkpoints_of(run) == [written[1], written[3], written[4]]
    assert prune(run, keep_last=1, best={30}) == [written[1]]


def test_all_are_kept(run: RunDirectory, written: list[Path]) -> None:
    assert prune(run, keep_last=None) == []
    assert checkpoint.checkpoints_of(run) == written


@pytest.mark.parametrize("keep_best", [(), (0, 10)])
def test_with_a_damaged_pointer_nothing_is_removed(
    run: RunDirectory, written: list[Path], keep_best: tuple[int, ...]
) -> None:
    (run.checkpoints / "best").write_text("step-00000011\n")
    with pytest.raises(CheckpointError, match="checkpoints/best names 'step-00000011', which is not there"):
        prune(run, keep_last=1, best=keep_best)
    assert checkpoint.checkpoints_of(run) == written


@pytest.mark.parametrize(
    ("count", "mode", "expected"),
    [
        (1, "min", {20}),
        (2, "min", {20, 30}),  # of equals the earlier
        (3, "min", {20, 30, 40}),
        (1, "max", {10}),
        (2, "max", {10, 60}),
        (9, "max", {10, 20, 30, 40, 60}),
    ],
)
def test_the_best_of_values(count: int, mode: str, expected: set[int]) -> None:
    values = {10: 4.0, 20: 1.0, 40: 2.0, 30: 2.0, 50: math.nan, 60: 3.0}
    assert best_steps(values, count, mode) == expected


def test_the_best_of_no_values() -> None:
    assert best_steps({}, 3, "min") == best_steps({1: math.nan}, 3, "max") == set()
    assert best_steps({1: -math.inf, 2: math.inf, 3: 0.0}, 2, "min") == {1, 3}
