"""What is to be trained or measured, with all that can be refused before TensorFlow is imported, which takes seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from netlib.config.cluster import need_cluster
from netlib.config.distributed import for_replicas
from netlib.config.experiment import Experiment
from netlib.config.load import load
from netlib.config.problems import ConfigError
from netlib.runs import locate
from netlib.runs.directory import DEFAULT_ROOT, RunDirectory, check_free, open_run
from netlib.runs.profile import Profile
from netlib.spec.cluster import Cluster
from netlib.spec.data import DataSpec
from netlib.spec.errors import NetlabError, UsageError, one_of
from netlib.spec.features import SPLITS, MissingFileError
from netlib.spec.graph import Graph
from netlib.spec.training import TrainSpec
from netlib.tasks.loading import need_fit
from netlib.tasks.resume import Resumed, resumed
from netlib.tasks.run_config import config_of_run


@dataclass(frozen=True)
class Complete:
    """A config that has every part a training needs."""

    experiment: Experiment
    data: DataSpec
    graph: Graph
    train: TrainSpec

    @classmethod
    def of(cls, experiment: Experiment) -> Self:
        """The config with its parts.

        Raises:
            UsageError: one is missing, or the data is.
        """
        data, graph, train = experiment.data, experiment.graph, experiment.train
        parts = {"data": data, "model": graph, "train": train}
        missing = [f"'{name}'" for name, part in parts.items() if part is None]
        if data is None or graph is None or train is None:
            raise UsageError(
                f"config '{experiment.name}' cannot be trained: it has no section {' and no '.join(missing)}"
            )
        if experiment.signature is None:
            cls(experiment, data, graph, train).need_data()
        return cls(experiment, data, graph, train)

    def need_data(self) -> None:
        """Refuses data files that are not there: without them a network can be looked at, but neither trained nor measured.

        Raises:
            ConfigError: one is not there.
        """
        try:
            self.data.apart().signature()
        except MissingFileError as error:
            problems = [self.experiment.place(problem.under(("data",))) for problem in error.problems]
            raise ConfigError(problems) from None

    def cluster(self) -> Cluster | None:
        """The workers that train it together, where they are several processes.

        Raises:
            ConfigError: they do not divide the batch.
            UsageError: the environment does not say who they are.
        """
        if self.train.distribution is None or not self.train.distribution.processes:
            return None
        found = need_cluster()
        self.for_replicas(len(found.workers))  # where one has several devices, it is looked at again
        return found

    def with_experiment(self, experiment: Experiment) -> Self:
        """The same, with an experiment of the same parts."""
        return replace(self, experiment=experiment, graph=experiment.graph or self.graph)

    def for_replicas(self, replicas: int) -> Self:
        """The same with the batch of so many replicas, and scaled learning rates; as it is where it is not distributed.

        Raises:
            ConfigError: the replicas do not divide the batch.
        """
        if self.train.distribution is None:
            return self
        spread = for_replicas(self.experiment, replicas)
        return replace(self, experiment=spread, data=spread.data or self.data, train=spread.train or self.train)


@dataclass(frozen=True)
class TrainPlan:
    """A training that is about to begin, or to go on from the newest checkpoint of the run that is `resumed`.

    The data must be that of the run that is `repeated`, if there is one. With `overfit` it is trained on so many batches alone,
    and nothing is written. `profile` takes down where the time goes. `cluster` are the workers where they are several processes.
    """

    config: Complete
    runs_root: Path = DEFAULT_ROOT
    run_dir: Path | None = None
    dry_run: bool = False
    resumed: Resumed | None = None
    repeated: RunDirectory | None = None
    overfit: int | None = None
    profile: Profile | None = None
    cluster: Cluster | None = None

    @property
    def is_chief(self) -> bool:
        """Whether this process writes and shows what there is; of several workers one alone does."""
        return self.cluster is None or self.cluster.is_chief

    @property
    def run(self) -> RunDirectory | None:
        """The run that is gone on with."""
        return self.resumed.run if self.resumed else None


def plan_training(
    config: Path | Mapping[str, Any] | Experiment | None,
    overrides: Sequence[str] = (),
    *,
    runs_root: Path = DEFAULT_ROOT,
    run_dir: Path | None = None,
    resume: Path | None = None,
    allow_change: bool = False,
    dry_run: bool = False,
    overfit: int | None = None,
    profile: bool = False,
) -> TrainPlan:
    """Checks what `train` is asked for; the arguments are its own, and those of `netlib.tasks.overfit.overfit`.

    Raises:
        UsageError: the config, or what else was asked for, is not valid.
        NetlabError: the run's checkpoints are damaged.
    """
    clock = Profile() if profile else None
    _need_one_kind(dry_run=dry_run, overfit=overfit, profile=profile, resume=resume)
    if allow_change and resume is None:
        raise UsageError("--allow-change is for a run that is gone on with (--resume); a new run takes any change")
    if config is not None and resume is None:
        if run_dir:
            check_free(run_dir)
        complete = Complete.of(_experiment(config, overrides))
        need_fit(complete.experiment)
        if overfit is not None and complete.train.phases:
            raise UsageError(
                "--overfit cannot judge train.phases: players have losses of their own, and none need fall"
            )
        if overfit is not None and complete.train.distribution is not None:
            raise UsageError("--overfit is a trial on one device: add train.distribute=null")
        cluster = _cluster(complete, profile=profile)
        return TrainPlan(complete, runs_root, run_dir, dry_run, overfit=overfit, profile=clock, cluster=cluster)
    if config is not None or resume is None:
        raise UsageError("train needs a config, or --resume with a run, and not both")
    if run_dir or dry_run:
        raise UsageError("--resume goes on in the run's own directory; leave out --run-dir and --dry-run")
    going_on = resumed(resume, overrides, allow_change=allow_change)
    complete = Complete.of(going_on.experiment)
    complete.need_data()
    return TrainPlan(complete, resumed=going_on, profile=clock, cluster=_cluster(complete, profile=profile))


def _cluster(config: Complete, *, profile: bool) -> Cluster | None:
    """The workers, if there are some."""
    if profile and config.train.distribution is not None and config.train.distribution.processes:
        raise UsageError("--profile measures one process, and train.distribute has several; leave it out")
    return config.cluster()


def _need_one_kind(*, dry_run: bool, overfit: int | None, profile: bool, resume: Path | None) -> None:
    """Refuses a trial that would be two kinds of training at once."""
    trial = "--overfit" if overfit is not None else "--dry-run" if dry_run else None
    if overfit is not None and overfit < 1:
        raise UsageError(f"--overfit takes the number of batches to train on, at least 1, got {overfit}")
    if overfit is not None and dry_run:
        raise UsageError("--overfit and --dry-run are two trials; choose one of them")
    if trial and profile:
        raise UsageError(f"--profile is written into a run, and {trial} writes none; leave one of them out")
    if overfit is not None and resume is not None:
        raise UsageError("--overfit begins with new weights, and is no training to go on with; leave out --resume")


def _experiment(config: Path | Mapping[str, Any] | Experiment, overrides: Sequence[str]) -> Experiment:
    if not isinstance(config, Experiment):
        return load(config, overrides)
    if overrides:
        raise UsageError("this config is loaded already: give the changes to `load_config`")
    return config


@dataclass(frozen=True)
class Elsewhere:
    """Samples of other files than the run's: the path that was given, and a section whose training split they all are."""

    path: str
    data: DataSpec


