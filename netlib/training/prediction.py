"""Prediction: what a model says of samples, as a person reads it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import tensorflow as tf

from netlib.data.arrays import Array, Arrays
from netlib.nn.network import Network
from netlib.spec.contract import check_links
from netlib.spec.errors import SpecError
from netlib.spec.heads import Heads, bind
from netlib.spec.training import TrainSpec
from netlib.training.captured import Guard
from netlib.training.changes import TreeWatch
from netlib.training.heads import linked
from netlib.training.samples import TARGET, tensors_of
from netlib.training.setup import execution_of


class Predictor:
    """Runs a model over batches: probabilities where it is trained on logits. `train` is None for one that is not compiled."""

    def __init__(self, model: Network, train: TrainSpec | None) -> None:
        self._model = model
        self._train = train
        self._watch = TreeWatch()
        self._run: Callable[..., Any] | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> Predictor:
        """For the copy of the model; what is compiled is not copied."""
        made = Predictor.__new__(Predictor)
        memo[id(self)] = made
        made.__init__(copy.deepcopy(self._model, memo), self._train)  # type: ignore[misc]
        return made

    def run(self, batches: Iterable[Arrays], rows: int) -> dict[str, Array]:
        """Every output by name, for all samples in their order; they are computed in batches of `rows`."""
        parts: list[dict[str, Array]] = [part for samples in batches for part in self._parts(samples, rows)]
        return {name: np.concatenate([part[name] for part in parts]) for name in self._model.graph.outputs}

    def _parts(self, samples: Arrays, rows: int) -> Iterator[dict[str, Array]]:
        tensors = tensors_of(samples)
        self._model.ensure_built(*tensors)
        if self._watch.changed(self._model, *tensors):
            self._run = None
        run = self._compiled()
        for start in range(0, len(samples), rows):
            chosen = np.arange(start, start + rows) % len(samples)  # the last batch is filled up: one trace
            part = run({name: tf.constant(array[chosen]) for name, array in samples.inputs.items()})
            yield {name: value.numpy()[: len(samples) - start] for name, value in part.items()}

    def _compiled(self) -> Callable[..., Any]:
        if self._run is None:
            self._need_links()
            mode = execution_of(self._model, self._train).mode if self._train else "graph"
            self._run = Guard("prediction", self._model).compiled(self._linked, mode)
        return self._run

    def _linked(self, inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        outputs = self._model.forward(inputs, training=False)
        heads = self._heads()
        return {name: linked(value, heads.link(name)) if heads else value for name, value in outputs.items()}

    def _need_links(self) -> None:
        """Refuses a network that does already what the link of its loss does: it would be done twice."""
        heads = self._heads()
        problems = check_links(self._model.graph, heads) if heads else []
        errors = [problem for problem in problems if problem.severity == "error"]
        if errors:
            raise SpecError(errors, self._model.name)

    def _heads(self) -> Heads | None:
        if self._train is None:
            return None
        losses = [replace(term, target=TARGET) for term in self._train.losses]  # links do not depend on targets
        return bind(losses, (), list(self._model.graph.outputs), [TARGET])
