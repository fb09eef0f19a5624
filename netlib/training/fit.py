"""The training loop on the host: epochs, until the training ends. The steps themselves run on the device."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from netlib.training.budget import SPENT
from netlib.training.callbacks.callback import close_all, settle
from netlib.training.checkpoints import TrainingError
from netlib.training.epoch import run_epoch
from netlib.training.interrupt import Interrupt, watch_signals
from netlib.training.job import Fit
from netlib.training.loop import CAPACITY
from netlib.training.pace import Pace
from netlib.training.replicas import WorkerLost
from netlib.training.stopping import left_alone, stop_if


def fit(job: Fit) -> str:
    """Trains until the budget is spent, a callback asks to stop, or a signal comes; returns why it ended.

    What happens, in this order, because a checkpoint must hold all that came before it and nothing that came after:

    1. the order of the epoch is drawn, from the seed and the epoch's number; metrics and the states that layers keep begin
       anew;
    2. chunks of steps run, callbacks' device hooks after each update; a chunk ends where a callback asks for it. After each
       the loss is looked at, a callback may ask to stop, and where one is due a checkpoint is saved;
    3. the epoch, or what is run of it, is validated with what stands in for the weights, if that is due or it is the last; its
       record is made;
    4. callbacks see the record, and may ask to stop;
    5. the checkpoint of the epoch is saved, if it is due, the best so far, one of the best that stay, or the last; callbacks
       save theirs;
    6. everybody is told if the epoch is the best so far, and listeners see the record.

    What is saved is copied at once, and written in the background. `checkpoint_saved` is told when the checkpoint is there: after
    a chunk, before the next one is saved, or at the end of the epoch or of the training, which waits for all that is written.
    What goes wrong in writing is raised at the same places.

    At the end what stands in for the weights takes their places, and then `run_ended` is told. Callbacks are told of everything
    before listeners; among them `early_stopping` of the `train` section comes first, then its `callbacks`, then those of the
    call, each in the order in which they are written. The first that asks to stop, or answers for a failure, gives the reason.

    Raises:
        TrainingError: the loss, a gradient, or a weight, is not finite any more, and no callback answers for it.
        Interrupted: SIGINT or SIGTERM came; a checkpoint was written.
        WorkerLost: another worker ended; a checkpoint was written by the chief.
        NetlabError: a checkpoint cannot be written.
    """
    try:
        if job.header is not None:
            job.tell("run_started", None, job.header)
        reason = _answered(job)
        settle(list(job.callbacks.values()))
        if job.header is not None:
            done = job.progress
            result = {"reason": reason, "epoch": done.epoch, "step": done.step, "best_epoch": done.best_epoch}
            job.tell("run_ended", {**result, "seconds": done.elapsed})
    finally:
        close_all(job.callbacks.values())
    return reason


def _answered(job: Fit) -> str:
    """Trains; where numbers are not finite, the first callback that answers for it gives the reason. In a run the last good
    checkpoint is gone back to, to go on from it or to find out what went wrong."""
    while True:
        try:
            return _train(job)
        except TrainingError as error:
            reached = job.progress.step
            job.progress.begin_epoch()  # sums that are not finite would spoil the epochs of a later call
            for callback in job.callbacks.values():
                if reason := callback.failed(error):
                    return reason
            if job.trouble is None:
                raise
            job.trouble.answer(job, error, reached, _train)


def _train(job: Fit) -> str:
    pace = Pace(CAPACITY)
    with _watched(job) as interrupt, job.saves.running():
        if job.progress.step == 0:
            job.saves.save()
        try:
            while not job.ends or job.unrecorded():
                stop_if(job, interrupt)
                run_epoch(job, pace, interrupt)
            stop_if(job, interrupt)
        except WorkerLost as lost:
            raise left_alone(job, lost) from lost
    return job.asked_to_stop() or SPENT


def _watched(job: Fit) -> AbstractContextManager[Interrupt]:
    return nullcontext(job.interrupt) if job.interrupt else watch_signals(job.writer.run if job.writer else None)
