"""`Trainer`: what a compiled model trains with, and what stays between its calls."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import is_
from typing import Any

import numpy as np
import tensorflow as tf

from netlib.data.arrays import Arrays
from netlib.data.needs import Needs
from netlib.nn.network import Network
from netlib.spec.computed import beside
from netlib.spec.contract_heads import check_heads
from netlib.spec.errors import SpecError, UsageError
from netlib.spec.features import Feature
from netlib.spec.heads import Heads
from netlib.spec.training import TrainSpec
from netlib.training.changes import TreeWatch
from netlib.training.class_weights import ClassWeights, need_weight
from netlib.training.feed import Feed
from netlib.training.loop import Block, DeviceData
from netlib.training.loss_scale import LossScale
from netlib.training.meters import Meters
from netlib.training.optimizers import Optimizers
from netlib.training.phase_optimizers import PhaseOptimizers, optimizers_of
from netlib.training.progress import Progress
from netlib.training.samples import tensor_of, tensors_of
from netlib.training.setup import Engine, heads_of, make_engine, need_trainable
from netlib.training.step import FACTS
from netlib.training.stream import form_of
from netlib.training.trouble.finite import need_finite


class HeadWarning(UserWarning):
    """Something between outputs, losses and metrics that is allowed, and probably not meant."""


@dataclass(eq=False)
class Trainer:
    """One set of optimizers, one progress and one set of metrics, whatever the model is fitted on; an engine for each batch size.

    Engines are made anew when the model's variables, or which of them are trained, have changed. The optimizers keep the slots
    of all that they ever trained.
    """

    model: Network
    train: TrainSpec
    optimizer: Optimizers | PhaseOptimizers
    progress: Progress = field(default_factory=Progress)
    steps: int | None = None
    """Of the epoch under way."""
    counted: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Counters of that epoch's metrics, until there are metrics that take them."""
    scale: LossScale = field(default_factory=LossScale, init=False)
    """For a model in which anything computes in float16."""
    _data: tuple[Any, ...] | None = field(default=None, init=False)
    _engines: dict[tuple[Any, ...], Engine] = field(default_factory=dict, init=False)
    _meters: dict[tuple[Any, ...], Meters] = field(default_factory=dict, init=False)
    _needs: dict[str, Needs] = field(default_factory=dict, init=False)
    _watch: TreeWatch = field(default_factory=TreeWatch, init=False)

    @classmethod
    def new(cls, model: Network, train: TrainSpec, ready: Any = None) -> Trainer:
        """One that has done nothing yet; `ready` is the main optimizer where it is Keras's already."""
        return cls(model, train, optimizers_of(train, ready))

    def __deepcopy__(self, memo: dict[int, Any]) -> Trainer:
        """For the copy of the model, which gives it slots when it is whole (`take_slots`). What is compiled is not copied."""
        progress = copy.deepcopy(self.progress, memo)
        made = memo[id(self)] = Trainer(self.model, self.train, self.optimizer.unbuilt(), progress, self.steps)
        made.counted = self.counters()
        made.scale.take(self.scale.values())
        made.model = copy.deepcopy(self.model, memo)
        return made

    def take_slots(self, other: Trainer) -> None:
        """Brings the optimizers to the state of those of another trainer, of which this one is a copy."""
        mine = {named.path: named.variable for named in self.model.named_variables()}
        paths = {id(named.variable): named.path for named in other.model.named_variables()}

        def twin(variable: tf.Variable) -> tf.Variable:
            path = paths.get(id(variable))
            return mine[path] if path in mine else tf.Variable(variable)  # one that the model has no more

        theirs: Any = other.optimizer  # of the same kind
        self.optimizer.take_state(theirs, twin)

    def engine(self, samples: Arrays, batch_size: int, *, alone: bool = False) -> Engine:
        """What computes steps of that many rows, on samples of that form.

        Args:
            samples: whose form decides.
            batch_size: rows of a batch.
            alone: whether its metrics are those of no epoch, but of single batches.

        Raises:
            SpecError: the samples do not fit the model, its losses or its metrics.
        """
        heads = self.heads(samples)
        self.needs(samples, heads)
        outputs = self.model.graph.output_tensors()
        form = (alone, str(heads), str(outputs))
        if form not in self._meters:
            self._meters[form] = Meters(heads, outputs)
            if not alone:
                self._go_on_counting(self._meters[form])
        key = (batch_size, *form)
        if key not in self._engines:
            self._engines[key] = make_engine(
                self.model,
                self.train,
                heads,
                batch_size,
                self.model.seed or 0,
                optimizer=self.optimizer,
                meters=self._meters[form],
                scale=self.scale,
            )
        return self._engines[key]

    def counters(self) -> dict[str, np.ndarray]:
        """Of an epoch that was cut short, the counters of its metrics by name; of a whole one none are needed."""
        counting = (meters for (alone, *_), meters in self._meters.items() if not alone)
        named = next((meters.named_variables() for meters in counting), {}) if self.progress.position else {}
        return {name: variable.numpy() for name, variable in named.items()} or dict(self.counted)

    def _go_on_counting(self, meters: Meters) -> None:
        """From the counters that a saved model or a copy began with, if they are of these metrics."""
        named = meters.named_variables()
        if self.counted.keys() == named.keys():
            for name, variable in named.items():
                variable.assign(self.counted[name])
        self.counted = {}

    def begin(self, feed: Feed, data: tuple[Any, ...]) -> None:
        """Goes on with an epoch that was cut short, or begins it anew where its position would mean nothing.

        It goes on where the data are the same objects (which a copy or a loaded model cannot know), with the same number of
        steps; if all of them are done, what is left is to validate and to make the record.
        """
        same = self._data is None or (len(data) == len(self._data) and all(map(is_, data, self._data)))
        if not same or feed.steps is None or feed.steps != self.steps or self.progress.position > feed.steps:
            self.progress.begin_epoch()
        self.steps, self._data = feed.steps, data

    def ended(self) -> None:
        """Lets go of the data, unless an epoch was cut short."""
        if not self.progress.position:
            self._data = None

    def step(self, samples: Arrays) -> dict[str, float]:
        """One step on all of the samples; the losses and metrics of this batch.

        Raises:
            UsageError: no variable is trained, or the samples do not fit.
        """
        size, rest = divmod(len(samples), self.train.players.batches or 1)
        if rest or not size:
            raise UsageError(
                f"a step of all phases takes {self.train.players.batches} batches of equal size, and {len(samples)} rows"
                " cannot be divided so"
            )
        engine = self.engine(samples, size, alone=True)
        need_trainable(self.model)
        self.needs(samples, self.heads(samples)).check(samples, "the batch")
        need_weight(samples, "the batch")
        engine.meters.reset()
        block = Block(DeviceData(samples).tensors, tf.range(len(samples)), len(samples), 0, 1)
        facts = engine.loop.run(block, 0, 1, self.progress.step)
        need_finite(engine.loop.facts, facts, self.progress.step)
        self.progress.step += 1
        values = dict(zip(engine.loop.facts, facts[0].tolist(), strict=True))
        return {name: values[name] for name in engine.loop.facts[len(FACTS) :]} | engine.meters.results()

    def heads(self, samples: Arrays) -> Heads:
        """Every loss and metric with its output and target.

        Raises:
            SpecError: that cannot be told, or the model cannot take such samples.
        """
        self._notice_changes(samples)
        return heads_of(self.model, self.train, samples)

    def needs(self, samples: Arrays, heads: Heads) -> Needs:
        """What is asked of samples of that form, once the form itself has been looked at.

        Raises:
            SpecError: outputs, losses, metrics and targets do not fit each other.
        """
        form = str(form_of(samples))
        if form not in self._needs:
            _check(self.model, heads, samples)
            self._needs[form] = Needs.of(self.model.graph, heads, samples)
        return self._needs[form]

    def class_weights(self, samples: Arrays, weights: Mapping[int, float]) -> ClassWeights:
        """Weights of classes for samples of that form."""
        return ClassWeights(weights, self.heads(samples), self.model.graph.output_tensors())

    def _notice_changes(self, samples: Arrays) -> None:
        """Forgets what is compiled where the tree is another one than that for which it was made."""
        tensors = tensors_of(samples)
        self.model.ensure_built(*tensors)
        if self._watch.changed(self.model, *tensors):
            self._engines.clear()
            self._needs.clear()


def _check(model: Network, heads: Heads, samples: Arrays) -> None:
    inputs, targets = (
        {name: Feature(tensor_of(array)) for name, array in arrays.items()}
        for arrays in (samples.inputs, samples.targets)
    )
    features = beside(inputs, targets)
    problems = check_heads(model.graph, heads, features)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise SpecError(errors, model.name)
    for problem in problems:
        warnings.warn(HeadWarning(problem.message), stacklevel=4)
