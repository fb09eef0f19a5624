from __future__ import annotations

import pytest

from netlib.training.budget import Budget
from netlib.training.progress import Progress


@pytest.mark.parametrize(
    ("budget", "spent"),
    [
        (Budget(), False),
        (Budget(epochs=4), False),
        (Budget(epochs=3), True),
        (Budget(steps=31), False),
        (Budget(steps=30), True),
        (Budget(max_time=9.5), False),
        (Budget(max_time=9.0), True),
        (Budget(epochs=4, steps=31, max_time=9.0), True),
        (Budget(epochs=4, steps=29, max_time=100), True),
    ],
)
def test_the_first_that_is_spent_ends_the_training(budget: Budget, spent: bool) -> None:
    assert budget.spent(Progress(step=30, epoch=3, elapsed=9.0)) is spent


@pytest.mark.parametrize(("steps", "limit"), [(None, 8), (100, 8), (33, 8), (32, 7), (31, 6), (30, 5)])
def test_a_chunk_ends_where_the_steps_do(steps: int | None, limit: int) -> None:
    assert Budget(steps=steps).limit(Progress(step=30, position=5), 8) == limit
