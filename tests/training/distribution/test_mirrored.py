"""Training by two and three replicas against training alone, on parts of the CPU: every step, every number at the end."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).with_name("together.py")
PATIENCE = 400

ORDINARY = {
    "MLP with dropout, xla": 2e-6,
    "MLP with dropout, graph": 2e-6,
    "transformer with noise": 1e-4,
    "synchronised BatchNormalization": 1e-3,
    "accumulate, sample weights": 5e-6,
    "last batch of 1 row": 5e-6,
    "much at once": 1e-5,
    "mixed_float16": 1e-2,
    "on_nan: skip": 5e-6,
    "binary metrics": 5e-6,
    "two outputs": 5e-6,
    "embeddings": 1e-5,
    "unfreezing": 5e-6,
    "streamed": 5e-6,
    "buckets": 5e-4,
}
"""Cases, and by how much they may differ: the greatest difference of a number beside the greatest of its kind.

In half precision sums of other rows are rounded otherwise. What has no gradient but rounding, such as a bias in front of
BatchNormalization, is moved by that as far as by any other where the optimizer divides by its size.
"""

SLOW = {
    "LSTM": 1e-5,
    "GRU, xla": 1e-4,
    "CNN": 1e-5,
    "accumulate, uneven": 5e-6,
    "accumulate, xla": 5e-6,
    "clip by value": 5e-6,
    "clip by norm": 5e-6,
    "clip by global norm": 5e-6,
    "sample weights": 5e-6,
    "class weights": 5e-6,
    "last batch of 1 row, xla": 5e-6,
    "last batch of 2 rows": 5e-6,
    "AdamW, param_groups": 5e-6,
    "EMA": 5e-6,
    "regularizers": 5e-6,
    "AddLoss": 5e-6,
    "mixed_bfloat16": 5e-2,
    "on_nan: skip, xla": 5e-6,
    "regression metrics": 5e-6,
    "F1": 5e-6,
    "frozen": 5e-6,
    "falling learning rate": 5e-6,
    "foreign Keras layers": 1e-5,
}


def found(names: list[str]) -> dict[str, dict[str, Any]]:
    """What the script finds, of two halves of the cases in two processes."""
    halves = [names[::2], names[1::2]]
    started = [
        subprocess.Popen(
            [sys.executable, str(SCRIPT), *half], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for half in halves
    ]
    try:
        said = [process.communicate(timeout=PATIENCE) for process in started]
    finally:
        for process in started:
            process.kill()
            process.wait()
    for process, (_, errors) in zip(started, said, strict=True):
        assert process.returncode == 0, errors[-3000:]
    lines = [json.loads(line) for output, _ in said for line in output.splitlines()]
    return {line.pop("case"): line for line in lines}


@pytest.fixture(scope="module")
def ordinary() -> dict[str, dict[str, Any]]:
    """Of the cases of every test run."""
    return found(list(ORDINARY))


@pytest.fixture(scope="module")
def slow() -> dict[str, dict[str, Any]]:
    """Of all others."""
    return found(list(SLOW))


def differences(case: dict[str, Any]) -> Iterator[tuple[str, float]]:
    for replicas in case["replicas"]:
        yield from ((f"{name}, {replicas} replicas", value) for name, value in case[str(replicas)].items())


def assert_equal(case: dict[str, Any], tolerance: float) -> None:
    assert "error" not in case, case["error"][-3000:]
    assert case["steps"] > 3
    for name, difference in differences(case):
        assert difference < tolerance, name
    for replicas in case["replicas"]:
        assert case[f"copies {replicas}"] == []


@pytest.mark.parametrize("name", ORDINARY)
def test_several_train_as_one_does(ordinary: dict[str, dict[str, Any]], name: str) -> None:
    """And all their copies have the same bits."""
    assert_equal(ordinary[name], ORDINARY[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_several_train_as_one_does_in_everything(slow: dict[str, dict[str, Any]], name: str) -> None:
    assert_equal(slow[name], SLOW[name])


def test_neither_chunks_nor_a_resume_change_a_bit(ordinary: dict[str, dict[str, Any]]) -> None:
    """Calls of one step; and a checkpoint in the middle of an epoch, from which two go on, and one alone."""
    case = ordinary["MLP with dropout, graph"]
    assert case["other chunks"] == 0
    assert case["resumed by 2"] == 0
    assert 0 < case["resumed by 1"] < ORDINARY["MLP with dropout, graph"]


def test_what_is_not_synchronised_differs(ordinary: dict[str, dict[str, Any]]) -> None:
    """BatchNormalization takes the statistics of each replica's rows, unless it is asked for those of all; and so do copies stay
    the same: the mean of what they have is kept."""
    case = ordinary["synchronised BatchNormalization"]
    assert case["not synchronised"]["facts"] > 1e-3
    assert case["not synchronised"]["copies"] == []
