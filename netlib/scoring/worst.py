"""The worst of many samples, of which only these are kept."""

from __future__ import annotations

import numpy as np

from netlib.scoring.confusion import Array


class Worst:
    """The samples with the largest losses, at most so many; of equal losses those that come first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.losses: Array = np.zeros(0)
        """Of them, the largest first."""
        self.places: Array = np.zeros(0, np.int64)
        """Of them, among all samples."""
        self.details: dict[str, Array] = {}
        """What else was given of them."""

    def add(self, losses: Array, places: Array, **details: Array) -> None:
        """Looks at samples: their losses, [samples], their places, and what else is to be known of them."""
        losses = np.concatenate([self.losses, losses])
        places = np.concatenate([self.places, places])
        joined = {
            name: np.concatenate([*filter(len, [self.details.get(name, ())]), each]) for name, each in details.items()
        }
        order = np.lexsort((places, -losses))[: self._most]
        self.losses, self.places = losses[order], places[order]
        self.details = {name: each[order] for name, each in joined.items()}
