"""`Arrays`: samples that are in memory."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Arrays:
    """Inputs and targets by name; row `i` of every array belongs to sample `i`.

    `weights` has a float32 for each sample, or is None where all count the same. `rows` has the number of each sample in its
    source, from 0, or is None where that is its own number.
    """

    inputs: dict[str, Array]
    targets: dict[str, Array]
    weights: Array | None = None
    rows: Array | None = None

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values())))

    def take(self, indices: Array) -> Arrays:
        """The samples of these numbers, in this order."""
        return Arrays(
            {name: array[indices] for name, array in self.inputs.items()},
            {name: array[indices] for name, array in self.targets.items()},
            None if self.weights is None else self.weights[indices],
            indices if self.rows is None else self.rows[indices],
        )

    def row(self, index: int) -> int:
        """The number in its source of sample `index`."""
        return index if self.rows is None else int(self.rows[index])

    def fingerprint(self) -> str:
        """SHA-256 in hexadecimal of names, dtypes, shapes and values; equal only for the same data in the same order."""
        digest = hashlib.sha256()
        weights = {} if self.weights is None else {"weights": self.weights}
        for role, arrays in (("inputs", self.inputs), ("targets", self.targets), ("weights", weights)):
            for name in sorted(arrays):
                array = np.ascontiguousarray(arrays[name])
                digest.update(repr((role, name, array.dtype.str, array.shape)).encode())
                digest.update(array.reshape(-1).view(np.uint8).data)
        return digest.hexdigest()


def widened(values: Array) -> Array:
    """Values as the network reads them: float32 as they are, integers of every width as int32."""
    return values if values.dtype.kind == "f" else values.astype(np.int32, copy=False)
