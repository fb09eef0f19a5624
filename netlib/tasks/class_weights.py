"""The weights of the classes that a config asks for: found of the training split, said, and kept with the run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from netlib.data.arrays import Array, Arrays, widened
from netlib.data.load import Splits
from netlib.data.streaming import Samples
from netlib.nn.network import Network
from netlib.runs.directory import RunDirectory
from netlib.spec.class_weights import BALANCED, SHOWN, Class, class_of, is_weight, numbered
from netlib.spec.computed import beside
from netlib.spec.data import DataSpec
from netlib.spec.errors import NetlabError, SpecError
from netlib.spec.heads import Heads
from netlib.training.class_weights import ClassWeights, balanced

NAME = "data.class_weights"


@dataclass(frozen=True)
class Weighing:
    """The weights of all classes.

    Attributes:
        by_class: class, by name or number -> its weight.
        weights: gives them to samples.
        balanced: whether they were found of the training split.
    """

    by_class: Mapping[Class, float]
    weights: ClassWeights
    balanced: bool

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said of them, nothing where the config says it."""
        if not self.balanced:
            return ()
        shown = [f"{name} {weight:.4g}" for name, weight in islice(self.by_class.items(), SHOWN)]
        more = f" and {len(self.by_class) - SHOWN} more" if len(self.by_class) > SHOWN else ""
        return (f"class weights, balanced: {', '.join(shown)}{more}",)

    def save(self, run: RunDirectory) -> None:
        """Writes them to the run, which goes on with the same."""
        run.write(run.class_weights.name, json.dumps(dict(self.by_class), indent=2) + "\n")


def weighing(
    data: DataSpec, splits: Splits[Samples], heads: Heads, network: Network, run: RunDirectory | None = None
) -> Weighing | None:
    """The weights of the classes, None where the config asks for none.

    Args:
        data: the `data` section.
        splits: the samples; those of the training split are counted.
        heads: every loss with its output and target.
        network: built.
        run: one that is gone on with, which has them already.

    Raises:
        SpecError: there are no such classes or samples, or no sample would count; places are those of the `data` section.
        NetlabError: those of the run are damaged.
    """
    given = data.class_weights
    if given is None:
        return None
    outputs = network.graph.output_tensors()
    blank = ClassWeights({}, heads, outputs, NAME)
    feature = beside(splits.signature.inputs, splits.signature.targets)[blank.target]
    counts = blank.counts(values_of(splits.train, blank.target))
    number, names = feature.num_classes or blank.classes, feature.class_names
    try:
        if run is not None:
            found = numbered(_stored(run), blank.target, names, number)
        elif given == BALANCED:
            found = balanced(counts[:number].tolist(), names)
        else:
            found = numbered(given, blank.target, names, number)
        if not any(found.get(place, 1.0) for place in np.flatnonzero(counts).tolist()):
            raise SpecError("every class that has a training sample has the weight 0: nothing is left to learn from")
    except SpecError as error:
        raise SpecError([problem.under(("class_weights",)) for problem in error.problems], "data") from None
    kinds: Sequence[Class] = names or range(number)
    every = {kind: found.get(place, 1.0) for place, kind in enumerate(kinds)}
    return Weighing(every, ClassWeights(found, heads, outputs, NAME), given == BALANCED)


def values_of(samples: Samples, name: str) -> Array:
    """An input or target of all samples, as the network reads it; of those in files, it alone is read."""
    if isinstance(samples, Arrays):
        return beside(samples.inputs, samples.targets)[name]
    values = samples.reader.some(name, samples.numbers)
    return widened(samples.preprocessing.apply_steps(name, values))


def _stored(run: RunDirectory) -> dict[Class, float]:
    """Those that the run began with."""
    try:
        stored = json.loads(run.read(run.class_weights.name))
        found = {class_of(key): weight for key, weight in stored.items()}
    except (ValueError, AttributeError, RecursionError) as error:
        raise NetlabError(f"{run.class_weights} is damaged: {error}") from error
    if not found or not all(map(is_weight, found.values())):
        raise NetlabError(f"{run.class_weights} is damaged: expected a weight for each class")
    return {key: weight for key, weight in found.items() if key is not None}
