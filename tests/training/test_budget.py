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


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        (Budget(epochs=3), "all 3 epochs are trained"),
        (Budget(epochs=3, steps=30, max_time=9.0), "all 3 epochs are trained"),
        (Budget(epochs=4, steps=30), "all 30 steps are trained"),
        (Budget(epochs=4, steps=31, max_time=9.0), "the time is over"),
    ],
)
def test_it_says_what_ended_the_training(budget: Budget, words: str) -> None:
    assert budget.words(Progress(step=30, epoch=3, elapsed=9.0)) == words


def test_one_of_a_kind() -> None:
    assert Budget(epochs=1).words(Progress(epoch=1)) == "the epoch is trained"
    assert Budget(steps=1).words(Progress(step=1)) == "the step is trained"
