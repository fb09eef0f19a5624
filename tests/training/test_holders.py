"""Where a variable is kept that is in no tree, as its user is told."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import keras
import pytest
import tensorflow as tf

from netlib.nn.module import Module
from netlib.training.holders import Holder, holder_of


class Plain:
    def __init__(self, value: Any) -> None:
        self.value = value

    def read(self) -> Any:
        return self.value


class Part(Module):
    def __init__(self, kept: Any) -> None:
        super().__init__()
        self.kept = kept


class Whole(Module):
    def __init__(self, kept: Any) -> None:
        super().__init__()
        self.parts = [Part(None), Part(kept)]


def closure(variable: Any) -> Callable[[], Any]:
    def read() -> Any:
        return lambda: variable

    return read


ASSIGN = "make it an attribute of the layer that uses it: self.w = variable"
PLAIN = "make Plain a dataclass or a netlib.nn.Module"
PLACES: dict[str, tuple[Callable[[tf.Variable], Any], str, str]] = {
    "a closure": (closure, "the closure of read as 'variable'", ASSIGN),
    "a tf.function": (lambda v: tf.function(closure(v)), "the closure of read as 'variable'", ASSIGN),
    "a partial": (lambda v: functools.partial(print, v), "self.kept[0]", ASSIGN),
    "a partial of a closure": (lambda v: functools.partial(closure(v)), "the closure of read as 'variable'", ASSIGN),
    "a method": (lambda v: Plain(v).read, "self.kept.value", PLAIN),
    "nested": (lambda v: {"a": [(Plain(v),)]}, "self.kept['a'][0][0].value", PLAIN),
    "the outermost hides": (lambda v: Plain({Plain(v)}), "the set self.kept.value.value", PLAIN),
    "a set": (lambda v: {v.ref()}, "the set self.kept", "make self.kept a list"),
    "a set of objects": (lambda v: {Plain(v)}, "the set self.kept.value", "make self.kept a list"),
    "a reference": (lambda v: v.ref(), "self.kept", ASSIGN),
}


def found(kept: Any, variable: tf.Variable) -> Holder | None:
    return holder_of(Whole(kept), variable.handle)


@pytest.mark.parametrize("place", PLACES)
def test_the_way_to_it_and_what_to_do(place: str) -> None:
    keep, way, remedy = PLACES[place]
    variable = tf.Variable(1.0)
    holder = found(keep(variable), variable)
    assert holder == Holder(variable, "parts.1", "Part", way, remedy)
    assert str(holder) == f"which parts.1 (Part) keeps in {way}"


def test_a_keras_layer_a_metric_and_a_generator() -> None:
    layer = keras.layers.Dense(2)
    layer.build((None, 3))
    metric, generator = keras.metrics.Mean(), tf.random.Generator.from_seed(1)
    holder = found(Plain(layer), layer.kernel.value)
    assert holder
    assert (holder.way, holder.remedy) == ("self.kept.value.kernel", PLAIN)
    holder = found(metric, metric.total.value)
    assert holder
    assert (holder.way, holder.remedy) == (
        "self.kept.total",
        "keep the variables of the Mean in an attribute of the layer, too",
    )
    holder = found(generator, generator.state)
    assert holder
    assert holder.remedy == "keep the variables of the Generator in an attribute of the layer, too"


def test_of_the_whole_and_of_nothing() -> None:
    variable = tf.Variable(1.0)
    assert found(None, variable) is None
    whole = Whole(None)
    whole.extra = Plain(variable)
    holder = holder_of(whole, variable.handle)
    assert holder
    assert str(holder) == "which the model (Whole) keeps in self.extra.value"


def test_objects_that_go_round_in_circles() -> None:
    variable, first, second = tf.Variable(1.0), Plain(None), Plain(None)
    first.value, second.value = second, first
    assert found(first, variable) is None
