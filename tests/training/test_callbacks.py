from __future__ import annotations

import math
from typing import Any

import pytest

from netlib.runs import plain
from netlib.spec.callbacks import EarlyStopping as EarlyStoppingSpec
from netlib.spec.training import Monitored
from netlib.training.callbacks import Callback, EarlyStopping
from netlib.training.monitor import Monitor


def stopping(**parameters: Any) -> EarlyStopping:
    monitor = Monitor(Monitored("validation", "loss", "min"))
    return EarlyStopping(EarlyStoppingSpec.parse(parameters), monitor)


def stops_after(callback: EarlyStopping, values: list[float | None]) -> int | None:
    """The epoch that stops."""
    for epoch, value in enumerate(values, start=1):
        record = {"epoch": epoch, "validation": {} if value is None else {"loss": value}}
        callback.epoch_ended(record)
        if callback.stop():
            return epoch
    return None


@pytest.mark.parametrize(
    ("parameters", "values", "epoch"),
    [
        ({"patience": 2}, [3, 2, 2, 2, 1], 4),
        ({"patience": 2}, [3, 2, 2, 1, 1, 0], None),
        ({"patience": 1}, [3, 3], 2),
        ({"patience": 0}, [3, 3], 2),
        ({"patience": 2}, [3, None, 4, None, None, 4], 6),
        ({"patience": 2, "min_delta": 0.5}, [3, 2.8, 2.6], 3),
        ({"patience": 2, "min_delta": 0.5}, [3, 2.8, 2.4, 2.3], None),
        ({"patience": 2, "baseline": 1.0}, [3, 2, 0.5], 2),
        ({"patience": 2, "baseline": 1.0}, [3, 0.5, 2], None),
        ({"patience": 1, "start_from_epoch": 3}, [3, 4, 5, 6, 7], 5),
        ({"patience": 2}, [3, math.nan, math.nan], 3),
    ],
)
def test_counts_validations_without_a_better_value(
    parameters: dict[str, Any], values: list[float | None], epoch: int | None
) -> None:
    assert stops_after(stopping(**parameters), values) == epoch


def test_says_why() -> None:
    callback = stopping(patience=2)
    assert stops_after(callback, [0.25, 1, 1]) == 3
    callback.restore({"best": 0.25, "waited": 1})
    assert callback.stop() is None
    callback.epoch_ended({"epoch": 3, "validation": {"loss": 1.0}})
    assert callback.stop() == "validation.loss has not become better for 2 epochs (best: 0.25)"


def test_says_why_where_no_value_was_a_number() -> None:
    callback = stopping(patience=1)
    callback.epoch_ended({"epoch": 1, "validation": {"loss": math.nan}})
    assert callback.stop() == "validation.loss has not become better for 1 epoch (best: none)"


def test_goes_on_waiting_from_its_state() -> None:
    first, second = stopping(patience=3), stopping(patience=3)
    assert stops_after(first, [1, 2, 2]) is None
    second.restore(plain.from_json(plain.to_json(first.state())))
    assert stops_after(second, [2]) == 1


def test_a_callback_that_says_nothing_lets_go_on() -> None:
    callback = Callback()
    callback.epoch_ended({"epoch": 1})
    assert callback.stop() is None
    assert callback.state() == {}
    callback.restore({})
