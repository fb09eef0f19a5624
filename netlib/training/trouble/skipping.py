"""Steps that changed nothing: what is said of them, and when they are too many."""

from __future__ import annotations

from collections.abc import Iterator

from netlib.training.checkpoints import TrainingError
from netlib.training.loss_scale import LossScale
from netlib.training.progress import Progress

MOST_IN_A_ROW = 10


def need_some_finite(progress: Progress, *, whole: bool) -> None:
    """Refuses to go on where steps are left out one after the other.

    Args:
        progress: where the training stands.
        whole: whether the epoch is complete.

    Raises:
        TrainingError: too many in a row were not finite, or all of an epoch.
    """
    advice = "the last checkpoint stands. Lower the learning rate, set train.clip, or look at the data for odd values"
    if progress.most_bad_in_a_row >= MOST_IN_A_ROW:
        raise TrainingError(
            f"{progress.most_bad_in_a_row} steps in a row, up to step {progress.step}, were skipped, for they are not finite;"
            f" {advice}"
        )
    if whole and progress.bad == progress.position:
        raise TrainingError(
            f"all {progress.bad} steps of epoch {progress.epoch + 1} were skipped, for they are not finite; {advice}"
        )


def said_of_skipped(progress: Progress, scale: LossScale | None) -> Iterator[str]:
    """What is to be said at the end of an epoch, or of what was run of it."""
    steps = f"of the {progress.position} steps of epoch {progress.epoch + 1} were skipped"
    if progress.bad:
        yield f"{progress.bad} {steps}: not finite"
    scaled = progress.skipped - progress.bad
    if scaled and scale is not None:
        yield f"{scaled} {steps}: not finite in float16; the loss scale is now {scale.value:g}"
