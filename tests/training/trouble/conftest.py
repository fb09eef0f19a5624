"""Trainings that answer for numbers that are not finite, and what is compared of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from netlib.runs.directory import RunDirectory
from netlib.training.checkpoints import TrainingError
from netlib.training.fit import fit
from netlib.training.trouble.answer import Trouble

Values = dict[str, np.ndarray]


def _answering(job: Any, run: RunDirectory, on_nan: Any = "stop", taken_back: Any = lambda state: None) -> Any:
    return replace(job, trouble=Trouble(run, on_nan, lambda loc: "net.yaml:" + ":".join(map(str, loc)), taken_back))


def _found_of(lab: Any, run: RunDirectory, **options: Any) -> str:
    with pytest.raises(TrainingError) as caught:
        fit(_answering(lab.job(run=run, **options), run))
    return str(caught.value)


def _state(job: Any) -> Values:
    groups = job.state._values()
    return {f"{group}: {name}": value for group, values in groups.items() for name, value in values.items()}


def _assert_same(one: Values, other: Values) -> None:
    assert list(one) == list(other)
    for name, value in one.items():
        np.testing.assert_array_equal(value, other[name], err_msg=name)


@pytest.fixture(scope="session")
def answering() -> Callable[..., Any]:
    """Gives a job (with its run, and what `train.on_nan` says) what answers for it."""
    return _answering


@pytest.fixture(scope="session")
def found_of() -> Callable[..., str]:
    """Trains a lab in a run, and gives what was said when that failed."""
    return _found_of


@pytest.fixture(scope="session")
def state() -> Callable[[Any], Values]:
    """All that a training has, by group and name."""
    return _state


@pytest.fixture(scope="session")
def assert_same() -> Callable[[Values, Values], None]:
    """Two states have the same bits."""
    return _assert_same
