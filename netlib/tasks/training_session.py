"""A training from its plan to its result: data, model, run directory, the loop, and the test of the best weights."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from netlib.data.arrays import Arrays
from netlib.data.load import Splits
from netlib.data.load import load as load_data
from netlib.data.needs import Needs
from netlib.data.streaming import Samples, form_of
from netlib.runs import environment, pointers
from netlib.runs.available_memory import process_memory
from netlib.runs.directory import RunDirectory, create, create_at
from netlib.runs.lock import alone
from netlib.spec.data import DataSpec
from netlib.spec.errors import NetlabError, Problem, SpecError
from netlib.spec.features import SPLITS
from netlib.spec.listener import Listener
from netlib.spec.training import TrainSpec
from netlib.tasks.anomalies import lines, relevant
from netlib.tasks.build import build, known_at_build
from netlib.tasks.class_weights import Weighing, weighing
from netlib.tasks.data_contract import check_splits
from netlib.tasks.data_problems import data_placed
from netlib.tasks.loading import warm_start
from netlib.tasks.memory_trouble import Need, memory_explained
from netlib.tasks.placed import in_a_line, unknown_placed, warnings_of
from netlib.tasks.plan import Complete, TrainPlan
from netlib.tasks.plugins import recorded
from netlib.tasks.run_files import (
    check_fingerprint,
    first_files,
    load_preprocessing,
    resolved_text,
    save_preprocessing,
)
from netlib.tasks.run_log import RunLog
from netlib.tasks.take_up import take_up
from netlib.tasks.train import TrainResult
from netlib.tasks.trouble import trouble_of
from netlib.training.disk_use import said_of_disk
from netlib.training.environment import configure, devices
from netlib.training.evaluation import Measured
from netlib.training.fit import fit
from netlib.training.interrupt import Interrupt, watch_signals
from netlib.training.job import Fit
from netlib.training.model import Model
from netlib.training.setup import Engine, execution_of, heads_of, make_engine, prepare
from netlib.training.unfreezing import unfreezing
from netlib.training.waiting import no_poll
from netlib.training.warm_start import Loaded
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
    loaded: Loaded | None = None
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
            job = _job(session, engine, interrupt)
            return _fit(session, job, *said_of_disk(job, plan.config.train, plan.run_dir or plan.runs_root))
        session.run = plan.run or _make_run(plan, session)
        interrupt.run = session.run
        session.listeners.insert(0, RunLog(session.run))
        with alone(session.run):
            job = _job(session, engine, interrupt)
            said = take_up(plan.resumed, job, resolved_text(session.config, session.threads)) if plan.resumed else ()
            return _fit(session, job, *said, *said_of_disk(job, session.train, session.run.path))


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
    if same := plan.run or plan.repeated:
        check_fingerprint(same, splits.fingerprint)
    model = build(config.experiment)
    loaded = None if plan.run else warm_start(config.experiment, model)
    heads = heads_of(model, train, form_of(splits.train))
    needs = check_splits(splits, config.graph, heads)
    with data_placed(config.experiment):
        found = weighing(config.data, splits, heads, model, plan.run)
    return _Session(config, train, splits, model, threads, list(listeners), needs, found, loaded)


def _need_memory(data: DataSpec, splits: Splits[Samples]) -> None:
    if data.buckets is not None and not isinstance(splits.train, Arrays):
        message = "buckets need the samples in memory, and these are more than data.memory: allow more, or leave the buckets out"
        raise SpecError([Problem(("buckets",), message)], "data")


def _make_run(plan: TrainPlan, session: _Session) -> RunDirectory:
    seed, execution = plan.config.experiment.seed, execution_of(session.model, session.train)
    facts = environment.describe(seed, session.threads, execution, sys.argv, session.splits.fingerprint, devices())
    facts["plugins"] = recorded(plan.config.experiment)
    if session.loaded:
        facts["loaded"] = session.loaded.facts
    files = first_files(session.config, session.threads, facts, session.splits.preprocessing)
    fold = session.config.data.fold
    name = plan.config.experiment.name + (f"-fold-{fold}" if fold else "")
    made = create_at(plan.run_dir, files) if plan.run_dir else create(plan.runs_root, name, files)
    save_preprocessing(made, session.splits.preprocessing)
    if session.weighing:
        session.weighing.save(made)
    return made


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
        callbacks=unfreezing(session.train.freezing, engine.loop),
        run=session.run,
    )
    trouble = trouble_of(session.run, session.config.experiment, session.train) if session.run else None
    return replace(job, interrupt=interrupt, header=None, trouble=trouble)


def _fit(session: _Session, job: Fit, *messages: str) -> TrainResult:
    began = time.perf_counter()
    path = session.run.path if session.run else None
    session.listeners = [*job.callbacks.values(), *session.listeners]
    session.tell("run_started", path, _header(session))
    weighed = session.weighing.notes if session.weighing else ()
    loaded = session.loaded.lines if session.loaded else ()
    said = (
        *loaded,
        *session.splits.notes,
        *weighed,
        *_anomalies(session),
        *map(in_a_line, session.config.experiment.warnings),
    )
    for text in (*messages, *said):
        session.tell("message", text)
    need = _need_of(session)
    if lacking := need.warning():
        session.tell("message", lacking)
    explained = memory_explained(need, session.run)
    with _warnings_said(session), _failure_logged(session), unknown_placed(session.config.experiment), explained:
        reason = fit(job)
        metrics = _best_metrics(session, job)
    session.tell("message", reason)
    done = job.progress
    seconds = time.perf_counter() - began
    result = TrainResult(path, reason, done.epoch, done.step, done.best_epoch, metrics, seconds)
    ended = {"reason": reason, "epoch": done.epoch, "step": done.step, "best_epoch": done.best_epoch}
    session.tell("run_ended", {**ended, **metrics, "seconds": seconds})
    return result


def _need_of(session: _Session) -> Need:
    """The memory that a step takes, and that there is: the machine's, where no other device has its own."""
    mode, room = execution_of(session.model, session.train).mode, None if devices() else process_memory()
    return Need.of(session.config, session.train, mode, session.splits, room)


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
        poll = partial(job.interrupt.obey, "while the test split was measured") if job.interrupt else no_poll
        metrics["test"] = job.evaluator.run(test, poll)
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
            with suppress(NetlabError):  # the disk may be full, and what the user is told is why the training failed
                RunLog(session.run).message(str(error))
        raise
