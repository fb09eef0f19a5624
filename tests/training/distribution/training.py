"""A case, trained: alone, by the replicas of one process, or by one of several workers."""

from __future__ import annotations

from typing import Any

import numpy as np
from cases import Case

from netlib.data.arrays import Array, Arrays
from netlib.data.preprocessing import Preprocessing
from netlib.data.streaming import Streamed
from netlib.spec.buckets import Bucketed
from netlib.spec.freezing import Freezing
from netlib.spec.tensors import TensorSpec
from netlib.spec.training import TrainSpec
from netlib.training.class_weights import ClassWeights
from netlib.training.fit import fit
from netlib.training.interrupt import Interrupt, watch_signals
from netlib.training.job import Fit
from netlib.training.loop import DeviceData
from netlib.training.model import Model
from netlib.training.replicas import Replicas, copies_of
from netlib.training.setup import heads_of, make_engine, prepare
from netlib.training.unfreezing import unfreezing
from netlib.training.windows import WindowData

COMMON = {
    "loss": "sparse_categorical_crossentropy",
    "optimizer": {"Adam": {"learning_rate": 0.01}},
    "metrics": ["accuracy"],
    "epochs": 2,
    "execution": "graph",
}
VALIDATION = 29
"""Samples to validate on, which fill no batches."""


class Rows:
    """Samples that are read in parts."""

    chunk = 5

    def __init__(self, data: Arrays) -> None:
        self.rows = len(data)
        self.row_bytes = sum(values[:1].nbytes for values in (*data.inputs.values(), *data.targets.values()))
        self._data = data

    def take(self, numbers: Array) -> Arrays:
        return self._data.take(numbers)

    def parts(self) -> None:
        return None


class Trained:
    """A training that is ready to run, and then what came out.

    Args:
        case: what is trained.
        data: training samples.
        validation: samples to validate on.
        replicas: who trains.
        chunk: steps of a call at most, if they are fewer than they would be.
        options: of `prepare`.
    """

    def __init__(
        self, case: Case, data: Arrays, validation: Arrays, replicas: Replicas, chunk: int = 0, **options: Any
    ) -> None:
        self.replicas = replicas
        self.facts: list[np.ndarray] = []
        with replicas.scope():
            self.job = made(case, data, validation, replicas, **options)
        run = self.job.loop.run

        def recorded(block: Any, position: int, end: int, step: int) -> np.ndarray:
            self.facts.append(run(block, position, min(end, position + chunk) if chunk else end, step))
            return self.facts[-1]

        self.job.loop.run = recorded  # type: ignore[method-assign]

    def fit(self) -> str:
        """Trains."""
        interrupt = Interrupt(self.job.writer.run if self.job.writer else None)
        interrupt.shared = self.replicas.workers > 1
        with self.replicas.scope(), watch_signals(interrupt=interrupt):
            self.job.interrupt = interrupt
            return fit(self.job)

    def values(self) -> dict[str, Any]:
        """All that came out, by name."""
        found: dict[str, Any] = {"facts": np.concatenate(self.facts)} if self.facts else {}
        for record in self.job.progress.records:
            for split in ("train", "validation"):
                found |= {f"{split} {record['epoch']} {name}": value for name, value in record[split].items()}
        done = self.job.progress
        found |= {f"sum of {name}": value for name, value in {**done.loss_sums, "weight": done.weight_sum}.items()}
        for group, variables in self.job.state.copied().groups.items():
            found |= {f"{group} {name}": value for name, value in variables.items()}
        return found

    def copies_differ(self) -> list[str]:
        """Variables of which the replicas have other values."""
        differ = []
        for group, variables in self.job.state._variables.items():
            for name, variable in variables.items():
                first, *others = (copy.numpy() for copy in copies_of(variable))
                if any(first.tobytes() != other.tobytes() for other in others):
                    differ.append(f"{group} {name}")
        return differ


def made(case: Case, data: Arrays, validation: Arrays, replicas: Replicas, **options: Any) -> Fit:
    """The training of a case, ready to run."""
    nodes = case.nodes() if callable(case.nodes) else case.nodes
    section = nodes if isinstance(nodes, dict) else {"nodes": nodes}
    model = Model(**section, seed=5, **case.model)
    model.ensure_built(*(TensorSpec((None, *a.shape[1:]), a.dtype.name) for a in data.inputs.values()))
    train = TrainSpec.parse({**COMMON, **case.train})
    heads = heads_of(model, train, data)
    frozen = Freezing(case.freeze)
    if case.freeze and not frozen.stages:
        model.freeze(*case.freeze)
    engine = make_engine(model, train, heads, case.batch, seed=5, replicas=replicas)
    weigh = None
    if case.class_weights:
        weigh = ClassWeights(case.class_weights, heads, model.graph.output_tensors()).apply
    cut = Bucketed(("input",), case.cut) if case.cut else None
    samples: Any = data
    held: Any = DeviceData(validation)
    if case.streamed:
        samples = streamed(data)
        held = WindowData(streamed(validation), case.batch, None, "validation")
    feed = engine.feed(samples, weigh=weigh, cut=cut)
    return prepare(engine, feed, held, train=train, callbacks=unfreezing(frozen, engine.loop), **options)


def streamed(data: Arrays) -> Streamed:
    """Samples that stay where they are, of which windows are read."""
    return Streamed(Rows(data), np.arange(len(data)), Preprocessing({}), 18)  # type: ignore[arg-type]
