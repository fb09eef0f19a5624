from __future__ import annotations

import pytest

from netlib.spec.callbacks import EarlyStopping
from netlib.spec.errors import SpecError


def test_patience_may_stand_alone() -> None:
    assert EarlyStopping.parse(5) == EarlyStopping.parse({"patience": 5})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"restore_best_weights": True}, "takes no 'restore_best_weights': training always ends on the best weights"),
        ({"verbose": 1}, "takes no 'verbose': the display always says why training stopped"),
        ({"patience": -1}, "patience: expected a number not less than 0, got -1"),
        ({"mode": "up"}, "mode: expected 'auto', 'min' or 'max', got 'up'"),
        ({"baseline": "low"}, "baseline: expected a number, got 'low'"),
    ],
)
def test_mistakes_are_told(values: object, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        EarlyStopping.parse(values)
