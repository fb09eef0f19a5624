"""A plain function as a callback."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from netlib.training.callbacks.callback import Callback


class EachEpoch(Callback):
    """Calls a function with each epoch's record."""

    def __init__(self, function: Callable[[Mapping[str, Any]], object]) -> None:
        self._function = function

    def epoch_ended(self, record: Mapping[str, Any]) -> None:
        """Calls it."""
        self._function(record)
