"""Takes up a run where its newest good checkpoint stands, and records in the run what goes on in another way."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from netlib.config.problems import printable
from netlib.runs import atomic, changes, environment, locate, pointers
from netlib.runs.checkpoint import Checkpoint, checkpoints_of, step_of
from netlib.runs.directory import RunDirectory
from netlib.runs.environment_file import environment_of
from netlib.runs.errors import CheckpointError
from netlib.runs.standing import Standing
from netlib.spec.execution import asking_replicas
from netlib.tasks.config_changes import Change
from netlib.tasks.resume import Resumed, finished, misfit, newest_checkpoint, without_best
from netlib.tasks.run_log import RunLog, go_on
from netlib.training.environment import devices
from netlib.training.job import Fit
from netlib.training.progress import Progress


def take_up(resumed: Resumed, job: Fit, resolved: str) -> list[str]:
    """Sets a training as its run's newest good checkpoint says; returns what is to be said of it.

    The run's files become what they were when it was written, but for the config, which may have changed: a run that is killed
    again goes on with the changed one. Where nothing is left to train nothing is recorded. A kill may have come before a pointer
    was written.

    Args:
        resumed: the run and what is changed.
        job: the training.
        resolved: what the run's `resolved.yaml` is to say.

    Raises:
        CheckpointError: the checkpoint does not fit what the config was changed to.
        NetlabError: there is no good checkpoint, or a file of the run is damaged.
    """
    run = resumed.run
    saved, passed_over = newest_checkpoint(run)
    progress = _restored(saved, resumed, job)
    place = f"the end of epoch {progress.epoch}" if job.ends else f"epoch {progress.epoch + 1}"
    said = [
        *passed_over,
        f"resumed from {saved.path.name}: {place}, step {progress.step}",
        *_other_replicas(saved, job),
    ]
    if job.ends and not job.unrecorded():
        reached = Standing(progress.epoch, progress.position, progress.step, progress.elapsed)
        said += [finished(run, train, reached)] if (train := resumed.experiment.train) else []
    else:
        said += _recorded(resumed, saved, resolved)
    _point(run, saved)
    go_on(run, progress.step, progress.records)
    return said


def follow(resumed: Resumed, job: Fit) -> None:
    """Sets a training as the run's newest good checkpoint says, for a worker that writes nothing into the run.

    Raises:
        CheckpointError: the checkpoint does not fit what the config was changed to.
        NetlabError: there is no good checkpoint.
    """
    saved, _ = locate.read_newest(resumed.run)
    _restored(saved, resumed, job)


def _other_replicas(saved: Checkpoint, job: Fit) -> list[str]:
    """What is to be said where the rest of the run is added up in another order."""
    before, now = saved.state.get("replicas", 1), job.state.replicas
    if before == now:
        return []
    count = f"{now} replica{'' if now == 1 else 's'} in place of {printable(str(before))}"
    text = f"{count}: what follows equals what would have followed to float tolerance, not to the bit"
    own = [node.path for node in asking_replicas(job.state.model.graph)] if not job.loop.replicas.synchronized else []
    return [f"{text}; {own[0]} normalises by other parts of the batch" if own else text]


def _restored(saved: Checkpoint, resumed: Resumed, job: Fit) -> Progress:
    known = without_best(saved) if "best" in resumed.anew else saved
    try:
        return job.state.restore(
            known,
            new_epoch="epoch" in resumed.anew,
            new_rates="rate" in resumed.anew,
            new_parts="parts" in resumed.anew,
        )
    except CheckpointError as error:
        if not resumed.changes:
            raise
        raise CheckpointError(misfit(error, resumed)) from None


def _point(run: RunDirectory, saved: Checkpoint) -> None:
    """Makes the pointers what they were at a checkpoint."""
    pointers.point(run, "latest", saved.path)
    best = saved.state["progress"]["best_step"]
    if found := next((path for path in checkpoints_of(run) if step_of(path) == best), None):
        pointers.point(run, "best", found)
    else:
        with atomic.explained(run.checkpoints / "best", "remove"):
            (run.checkpoints / "best").unlink(missing_ok=True)


def _recorded(resumed: Resumed, saved: Checkpoint, resolved: str) -> list[str]:
    """Writes down what is changed, and makes it the run's config; what is to be said of it by those who look on."""
    run, made = resumed.run, resumed.changes
    other = _other_environment(run)
    if made or other:
        record = {
            "step": saved.step,
            "changes": [change.to_plain() for change in made],
            "allowed": any(change.kind == "allow" for change in made),
            "environment": other,
            "command": sys.argv,
        }
        changes.write(run, resolved if made else run.read(run.resolved.name), record)
    _log(run, made)
    said = (
        ["its unfinished epoch begins anew"] if "epoch" in resumed.anew and saved.state["progress"]["position"] else []
    )
    said += ["the best checkpoint is chosen anew from here on"] if "best" in resumed.anew else []
    return [*said, *([f"bits may differ: {'; '.join(other)}"] if other else [])]


def _log(run: RunDirectory, made: Sequence[Change]) -> None:
    log = RunLog(run)
    for change in made:
        log.message(f"changed: {change}")


def _other_environment(run: RunDirectory) -> list[str]:
    """What bits depend on, and is not as it was when the run began."""
    with environment_of(run) as began:
        return [printable(line) for line in environment.differences(began, environment.computing(devices()))]
