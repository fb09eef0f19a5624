"""What signals ask for, where the state of a training is whole: it is saved, and ends or goes on."""

from __future__ import annotations

from netlib.runs.going_on import resume_command
from netlib.training.interrupt import Interrupt, Interrupted
from netlib.training.job import Fit
from netlib.training.replicas import WorkerLost


def stop_if(job: Fit, interrupt: Interrupt) -> None:
    """Saves, if a signal asks for it.

    Raises:
        Interrupted: a signal asks to end the training; its state is saved.
    """
    save_if_asked(job, interrupt)
    if interrupt.number is not None:
        raise stopped(job, interrupt)


def stopped(job: Fit, interrupt: Interrupt) -> Interrupted:
    """Saves the state, which is whole now; the error that ends the training."""
    job.saves.save()
    job.saves.finish()
    return interrupt.obeyed(f"after {_place(job)}")


def save_if_asked(job: Fit, interrupt: Interrupt) -> None:
    """Saves the state, which is whole now, if a signal asks for it."""
    if not interrupt.asks_to_save() or job.writer is None:
        return
    job.saves.save()
    job.saves.finish()
    job.tell("message", f"saved after {_place(job)}, as SIGUSR1 asks")


def left_alone(job: Fit, lost: WorkerLost) -> WorkerLost:
    """Saves the state, which is that after the last whole step; the error that ends the training where other workers ended."""
    job.saves.save()
    job.saves.finish()
    run = job.writer.run if job.writer else None
    saved = f"; saved, go on with: {resume_command(run.path)}" if run else ""
    return WorkerLost(f"{lost}; {_place(job)} is done{saved}")


def _place(job: Fit) -> str:
    """What is done, in words."""
    done = job.progress
    steps = f"step {done.position}" + (f" of {job.feed.steps}" if job.feed.steps else "")
    return f"{steps} in epoch {done.epoch + 1}" if done.position else f"epoch {done.epoch}"
