"""A training from its plan to its result: data, model, run directory, the loop, and the test of the best weights."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from functools import partial

from netlib.runs import environment, pointers
from netlib.runs.available_memory import process_memory
from netlib.runs.beginning import gone_unless_ready
from netlib.runs.directory import RunDirectory, create, create_at
from netlib.runs.lock import alone
from netlib.runs.profile import timed
from netlib.spec.errors import NetlabError
from netlib.spec.features import SPLITS
from netlib.spec.listener import Listener
from netlib.tasks.agreement import need_agreement
from netlib.tasks.memory_trouble import Need, memory_explained
from netlib.tasks.placed import unknown_placed
from netlib.tasks.plan import TrainPlan
from netlib.tasks.plugins import recorded
from netlib.tasks.replicas import replicas_of
from netlib.tasks.run_files import first_files, resolved_text, save_preprocessing
from netlib.tasks.run_log import RunLog
from netlib.tasks.same_data import digesting
from netlib.tasks.session import Session, start
from netlib.tasks.take_up import follow, take_up
from netlib.tasks.telling import header, said, warnings_said
from netlib.tasks.train import TrainResult
from netlib.tasks.trial import StepTime, dry, told, without_files
from netlib.training.budget import SPENT
from netlib.training.callbacks.callback import Callback
from netlib.training.checkpoints import TrainingError
from netlib.training.disk_use import said_of_disk
from netlib.training.environment import devices
from netlib.training.fit import fit
from netlib.training.interrupt import watch_signals
from netlib.training.job import Fit
from netlib.training.profiling import TracedSteps, profiled
from netlib.training.replicas import Replicas
from netlib.training.spreading import spread_weights
from netlib.training.waiting import no_poll
from netlib.training.weights import restore_weights


def run(plan: TrainPlan, listeners: Sequence[Listener], callbacks: Sequence[Callback] = ()) -> TrainResult:
    """Trains as planned; `callbacks` take part besides the config's.

    Raises:
        UsageError: the data does not fit the config; nothing was written.
        NetlabError: the data is damaged, or training failed.
    """

    def say(text: str) -> None:
        for each in listeners:
            each.message(text)

    replicas = replicas_of(plan, say)
    with replicas.scope():
        if plan.dry_run:
            return _dry_run(plan, listeners, replicas)
        if replicas.is_chief:
            return _run(plan, listeners, callbacks, replicas)
        return _take_part(plan, callbacks, replicas)


def _run(
    plan: TrainPlan, listeners: Sequence[Listener], callbacks: Sequence[Callback], replicas: Replicas
) -> TrainResult:
    """Trains, and writes what there is to write."""
    if plan.profile:
        plan.profile.started()
    session = start(plan, plan.config.train, listeners, replicas)
    with timed(plan.profile, "building"):
        engine = session.engine()
    # From here on a signal ends the training only where there is a checkpoint to go on from.
    with watch_signals() as interrupt:
        session.run = plan.run or _make_run(plan, session)
        interrupt.run = session.run
        session.listeners.insert(0, RunLog(session.run))
        with alone(session.run):
            with nullcontext() if plan.run else gone_unless_ready(session.run):
                tracing = TracedSteps(session.run, plan.profile) if plan.profile else None
                job = session.job(engine, interrupt, [*([tracing] if tracing else []), *callbacks])
                resolved = resolved_text(session.config, session.threads)
                messages = take_up(plan.resumed, job, resolved) if plan.resumed else ()
                messages = (*messages, *said_of_disk(job, session.train, session.run.path))
                need_agreement(session, job)
            with digesting(session.run, session.splits, session.config.data):
                result = trained(session, profiled(job, plan.profile) if plan.profile else job, *messages)
            if plan.profile:
                plan.profile.save(session.run)
            return result


def _take_part(plan: TrainPlan, callbacks: Sequence[Callback], replicas: Replicas) -> TrainResult:
    """Trains with other workers, of which the first shows and writes what there is; of this one nothing is seen."""
    quiet = plan.config.train.model_copy(update={"callbacks": without_files(plan.config.train)})
    session = start(plan, quiet, (), replicas)
    engine = session.engine()
    with watch_signals() as interrupt:
        job = session.job(engine, interrupt, callbacks)
        if plan.resumed:
            follow(plan.resumed, job)
        need_agreement(session, job)
        return trained(session, job)


def _dry_run(plan: TrainPlan, listeners: Sequence[Listener], replicas: Replicas) -> TrainResult:
    """Two steps of everything; then it is said how long an epoch may take and where a run would be."""
    speed = StepTime()
    session = start(plan, dry(plan.config.train), [*listeners, speed] if replicas.is_chief else (), replicas)
    engine = session.engine()
    with watch_signals() as interrupt:
        job = session.job(engine, interrupt)
        need_agreement(session, job)
        messages = said_of_disk(job, plan.config.train, plan.run_dir or plan.runs_root)
        result = trained(session, job, *messages)
    for text in told(plan, run_name(session), job.feed.samples, speed.samples_per_second):
        session.tell("message", text)
    return result


def trained(session: Session, job: Fit, *messages: str) -> TrainResult:
    """Runs the job, and measures the best weights; listeners are told of everything, of `messages` first."""
    began = time.perf_counter()
    path = session.run.path if session.run else None
    session.listeners = [*job.callbacks.values(), *session.listeners]
    session.tell("run_started", path, header(session, job))
    for text in (*messages, *said(session)):
        session.tell("message", text)
    need = _need_of(session)
    if lacking := need.warning():
        session.tell("message", lacking)
    explained = memory_explained(need, session.run)
    placed, searched = unknown_placed(session.config.experiment), _search_told(session)
    with warnings_said(session), _failure_logged(session), placed, explained, searched:
        reason = fit(job)
        metrics = _best_metrics(session, job)
    done = job.progress
    session.tell("message", job.budget.words(done) if reason == SPENT else reason)
    seconds = time.perf_counter() - began
    result = TrainResult(path, reason, done.epoch, done.step, done.best_epoch, metrics, seconds)
    ended = {"reason": reason, "epoch": done.epoch, "step": done.step, "best_epoch": done.best_epoch}
    session.tell("run_ended", {**ended, **metrics, "seconds": seconds})
    return result


def run_name(session: Session) -> str:
    """What the run directory is called, but for its number."""
    fold = session.config.data.fold
    return session.config.experiment.name + (f"-fold-{fold}" if fold else "")


def _make_run(plan: TrainPlan, session: Session) -> RunDirectory:
    seed, execution = plan.config.experiment.seed, session.execution
    facts = environment.describe(seed, session.threads, execution, sys.argv, session.splits.fingerprint, devices())
    facts["plugins"] = recorded(plan.config.experiment)
    if session.replicas.count > 1:
        facts["replicas"], facts["workers"] = session.replicas.count, session.replicas.workers
    if session.loaded:
        facts["loaded"] = session.loaded.facts
    files = first_files(session.config, session.threads, facts, session.splits.preprocessing)
    made = create_at(plan.run_dir, files) if plan.run_dir else create(plan.runs_root, run_name(session), files)
    with gone_unless_ready(made):
        save_preprocessing(made, session.splits.preprocessing)
        if session.weighing:
            session.weighing.save(made)
    return made


def _need_of(session: Session) -> Need:
    """The memory that a step takes, and that there is: the machine's, where no other device has its own."""
    room = None if devices() else process_memory()
    return Need.of(session.config, session.train, session.execution.mode, session.splits, room)


