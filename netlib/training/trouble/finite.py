"""Whether what a chunk of steps reports is finite."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from netlib.training.checkpoints import TrainingError


def need_finite(columns: Sequence[str], facts: np.ndarray, start: int) -> None:
    """Raises TrainingError if the loss or the gradient of a step is not finite; `start` steps were done before the first.

    A step that was skipped has changed nothing, and the next ones scale the loss less: that is no failure.
    """
    losses, norms, skipped = (facts[:, columns.index(name)] for name in ("loss", "gradient_norm", "skipped"))
    # A gradient that is not a number makes such weights, and yet the loss may stay finite: relu makes 0 of them.
    bad = np.flatnonzero((skipped == 0) & (~np.isfinite(losses) | np.isnan(norms)))
    if bad.size:
        first = int(bad[0])
        noun, value = ("gradient", norms[first]) if np.isfinite(losses[first]) else ("loss", losses[first])
        message = f"the {noun} became {value} in step {start + first + 1}; the last checkpoint stands"
        error = TrainingError(f"{message}. Lower the learning rate, set train.clip, or look at the data for odd values")
        error.step = start + first + 1
        raise error
