"""What is known of the steps of a chunk while it runs, for when it cannot end: other workers may be lost in the middle of it."""

from __future__ import annotations

import numpy as np
import tensorflow as tf


class Reached:
    """The facts of the steps that are done since `begin`, in variables, so that they outlive the call that fails.

    Args:
        capacity: steps of a chunk, at most.
        facts: known of each step.
    """

    def __init__(self, capacity: int, facts: int) -> None:
        self._steps = tf.Variable(0, trainable=False, name="steps_done")
        self._table = tf.Variable(tf.zeros([capacity, facts]), trainable=False, name="facts_done")

    @property
    def variables(self) -> tuple[tf.Variable, ...]:
        """That a step uses; no part of a state that is saved."""
        return self._steps, self._table

    def begin(self) -> None:
        """No step of a new chunk is done."""
        self._steps.assign(0)

    def note(self, done: tf.Tensor, facts: tf.Tensor) -> None:
        """Another step is done, behind so many; belongs into the step, where nothing can fail any more in what it changes."""
        self._table.assign(tf.tensor_scatter_nd_update(self._table, [[done]], [facts]))
        self._steps.assign(done + 1)

    def facts(self) -> np.ndarray:
        """Of the steps that are done, float32 [steps, facts]."""
        table: np.ndarray = self._table.numpy()
        return table[: int(self._steps.numpy())]
