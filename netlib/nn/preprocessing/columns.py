"""The preprocessing of all columns, and their joining to inputs, in a graph."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from netlib.nn.preprocessing import graph_form, no_graph
from netlib.nn.preprocessing.step import GraphStep
from netlib.spec.errors import UsageError
from netlib.spec.features import Feature, PreprocessingSpec, joined
from netlib.spec.pipeline import Learned, Pipeline, by_input

_TAKEN = ("self", "args", "kwargs")
"""Arguments of TensorFlow's own functions."""
_LARGEST_PIXEL = 255


@dataclass(frozen=True)
class Taken:
    """What a graph takes of a column.

    Attributes:
        name: of the column.
        argument: the name under which it is given: TensorFlow takes letters, digits and `_` alone.
        tensor: shape and dtype, the rows first.
        done: the steps that whoever calls does before; the last one has no graph form.
        why: it has none.
        steps: those that the graph does.
    """

    name: str
    argument: str
    tensor: tf.TensorSpec
    done: tuple[PreprocessingSpec, ...]
    why: str
    steps: tuple[PreprocessingSpec, ...]


class GraphPreprocessing(tf.Module):
    """From columns, by their arguments' names, to the inputs of a network.

    Args:
        pipeline: what each column and input goes through.
        learned: by the steps.
        single: whether the columns are those of a table, which has one value of each in a row.

    Raises:
        UsageError: a step over joined columns has no graph form.
    """

    def __init__(self, pipeline: Pipeline, learned: Learned, *, single: bool) -> None:
        super().__init__(name="preprocessing")
        self.forms: dict[str, list[GraphStep]] = {}
        self._joins = tuple(pipeline.raw.joins.items())
        self._columns: tuple[str, ...] = ()
        self.taken: tuple[Taken, ...] = ()
        after = {}
        for name, feature in pipeline.raw.inputs.items():
            chain = _Chain.of(name, feature, pipeline, learned)
            self.forms[name] = chain.forms
            after[name] = chain.after
            self.taken = (*self.taken, self._take(name, chain, single, pipeline.fills(name)))
        for name, parts in self._joins:
            chain = _Chain.of(name, joined([after[part] for part in parts]), pipeline, learned)
            self.forms[name] = chain.forms
            if chain.done:
                what = (
                    f"{chain.done[-1].type_name()} over input '{name}', which is joined of columns, has no graph form"
                )
                raise UsageError(f"{what} ({chain.why}); give it to the columns in place of the input")

    def __call__(self, values: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """The inputs by name, float32 or int32; numbers that are not finite fail."""
        columns = {each.name: self._applied(each.name, values[each.argument]) for each in self.taken}
        joins = dict(self._joins)
        inputs = by_input(joins, columns, _side_by_side)
        return {
            name: _read(name, self._applied(name, value) if name in joins else value) for name, value in inputs.items()
        }

    def _applied(self, name: str, values: tf.Tensor) -> tf.Tensor:
        values = tf.reshape(values, [-1, 1]) if name in self._columns else values
        for form in self.forms[name]:
            values = form(values)
        return values

    def _take(self, name: str, chain: _Chain, single: bool, filled: bool) -> Taken:
        used = {each.argument for each in self.taken}
        argument = next(each for each in _arguments(name) if each not in used)
        shape, dtype = chain.before.tensor.shape, _dtype(chain.before, filled and not chain.done)
        if single and not chain.done and shape == (None, 1):
            shape = (None,)
            self._columns = (*self._columns, name)
        return Taken(
            name, argument, tf.TensorSpec(shape, dtype, argument), tuple(chain.done), chain.why, tuple(chain.steps)
        )


@dataclass(frozen=True)
class _Chain:
    """The steps of a column or input: those that are done before, and the forms of the others, with the feature that they read
    and the one that they make."""

    done: list[PreprocessingSpec]
    why: str
    steps: list[PreprocessingSpec]
    forms: list[GraphStep]
    before: Feature
    after: Feature

    @classmethod
    def of(cls, name: str, feature: Feature, pipeline: Pipeline, learned: Learned) -> _Chain:
        steps = list(pipeline.steps.get(name, ()))
        features, why, first = [feature], "", 0
        for number, step in enumerate(steps, 1):
            reason = no_graph(step, features[-1])
            why, first = (reason, number) if reason else (why, first)
            features.append(step.feature(features[-1], learned[name][number - 1]))
        known = learned.get(name, ())
        forms = [graph_form(steps[i], known[i], features[i]) for i in range(first, len(steps))]
        return cls(steps[:first], why, steps[first:], forms, features[first], features[-1])


def _arguments(name: str) -> Iterator[str]:
    """A column's name as an argument may be called, and others in case that one is taken."""
    plain = re.sub(r"[^A-Za-z0-9_]", "_", name)
    argument = plain if plain[:1].isalpha() and plain not in _TAKEN else f"column_{plain}"
    yield argument
    number = 2
    while True:
        yield f"{argument}_{number}"
        number += 1


def _dtype(feature: Feature, may_miss: bool) -> Any:
    """Integers that may be missing, as NaN, are float64: float32 has not all of them."""
    tensor = feature.tensor
    if tensor.dtype != "int32":
        return tensor.dtype
    if (feature.minimum, feature.maximum) == (0, _LARGEST_PIXEL) and len(tensor.shape) == 4:
        return tf.uint8
    return tf.float64 if may_miss else tf.int32


def _side_by_side(columns: list[tf.Tensor]) -> tf.Tensor:
    flat = [tf.cast(each, tf.float32) for each in columns]
    widths = [1 if each.shape.rank == 1 else each.shape[1:].num_elements() for each in flat]
    return tf.concat([tf.reshape(each, [-1, width]) for each, width in zip(flat, widths, strict=True)], axis=1)


def _read(name: str, values: tf.Tensor) -> tf.Tensor:
    """As the network reads an input."""
    if not values.dtype.is_floating:
        return tf.cast(values, tf.int32)
    message = f"input {name} has numbers that are not finite: a value is missing that no step fills in, or too large"
    tf.debugging.Assert(tf.reduce_all(tf.math.is_finite(values)), [message])
    return tf.cast(values, tf.float32)
