"""`Model`: a network joined to the loop. It validates and delegates; the loop is in `netlib.training.fit`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import tensorflow as tf

from netlib.data.arrays import Arrays
from netlib.nn.network import Network
from netlib.spec.errors import UsageError
from netlib.spec.heads import bind
from netlib.spec.listener import Listener
from netlib.spec.tensors import TensorSpec
from netlib.spec.training import TrainSpec
from netlib.training.fit import fit
from netlib.training.heads import linked
from netlib.training.loop import DeviceData, compiled
from netlib.training.progress import Progress, Record
from netlib.training.setup import Engine, execution_of, heads_of, make_engine, prepare

Values = Any
"""An array, or a mapping from name to array; the first axis is the samples."""

TARGET = "target"
"""Name of a target that is given without one."""


class Model(Network):
    """A network that trains, evaluates and predicts.

    >>> model = Model([{"Dense": {"units": 16, "activation": "relu"}}, {"Dense": 3}], seed=1)
    >>> model.compile("sparse_categorical_crossentropy", {"Adam": {"learning_rate": 0.01}}, ["accuracy"])
    >>> history = model.fit(x, y, epochs=20)  # doctest: +SKIP
    """

    def __init__(self, nodes: list[Any] | None = None, **options: Any) -> None:
        super().__init__(nodes, **options)
        self._train: TrainSpec | None = None
        self._engine: Engine | None = None
        self._predict: Callable[..., Any] | None = None
        self._progress = Progress()

    def compile(self, loss: Any, optimizer: Any = "Adam", metrics: Any = (), **settings: Any) -> None:
        """Says how to train, in the words of a config's `train` section.

        Args:
            loss: a loss, or a mapping from names to losses.
            optimizer: a name, or `{name: parameters}`.
            metrics: a list of them.
            settings: further keys of the section, such as `clip`, `accumulate` or `execution`.

        Raises:
            SpecError: with every mistake.
        """
        words = {"loss": loss, "optimizer": optimizer, "metrics": metrics, **settings}
        self._train = TrainSpec.parse({"epochs": 1, **words})
        self._engine = self._predict = None
        self._progress = Progress()

    def fit(
        self,
        x: Values,
        y: Values,
        *,
        epochs: int = 1,
        batch_size: int = 32,
        validation_data: tuple[Values, Values] | None = None,
        sample_weight: Any = None,
        shuffle: bool = True,
        listeners: Sequence[Listener] = (),
    ) -> list[Record]:
        """Trains for some epochs more; returns the record of each.

        Args:
            x: inputs [samples, ...].
            y: targets [samples, ...].
            epochs: how many to add to those of earlier calls.
            batch_size: rows of a batch.
            validation_data: inputs and targets to validate on after each epoch.
            sample_weight: weight of each sample in the loss and the metrics, [samples].
            shuffle: whether each epoch has an order of its own.
            listeners: who looks on.

        Raises:
            UsageError: `compile` was not called, or the arrays do not fit the model.
        """
        train = self._compiled("fit")
        data = self._arrays(x, y, sample_weight)
        engine = self._engine_for(data, train, batch_size)
        before = len(self._progress.records)
        job = prepare(
            engine,
            data,
            self._arrays(*validation_data) if validation_data else None,
            train=train.model_copy(update={"epochs": self._progress.epoch + epochs}),
            shuffle=shuffle,
            progress=self._progress,
            listeners=listeners,
        )
        fit(job)
        return self._progress.records[before:]

    def evaluate(self, x: Values, y: Values, *, batch_size: int = 32, sample_weight: Any = None) -> dict[str, float]:
        """The loss and every metric over some samples.

        Raises:
            UsageError: `compile` was not called, or the arrays do not fit the model.
        """
        train = self._compiled("evaluate")
        data = self._arrays(x, y, sample_weight)
        return self._engine_for(data, train, batch_size).evaluator.run(DeviceData(data))

    def predict(self, x: Values, *, batch_size: int = 32) -> Any:
        """What the model says of some samples: probabilities where it was trained on logits; an array, or one for each output.

        Raises:
            UsageError: the arrays do not fit the model.
        """
        data = self._arrays(x, {})
        self._ensure_built_for(data)
        if self._predict is None:
            mode = execution_of(self, self._train).mode if self._train else "graph"
            self._predict = compiled(self._linked_outputs, mode)
        run = self._predict
        parts = []
        for start in range(0, len(data), batch_size):
            rows = np.arange(start, start + batch_size) % len(data)  # the last batch is filled up: one trace
            part = run({name: tf.constant(array[rows]) for name, array in data.inputs.items()})
            parts.append({name: value.numpy()[: len(data) - start] for name, value in part.items()})
        joined = {name: np.concatenate([part[name] for part in parts]) for name in self.graph.outputs}
        return joined if len(joined) > 1 else next(iter(joined.values()))

    def _linked_outputs(self, inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        outputs = self.call(inputs, training=False)
        if self._train is None:
            return outputs
        losses = [replace(term, target=TARGET) for term in self._train.losses]  # links do not depend on targets
        heads = bind(losses, (), list(outputs), [TARGET])
        return {name: linked(value, heads.link(name)) for name, value in outputs.items()}

    def _engine_for(self, data: Arrays, train: TrainSpec, batch_size: int) -> Engine:
        """What computes; a new one, with a new optimizer, only after `compile` or with another batch size."""
        self._ensure_built_for(data)
        if self._engine is None or self._engine.batch_size != batch_size:
            self._engine = make_engine(self, train, heads_of(self, train, data), batch_size, self.seed or 0)
        return self._engine

    def _compiled(self, verb: str) -> TrainSpec:
        if self._train is None:
            raise UsageError(f"{self.name}.{verb} needs a loss: call {self.name}.compile(loss, ...) first")
        return self._train

    def _arrays(self, x: Values, y: Values, weights: Any = None) -> Arrays:
        inputs = self.inputs_by_name(x)
        targets = dict(y) if isinstance(y, Mapping) else {TARGET: y}
        arrays = Arrays(
            {name: _array(value) for name, value in inputs.items()},
            {name: _array(value) for name, value in targets.items()},
            None if weights is None else np.asarray(weights, np.float32),
        )
        given = [*arrays.inputs.items(), *arrays.targets.items()]
        given += [] if arrays.weights is None else [("sample_weight", arrays.weights)]
        if len({len(value) for _, value in given}) > 1:
            shown = ", ".join(f"{name} has {len(value)}" for name, value in given)
            raise UsageError(f"{self.name} needs as many targets and weights as inputs: {shown} samples")
        if not len(arrays):
            raise UsageError(f"{self.name} needs at least one sample, got none")
        return arrays

    def _ensure_built_for(self, data: Arrays) -> None:
        self.ensure_built(*(TensorSpec((None, *a.shape[1:]), a.dtype.name) for a in data.inputs.values()))


def _array(value: Any) -> np.ndarray[Any, Any]:
    array = np.asarray(value)
    return array.astype(np.float32) if array.dtype == np.float64 else array
