"""One worker of two, in a process of its own; what it does and finds is in files of the folder that it is given.

    python working.py FOLDER WORKER KILLED

KILLED is when worker 1 is to die, or `never`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from cases import CASES, Case
from training import VALIDATION, Trained

from netlib.runs.directory import create
from netlib.spec.listener import Listener
from netlib.training.budget import Budget
from netlib.training.environment import configure
from netlib.training.interrupt import Interrupted
from netlib.training.replicas import WorkerLost
from netlib.training.strategies import multi_worker

SHORT = CASES["MLP with dropout, graph"].but({"epochs": 100_000})
LONG = replace(SHORT, rows=3000 * SHORT.batch + 7)


class Dies(Listener):
    """Kills this process at some moment."""

    def __init__(self, moment: str) -> None:
        self._moment = moment
        self._validations = 0

    def phase(self, name: str) -> None:
        if self._moment == name:
            die()

    def validation_started(self) -> None:
        self._validations += 1
        if self._moment == "validating" and self._validations == 2:  # the other one has compiled it in the first
            die()

    def chunk_ended(self, epoch: int, done: int, *details: Any) -> None:
        if self._moment == "training" and done > 20:
            threading.Timer(0.1, die).start()  # the next chunk runs then


def die() -> None:
    """As if the machine failed."""
    os.kill(os.getpid(), signal.SIGKILL)


class Asks(Listener):
    """Sends this process a signal in the middle of an epoch."""

    def chunk_ended(self, epoch: int, done: int, *details: Any) -> None:
        if done > 20:
            os.kill(os.getpid(), signal.SIGTERM)


class Dawdles(Listener):
    """Lets this process's own clock run ahead."""

    def chunk_ended(self, *details: Any) -> None:
        time.sleep(0.02)


def ready(case: Case, replicas: Any, folder: Path, name: str, listeners: Sequence[Listener] = ()) -> Trained:
    """A training; the chief has a run."""
    run = create(folder / "runs", name) if replicas.is_chief else None
    return Trained(case, case.data(case.rows), case.data(VALIDATION), replicas, run=run, listeners=listeners)


def ended(made: Trained, folder: Path, name: str) -> dict[str, Any]:
    """Trains; writes what came out, and returns how it ended."""
    try:
        how = made.fit()
    except (Interrupted, WorkerLost) as error:
        how = f"{type(error).__name__}: {error}"
    at = time.time()
    np.savez(folder / f"{name} {made.replicas.worker}.npz", **made.values())
    done = made.job.progress
    return {"ended": how, "step": done.step, "epoch": done.epoch, "at": at}


def main(folder: Path, worker: int, killed: str) -> None:
    """Trains once, or several times where nobody dies."""
    replicas = multi_worker(worker, 2)
    configure(None)
    found: dict[str, Any] = {}
    if killed != "never":
        made = ready(
            LONG if killed == "training" else SHORT, replicas, folder, killed, [Dies(killed)] if worker else []
        )
        found[killed] = ended(made, folder, killed)
    else:
        found["agreed"] = replicas.agreed([1.0 + worker, 5.0 - worker])
        for mode in ("graph", "xla"):
            made = ready(CASES[f"MLP with dropout, {mode}"], replicas, folder, mode)
            found[mode] = ended(made, folder, mode)
        made = ready(LONG, replicas, folder, "signal", [Asks()] if worker else [])
        found["signal"] = ended(made, folder, "signal")
        made.job.budget = Budget(None, None, made.job.progress.elapsed + 1.0)
        made.job.listeners = [Dawdles()] if worker else []
        found["max_time"] = ended(made, folder, "max_time")
    (folder / f"{killed} {worker}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
