"""Who the workers of a training are: from TF_CONFIG, as Kubernetes operators set it, or from what Slurm's srun sets.

No TensorFlow: a mistake is told before seconds are spent on its import.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from netlib.config.slurm import from_slurm, in_slurm
from netlib.spec.base import shown
from netlib.spec.cluster import VARIABLE, Cluster, host_and_port
from netlib.spec.errors import UsageError, did_you_mean

EXAMPLE = '{"cluster": {"worker": ["10.0.0.1:2222", "10.0.0.2:2222"]}, "task": {"type": "worker", "index": 0}}'
CHIEFS = ("chief", "master")
REFUSED = {
    "ps": "parameter servers are not used: every worker has all weights; leave the ps replicas out",
    "evaluator": "no process of its own evaluates: the workers validate together; leave the evaluator out",
}
"""Types of tasks that TensorFlow has and netlab has not, and why."""
_PORTS = range(1, 1 << 16)


def cluster_of(environment: Mapping[str, str] | None = None) -> Cluster | None:
    """The workers that the environment names; None where it names none.

    Raises:
        UsageError: TF_CONFIG, or what Slurm says, cannot be used.
    """
    environment = os.environ if environment is None else environment
    if VARIABLE in environment:
        return parse_tf_config(environment[VARIABLE])
    return from_slurm(environment) if in_slurm(environment) else None


def need_cluster(environment: Mapping[str, str] | None = None) -> Cluster:
    """The same, where there must be one.

    Raises:
        UsageError: there is none, or it cannot be used.
    """
    found = cluster_of(environment)
    if found is None:
        raise UsageError(
            f"train.distribute is multi_worker, but nothing says who the workers are: neither {VARIABLE} nor Slurm's srun is"
            " there. On one machine start them with: netlab launch --workers 2 CONFIG, or --resume RUN; on one device train with"
            " train.distribute=null"
        )
    return found


def parse_tf_config(text: str) -> Cluster:
    """The cluster that a value of TF_CONFIG describes; `chief` is worker 0.

    Raises:
        UsageError: it describes none that can train.
    """
    config = _parsed(text)
    jobs = config.get("cluster")
    if not isinstance(jobs, dict) or not jobs:
        raise _mistake(f"has no 'cluster' with the workers' addresses, got {shown(config.get('cluster'))}")
    for job in jobs:
        _need_known(job, "cluster")
    chiefs = [address for job in CHIEFS if job in jobs for address in _addresses(job, jobs[job])]
    if len(chiefs) > 1:
        raise _mistake(f"has {len(chiefs)} chiefs ({', '.join(chiefs)}), expected one")
    workers = (*chiefs, *(_addresses("worker", jobs["worker"]) if "worker" in jobs else ()))
    if not workers:
        raise _mistake("has a 'cluster' without a worker")
    twice = sorted({address for address in workers if workers.count(address) > 1})
    if twice:
        raise _mistake(f"names {', '.join(twice)} twice: each worker has an address of its own")
    return Cluster(workers, _index(config.get("task"), jobs, len(chiefs)))


def _parsed(text: str) -> dict[str, Any]:
    if not text.strip():
        raise _mistake("is empty: unset it, or set it to the workers and which of them this is")
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _mistake(f"is not JSON ({error}), got {shown(text)}") from None
    if not isinstance(config, dict):
        raise _mistake(f"is not a mapping of 'cluster' and 'task', got {shown(config)}")
    return config


def _need_known(job: str, place: str) -> None:
    if job in REFUSED:
        raise UsageError(f"{VARIABLE} has '{job}' in its {place}: {REFUSED[job]}")
    known = ("worker", *CHIEFS)
    if job not in known:
        raise _mistake(f"has a task type '{job}' in its {place}{did_you_mean(job, known)} (known: {', '.join(known)})")


def _addresses(job: str, written: Any) -> list[str]:
    """Of one type of tasks. A mapping from numbers, of workers that may come and go, is refused: none is replaced."""
    if not isinstance(written, list) or not all(isinstance(address, str) for address in written):
        raise _mistake(f"has no list of addresses as its '{job}', got {shown(written)}")
    for address in written:
        if not _is_address(address):
            raise _mistake(f"has an address '{address}' of a {job}, expected host:port, such as 10.0.0.2:2222")
    return written


def _is_address(address: str) -> bool:
    host, colon, port = address.rpartition(":")
    if not (host and colon and port.isascii() and port.isdecimal()) or any(c.isspace() or c == "/" for c in host):
        return False
    bare = ":" not in host or (host.startswith("[") and host.endswith("]"))
    return bare and host_and_port(address)[1] in _PORTS


def _index(task: Any, jobs: Mapping[str, Any], chiefs: int) -> int:
    """The number of this worker among all, the chief first."""
    if not isinstance(task, dict) or "type" not in task or "index" not in task:
        raise _mistake(
            f"does not say which worker this is: expected a 'task' with 'type' and 'index', got {shown(task)}"
        )
    job, written = task["type"], task["index"]
    _need_known(str(job), "task")
    if job not in jobs:
        raise _mistake(f"says that this is a {job}, and its cluster has {' and '.join(jobs)}")
    index = int(written) if isinstance(written, str) and written.isascii() and written.isdecimal() else written
    if type(index) is not int or not 0 <= index < len(jobs[job]):
        most = len(jobs[job]) - 1
        raise _mistake(
            f"says that this is {job} {shown(written)}, and its cluster has {job} 0{f' to {most}' if most else ''}"
        )
    return index if job in CHIEFS else chiefs + index


def _mistake(text: str) -> UsageError:
    return UsageError(f"{VARIABLE} {text}. It looks like {EXAMPLE}")
