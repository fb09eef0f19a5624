"""From a model, a `TrainSpec` and data in memory to a training that is ready to run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from netlib.data.arrays import Arrays
from netlib.nn.keras_objects import make
from netlib.nn.network import Network
from netlib.runs.directory import RunDirectory
from netlib.spec.execution import Choice, choose
from netlib.spec.heads import Heads
from netlib.spec.listener import Listener
from netlib.spec.training import TrainSpec
from netlib.training.budget import Budget
from netlib.training.callbacks import Callback, EarlyStopping
from netlib.training.checkpoints import CheckpointWriter, TrainingState
from netlib.training.evaluation import Evaluator
from netlib.training.fit import Fit
from netlib.training.loop import DeviceData, TrainLoop
from netlib.training.meters import Meters
from netlib.training.monitor import Monitor
from netlib.training.objective import Objective
from netlib.training.progress import Progress
from netlib.training.step import TrainStep


def device_kind() -> str:
    """`gpu` where TensorFlow sees one, else `cpu`."""
    import tensorflow as tf

    return "gpu" if tf.config.list_physical_devices("GPU") else "cpu"


def execution_of(model: Network, train: TrainSpec) -> Choice:
    """The mode in which the loop runs, and why."""
    return choose(model.graph, train.execution, device_kind())


def heads_of(model: Network, train: TrainSpec, data: Arrays) -> Heads:
    """Every loss and metric with its output and target."""
    return train.bind(list(model.graph.outputs), list(data.targets), list(data.inputs))


@dataclass(frozen=True)
class Engine:
    """What computes: made once for a model, its heads and a batch size, and used for any data of the same form."""

    model: Network
    train: TrainSpec
    optimizer: Any
    meters: Meters
    loop: TrainLoop
    evaluator: Evaluator
    batch_size: int
    seed: int


def make_engine(model: Network, train: TrainSpec, heads: Heads, batch_size: int, seed: int) -> Engine:
    """The optimizer, with slots for every variable that is trained, and the loops of a built model."""
    optimizer = make(train.optimizer)
    optimizer.build(model.trainable_variables)
    execution = execution_of(model, train).mode
    meters = Meters(heads, model.graph.output_tensors())
    step = TrainStep(model, Objective(heads), optimizer, meters, batch_size, train.accumulate, train.clip, seed)
    evaluator = Evaluator(model, heads, batch_size, execution)
    return Engine(model, train, optimizer, meters, TrainLoop(step, execution), evaluator, batch_size, seed)


def prepare(
    engine: Engine,
    data: Arrays,
    validation: Arrays | None,
    *,
    train: TrainSpec | None = None,
    shuffle: bool = True,
    drop_remainder: bool = False,
    progress: Progress | None = None,
    listeners: Sequence[Listener] = (),
    run: RunDirectory | None = None,
) -> Fit:
    """A training that is ready to run.

    Args:
        engine: what computes.
        data: training samples, preprocessed.
        validation: validation samples, likewise.
        train: budgets, monitor, early stopping and checkpoints, where they are not the engine's.
        shuffle: whether each epoch has an order of its own.
        drop_remainder: whether a smaller last batch is left out.
        progress: where an earlier training of the same model ended, to go on from.
        listeners: who looks on.
        run: where checkpoints go.
    """
    train = train or engine.train
    monitor = Monitor(train.monitored(validation is not None))
    callbacks: dict[str, Callback] = {}
    if train.early_stopping:
        callbacks["early_stopping"] = EarlyStopping(train.early_stopping, monitor)
    state = TrainingState(engine.model, engine.optimizer, engine.meters, callbacks, progress or Progress())
    engine.loop.load(DeviceData(data), drop_remainder=drop_remainder)
    return Fit(
        state=state,
        loop=engine.loop,
        meters=engine.meters,
        rows=len(data),
        batch_rows=engine.batch_size * train.accumulate,
        seed=engine.seed,
        budget=Budget(train.epochs, train.steps, train.max_time),
        monitor=monitor,
        shuffle=shuffle,
        evaluator=engine.evaluator,
        validation=DeviceData(validation) if validation else None,
        validate_every=train.validate_every,
        save_every_epochs=train.checkpoint.every_epochs,
        save_every_steps=train.checkpoint.every_steps,
        callbacks=callbacks,
        listeners=listeners,
        writer=CheckpointWriter(run, state, train.checkpoint.keep_last) if run else None,
    )
