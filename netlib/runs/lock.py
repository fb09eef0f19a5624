"""One process at a time writes a run: a lock on its folder, which the system takes back however the process ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from netlib.runs import atomic
from netlib.runs.directory import RunDirectory
from netlib.spec.errors import NetlabError, UsageError


@contextmanager
def alone(run: RunDirectory) -> Iterator[None]:
    """While the block runs, no other process can enter it for the same run.

    Where folders cannot be locked, as on Windows and some network file systems, nothing is refused.

    Raises:
        UsageError: another process trains the run.
        NetlabError: the system refuses to open the folder.
    """
    if sys.platform == "win32":
        yield
        return
    with atomic.explained(run.path, "lock"):
        descriptor = os.open(run.checkpoints, os.O_RDONLY)
    try:
        _lock(descriptor, run)
        yield
    finally:
        os.close(descriptor)


def need_free(run: RunDirectory) -> None:
    """Refuses a run that another process trains, before anything of it is read that may change.

    Raises:
        UsageError: another process trains the run.
        NetlabError: the system refuses to open the folder.
    """
    with alone(run):
        return


def is_taken(run: RunDirectory) -> bool:
    """Whether another process trains the run, as far as that can be known."""
    try:
        need_free(run)
    except UsageError:
        return True
    except NetlabError:
        return False
    return False


def _lock(descriptor: int, run: RunDirectory) -> None:
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UsageError(
            f"run '{run.path}' is being trained by another process; wait until it ends, or stop it"
        ) from None
    except OSError:  # this file system has no locks
        return