@dataclass(frozen=True)
class EvaluationPlan:
    """A checkpoint of a run that is about to be measured on a split, or on other samples.

    `asked` is what was said to mean the checkpoint; see `netlib.runs.locate.find_checkpoint`.
    """

    config: Complete
    run: RunDirectory
    checkpoint: Path
    split: str
    asked: str
    elsewhere: Elsewhere | None = None

    @property
    def data(self) -> str:
        """What it is measured on, for a person."""
        return self.elsewhere.path if self.elsewhere else self.split


def plan_evaluation(checkpoint: str, split: str = "test", *, reads: bool = True) -> EvaluationPlan:
    """Checks what `evaluate` is asked for; the arguments are its own, and whether the run's data is to be read.

    Raises:
        UsageError: there is no such run, checkpoint or split.
        NetlabError: the run is not whole.
    """
    path = locate.find_checkpoint(checkpoint)
    run = open_run(path.absolute().parent.parent)  # from inside the run, a relative path may have no parents
    if not run.resolved.is_file():
        raise NetlabError(
            f"run '{run.path}' has lost its resolved.yaml, which says what its network is; put it back, or train again"
        )
    config = Complete.of(config_of_run(run))
    if split not in SPLITS:
        raise UsageError(f"there is no split '{split}'; expected {one_of(SPLITS)}")
    if not config.data.has(split):
        why = f" (data.{split} is 0)" if config.data.split.says is None else ""
        raise UsageError(f"the run has no {split} split: its config holds out none{why}; choose another split")
    if reads:
        config.need_data()
    return EvaluationPlan(config, run, path, split, checkpoint)
