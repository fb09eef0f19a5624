"""`Trainer`: what a compiled model trains with, and what stays between its calls."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import tensorflow as tf

from netlib.data.arrays import Arrays
from netlib.data.needs import Needs
from netlib.nn.keras_objects import make
from netlib.nn.network import Network
from netlib.spec.contract import check_heads
from netlib.spec.errors import SpecError
from netlib.spec.features import Feature
from netlib.spec.heads import Heads
from netlib.spec.training import TrainSpec
from netlib.training.class_weights import ClassWeights
from netlib.training.feed import Feed
from netlib.training.fit import need_finite
from netlib.training.loop import Block, DeviceData
from netlib.training.meters import Meters
from netlib.training.optimizer_state import copied
from netlib.training.progress import Progress
from netlib.training.samples import tensor_of, tensors_of
from netlib.training.setup import Engine, heads_of, make_engine
from netlib.training.step import FACTS
from netlib.training.stream import form_of


class HeadWarning(UserWarning):
    """Something between outputs, losses and metrics that is allowed, and probably not meant."""


@dataclass(eq=False)
class Trainer:
    """One optimizer, one progress and one set of metrics, whatever the model is fitted on; an engine for each batch size.

    Engines are made anew when the model's variables, or which of them are trained, have changed. The optimizer keeps the slots
    of all that it ever trained.
    """

    model: Network
    train: TrainSpec
    optimizer: Any = None
    progress: Progress = field(default_factory=Progress)
    steps: int | None = None
    """Of the epoch under way."""
    _engines: dict[tuple[Any, ...], Engine] = field(default_factory=dict, init=False)
    _meters: dict[tuple[Any, ...], Meters] = field(default_factory=dict, init=False)
    _needs: dict[str, Needs] = field(default_factory=dict, init=False)
    _tree: Any = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.optimizer = self.optimizer or make(self.train.optimizer)

    def __deepcopy__(self, memo: dict[int, Any]) -> Trainer:
        """For the copy of the model: from the same state, and alone from then on. What is compiled is not copied."""
        made = Trainer.__new__(Trainer)
        memo[id(self)] = made
        model, optimizer = copy.deepcopy(self.model, memo), copied(self.optimizer, memo)
        made.__init__(model, self.train, optimizer, copy.deepcopy(self.progress, memo))  # type: ignore[misc]
        return made

    def engine(self, samples: Arrays, batch_size: int, *, alone: bool = False) -> Engine:
        """What computes steps of that many rows, on samples of that form.

        Args:
            samples: whose form decides.
            batch_size: rows of a batch.
            alone: whether its metrics are those of no epoch, but of single batches.

        Raises:
            SpecError: the samples do not fit the model, its losses or its metrics.
        """
        self.model.ensure_built(*tensors_of(samples))
        self._notice_changes()
        heads = self.heads(samples)
        self.needs(samples, heads)
        outputs = self.model.graph.output_tensors()
        form = (alone, str(heads), str(outputs))
        if form not in self._meters:
            self._meters[form] = Meters(heads, outputs)
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
            )
        return self._engines[key]

    def begin(self, feed: Feed) -> None:
        """Begins the epoch anew if one was cut short that had another number of steps: its position would mean nothing."""
        if self.progress.position and feed.steps != self.steps:
            self.progress.begin_epoch()
        self.steps = feed.steps

    def step(self, samples: Arrays) -> dict[str, float]:
        """One step on all of the samples; the losses and metrics of this batch."""
        engine = self.engine(samples, len(samples), alone=True)
        self.needs(samples, self.heads(samples)).check(samples, "the batch")
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
            SpecError: that cannot be told.
        """
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

    def _notice_changes(self) -> None:
        """Forgets what is compiled where the tree is another one than that for which it was made."""
        variables = [(each.variable, each.trainable) for each in self.model.named_variables()]
        frozen = [getattr(module, "trainable", True) for _, module in self.model.named_modules()]
        known = self._tree
        if known is None or known[1] != frozen or not _same(known[0], variables):
            self._engines.clear()
            self._needs.clear()
            self._tree = variables, frozen


def _same(one: list[tuple[Any, bool]], other: list[tuple[Any, bool]]) -> bool:
    return len(one) == len(other) and all(
        a is b and trained == is_trained for (a, trained), (b, is_trained) in zip(one, other, strict=True)
    )


def _check(model: Network, heads: Heads, samples: Arrays) -> None:
    tensors = {name: tensor_of(array) for name, array in (*samples.inputs.items(), *samples.targets.items())}
    features = {name: Feature(tensor) for name, tensor in tensors.items()}
    problems = check_heads(model.graph, heads, features)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise SpecError(errors, model.name)
    for problem in problems:
        warnings.warn(HeadWarning(problem.message), stacklevel=4)
