from __future__ import annotations

import math

import pytest

from netlib.spec.training import Monitored
from netlib.training.monitor import Monitor

LOSS = Monitor(Monitored("validation", "loss", "min"))
ACCURACY = Monitor(Monitored("train", "accuracy", "max"))


def test_reads_its_value_from_a_record() -> None:
    record = {"epoch": 1, "train": {"accuracy": 1}, "validation": {"loss": 0.5}}
    assert LOSS.name == "validation.loss"
    assert LOSS.value(record) == 0.5
    assert ACCURACY.value(record) == 1.0


@pytest.mark.parametrize("record", [{}, {"train": {"loss": 1.0}}, {"validation": {"accuracy": 1.0}}])
def test_what_was_not_measured_is_none(record: dict[str, dict[str, float]]) -> None:
    assert LOSS.value(record) is None


@pytest.mark.parametrize(
    ("monitor", "value", "than", "min_delta", "better"),
    [
        (LOSS, 0.4, 0.5, 0.0, True),
        (LOSS, 0.5, 0.5, 0.0, False),
        (LOSS, 0.45, 0.5, 0.1, False),
        (LOSS, 0.3, 0.5, 0.1, True),
        (LOSS, 7.0, None, 0.0, True),
        (LOSS, math.nan, None, 0.0, False),
        (LOSS, math.nan, 0.5, 0.0, False),
        (LOSS, 0.5, math.inf, 0.0, True),
        (ACCURACY, 0.6, 0.5, 0.0, True),
        (ACCURACY, 0.4, 0.5, 0.0, False),
        (ACCURACY, 0.55, 0.5, 0.1, False),
        (ACCURACY, math.nan, None, 0.0, False),
    ],
)
def test_better(monitor: Monitor, value: float, than: float | None, min_delta: float, better: bool) -> None:
    assert monitor.better(value, than, min_delta) is better
