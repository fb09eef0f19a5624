"""From what `Model`'s calls are given to what the loop takes: an engine for it, and a feed or data to measure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from operator import index
from typing import Any

import numpy as np

from netlib.data.arrays import Arrays
from netlib.spec.errors import UsageError
from netlib.training.class_weights import need_weight
from netlib.training.evaluation import Measured
from netlib.training.feed import Feed
from netlib.training.kept_states import KeptStates
from netlib.training.loop import DeviceData
from netlib.training.samples import samples_of, samples_of_batch, tensors_of
from netlib.training.setup import Engine
from netlib.training.stream import Stream, is_stream
from netlib.training.streamed import StreamedData, StreamFeed
from netlib.training.trainer import Trainer

BATCH_SIZE = 32
"""Rows of a batch, where nothing says how many."""


@dataclass(frozen=True)
class Given:
    """What a call was given: samples, or in `x` alone a stream of batches.

    Args:
        what: as messages call it: `the training data`.
        x: inputs, or a stream.
        y: targets.
        weights: of the samples.
        batch_size: rows of a batch.
        steps: batches to take of a stream, by the name of the argument that says so.
    """

    what: str
    x: Any
    y: Any = None
    weights: Any = None
    batch_size: int | None = None
    steps: tuple[str, int | None] = ("steps", None)

    def __post_init__(self) -> None:
        name, steps = self.steps
        for argument, value in (("batch_size", self.batch_size), (name, steps)):
            if value is not None:
                need_count(argument, value)
        object.__setattr__(self, "batch_size", self.batch_size and index(self.batch_size))
        object.__setattr__(self, "steps", (name, steps and index(steps)))
        extra = {"y": self.y, "sample_weight": self.weights, "batch_size": self.batch_size}
        if self.streamed:
            wrong = [argument for argument, value in extra.items() if value is not None]
            if wrong:
                raise UsageError(
                    f"{self.what} comes in batches, (x, y) or (x, y, sample_weight); leave out {', '.join(wrong)}"
                )
        elif steps is not None:
            raise UsageError(f"{name} is for data that comes in batches, got arrays; every sample of them is used")

    @property
    def streamed(self) -> bool:
        """Whether it comes in batches."""
        return is_stream(self.x)

    def stream(self, read: Callable[[Any], Arrays]) -> Stream:
        """Its batches.

        Raises:
            UsageError: there are none; or there is no end to them, and nothing says how many to take.
        """
        stream = Stream(self.x, read, f"{self.what} ({type(self.x).__name__})")
        name, steps = self.steps
        if stream.endless and steps is None:
            raise UsageError(f"{stream.name} has no end: give {name}, the number of batches to take")
        return stream


def need_count(name: str, value: Any) -> int:
    """The argument, an `int` or NumPy's, as an `int`.

    Raises:
        UsageError: it is not a whole number from 1.
    """
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < 1:
        raise UsageError(f"{name} is {value!r}, expected a whole number from 1")
    return index(value)


def for_training(
    trainer: Trainer, given: Given, class_weight: Mapping[int, float] | None, *, shuffle: bool
) -> tuple[Engine, Feed, Arrays]:
    """An engine, the feed for it, and samples of its form.

    Raises:
        UsageError: what was given cannot be trained on.
    """
    model, train = trainer.model, trainer.train
    stream = given.stream(partial(samples_of_batch, model)) if given.streamed else None
    samples = stream.first if stream else samples_of(model, given.x, given.y, given.weights)
    engine = trainer.engine(samples, stream.rows if stream else given.batch_size or BATCH_SIZE)
    needs = trainer.needs(samples, trainer.heads(samples))
    weigh = trainer.class_weights(samples, class_weight).apply if class_weight is not None else None
    if stream:
        if weigh:
            stream.change(weigh)
        return (
            engine,
            StreamFeed(stream, train.batches_per_step, given.steps[1], needs.check, whole=bool(train.phases)),
            samples,
        )
    needs.check(samples, given.what)
    weighed = weigh(samples) if weigh else samples
    need_weight(weighed, given.what)
    KeptStates(model).need_order(len(samples), engine.batch_size, shuffle=shuffle)
    return engine, engine.feed(weighed, shuffle=shuffle), samples


def for_measuring(trainer: Trainer, given: Given, like: Arrays | None = None) -> tuple[Measured, Arrays, int]:
    """Data to measure, samples of its form, and the rows of its batches.

    Args:
        trainer: of the model.
        given: the data.
        like: what the model is trained on, where it must have the same targets.

    Raises:
        UsageError: what was given cannot be measured.
    """
    model = trainer.model
    stream = given.stream(partial(samples_of_batch, model)) if given.streamed else None
    samples = stream.first if stream else samples_of(model, given.x, given.y, given.weights)
    model.ensure_built(*tensors_of(samples))
    heads = trainer.heads(samples)
    if like and heads != trainer.heads(like):
        names = [", ".join(each.targets) or "none" for each in (samples, like)]
        raise UsageError(
            f"{given.what} has the targets {names[0]}, the training data {names[1]}; give both the same names"
        )
    needs = trainer.needs(samples, heads)
    if stream:
        return StreamedData(stream, given.steps[1], needs.check), samples, stream.rows
    needs.check(samples, given.what)
    need_weight(samples, given.what)
    return DeviceData(samples), samples, given.batch_size or BATCH_SIZE


def each_of(callbacks: Any) -> list[Any]:
    """The callbacks of a call, which may be a single one or None."""
    if callbacks is None:
        return []
    return list(callbacks) if isinstance(callbacks, Iterable) else [callbacks]


def validation(given: Any, steps: int | None) -> Given | None:
    """`validation_data`: None, (x, y), (x, y, sample_weight), or a stream of such batches.

    Raises:
        UsageError: it is none of these, or there are steps without it.
    """
    if given is None:
        if steps is not None:
            raise UsageError(f"validation_steps is {steps}, but there is nothing to validate on: give validation_data")
        return None
    what, count = "the validation data", ("validation_steps", steps)
    if is_stream(given):
        return Given(what, given, steps=count)
    if not isinstance(given, tuple | list) or len(given) not in (2, 3):
        size = f" of {len(given)}" if isinstance(given, tuple | list) else ""
        raise UsageError(
            f"validation_data is (x, y), (x, y, sample_weight) or batches of such, got a {type(given).__name__}{size}"
        )
    x, y, weights = (*given, None)[:3]
    return Given(what, x, y, weights, steps=count)
