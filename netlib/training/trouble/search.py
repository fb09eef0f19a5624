"""What the loop on the device is told of a search for bad steps, and what it tells of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from netlib.training.trouble.gate import LEFT_OUT

if TYPE_CHECKING:
    from netlib.training.loop import Block


class Found(Exception):
    """A step that was undone; everything is as it was before it.

    Attributes:
        block: the samples of which it took some.
        position: steps of the epoch before it.
        step: steps of the run before it.
        loss: its loss.
        gradient_norm: the norm of its gradient.
    """

    def __init__(self, block: Block, position: int, step: int, loss: float, gradient_norm: float) -> None:
        self.block = block
        self.position = position
        self.step = step
        self.loss = loss
        self.gradient_norm = gradient_norm
        super().__init__(f"step {step + 1}")


@dataclass
class Search:
    """Some steps of the run, up to step `until`, are undone where they are not finite; steps are counted from 1.

    All others are run as ever: what is compiled with the gate may round otherwise, and a bit more or less may grow.

    Attributes:
        until: the last step that is looked for.
        all: whether each step up to it is looked at, or that one alone.
        left_out: steps that are known: they are looked at too, and gone on from. Another one that is not finite ends the training
            with `Found`.
    """

    until: int
    all: bool = False
    left_out: frozenset[int] = frozenset()

    def gates(self, step: int) -> bool:
        """Whether the step after so many is undone where it is not finite."""
        return self.all or step + 1 == self.until or step + 1 in self.left_out

    def stretch(self, step: int) -> int:
        """Steps after so many that run in the same way, at most."""
        if self.all:
            return self.until - step
        if self.gates(step):
            return 1
        return min(each for each in (self.until, *self.left_out) if each > step) - 1 - step

    def seen(self, block: Block, position: int, step: int, table: np.ndarray, facts: Sequence[str]) -> np.ndarray:
        """Looks at the facts of a chunk, whose first step came after `step` steps of the run; returns those of steps that ran.

        Raises:
            Found: a step was undone that is not known.
        """
        undone = np.flatnonzero(table[:, facts.index("skipped")] == LEFT_OUT)
        if not undone.size:
            return table
        last = int(undone[0])
        if step + last + 1 not in self.left_out:
            loss, norm = (float(table[last, facts.index(name)]) for name in ("loss", "gradient_norm"))
            raise Found(block, position + last, step + last, loss, norm)
        return table[: last + 1]
