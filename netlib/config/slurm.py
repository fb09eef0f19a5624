"""Who the workers of a training are that Slurm's `srun` started: each task of the step is one, in the order of their numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from netlib.spec.cluster import Cluster
from netlib.spec.errors import UsageError

JOB, RANK, NODES, TASKS, NODE = (
    "SLURM_JOB_ID",
    "SLURM_PROCID",
    "SLURM_STEP_NODELIST",
    "SLURM_STEP_TASKS_PER_NODE",
    "SLURMD_NODENAME",
)
FIRST_PORT, PORTS = 12000, 20000
"""Ports follow from the number of the job, so that two jobs on one node do not meet."""
MOST = 100_000
"""Nodes of a list: more are a mistake."""


def in_slurm(environment: Mapping[str, str]) -> bool:
    """Whether the process belongs to a job of Slurm's."""
    return bool(environment.get(JOB))


def from_slurm(environment: Mapping[str, str]) -> Cluster:
    """The tasks of the step that this process belongs to.

    Raises:
        UsageError: it belongs to none, or what Slurm says cannot be understood.
    """
    missing = [name for name in (RANK, NODES, TASKS) if not environment.get(name)]
    if missing:
        raise UsageError(
            f"this is job {environment[JOB]} of Slurm's, but no step of it ({missing[0]} is not set): start the workers with"
            " srun netlab train CONFIG, a task each, or set TF_CONFIG"
        )
    nodes = [*expanded(environment[NODES])]
    counts = [*tasks_per_node(environment[TASKS])]
    if len(nodes) != len(counts):
        raise UsageError(
            f"{NODES} has {len(nodes)} nodes ({environment[NODES]}), and {TASKS} has {len(counts)} ({environment[TASKS]});"
            " set TF_CONFIG"
        )
    first = FIRST_PORT + _number(JOB, environment[JOB]) % PORTS
    workers = tuple(
        f"{node}:{first + task}" for node, count in zip(nodes, counts, strict=True) for task in range(count)
    )
    index = _number(RANK, environment[RANK])
    if index >= len(workers):
        raise UsageError(
            f"{RANK} is {index}, and {TASKS} ({environment[TASKS]}) has {len(workers)} tasks; set TF_CONFIG"
        )
    found = Cluster(workers, index, "Slurm")
    _need_block(found, environment.get(NODE))
    return found


def _need_block(cluster: Cluster, node: str | None) -> None:
    """Tasks must fill one node after the other, for what a task is told does not say where the others are."""
    planned = cluster.address.rpartition(":")[0]
    if node and node.partition(".")[0] != planned.partition(".")[0]:
        raise UsageError(
            f"Slurm runs task {cluster.index} on {node}, expected {planned}: give srun --distribution=block, or set TF_CONFIG"
        )


def expanded(nodes: str) -> Iterator[str]:
    """The names that a list such as `node[01-03,7],login` stands for.

    Raises:
        UsageError: it cannot be understood.
    """
    entries = re.findall(r"(?:[^,\[\]]|\[[^\[\]]*\])+", nodes)
    if ",".join(entries) != nodes:
        raise _unclear(NODES, nodes)
    found = 0
    for entry in entries:
        for name in _of_entry(entry):
            found += 1
            if found > MOST:
                raise _unclear(NODES, nodes)
            yield name


def _of_entry(entry: str) -> Iterator[str]:
    before, bracket, rest = entry.partition("[")
    if not bracket:
        yield entry
        return
    inside, _, after = rest.partition("]")
    for part in inside.split(","):
        for number in _numbers(part):
            for end in _of_entry(after):
                yield f"{before}{number}{end}"


def _numbers(part: str) -> Iterator[str]:
    """`01-03` as 01, 02, 03."""
    first, dash, last = part.partition("-")
    if not (first.isdecimal() and (last.isdecimal() if dash else True)):
        raise _unclear(NODES, part)
    for number in range(int(first), int(last or first) + 1):
        yield str(number).zfill(len(first))


def tasks_per_node(counts: str) -> Iterator[int]:
    """`2(x3),1` as 2, 2, 2, 1.

    Raises:
        UsageError: it cannot be understood.
    """
    for entry in counts.split(","):
        found = re.fullmatch(r"(\d{1,6})(?:\(x(\d{1,6})\))?", entry)
        if not found:
            raise _unclear(TASKS, counts)
        yield from [int(found[1])] * int(found[2] or 1)


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise _unclear(name, text)
    return int(text)


def _unclear(name: str, text: str) -> UsageError:
    return UsageError(f"{name} cannot be understood: '{text}'; set TF_CONFIG")
