"""A chain of layers: lists in which nodes as a config writes them, layers, Keras layers, modules and functions may be mixed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from netlib.nn.foreign import as_layer
from netlib.nn.joining import graph_of
from netlib.nn.layer import Layer
from netlib.nn.symbolic import Symbol
from netlib.spec.errors import Problem, SpecError, UsageError
from netlib.spec.graph import Graph
from netlib.spec.layer import LayerSpec
from netlib.spec.nodes import CONTAINERS, NodeSyntax, parse_node
from netlib.spec.registry import spec_class
from netlib.spec.tensors import TensorSpec


def is_plain(item: Any) -> bool:
    """Whether it is a node as a config writes it."""
    return isinstance(item, str | Mapping)


def chained(
    items: list[Any],
    start: tuple[str, TensorSpec],
    name: str,
    prefix: str,
    held: Mapping[str, Layer[Any]] | None = None,
) -> tuple[Graph, dict[str, Layer[Any]]]:
    """The graph of a chain, and its layers by name; `held` are those that have names already.

    Raises:
        SpecError: at its place in the list, what a layer cannot take.
    """
    symbol = begin = Symbol(start[1], start[0])
    for index, item in enumerate(items):
        try:
            layer = layer_of(item, ("nodes", index))
        except SpecError as error:
            raise SpecError(error.problems, name) from None
        try:
            symbol = layer(symbol)
        except SpecError as error:
            place = ("nodes", index, layer.type_name())
            raise SpecError([replace(problem.under(place), at="key") for problem in error.problems], name) from None
        if not isinstance(symbol, Symbol):
            raise UsageError(
                f"{name}: {layer.type_name()} at {index} has several outputs ({', '.join(symbol)}); join layers by nn.Input"
            )
    traced = graph_of(begin, symbol, prefix, held)
    return traced.graph, traced.layers


def layer_of(item: Any, loc: tuple[str | int, ...]) -> Layer[Any]:
    """The layer itself, or one made of a node as a config writes it."""
    if not is_plain(item):
        return as_layer(item)
    syntax = parse_node(item, loc)
    if syntax.source is not None:
        raise SpecError([Problem((*loc, "from"), "a node among layers reads the one before; join others by nn.Input")])
    options = {"name": syntax.name, "trainable": syntax.trainable}
    if syntax.type in CONTAINERS:
        return _container(syntax, options)
    try:
        spec = spec_class("layer", syntax.type).parse(syntax.parameters)
    except SpecError as error:
        raise SpecError([problem.under((*loc, syntax.type)) for problem in error.problems]) from None
    return Layer.from_spec(cast(LayerSpec, spec), **options)


def _container(syntax: NodeSyntax, options: dict[str, Any]) -> Layer[Any]:
    from netlib import nn  # which holds this module's own chains

    if syntax.type == "Sequential":
        return nn.Sequential(syntax.parameters, **options)
    section = syntax.parameters if isinstance(syntax.parameters, Mapping) else {"nodes": syntax.parameters}
    return nn.Network(**section, **options)
