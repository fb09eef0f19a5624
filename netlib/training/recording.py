"""The record of an epoch: what was measured while it was trained, and by validating."""

from __future__ import annotations

import time
from contextlib import ExitStack

from netlib.training.callbacks.callback import standing_in
from netlib.training.evaluation import Measured
from netlib.training.interrupt import Interrupt
from netlib.training.job import Fit
from netlib.training.progress import Record
from netlib.training.stopping import save_if_asked, stopped
from netlib.training.waiting import Enough


def record_of(job: Fit, interrupt: Interrupt) -> Record:
    """What was measured of the epoch, or of what was run of it; it is validated if that is due, or the training ends.

    Raises:
        Interrupted: a signal came while it was validated; the state before is saved.
    """
    progress = job.progress
    seconds = progress.seconds
    record: Record = {"epoch": progress.epoch + 1, "step": progress.step}
    record["train"] = progress.measured(job.meters.results())
    last = job.budget.spent(progress.after_epoch()) or job.asked_to_stop() is not None
    due = (progress.epoch + 1) % job.validate_every == 0 or last
    if job.validation and due:
        job.tell("validation_started")
        record["validation"] = _validated(job, job.validation, interrupt)
    record["learning_rate"] = progress.learning_rate
    record["seconds"] = progress.seconds
    record["samples_per_second"] = progress.samples / max(seconds, 1e-9)
    return record


def _validated(job: Fit, samples: Measured, interrupt: Interrupt) -> dict[str, float]:
    """What is measured with what stands in for the weights. A signal ends it; whoever goes on begins it anew."""
    began = time.perf_counter()
    callbacks = list(job.callbacks.values())
    with ExitStack() as weights:
        weights.enter_context(standing_in(callbacks))

        def poll() -> None:
            if interrupt.number is not None:
                raise Enough
            if interrupt.wants_save:
                weights.close()  # the weights' own values are saved
                save_if_asked(job, interrupt)
                weights.enter_context(standing_in(callbacks))

        try:
            found = job.evaluator.run(samples, poll)
        except Enough:
            weights.close()
            # The time of the epoch will be that of the validation that is not cut short.
            job.progress.elapsed += time.perf_counter() - began
            raise stopped(job, interrupt) from None
    job.progress.spent(job.took(time.perf_counter() - began, interrupt))
    return found
