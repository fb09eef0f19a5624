"""The batch of a bad step: its samples, where they come from, and what is odd about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import tensorflow as tf

from netlib.training.batch import Batch, map_batch
from netlib.training.loop import Block
from netlib.training.trouble.statistics import Statistics, odd_rows

MOST_BYTES = 256 * 2**20
"""Of samples that are saved at most."""
MOST_ROWS = 10
"""That are named one by one."""


@dataclass(frozen=True)
class BadBatch:
    """The samples of a step, before they are mixed; `numbers` [rows] are the rows of the training data's source."""

    tensors: Batch
    numbers: np.ndarray

    @classmethod
    def of(cls, block: Block, position: int) -> BadBatch:
        """Of the step of a block that has so many steps of the epoch before it."""
        chosen = block.chosen(position)
        numbers = chosen if block.numbers is None else block.numbers[chosen]
        return cls(map_batch(lambda array: tf.gather(array, chosen), block.tensors), np.asarray(numbers, np.int64))

    @property
    def rows(self) -> int:
        """How many samples."""
        return len(self.numbers)

    @cached_property
    def statistics(self) -> dict[str, Statistics]:
        """Of each input and target, and of the weights of the samples."""
        return {name: Statistics.of(values) for name, values in self.arrays()}

    def arrays(self) -> Iterator[tuple[str, np.ndarray]]:
        """Everything under its name: `inputs/image`."""
        for part in ("inputs", "targets"):
            for name, values in self.tensors[part].items():
                yield f"{part}/{name}", values.numpy()
        if self.tensors["weights"] is not None:
            yield "weights", self.tensors["weights"].numpy()

    @cached_property
    def odd(self) -> dict[str, np.ndarray]:
        """The rows of the batch whose own numbers are not finite or are huge, by what has them."""
        found = {name: odd_rows(values) for name, values in self.arrays()}
        return {name: rows for name, rows in found.items() if len(rows)}

    def named(self, rows: Any) -> str:
        """Rows of the batch as those of the source: `row 17` or `rows 17, 204 and 12 more`."""
        numbers = sorted(self.numbers[np.asarray(rows, np.int64)].tolist())
        shown = ", ".join(map(str, numbers[:MOST_ROWS]))
        more = f" and {len(numbers) - MOST_ROWS} more" if len(numbers) > MOST_ROWS else ""
        return f"row{'' if len(numbers) == 1 else 's'} {shown}{more}"

    def saved(self) -> tuple[Mapping[str, np.ndarray], int]:
        """What is saved, with the `rows` of the source, and how many samples that are: those that are odd and the first of the
        others, where all are too many."""
        arrays = dict(self.arrays())
        size = sum(values.nbytes for values in arrays.values())
        fit = self.rows if size <= MOST_BYTES else max(1, MOST_BYTES * self.rows // size)
        odd = np.unique(np.concatenate([np.zeros(0, np.int64), *self.odd.values()]))[:fit]
        others = np.setdiff1d(np.arange(self.rows), odd)[: fit - len(odd)]
        kept = np.sort(np.concatenate([odd, others])).astype(np.int64)
        return {"rows": self.numbers[kept], **{name: values[kept] for name, values in arrays.items()}}, len(kept)
