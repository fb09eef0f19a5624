"""One process at a time writes a run: a lock on its folder, which the system takes back however the process ends."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from netlib.runs import atomic
from netlib.runs.directory import RunDirectory
from netlib.spec.errors import NetlabError, UsageError

PATIENCE = 0.5
"""Seconds for which a lock is asked for: who only looks whether a run is free has a lock of his own for an instant."""
_PAUSE = 0.01


@contextmanager
def alone(run: RunDirectory) -> Iterator[None]:
    """While the block runs, no other process can enter it for the same run.

    Where folders cannot be locked, as on Windows and some network file systems, nothing is refused.

    Raises:
        UsageError: another process trains the run.
        NetlabError: the system refuses to open the folder.
    """
    with _opened(run) as descriptor:
        end = time.monotonic() + PATIENCE
        while not _has_locked(descriptor, shared=False):
            if time.monotonic() > end:
                raise _refusal(run)
            time.sleep(_PAUSE)
        yield


def need_free(run: RunDirectory) -> None:
    """Refuses a run that another process trains, before anything of it is read that may change.

    Raises:
        UsageError: another process trains the run.
        NetlabError: the system refuses to open the folder.
    """
    if not _is_free(run):
        raise _refusal(run)


def is_taken(run: RunDirectory) -> bool:
    """Whether another process trains the run, as far as that can be known."""
    try:
        return not _is_free(run)
    except NetlabError:
        return False


def _is_free(run: RunDirectory) -> bool:
    """By a lock that several may have at once, so that those who look do not take each other for a training."""
    with _opened(run) as descriptor:
        return _has_locked(descriptor, shared=True)


@contextmanager
def _opened(run: RunDirectory) -> Iterator[int | None]:
    """The folder that is locked; what is locked is free again when it is closed."""
    if sys.platform == "win32":
        yield None
        return
    with atomic.explained(run.path, "lock"):
        descriptor = os.open(run.checkpoints, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _has_locked(descriptor: int | None, *, shared: bool) -> bool:
    """False where somebody else has it; no file system without locks refuses any."""
    if descriptor is None:
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # this file system has no locks
        return True
    return True


def _refusal(run: RunDirectory) -> UsageError:
    return UsageError(f"run '{run.path}' is being trained by another process; wait until it ends, or stop it")
