"""A training from its plan to its result: data, model, run directory, the loop, and the test of the best weights."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from netlib.data.arrays import Arrays
from netlib.data.load import Splits
from netlib.data.load import load as load_data
from netlib.data.needs import Needs
from netlib.data.streaming import Samples, form_of
from netlib.runs import environment, pointers
from netlib.runs.checkpoint import checkpoints_of, step_of
from netlib.runs.directory import RunDirectory, create, create_at
from netlib.runs.lock import alone
from netlib.spec.data import DataSpec
from netlib.spec.errors import NetlabError, Problem, SpecError
from netlib.spec.listener import Listener
from netlib.spec.training import TrainSpec
from netlib.tasks.anomalies import lines, relevant
from netlib.tasks.build import build, known_at_build
from netlib.tasks.class_weights import Weighing, weighing
from netlib.tasks.data_contract import check_splits
from netlib.tasks.data_problems import data_placed
from netlib.tasks.placed import in_a_line, unknown_placed, warnings_of
from netlib.tasks.plan import SPLITS, Complete, TrainPlan
from netlib.tasks.plugins import recorded
from netlib.tasks.resume import newest_checkpoint
from netlib.tasks.run_files import (
    check_fingerprint,
    first_files,
    load_preprocessing,
    resolved_text,
    save_preprocessing,
)
from netlib.tasks.run_log import RunLog, go_on
from netlib.tasks.train import TrainResult
from netlib.training.environment import configure
from netlib.training.evaluation import Measured
from netlib.training.fit import Fit, fit
from netlib.training.interrupt import Interrupt, watch_signals
from netlib.training.model import Model
from netlib.training.setup import Engine, execution_of, heads_of, make_engine, prepare
from netlib.training.weights import restore_weights
from netlib.training.windows import measured

DRY_STEPS = 2


@dataclass
class _Session:
    """A config with everything that was made of it."""

    config: Complete
    train: TrainSpec
    splits: Splits[Samples]
    model: Model
    threads: int
    listeners: list[Listener]
    needs: Needs
    weighing: Weighing | None = None
    run: RunDirectory | None = None

    def measured(self, name: str) -> Measured | None:
        """A split to evaluate on."""
        samples, rows = getattr(self.splits, name), self.config.data.batch_size
        return None if samples is None else measured(samples, rows, self.needs.check, f"the {name} split")

    def tell(self, event: str, *details: Any) -> None:
        for listener in self.listeners:
            getattr(listener, event)(*details)


def run(plan: TrainPlan, listeners: Sequence[Listener]) -> TrainResult:
    """Trains as planned.

    Raises:
        UsageError: the data does not fit the config; nothing was written.
        NetlabError: the data is damaged, or training failed.
    """
    session = _start(plan, listeners)
    engine = _engine(session)
    # From here on a signal ends the training only where there is a checkpoint to go on from.
    with watch_signals() as interrupt:
        if plan.dry_run:
            return _fit(session, _job(session, engine, interrupt))
        session.run = plan.run or _make_run(plan, session)
        session.listeners.insert(0, RunLog(session.run))
        with alone(session.run):
            job = _job(session, engine, interrupt)
            return _fit(session, job, *(_take_up(session, session.run, job) if plan.run else ()))


def _start(plan: TrainPlan, listeners: Sequence[Listener]) -> _Session:
    """Reads the data and builds the model; whatever can be wrong with them is found here."""
    train = plan.config.train
    if plan.dry_run:
        callbacks = tuple(spec for spec in train.callbacks if not spec.writes_files)
        budget = {"epochs": None, "max_time": None, "steps": DRY_STEPS}
        train = train.model_copy(update={**budget, "callbacks": callbacks})
    threads = configure(train.threads)
    config = plan.config.with_experiment(known_at_build(plan.config.experiment))
    fitted = load_preprocessing(plan.run) if plan.run else None
    with data_placed(config.experiment):
        splits = load_data(config.data, config.experiment.seed, fitted)
        _need_memory(config.data, splits)
    if plan.run:
        check_fingerprint(plan.run, splits.fingerprint)
    model = build(config.experiment)
    heads = heads_of(model, train, form_of(splits.train))
    needs = check_splits(splits, config.graph, heads)
    with data_placed(config.experiment):
        found = weighing(config.data, splits, heads, model, plan.run)
    return _Session(config, train, splits, model, threads, list(listeners), needs, found)


def _need_memory(data: DataSpec, splits: Splits[Samples]) -> None:
    if data.buckets is not None and not isinstance(splits.train, Arrays):
        message = "buckets need the samples in memory, and these are more than data.memory: allow more, or leave the buckets out"
        raise SpecError([Problem(("buckets",), message)], "data")


def _make_run(plan: TrainPlan, session: _Session) -> RunDirectory:
    seed, execution = plan.config.experiment.seed, execution_of(session.model, session.train)
    facts = environment.describe(seed, session.threads, execution, sys.argv, session.splits.fingerprint)
    facts["plugins"] = recorded(plan.config.experiment)
    files = first_files(session.config, session.threads, facts, session.splits.preprocessing)
    fold = session.config.data.fold
    name = plan.config.experiment.name + (f"-fold-{fold}" if fold else "")
    made = create_at(plan.run_dir, files) if plan.run_dir else create(plan.runs_root, name, files)
    save_preprocessing(made, session.splits.preprocessing)
    if session.weighing:
        session.weighing.save(made)
    return made


def _take_up(session: _Session, run: RunDirectory, job: Fit) -> list[str]:
    """Goes on from the newest checkpoint; returns what is to be said of it.

    The run's files become what they were when it was written, but for the config, which may have changed: a run that is killed
    again goes on with the changed one. A kill may have come before a pointer was written.
    """
    saved, passed_over = newest_checkpoint(run)
    progress = job.state.restore(saved)
    run.write(run.resolved.name, resolved_text(session.config, session.threads))
    pointers.point(run, "latest", saved.path)
    for path in checkpoints_of(run):
        if step_of(path) == progress.best_step:
            pointers.point(run, "best", path)
    go_on(run, progress.step, progress.records)
    return [*passed_over, f"resumed from {saved.path.name}: epoch {progress.epoch + 1}, step {progress.step}"]


def _engine(session: _Session) -> Engine:
    heads = heads_of(session.model, session.train, form_of(session.splits.train))
    seed = session.config.experiment.seed
    return make_engine(session.model, session.train, heads, session.config.data.batch_size, seed)


def _job(session: _Session, engine: Engine, interrupt: Interrupt) -> Fit:
    data, splits = session.config.data, session.splits
    weigh = session.weighing.weights.apply if session.weighing else None
    options = {"shuffle": data.shuffle, "drop_remainder": data.drop_remainder}
    job = prepare(
        engine,
        engine.feed(splits.train, session.needs.check, weigh=weigh, cut=data.bucketed(), **options),
        session.measured("validation"),
        listeners=session.listeners,
        run=session.run,
    )
    return replace(job, interrupt=interrupt, header=None)


def _fit(session: _Session, job: Fit, *messages: str) -> TrainResult:
    began = time.perf_counter()
    path = session.run.path if session.run else None
    session.listeners = [*job.callbacks.values(), *session.listeners]
    session.tell("run_started", path, _header(session))
    weighed = session.weighing.notes if session.weighing else ()
    said = (*session.splits.notes, *weighed, *_anomalies(session), *map(in_a_line, session.config.experiment.warnings))
    for text in (*messages, *said):
        session.tell("message", text)
    with _warnings_said(session), _failure_logged(session), unknown_placed(session.config.experiment):
        reason = fit(job)
        metrics = _best_metrics(session, job)
    session.tell("message", reason)
    done = job.progress
    seconds = time.perf_counter() - began
    result = TrainResult(path, reason, done.epoch, done.step, done.best_epoch, metrics, seconds)
    ended = {"reason": reason, "epoch": done.epoch, "step": done.step, "best_epoch": done.best_epoch}
    session.tell("run_ended", {**ended, **metrics, "seconds": seconds})
    return result


def _anomalies(session: _Session) -> list[str]:
    experiment, splits = session.config.experiment, session.splits
    heads = heads_of(session.model, session.train, form_of(splits.train))
    return lines(relevant(splits.anomalies, heads, session.config.graph), experiment.tree.place.source.name)


def _best_metrics(session: _Session, job: Fit) -> dict[str, dict[str, float]]:
    """What the best epoch measured, and the test split with its weights, which the model has from now on."""
    best = pointers.pointed(session.run, "best") if session.run else None
    if best:
        restore_weights(session.model, best)
    record = next((r for r in job.progress.records if r["step"] == job.progress.best_step), {})
    metrics: dict[str, dict[str, float]] = {split: record[split] for split in SPLITS if split in record}
    if test := session.measured("test"):
        metrics["test"] = job.evaluator.run(test)
    return metrics


def _header(session: _Session) -> dict[str, Any]:
    experiment = session.config.experiment
    execution = execution_of(session.model, session.train)
    return {
        "name": experiment.name,
        "config": experiment.tree.place.source.name,
        "parameters": session.config.graph.parameters(),
        "execution": execution.mode,
        "execution_reason": execution.reason,
        "threads": session.threads,
        "samples": {name: len(split) for name in SPLITS if (split := getattr(session.splits, name)) is not None},
        "batch_size": session.config.data.batch_size,
        "epochs": session.train.epochs,
    }


@contextmanager
def _warnings_said(session: _Session) -> Iterator[None]:
    """Inside, Python's warnings reach the listeners, each text once."""
    said: set[str] = set()

    def show(message: Any, *_: Any, **__: Any) -> None:
        for text in warnings_of(session.config.experiment, message):
            if text not in said:
                said.add(text)
                session.tell("message", text)

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


@contextmanager
def _failure_logged(session: _Session) -> Iterator[None]:
    """Inside, what ends the training is written into the run's log; whoever called says it to the user."""
    try:
        yield
    except NetlabError as error:
        if session.run:
            RunLog(session.run).message(str(error))
        raise