def _best_metrics(session: Session, job: Fit) -> dict[str, dict[str, float]]:
    """What the best epoch measured, and the test split with its weights, which the model has from now on."""
    best = pointers.pointed(session.run, "best") if session.run else None
    if best:
        restore_weights(session.model, best)
    spread_weights(session.model, session.replicas)
    record = next((r for r in job.progress.records if r["step"] == job.progress.best_step), {})
    metrics: dict[str, dict[str, float]] = {split: record[split] for split in SPLITS if split in record}
    if test := session.measured("test"):
        poll = partial(job.interrupt.obey, "while the test split was measured") if job.interrupt else no_poll
        metrics["test"] = job.evaluator.run(test, poll)
    return metrics


@contextmanager
def _search_told(session: Session) -> Iterator[None]:
    """Inside, an error about numbers that are not finite says how to find where that began: replicas do not go back to look."""
    try:
        yield
    except TrainingError as error:
        if session.replicas.count == 1 or session.run is None:
            raise
        again = shlex.join(["netlab", "train", "--resume", str(session.run.path), "train.distribute=null"])
        raise TrainingError(f"{error}\nWhere that began is found on one device: {again}") from error


@contextmanager
def _failure_logged(session: Session) -> Iterator[None]:
    """Inside, what ends the training is written into the run's log; whoever called says it to the user."""
    try:
        yield
    except Exception as error:
        if session.run:
            with suppress(NetlabError):  # the disk may be full, and what the user is told is why the training failed
                RunLog(session.run).failed(error)
        raise
