"""Prediction: what a model says of samples, as a person reads it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from netlib.data.arrays import Array, Arrays
from netlib.nn.network import Network
from netlib.spec.contract_activations import check_links
from netlib.spec.errors import SpecError
from netlib.spec.heads import Heads, bind
from netlib.spec.training import TrainSpec
from netlib.training.captured import Guard
from netlib.training.changes import TreeWatch
from netlib.training.heads import linked
from netlib.training.inference import couples_rows, inference_pass
from netlib.training.kept_states import KeptStates
from netlib.training.samples import tensors_of
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
        """Every output by name, for all samples in their order; they are computed in batches of `rows`.

        Layers that keep a state begin at zero, and have their own again afterwards.
        """
        parts: list[dict[str, Array]] = []
        first = 0
        with KeptStates(self._model).anew():
            for samples in batches:
                parts += self._parts(samples, rows, first)
                first += len(samples)
        return {name: np.concatenate([part[name] for part in parts]) for name in self._model.graph.outputs}

    def _parts(self, samples: Arrays, rows: int, first: int) -> Iterator[dict[str, Array]]:
        """The outputs of each batch; `first` is the place of the first of these samples among all.

        The last batch is filled up, so that there is one trace, unless its samples depend on each other.
        """
        tensors = tensors_of(samples)
        self._model.ensure_built(*tensors)
        if self._watch.changed(self._model, *tensors):
            self._run = None
        run, pads = self._compiled(), not couples_rows(self._model)
        for start in range(0, len(samples), rows):
            end = start + rows if pads else min(start + rows, len(samples))
            chosen = np.arange(start, end) % len(samples)
            inputs = {name: tf.constant(array[chosen]) for name, array in samples.inputs.items()}
            part = run(inputs, tf.constant(first + start, tf.int64))
            yield {name: value.numpy()[: len(samples) - start] for name, value in part.items()}

    def _compiled(self) -> Callable[..., Any]:
        if self._run is None:
            self._need_links()
            mode = execution_of(self._model, self._train).mode if self._train else "graph"
            self._run = Guard("prediction", self._model).compiled(self._linked, mode)
        return self._run

    def _linked(self, inputs: dict[str, tf.Tensor], first_row: tf.Tensor) -> dict[str, tf.Tensor]:
        with inference_pass(self._model, first_row):
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
        return bind(self._train.losses, (), list(self._model.graph.outputs), None)  # links do not depend on targets
