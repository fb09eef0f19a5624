"""From a model, a `TrainSpec` and data to a training that is ready to run."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from netlib.data.arrays import Arrays
from netlib.data.lengths import by_length
from netlib.data.streaming import Samples, Streamed
from netlib.nn.network import Network
from netlib.runs.directory import RunDirectory
from netlib.spec.buckets import Bucketed
from netlib.spec.errors import UsageError
from netlib.spec.execution import Choice, choose
from netlib.spec.heads import Heads
from netlib.spec.listener import Listener
from netlib.spec.mixing import MixingSpec
from netlib.spec.phases import NO_FLOAT16
from netlib.spec.training import TrainSpec
from netlib.training.added import added_by
from netlib.training.buckets import BucketFeed
from netlib.training.budget import Budget
from netlib.training.callbacks.callback import Training, close_all
from netlib.training.callbacks.collect import collect
from netlib.training.checkpoint_writer import CheckpointWriter, Keep
from netlib.training.checkpoints import TrainingState
from netlib.training.due import Due
from netlib.training.environment import devices, intra_op_threads
from netlib.training.evaluation import Evaluator, Measured
from netlib.training.feed import ArraysFeed, Feed
from netlib.training.job import Fit
from netlib.training.kept_states import KeptStates
from netlib.training.loop import DeviceData, TrainLoop
from netlib.training.loss_scale import LossScale, needs_loss_scale
from netlib.training.meters import Meters
from netlib.training.mixing import Mixing
from netlib.training.monitor import Monitor
from netlib.training.objective import Objective, objective_of
from netlib.training.optimizers import Optimizers
from netlib.training.phase_optimizers import PhaseOptimizers, optimizers_of
from netlib.training.phases import PhasedStep, phased_step
from netlib.training.progress import Progress
from netlib.training.replica_step import ReplicaStep
from netlib.training.replicas import ALONE, Replicas
from netlib.training.samples import tensors_beside
from netlib.training.step import TrainStep
from netlib.training.trouble.gate import UndoneStep
from netlib.training.windows import Check, Weigh, WindowFeed


def device_kind() -> str:
    """`gpu` where TensorFlow sees one, else `cpu`."""
    import tensorflow as tf

    return "gpu" if tf.config.list_physical_devices("GPU") else "cpu"


def execution_of(model: Network, train: TrainSpec) -> Choice:
    """The mode in which the loop runs, and why."""
    return choose(model.graph, train.execution, device_kind(), synchronized=train.synchronized)


def heads_of(model: Network, train: TrainSpec, data: Arrays) -> Heads:
    """Every loss and metric with its output and target, or with what its expression reads.

    Raises:
        SpecError: that cannot be told, or an expression cannot be computed of these.
    """
    heads = train.bind(list(model.graph.outputs), list(data.targets), list(data.inputs))
    if not heads.computed:
        return heads
    return heads.with_tensors(model.graph.output_tensors(), tensors_beside(data))


@dataclass(frozen=True)
class Engine:
    """What computes: made once for a model, its heads and a batch size, and used for any data of the same form."""

    model: Network
    train: TrainSpec
    optimizer: Optimizers | PhaseOptimizers
    meters: Meters
    loop: TrainLoop
    evaluator: Evaluator
    batch_size: int
    seed: int
    scale: LossScale | None = None
    replicas: Replicas = ALONE

    def feed(
        self,
        data: Samples,
        check: Check | None = None,
        *,
        shuffle: bool = True,
        drop_remainder: bool = False,
        weigh: Weigh | None = None,
        cut: Bucketed | None = None,
    ) -> Feed:
        """Samples as `fit` takes them, with the weights that `weigh` gives them; those that stay in their files are looked at by
        `check` as they are read, others are put together by length, where they are `cut`."""
        rows = self.batch_size * self.train.batches_per_step
        drop_remainder = drop_remainder or bool(self.train.phases)
        if isinstance(data, Streamed):
            return WindowFeed(data, rows, self.seed, check, shuffle=shuffle, drop_remainder=drop_remainder, weigh=weigh)
        weighed = weigh(data) if weigh else data
        if cut is not None:
            buckets = [DeviceData(part) for _, part in by_length(weighed, cut.names, cut.lengths)]
            return BucketFeed(buckets, rows, self.seed, shuffle=shuffle, drop_remainder=drop_remainder)
        with self.replicas.holding():
            held = DeviceData(weighed)
        return ArraysFeed(held, rows, self.seed, shuffle=shuffle, drop_remainder=drop_remainder)


def make_engine(
    model: Network,
    train: TrainSpec,
    heads: Heads,
    batch_size: int,
    seed: int,
    *,
    optimizer: Optimizers | PhaseOptimizers | None = None,
    meters: Meters | None = None,
    scale: LossScale | None = None,
    replicas: Replicas = ALONE,
) -> Engine:
    """The loops of a built model, with its optimizers and metrics, new ones by default.

    The optimizers get slots for every variable that is trained and has none. The loss is scaled where anything computes in
    float16, by `scale` or anew. Where there are several `replicas`, all of this belongs into their scope.

    Raises:
        SpecError: a selector of `train.param_groups` or `train.phases` fits no variable.
        UsageError: a phase has nothing to train, or phases are trained in float16; or replicas cannot train so.
    """
    need_together(replicas, train, batch_size)
    optimizer = optimizer or optimizers_of(train)
    optimizer.cover_trained(model)
    execution = execution_of(model, train).mode
    meters = meters or Meters(heads, model.graph.output_tensors())
    objective = objective_of(heads)
    added = added_by(model, training=True, taken=(*objective.columns, *(bound.name for bound in heads.all_metrics)))
    mixing = Mixing(train.mix, model.graph.inputs, seed) if isinstance(train.mix, MixingSpec) else None
    scale = (scale or LossScale()) if needs_loss_scale(model) else None
    step: TrainStep | PhasedStep
    if isinstance(optimizer, PhaseOptimizers):
        if scale is not None:
            raise UsageError(f"train.phases {NO_FLOAT16}, and a layer of {model.name} computes in it")
        step = phased_step(model, heads, optimizer, meters, batch_size, seed, added=added, mixing=mixing)
    else:
        step = TrainStep(
            model,
            Objective(heads),
            optimizer,
            meters,
            batch_size // replicas.count,
            train.accumulate,
            train.clip,
            seed,
            added,
            mixing,
            scale,
            skips=train.on_nan == "skip",
        )
    undone = train.on_nan == "skip" and isinstance(step, PhasedStep)
    evaluator = Evaluator(model, heads, batch_size, execution, replicas)
    if replicas.count > 1 and isinstance(step, TrainStep):
        loop = TrainLoop(ReplicaStep(step, replicas, compiled=execution == "xla"), execution, replicas)
    else:
        loop = TrainLoop(UndoneStep(step) if undone else step, execution)
    return Engine(model, train, optimizer, meters, loop, evaluator, batch_size, seed, scale, replicas)


def need_together(replicas: Replicas, train: TrainSpec, batch_size: int) -> None:
    """Refuses what several replicas cannot do.

    Raises:
        UsageError: the batch does not divide, or steps are taken by whole batches.
    """
    if replicas.count == 1:
        return
    if batch_size % replicas.count:
        raise UsageError(
            f"data.batch_size is {batch_size}, which {replicas.count} replicas cannot divide: take a multiple of"
            f" {replicas.count}"
        )
    whole = {"phases": train.phases, "mix": train.mix, "execution: eager": train.execution == "eager"}
    for key in (key for key, wanted in whole.items() if wanted):
        raise UsageError(f"train.{key} cannot be trained by several replicas: leave train.distribute out")


def need_trainable(model: Network) -> None:
    """Refuses to train nothing.

    Raises:
        UsageError: the model has no variable that is trained.
    """
    if model.trainable_variables:
        return
    count = len(model.variables)
    why = f"all of its {count} are frozen: thaw some with {model.name}.unfreeze(...)" if count else "it has none at all"
    raise UsageError(f"{model.name} has no variable to train; {why}")


def prepare(
    engine: Engine,
    feed: Feed,
    validation: Measured | None,
    *,
    train: TrainSpec | None = None,
    progress: Progress | None = None,
    listeners: Sequence[Listener] = (),
    callbacks: Sequence[Any] = (),
    run: RunDirectory | None = None,
) -> Fit:
    """A training that is ready to run.

    Args:
        engine: what computes.
        feed: training samples, preprocessed.
        validation: validation samples, likewise.
        train: budgets, monitor, early stopping and checkpoints, where they are not the engine's.
        progress: where an earlier training of the same model ended, to go on from.
        listeners: who looks on.
        callbacks: who takes part, besides those of `train`: callbacks, listeners, functions of an epoch's record.
        run: where checkpoints go.

    Raises:
        UsageError: a callback cannot take part, or no variable is trained.
    """
    need_trainable(engine.model)
    train = train or engine.train
    added = {*engine.loop.added, *engine.evaluator.added}
    monitor = Monitor(train.monitored(validation is not None, added))
    taking_part, looking_on = collect(train.early_stopping, train.callbacks, callbacks)
    keep = _keep(train, monitor, validation is not None, added)
    progress = progress or Progress()
    state = TrainingState(engine.model, engine.optimizer, engine.meters, taking_part, progress, engine.scale)
    training = Training(
        state=state,
        optimizer=engine.optimizer,
        monitor=monitor,
        watch=lambda name, mode: Monitor(train.watched(name, mode, validation is not None, added=added)),
        callbacks=tuple(taking_part.values()),
        listeners=[*listeners, *looking_on],
        run=run,
        train=train,
        validation=validation,
        batch_size=engine.batch_size,
    )
    _join(training)
    engine.loop.take(training.callbacks)
    return Fit(
        state=state,
        loop=engine.loop,
        meters=engine.meters,
        states=KeptStates(engine.model),
        feed=feed,
        budget=Budget(train.epochs, train.steps, train.max_time),
        monitor=monitor,
        evaluator=engine.evaluator,
        validation=validation,
        validate_every=train.validate_every,
        due=_due(train),
        callbacks=taking_part,
        listeners=training.listeners,
        header=_header(engine, train, feed, validation, monitor),
        writer=CheckpointWriter(run, state, keep, training.background) if run else None,
        background=training.background,
    )


def _keep(train: TrainSpec, monitor: Monitor, validation: bool, added: Collection[str]) -> Keep:
    """Which checkpoints stay; the best one by the monitor does in any case."""
    best = [(Monitor(watched), count) for watched, count in train.kept_best(validation, added)]
    return Keep(train.checkpoint.newest, [each for each in best if each != (monitor, 1)])


def _due(train: TrainSpec) -> Due:
    spec = train.checkpoint
    return Due(spec.every_epochs, spec.every_steps, 60 * spec.every_minutes if spec.every_minutes else None)


def _join(training: Training) -> None:
    """Lets the callbacks join; where one cannot, those before it let go of what they have opened."""
    for place, callback in enumerate(training.callbacks):
        try:
            callback.join(training)
        except BaseException:
            close_all(training.callbacks[:place])
            raise


def _header(
    engine: Engine, train: TrainSpec, feed: Feed, validation: Measured | None, monitor: Monitor
) -> dict[str, Any]:
    """What `netlib.spec.listener.Listener.run_started` is told where there is no config."""
    execution = execution_of(engine.model, train)
    splits = {"train": feed.samples, "validation": validation.samples if validation else None}
    return {
        "name": engine.model.name,
        "config": None,
        "parameters": engine.model.graph.parameters(),
        "execution": execution.mode,
        "execution_reason": execution.reason,
        "devices": devices() or ["CPU"],
        "threads": intra_op_threads(),
        "data": None,
        "samples": {name: samples for name, samples in splits.items() if samples is not None},
        "batch_size": engine.batch_size,
        "steps": feed.steps,
        "epochs": train.epochs,
        "total_steps": train.steps,
        "monitor": monitor.watched._asdict(),
    }
