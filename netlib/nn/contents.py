"""What an object holds, as far as the tree of a module looks into it, and under which names.

Looked into are attributes, lists, tuples, mappings, dataclasses, `tf.Module`s, generators of random numbers, and Keras layers,
whose variables Keras 3 keeps in wrappers of its own. Sets and other objects are not: they have no order, or no fields that
anybody could know.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import keras
import numpy as np
import tensorflow as tf


class Parent:
    """Base of what says itself what it holds (`netlib.nn.Module`)."""

    frozen_names: set[str]
    """Paths, from here, of variables that are frozen one by one."""
    _trainable: bool = True
    """The flag: False freezes everything inside, also what is not there yet."""

    def children(self) -> Iterable[tuple[str, Any]]:
        """Name and value of everything that may hold variables, in the order of definition."""
        raise NotImplementedError

    def description(self) -> str:
        """What a line of the tree says of it."""
        return f"{type(self).__name__}()"


def flag(value: Any) -> bool:
    """The flag of a module or Keras layer itself, whatever is frozen inside."""
    return value._trainable if isinstance(value, Parent) else bool(getattr(value, "trainable", True))


def is_module(value: Any) -> bool:
    """Whether it has a place in the tree of its own: a `tf.Module` or a Keras layer."""
    return isinstance(value, tf.Module | keras.layers.Layer)


def holds_nothing(value: Any) -> bool:
    """Whether it is neither a variable, nor looked into."""
    if value is None or isinstance(value, _PLAIN):
        return True
    known = isinstance(value, _LOOKED_INTO) or (dataclasses.is_dataclass(value) and not isinstance(value, type))
    return not known


_PLAIN = (str, bytes, int, float, np.ndarray, np.generic, tf.Tensor)
_LOOKED_INTO = (
    tf.Variable,
    tf.Module,
    keras.layers.Layer,
    keras.random.SeedGenerator,
    tf.random.Generator,
    Parent,
    Mapping,
    list,
    tuple,
)


def children(value: Any) -> Iterable[tuple[Any, Any]]:
    """Name and value of what an object holds."""
    if isinstance(value, Parent):
        return value.children()
    if isinstance(value, tf.Module):
        return attributes(value)
    if isinstance(value, keras.layers.Layer):
        return _keras_children(value)
    if isinstance(value, keras.random.SeedGenerator | tf.random.Generator):
        return [("state", value.state)]
    if isinstance(value, Mapping):
        return value.items()
    if isinstance(value, list | tuple):
        return enumerate(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return ((each.name, getattr(value, each.name, None)) for each in dataclasses.fields(value))
    return ()


def attributes(module: tf.Module) -> Iterator[tuple[str, Any]]:
    """A `tf.Module`'s attributes in the order of definition, without what TensorFlow keeps there about it."""
    for name, value in vars(module).items():
        if name not in _tf_module_attributes() and not name.startswith("_self_"):
            yield name, value


@cache
def _tf_module_attributes() -> frozenset[str]:
    return frozenset(vars(tf.Module(name="probe"))) | {
        "_unconditional_checkpoint_dependencies",
        "_unconditional_dependency_names",
        "_functions",
        "_obj_reference_counts_dict",
    }


def _keras_children(layer: Any) -> Iterator[tuple[str, Any]]:
    """Its own weights by name, its attributes, then the layers that only a Keras model's list has, by place.

    Default names of Keras layers have a counter that differs from process to process, so they are no part of a path.
    """
    own = [*layer._trainable_variables, *layer._non_trainable_variables]
    names = [variable.name for variable in own]
    for index, (name, variable) in enumerate(zip(names, own, strict=True)):
        yield (f"{name}_{index}" if names.count(name) > 1 else name), variable
    for name, value in vars(layer).items():
        kept = name in _keras_attributes() or name.startswith("_self_")
        if not kept and not isinstance(value, keras.Variable):
            yield name.lstrip("_"), value
    if isinstance(layer, keras.Model):
        yield "layers", list(layer.layers)


@cache
def _keras_attributes() -> frozenset[str]:
    """What Keras keeps about a layer or a model, its own lists of layers among them."""
    known = {*vars(keras.layers.Layer(name="probe")), *vars(keras.Model(name="probe"))}
    return frozenset(known) | {"_functional", "_operations", "_operations_by_depth", "_nodes", "_nodes_by_depth"}


def unwrapped(value: Any) -> Any:
    """Plain lists and dicts of those that TensorFlow put into wrappers, because they were assigned to an attribute."""
    if isinstance(value, Mapping):
        return {key: unwrapped(item) for key, item in value.items()}
    return list(map(unwrapped, value)) if isinstance(value, list) else value
