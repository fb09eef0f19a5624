"""What listeners are told of a training besides its steps: the header, what is to be said at the start, warnings on the way."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from netlib.spec.features import SPLITS
from netlib.tasks.anomalies import lines, relevant
from netlib.tasks.placed import in_a_line, warnings_of
from netlib.tasks.session import Session
from netlib.training.environment import devices
from netlib.training.job import Fit

SHOWN_FILES = 3


def header(session: Session, job: Fit) -> dict[str, Any]:
    """What `netlib.spec.listener.Listener.run_started` is told."""
    experiment, execution = session.config.experiment, session.execution
    return {
        "name": experiment.name,
        "config": experiment.tree.place.source.name,
        "parameters": session.config.graph.parameters(),
        "execution": execution.mode,
        "execution_reason": execution.reason,
        "devices": devices() or ["CPU"],
        "threads": session.threads,
        "data": _data(session),
        "samples": {name: len(split) for name in SPLITS if (split := getattr(session.splits, name)) is not None},
        "batch_size": session.config.data.batch_size,
        "steps": job.feed.steps,
        "epochs": session.train.epochs,
        "total_steps": session.train.steps,
        "monitor": job.monitor.watched._asdict(),
        **_spread(session),
    }


def _spread(session: Session) -> dict[str, Any]:
    """How many replicas train, and at which rate; nothing where it is the usual one."""
    written, count = session.spread, session.replicas.count
    if written is None:
        return {}
    rate = session.train.groups.main.learning_rate
    shown = f"{rate:g}" if isinstance(rate, float) else f"by {rate.type_name()}"
    factor = written.rate_factor(count)
    how = f"scaled by {factor:g} ({written.scale_learning_rate})" if factor != 1 else "not scaled"
    return {"replicas": count, "learning_rate": f"{shown}, {how}"}


def said(session: Session) -> Iterator[str]:
    """What is worth a line before the first step: what was loaded, found in the data, and chosen."""
    yield from session.loaded.lines if session.loaded else ()
    yield from session.touched
    yield from session.splits.notes
    yield from session.weighing.notes if session.weighing else ()
    experiment = session.config.experiment
    found = relevant(session.splits.anomalies, session.heads, session.config.graph)
    yield from lines(found, experiment.tree.place.source.name)
    yield from map(in_a_line, experiment.warnings)


@contextmanager
def warnings_said(session: Session) -> Iterator[None]:
    """Inside, Python's warnings reach the listeners, each text once."""
    heard: set[str] = set()

    def show(message: Any, *_: Any, **__: Any) -> None:
        for text in warnings_of(session.config.experiment, message):
            if text not in heard:
                heard.add(text)
                session.tell("message", text)

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


def _data(session: Session) -> str:
    """The source, with the names of its files."""
    source = session.config.data.source
    names = [Path(each).name for each in _paths(getattr(source, "path", None))]
    shown = [*names[:SHOWN_FILES], *(["..."] if len(names) > SHOWN_FILES else [])]
    return f"{source.type_name()} ({', '.join(shown)})" if shown else source.type_name()


def _paths(value: Any) -> list[str]:
    """One, several, or several by split."""
    if isinstance(value, Mapping):
        return [path for each in value.values() for path in _paths(each)]
    if isinstance(value, list | tuple):
        return [path for each in value for path in _paths(each)]
    return [] if value is None else [str(value)]
