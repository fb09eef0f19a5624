"""Prediction: what a model says of samples, as a person reads it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any, TypeVar

import numpy as np
import tensorflow as tf

from netlib.data.arrays import Array, Arrays
from netlib.nn.network import Network
from netlib.spec.contract_activations import check_links
from netlib.spec.errors import SpecError
from netlib.spec.heads import Heads, bind
from netlib.spec.training import TrainSpec
from netlib.training.changes import TreeWatch
from netlib.training.heads import linked
from netlib.training.inference import inference_pass
from netlib.training.kept_states import KeptStates
from netlib.training.moments import Moments
from netlib.training.predict_loop import PredictLoop
from netlib.training.samples import tensors_of
from netlib.training.setup import execution_of
from netlib.training.streamed import joined

Ran = TypeVar("Ran")
Run = Callable[[PredictLoop, Arrays, int, int, int], Ran]
"""What is made of a piece: takes the loop, the samples, and rows, room and first as `PredictLoop.run` does."""


class Predictor:
    """Runs a model over samples: probabilities where it is trained on logits. `train` is None for one that is not compiled."""

    def __init__(self, model: Network, train: TrainSpec | None) -> None:
        self._model = model
        self._train = train
        self._watch = TreeWatch()
        self._loop: PredictLoop | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> Predictor:
        """For the copy of the model; what is compiled is not copied."""
        made = Predictor.__new__(Predictor)
        memo[id(self)] = made
        made.__init__(copy.deepcopy(self._model, memo), self._train)  # type: ignore[misc]
        return made

    def run(self, batches: Iterable[Arrays], rows: int) -> dict[str, Array]:
        """Every output by name, for all samples in their order; they are computed in batches of `rows`.

        Layers that keep a state begin at zero, and have their own again afterwards.

        Args:
            batches: samples of one form: all of them at once, or batches of a stream, of which a smaller one stays as it is.
            rows: of a batch.
        """
        parts = list(self.parts(batches, rows))
        return {name: np.concatenate([part[name] for part in parts]) for name in self._model.graph.outputs}

    def parts(self, batches: Iterable[Arrays], rows: int) -> Iterator[dict[str, Array]]:
        """The same piece by piece, of as many samples as are computed at once; arguments as of `run`."""
        with KeptStates(self._model).anew():
            yield from self._parts(iter(batches), rows, lambda loop, *piece: loop.run(*piece))

    def drawn(self, batches: Iterable[Arrays], rows: int, draws: int) -> Iterator[dict[str, Moments]]:
        """Mean and spread of every output over several draws, piece by piece; the first draw is what `parts` gives.

        For networks that are random at prediction, of which no layer keeps a state; arguments as of `run`.
        """

        def run(loop: PredictLoop, samples: Arrays, size: int, room: int, first: int) -> dict[str, Moments]:
            found = {name: Moments() for name in self._model.graph.outputs}
            for draw in range(draws):
                for name, values in loop.run(samples, size, room, first, draw).items():
                    found[name].add(values)
            return found

        yield from self._parts(iter(batches), rows, run)

    def of_tensors(self, inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """The same of a batch of tensors, which are all samples there are, for a graph that has more around it."""
        self._need_links()
        return self._linked(inputs, tf.constant(0, tf.int64), tf.constant(0))

    def _parts(self, batches: Iterator[Arrays], rows: int, run: Run[Ran]) -> Iterator[Ran]:
        """What is made of each piece; a prediction of one batch has a trace of its own, which need not be filled up."""
        begin = next(batches)
        loop = self._loop_for(begin)
        most = loop.batches(begin, rows) * rows
        first = room = 0
        for samples in _pieces(chain([begin], batches), rows, most):
            count = len(samples)
            size = rows if loop.pads else count
            room = max(room, most if count > size else size) if loop.pads else count
            yield run(loop, samples, size, room, first)
            first += count

    def _loop_for(self, samples: Arrays) -> PredictLoop:
        tensors = tensors_of(samples)
        self._model.ensure_built(*tensors)
        if self._watch.changed(self._model, *tensors):
            self._loop = None
        if self._loop is None:
            self._need_links()
            mode = execution_of(self._model, self._train).mode if self._train else "graph"
            self._loop = PredictLoop(self._model, self._linked, mode)
        return self._loop

    def _linked(self, inputs: dict[str, tf.Tensor], first_row: tf.Tensor, draw: tf.Tensor) -> dict[str, tf.Tensor]:
        with inference_pass(self._model, first_row, draw):
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


def _pieces(batches: Iterable[Arrays], rows: int, most: int) -> Iterator[Arrays]:
    """Samples of `most` rows, a multiple of `rows`, at a time; a piece ends with a batch that has fewer than `rows`."""
    run: list[Arrays] = []
    count = 0
    for samples in batches:
        start = 0
        while start < len(samples):
            run.append(_rows(samples, start, start + most - count))
            start += len(run[-1])
            count += len(run[-1])
            if count % rows or count >= most:
                yield joined(run)
                run, count = [], 0
    if run:
        yield joined(run)


def _rows(samples: Arrays, start: int, end: int) -> Arrays:
    """The inputs of some rows, not copied."""
    return Arrays({name: array[start:end] for name, array in samples.inputs.items()}, {})
