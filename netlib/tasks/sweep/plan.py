"""What a sweep is asked for, with all that can be refused before its storage is opened and TensorFlow is imported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from netlib.config.problems import ConfigError, PlacedProblem
from netlib.config.sweep import Sweep
from netlib.runs.directory import DEFAULT_ROOT
from netlib.spec.cores import available_cores
from netlib.spec.errors import UsageError
from netlib.spec.sweep_engines import Cmaes
from netlib.spec.training import Monitored
from netlib.tasks.plan import Complete
from netlib.tasks.sweep.engine import need_optuna, need_package

FILE = "study.db"
"""Of the default storage, in the folder of the sweep."""
OF_A_PROCESS = "train.threads"
"""The key that cannot be searched."""


@dataclass(frozen=True)
class SweepPlan:
    """A sweep that is about to begin, to be joined or to be gone on with.

    Attributes:
        sweep: what is searched.
        folder: where the runs of the trials go.
        storage: the URL of the database.
        wanted: how many trials are to end; None where time decides.
        workers: processes that train at once.
        threads: with which a trial of a new study computes; None where its config says it.
        plugins: files that every worker loads.
    """

    sweep: Sweep
    folder: Path
    storage: str
    wanted: int | None
    workers: int
    threads: int | None = None
    plugins: tuple[Path, ...] = ()

    @property
    def name(self) -> str:
        """Of the study."""
        return self.sweep.name

    @property
    def watched(self) -> Monitored:
        """The value by which trials are compared."""
        return self.sweep.monitored


def plan_sweep(
    sweep: Sweep,
    *,
    workers: int | None = None,
    trials: int | None = None,
    storage: str | None = None,
    runs_root: Path = DEFAULT_ROOT,
    plugins: Sequence[Path] = (),
) -> SweepPlan:
    """Checks what is asked for; what is None is as the sweep's file says.

    Raises:
        UsageError: something is missing, or cannot be.
    """
    for option, number in (("--workers", workers), ("--trials", trials)):
        if number is not None and number < 1:
            raise UsageError(f"{option} must be at least 1, got {number}")
    need_optuna()
    if isinstance(sweep.spec.sampler, Cmaes):
        need_package("cmaes", "the sampler cmaes")
    complete = Complete.of(sweep.experiment)
    if OF_A_PROCESS in sweep.spec.space:
        raise UsageError(
            f"'{OF_A_PROCESS}' cannot be searched: a process computes with one number of threads, and a worker trains many "
            "trials; compare two runs instead"
        )
    folder = runs_root / sweep.name
    count = workers or sweep.spec.workers
    return SweepPlan(
        sweep,
        folder,
        storage or sweep.spec.storage or f"sqlite:///{(folder / FILE).absolute()}",
        _wanted(sweep, trials),
        count,
        _threads(complete, count),
        tuple(plugins),
    )


def _wanted(sweep: Sweep, trials: int | None) -> int | None:
    """How many trials are to end; of a grid no more than it has points."""
    asked = trials or sweep.spec.trials
    if sweep.spec.is_grid:
        points = sweep.spec.num_points()
        return min(asked or points, points)
    if asked is None and sweep.spec.max_time is None:
        message = (
            f"sweep '{sweep.name}' would never end: say how many trials it has (--trials 50, or trials: 50 in its file), "
            "or how long it takes (max_time: 2h)"
        )
        raise ConfigError([PlacedProblem(sweep.place, message)])
    return asked


def _threads(complete: Complete, workers: int) -> int | None:
    """The cores in equal shares, where the config does not say otherwise."""
    if complete.train.threads is not None:
        return None
    return max(1, available_cores() // workers)
