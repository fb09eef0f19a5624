"""A config with everything that was made of it for a training: its samples, the model, what is asked of them, and the job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from netlib.data.arrays import Arrays
from netlib.data.load import Splits
from netlib.data.load import load as load_data
from netlib.data.needs import Needs
from netlib.data.streaming import Samples, form_of
from netlib.runs.directory import RunDirectory
from netlib.runs.profile import Profile, timed
from netlib.spec.data import DataSpec
from netlib.spec.distribute import Distribution
from netlib.spec.errors import Problem, SpecError
from netlib.spec.execution import Choice
from netlib.spec.heads import Heads
from netlib.spec.listener import Listener
from netlib.spec.training import TrainSpec
from netlib.tasks.build import build, known_at_build
from netlib.tasks.class_weights import Weighing, weighing
from netlib.tasks.data_contract import check_splits
from netlib.tasks.data_problems import data_placed
from netlib.tasks.loading import warm_start
from netlib.tasks.plan import Complete, TrainPlan
from netlib.tasks.run_files import load_preprocessing
from netlib.tasks.same_data import need_same_data
from netlib.tasks.trouble import trouble_of
from netlib.training.environment import configure
from netlib.training.evaluation import Measured
from netlib.training.interrupt import Interrupt
from netlib.training.job import Fit
from netlib.training.model import Model
from netlib.training.replicas import ALONE, Replicas
from netlib.training.samples import tensors_beside
from netlib.training.setup import Engine, execution_of, heads_of, make_engine, prepare
from netlib.training.tried_terms import try_terms
from netlib.training.unfreezing import unfreezing
from netlib.training.warm_start import Loaded
from netlib.training.windows import measured


@dataclass
class Session:
    """Everything that a training is made of. `train` is the section as it is trained, which a trial shortens; `touched` is what
    is to be said of data files that were read again, to see whether they are those that the run began with; `spread` is how the
    training is distributed, as the config has it.
    """

    config: Complete
    train: TrainSpec
    splits: Splits[Samples]
    model: Model
    threads: int
    listeners: list[Listener]
    needs: Needs
    weighing: Weighing | None = None
    loaded: Loaded | None = None
    run: RunDirectory | None = None
    shuffle: bool = True
    profile: Profile | None = None
    touched: tuple[str, ...] = ()
    replicas: Replicas = ALONE
    spread: Distribution | None = None

    @property
    def execution(self) -> Choice:
        """The mode in which the loop runs, and why."""
        return execution_of(self.model, self.train)

    @property
    def heads(self) -> Heads:
        """Every loss and metric with its output and target."""
        return heads_of(self.model, self.train, form_of(self.splits.train))

    def measured(self, name: str) -> Measured | None:
        """A split to evaluate on."""
        samples, rows = getattr(self.splits, name), self.config.data.batch_size
        return None if samples is None else measured(samples, rows, self.needs.check, f"the {name} split")

    def tell(self, event: str, *details: Any) -> None:
        """Tells all who look on."""
        for listener in self.listeners:
            getattr(listener, event)(*details)

    def engine(self) -> Engine:
        """What computes.

        Raises:
            NetlabError: a loss or a metric of a plug-in cannot be used.
        """
        heads, rows = self.heads, self.config.data.batch_size
        try_terms(heads, self.model.graph.output_tensors(), tensors_beside(form_of(self.splits.train)), rows)
        return make_engine(self.model, self.train, heads, rows, self.config.experiment.seed, replicas=self.replicas)

    def job(self, engine: Engine, interrupt: Interrupt, callbacks: Sequence[Any] = ()) -> Fit:
        """A training that is ready to run, in which `callbacks` take part besides the config's."""
        data, splits = self.config.data, self.splits
        weigh = self.weighing.weights.apply if self.weighing else None
        options = {"shuffle": self.shuffle, "drop_remainder": data.drop_remainder}
        job = prepare(
            engine,
            engine.feed(splits.train, self.needs.check, weigh=weigh, cut=data.bucketed(), **options),
            self.measured("validation"),
            listeners=self.listeners,
            callbacks=[*unfreezing(self.train.freezing, engine.loop), *callbacks],
            run=self.run,
        )
        alone = self.replicas.count == 1  # several cannot go back together
        trouble = trouble_of(self.run, self.config.experiment, self.train) if self.run and alone else None
        interrupt.shared = self.replicas.workers > 1
        job.state.replicas = self.replicas.count
        return replace(job, interrupt=interrupt, header=None, trouble=trouble)


def start(plan: TrainPlan, train: TrainSpec, listeners: Sequence[Listener], replicas: Replicas = ALONE) -> Session:
    """Reads the data and builds the model; whatever can be wrong with them is found here.

    Args:
        plan: what is to be trained.
        train: the section as it is trained.
        listeners: who looks on.
        replicas: who trains; where they are several, this belongs into their scope.

    Raises:
        UsageError: the data does not fit the config, or the run.
        NetlabError: the data is damaged.
    """
    threads = configure(train.threads)
    config = plan.config.with_experiment(known_at_build(plan.config.experiment)).for_replicas(replicas.count)
    train = train.for_replicas(replicas.count)
    fitted = load_preprocessing(plan.run) if plan.run else None
    with timed(plan.profile, "data"), data_placed(config.experiment):
        splits = load_data(config.data, config.experiment.seed, fitted)
        _need_memory(config.data, splits)
    same = plan.run or plan.repeated
    touched = need_same_data(same, splits.fingerprint, config.data) if same else ()
    with timed(plan.profile, "building"):
        model = build(config.experiment)
    loaded = None if plan.run else warm_start(config.experiment, model)
    heads = heads_of(model, train, form_of(splits.train))
    needs = check_splits(splits, config.graph, heads)
    with data_placed(config.experiment):
        found = weighing(config.data, splits, heads, model, plan.run)
    shuffle = config.data.shuffle
    return Session(
        config,
        train,
        splits,
        model,
        threads,
        list(listeners),
        needs,
        found,
        loaded,
        None,
        shuffle,
        plan.profile,
        touched,
        replicas,
        plan.config.train.distribution,
    )


def _need_memory(data: DataSpec, splits: Splits[Samples]) -> None:
    if data.buckets is not None and not isinstance(splits.train, Arrays):
        message = "buckets need the samples in memory, and these are more than data.memory: allow more, or leave the buckets out"
        raise SpecError([Problem(("buckets",), message)], "data")
