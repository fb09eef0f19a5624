"""Before the first step all workers look whether they are about to do the same: one with other data would spoil them all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from netlib.runs import environment
from netlib.spec.errors import NetlabError
from netlib.tasks.same_data import fingerprint_anywhere
from netlib.tasks.session import Session
from netlib.training.job import Fit
from netlib.training.replicas import Replicas

PIECES, PIECE = 4, 12
"""So many numbers stand for a digest, each for so many of its hexadecimal digits: floats of 64 bits hold them exactly."""
REMEDIES = {
    "versions of netlab and TensorFlow": "install the same on all machines",
    "config": "give all workers the same file and the same KEY=VALUE",
    "data": "all workers must read the same samples: compare the files on the machines",
    "checkpoint": "all workers must see one run directory, on a file system that they share",
}
"""What is compared, and what to do where it differs, the first cause first."""


def need_agreement(session: Session, job: Fit) -> None:
    """Refuses to train where a worker differs from the first one; all workers must ask at the same place.

    Raises:
        NetlabError: one differs.
        WorkerLost: one ended.
    """
    if session.replicas.workers > 1:
        compare(session.replicas, facts_of(session, job))


def facts_of(session: Session, job: Fit) -> dict[str, str]:
    """What must be the same on all workers, as text."""
    versions = environment.versions()
    preprocessing, _ = session.splits.preprocessing.state()
    data = [fingerprint_anywhere(session.splits, session.config.data), preprocessing]
    return {
        "versions of netlab and TensorFlow": json.dumps([versions["netlab"], versions["tensorflow"]]),
        "config": json.dumps(_config(session), sort_keys=True, default=str),
        "data": json.dumps(data, sort_keys=True),
        "checkpoint": f"step {job.progress.step}",
    }


def compare(replicas: Replicas, facts: Mapping[str, str]) -> None:
    """Refuses facts of which a worker has others than the first.

    Raises:
        NetlabError: one has.
    """
    numbers = [number for text in facts.values() for number in _numbers(text)]
    table = [-1.0] * (len(numbers) * replicas.workers)
    table[replicas.worker * len(numbers) : (replicas.worker + 1) * len(numbers)] = numbers
    told = replicas.agreed(table)
    rows = [tuple(told[start : start + len(numbers)]) for start in range(0, len(table), len(numbers))]
    for place, fact in enumerate(facts):
        columns = slice(place * PIECES, (place + 1) * PIECES)
        if others := [str(worker) for worker, row in enumerate(rows) if row[columns] != rows[0][columns]]:
            raise NetlabError(_differs(fact, others, replicas.worker, facts[fact]))


def _differs(fact: str, others: list[str], worker: int, own: str) -> str:
    who = f"worker {others[0]} has" if len(others) == 1 else f"workers {', '.join(others)} have"
    here = f" (worker {worker} is at {own})" if fact == "checkpoint" else ""
    return f"{who} not the same {fact} as worker 0{here}: {REMEDIES[fact]}"


def _numbers(text: str) -> Iterator[float]:
    digits = hashlib.sha256(text.encode()).hexdigest()
    return (float(int(digits[start : start + PIECE], 16)) for start in range(0, PIECES * PIECE, PIECE))


def _config(session: Session) -> dict[str, Any]:
    """All that says what is computed, without what may differ from machine to machine: places of files, threads."""
    resolved = session.config.experiment.resolved()
    places = (*session.config.data.path_keys(resolved["data"]), "cache", "memory")
    resolved["data"] = {key: value for key, value in resolved["data"].items() if key not in places}
    resolved["train"] = {key: value for key, value in resolved["train"].items() if key not in ("threads", "load")}
    return {**resolved, "step": session.train.steps}
