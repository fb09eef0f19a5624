"""A training that callbacks may join without one that runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from netlib.spec.training import Monitored
from netlib.training.callbacks import Callback, Training
from netlib.training.monitor import Monitor
from netlib.training.progress import Progress


class State:
    """Of a model without variables."""

    def __init__(self) -> None:
        self.model: Any = type("Nothing", (), {"variables": ()})()
        self.progress = Progress()


@pytest.fixture
def joined() -> Callable[..., Any]:
    """Lets a callback join a training that watches `validation.loss`; other arguments are those of `Training`."""

    def join(callback: Callback, **parts: Any) -> Any:
        def watch(name: str | None, mode: str) -> Monitor:
            split, _, metric = (name or "validation.loss").partition(".")
            return Monitor(Monitored(split, metric, "max" if mode == "max" else "min"))

        given = {"state": State(), "optimizer": None, "monitor": watch(None, "auto"), "watch": watch, **parts}
        callback.join(Training(**given, callbacks=(callback,)))
        return callback

    return join
