"""Workers on this machine: who they are, what each may use, and that what they are asked for is valid. No TensorFlow.

How the processes are started and ended is in `netlib.tasks.worker_processes`.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from netlib.config.experiment import Experiment
from netlib.config.load import load
from netlib.runs.directory import DEFAULT_ROOT, open_run
from netlib.spec import launched
from netlib.spec.cluster import LOCAL, VARIABLE, Cluster
from netlib.spec.cores import available_cores
from netlib.spec.errors import UsageError
from netlib.tasks.plan import plan_training
from netlib.tasks.run_config import config_of_run

GPUS = "CUDA_VISIBLE_DEVICES"
MOST = 256


@dataclass(frozen=True)
class LaunchPlan:
    """Workers that are about to be started.

    Attributes:
        overrides: what each is told of the config, the user's own words among it.
        environments: the variables of each that are not those of this process.
        said: in words, what each has of the machine.
    """

    overrides: tuple[str, ...]
    environments: tuple[dict[str, str], ...]
    said: str


def plan_launch(
    workers: int,
    config: Path | None,
    overrides: Sequence[str] = (),
    *,
    runs_root: Path = DEFAULT_ROOT,
    run_dir: Path | None = None,
    resume: Path | None = None,
    allow_change: bool = False,
    dry_run: bool = False,
) -> LaunchPlan:
    """Checks what the workers are asked for; all but their number is as of `netlib.tasks.plan.plan_training`.

    Raises:
        UsageError: the config, or what else was asked for, is not valid.
        NetlabError: the run's checkpoints are damaged.
    """
    _need_number(workers)
    if VARIABLE in os.environ:
        raise UsageError(
            f"{VARIABLE} is set: this process is a worker already, among those that it names. Start netlab train, or unset it to"
            " start workers on this machine"
        )
    gpus = _shares(_gpus(), workers)
    spread = _distribution(config, overrides, resume)
    asked = (*overrides, *spread)
    cluster = Cluster(tuple(f"{LOCAL}:{port}" for port in _free_ports(workers)), 0)
    with _as_worker(cluster):
        plan = plan_training(
            config,
            asked,
            runs_root=runs_root,
            run_dir=run_dir,
            resume=resume,
            allow_change=allow_change,
            dry_run=dry_run,
        )
    threads = plan.config.train.threads
    share = max(1, available_cores() // workers)
    environments = tuple(_environment(cluster, index, gpus) for index in range(workers))
    each = _each(share if threads is None else threads, gpus)
    return LaunchPlan(
        (*asked, *([f"train.threads={share}"] if threads is None else [])),
        environments,
        f"{_named(workers)} on this machine ({available_cores()} cores){', each' if workers > 1 else ''} with {each}",
    )


def _need_number(workers: int) -> None:
    if not 1 <= workers <= MOST:
        raise UsageError(f"--workers takes the number of processes to start, from 1 to {MOST}, got {workers}")


def _named(workers: int) -> str:
    return f"{workers} worker{'' if workers == 1 else 's'}"


def _environment(cluster: Cluster, index: int, gpus: Sequence[str]) -> dict[str, str]:
    """What a worker is told besides the config."""
    own = {GPUS: gpus[index]} if gpus else {}
    return {VARIABLE: cluster.as_tf_config(index), launched.VARIABLE: str(len(cluster.workers)), **own}


def _each(threads: int, gpus: Sequence[str]) -> str:
    """What a worker has."""
    own = len(gpus[0].split(",")) if gpus else 0
    devices = f", {own} GPU{'' if own == 1 else 's'}" if own else ""
    return f"{threads} thread{'' if threads == 1 else 's'}{devices}"


def _distribution(config: Path | None, overrides: Sequence[str], resume: Path | None) -> list[str]:
    """What makes the config one of workers, where it is not yet.

    Raises:
        UsageError: it is distributed in another way.
    """
    experiment = _experiment(config, overrides, resume)
    spread = experiment.train.distribution if experiment and experiment.train else None
    if spread is None:
        return ["train.distribute=multi_worker"]
    if not spread.processes:
        raise UsageError(
            f"the config has train.distribute: {spread.type_name()}, which is one process: netlab train it, or add"
            " train.distribute=multi_worker"
        )
    return []


def _experiment(config: Path | None, overrides: Sequence[str], resume: Path | None) -> Experiment | None:
    """What is trained; None where that is not told, which planning says."""
    if resume is not None:
        run = open_run(resume)
        return config_of_run(run, overrides) if run.resolved.is_file() else None
    return None if config is None else load(config, overrides)


@contextmanager
def _as_worker(cluster: Cluster) -> Iterator[None]:
    """Inside, the environment is that of the first worker."""
    os.environ[VARIABLE] = cluster.as_tf_config()
    try:
        yield
    finally:
        del os.environ[VARIABLE]


def _free_ports(count: int) -> list[int]:
    """Ports that nobody has at the moment, all different."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.create_server((LOCAL, 0))) for _ in range(count)]
        return [int(each.getsockname()[1]) for each in sockets]


def _gpus() -> list[str]:
    """The names by which CUDA knows the GPUs that this process may use."""
    if GPUS in os.environ:
        chosen = [name.strip() for name in os.environ[GPUS].split(",")]
        return [name for name in chosen if name and name != "-1"]
    there = [path for path in Path("/dev").glob("nvidia*") if re.fullmatch(r"nvidia\d+", path.name)]
    return [str(number) for number in range(len(there))]


def _shares(gpus: Sequence[str], workers: int) -> tuple[str, ...]:
    """As many for each worker; none where there are none.

    Raises:
        UsageError: there are fewer than workers, and two cannot share one.
    """
    if not gpus:
        return ()
    if len(gpus) < workers:
        some = f"{len(gpus)} GPU{' is' if len(gpus) == 1 else 's are'} visible"
        raise UsageError(
            f"--workers {workers}: {some}, and each worker needs one of its own; start fewer, or train on the CPU: {GPUS}=-1"
        )
    own = len(gpus) // workers
    return tuple(",".join(gpus[index * own : (index + 1) * own]) for index in range(workers))
