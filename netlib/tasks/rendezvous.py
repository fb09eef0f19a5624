"""Workers meet before TensorFlow connects them, which has neither an end to its patience nor a word on whom it waits for.

Each listens on its own port until all others have been seen to listen on theirs.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from netlib.spec.cluster import Cluster, host_and_port
from netlib.spec.errors import NetlabError, UsageError
from netlib.spec.launched import launched_workers

PAUSE = 0.2
"""Seconds between two looks."""
PATIENCE = 2.0
"""Seconds after which it is said who is waited for."""
_CONNECT = 1.0


def rendezvous(cluster: Cluster, timeout: float, say: Callable[[str], None]) -> None:
    """Returns when every worker is there.

    Args:
        cluster: the workers.
        timeout: most seconds to wait.
        say: is told for whom it waits, if that takes a moment.

    Raises:
        UsageError: this worker's port is taken, or not for everybody.
        NetlabError: a worker did not come in time, or ended before.
    """
    with _listening(cluster):
        _wait(cluster.others, timeout, say)


@contextmanager
def _listening(cluster: Cluster) -> Iterator[None]:
    """Holds the worker's own port: TensorFlow would share it, without a word, with another process that has it."""
    port = host_and_port(cluster.address)[1]
    try:
        held = socket.create_server(("", port), backlog=max(128, len(cluster.workers)))
    except OSError as error:
        raise UsageError(_taken(cluster, port, error)) from None
    with held:
        yield


def _taken(cluster: Cluster, port: int, error: OSError) -> str:
    whose = f"port {port} of worker {cluster.index} ({cluster.address}, from {cluster.source})"
    if error.errno == errno.EADDRINUSE:
        return f"{whose} is taken by another process, perhaps an earlier training: end that, or choose another port"
    return f"{whose} cannot be used: {error.strerror or error}; choose another port"


def _wait(addresses: Mapping[int, str], timeout: float, say: Callable[[str], None]) -> None:
    began, told, missing = time.monotonic(), 0, dict(addresses)
    while why := {number: objection for number, address in missing.items() if (objection := _objection(address))}:
        missing = {number: addresses[number] for number in why}
        waited = time.monotonic() - began
        if waited > timeout:
            raise NetlabError(_never_came(missing, why, timeout))
        if _one_has_ended():
            raise NetlabError("another worker ended before all had met: see what it said")
        if waited > min(PATIENCE, timeout / 2) and len(missing) != told:
            told = len(missing)
            say(f"waiting for {_named(missing)}, at most {_spoken(timeout)}")
        time.sleep(PAUSE)


def _one_has_ended() -> bool:
    """Whether `netlab launch`, which keeps the stdin of its workers open until then, has seen one end."""
    return launched_workers() > 0 and bool(select.select([0], [], [], 0)[0])


def _objection(address: str) -> str:
    """Why nobody is reached there; nothing where somebody is."""
    try:
        socket.create_connection(host_and_port(address), timeout=_CONNECT).close()
    except OSError as error:  # a name that is not known, too: where machines are started, it will be
        return "no answer" if isinstance(error, TimeoutError) else str(error.strerror or os.strerror(error.errno or 0))
    return ""


def _named(workers: Mapping[int, str], why: Mapping[int, str] | None = None) -> str:
    reasons = why or {}
    ends = {number: f": {reasons[number]}" if number in reasons else "" for number in workers}
    return ", ".join(f"worker {number} ({address}{ends[number]})" for number, address in workers.items())


def _never_came(missing: Mapping[int, str], why: Mapping[int, str], timeout: float) -> str:
    return (
        f"{_named(missing, why)} did not come within {_spoken(timeout)}: see whether it was started, and what it said; more time"
        " is given by train.distribute.timeout"
    )


def _spoken(seconds: float) -> str:
    return f"{seconds / 60:g} minutes" if seconds >= 120 and seconds % 60 == 0 else f"{seconds:g} s"
