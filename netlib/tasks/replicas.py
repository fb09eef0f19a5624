"""Who trains: this process alone, its devices together, or several workers, as `train.distribute` says."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from netlib.spec.cluster import VARIABLE, Cluster
from netlib.tasks.plan import TrainPlan
from netlib.tasks.rendezvous import rendezvous
from netlib.training.environment import configure
from netlib.training.replicas import ALONE, Replicas
from netlib.training.strategies import mirrored, multi_worker

if TYPE_CHECKING:
    from netlib.spec.distribute import Mirrored, MultiWorker

LONGEST_START = 120.0
"""Seconds after which a process ends in which TensorFlow waits for a worker that was there, and is no more."""


def replicas_of(plan: TrainPlan, say: Callable[[str], None]) -> Replicas:
    """Those that train; must be asked for before TensorFlow computes anything.

    Args:
        plan: the training.
        say: is told for which worker it waits.

    Raises:
        UsageError: there are not so many devices, or the worker's port is taken.
        NetlabError: a worker did not come in time.
    """
    spread = plan.config.train.distribution
    if spread is None:
        return ALONE
    configure(plan.config.train.threads)
    made: Replicas
    if plan.cluster is None or len(plan.cluster.workers) == 1:
        devices = cast("Mirrored", spread).devices if plan.cluster is None else None
        made = mirrored(devices, synchronized=spread.synchronized)
    else:
        rendezvous(plan.cluster, cast("MultiWorker", spread).timeout, say)
        made = _joined(plan.cluster, spread.synchronized)
    return made if made.count > 1 else ALONE


def _joined(cluster: Cluster, synchronized: bool) -> Replicas:
    os.environ[VARIABLE] = cluster.as_tf_config()  # which may come from elsewhere, or have a chief
    with _bounded(), _signals_kept():
        return multi_worker(cluster.index, len(cluster.workers), synchronized=synchronized)


@contextmanager
def _bounded() -> Iterator[None]:
    """Inside, TensorFlow lets no line of Python run, no handler of a signal either, until all workers are connected."""
    try:
        faulthandler.dump_traceback_later(LONGEST_START, exit=True, file=sys.__stderr__ or 2)
    except (ValueError, OSError):  # stderr is no file
        faulthandler.dump_traceback_later(LONGEST_START, exit=True, file=2)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


@contextmanager
def _signals_kept() -> Iterator[None]:
    """TensorFlow takes SIGTERM for a notice of preemption, and leaves it at that; afterwards it is what it was."""
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            handler = signal.getsignal(signal.SIGTERM)
            signal.signal(signal.SIGTERM, handler if handler is not None else signal.SIG_DFL)
