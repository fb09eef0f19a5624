"""What a layer is called with: tensors, symbols, and arguments by name."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import tensorflow as tf

from netlib.nn.symbolic import Symbol, join, symbols_in
from netlib.spec.errors import SpecError, UsageError
from netlib.spec.tensors import show


def as_tensor(layer: Any, value: Any) -> Any:
    """A value as `call` is given it: floating-point numbers in the compute dtype; a layer written by hand is given structures
    of tensors, and None, too."""
    spec = layer.spec_type
    if spec is None and isinstance(value, Mapping | list | tuple):
        return tf.nest.map_structure(lambda each: as_tensor(layer, each), value)
    if spec is not None and spec.variadic and isinstance(value, list | tuple):
        raise UsageError(f"{layer.name} takes its inputs one by one, layer(a, b), got a {type(value).__name__}")
    if spec is None and (value is None or isinstance(value, tf.RaggedTensor | tf.SparseTensor)):
        return value
    tensor = tf.convert_to_tensor(value)
    casts = spec is None or spec.takes == "float"
    return layer.cast(tensor) if casts and tensor.dtype.is_floating else tensor


def only_symbols(layer: Any, inputs: tuple[Any, ...], options: Mapping[str, Any]) -> list[Symbol]:
    """The inputs, where the layer is called on symbols.

    Raises:
        UsageError: one is none, or something else is given besides.
    """
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise UsageError(
            f"{layer.name} is called on an Input, which runs nothing yet, so '{given[0]}' would be lost: give it when the network"
            f" is called; what always holds belongs into the layer"
        )
    symbols = [join(value, []) if _is_source(value) else value for value in inputs]
    for value in symbols:
        if not isinstance(value, Symbol):
            raise UsageError(
                f"{layer.name} takes its inputs one by one, layer(a, b), each an Input or what a layer gave"
            )
    return symbols


def _is_source(value: Any) -> bool:
    """Whether it is a layer that stands for a value by itself, as a Variable."""
    return getattr(value, "spec_type", None) is not None and value.spec_type.source


def named_arguments(layer: Any, named: Mapping[str, Any]) -> dict[str, Any]:
    """What was given by name, for `call`: tensors as those given by place, anything else as it is.

    Raises:
        UsageError: the layer's `call` is not written by hand, or does not name them.
    """
    if named and layer.spec_type is not None:
        raise UsageError(
            f"{layer.name} takes its inputs by their places, layer(a, b), got '{next(iter(named))}' by name"
        )
    parameters = inspect.signature(layer.call).parameters.values() if named else ()
    takes_any = any(each.kind is each.VAR_KEYWORD for each in parameters)
    for name, value in named.items():
        if not takes_any and name not in layer.call_takes:
            taken = ", ".join(each.name for each in parameters)
            raise UsageError(f"{type(layer).__name__}.call has no parameter '{name}', but {taken}")
        if symbols_in(value):
            raise UsageError(f"{layer.name} got an Input as '{name}': give what layers gave by its place, layer(a, b)")
    return {name: as_tensor(layer, value) if tf.is_tensor(value) else value for name, value in named.items()}


@contextmanager
def shapes_explained(layer: Any, tensors: list[Any]) -> Iterator[None]:
    """Says, of an error inside, that the layer was built for inputs of other shapes, if so."""
    try:
        yield
    except (ValueError, tf.errors.InvalidArgumentError) as error:
        flat = [tensor.shape for tensor in tf.nest.flatten(tensors) if tensor is not None]
        given = tuple((None, *shape[1:]) if shape.rank else () for shape in flat)
        if layer._built_for in ((), given):
            raise
        built, now = (" and ".join(map(show, shapes)) for shapes in (layer._built_for, given))
        raise SpecError(f"{layer.path} was built for inputs of {built}, and cannot take {now}: {error}") from error
