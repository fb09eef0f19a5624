"""The value by which epochs are compared."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from netlib.spec.training import Monitored


@dataclass(frozen=True)
class Monitor:
    """A logged value, such as `validation.loss`, and which way is better."""

    watched: Monitored

    @property
    def name(self) -> str:
        """Its full name."""
        return str(self.watched)

    def stagnant(self, epochs: int) -> str:
        """In words, that it has not become better for so many epochs."""
        return f"{self.name} has not become better for {epochs} epoch{'' if epochs == 1 else 's'}"

    def value(self, record: Mapping[str, Any]) -> float | None:
        """What the record has of it; None if it was not measured in that epoch."""
        value = record.get(self.watched.split, {}).get(self.watched.metric)
        return None if value is None else float(value)

    def better(self, value: float, than: float | None, min_delta: float = 0.0) -> bool:
        """Whether a value is better by more than `min_delta`; one that is not a number never is."""
        if math.isnan(value):
            return False
        if than is None:
            return True
        return value < than - min_delta if self.watched.mode == "min" else value > than + min_delta
