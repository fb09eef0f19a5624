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
from netlib.spec.graph import Graph, Node
from netlib.spec.language.nodes import CONTAINERS, SHARE, check_node_name, parse_node
from netlib.spec.language.wiring import parse_wiring
from netlib.spec.layer import LayerSpec
from netlib.spec.registry import spec_class
from netlib.spec.tensors import TensorSpec

_TAKEN = ("name", "trainable", "dtype")


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
    """The graph of a chain, and its layers by name; `held` are those that have names already. What gives nothing, as AddLoss
    does, is nobody's `previous`: the next layer reads what that has read.

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
            given = layer(symbol)
        except SpecError as error:
            place = ("nodes", index, layer.type_name())
            raise SpecError([replace(problem.under(place), at="key") for problem in error.problems], name) from None
        if isinstance(given, Symbol):
            symbol = given
        elif given and (layer.spec is not None or layer.type_name() in CONTAINERS):  # as `previous` reads it
            symbol = next(iter(given.values()))
        elif given:
            raise UsageError(
                f"{name}: {layer.type_name()} at {index} has several outputs ({', '.join(given)}); join layers by nn.Input"
            )
    traced = graph_of(begin, symbol, prefix, held)
    return _as_listed(traced.graph), traced.layers


def _as_listed(graph: Graph) -> Graph:
    """The same with what gives nothing right behind what it reads, where it stands in the chain."""
    leaves: dict[str | None, list[Node]] = {}
    for node in graph.nodes:
        if not node.outputs:
            leaves.setdefault(next(iter(node.reads.values())).node, []).append(node)
    nodes = leaves.get(None, [])
    for node in graph.nodes:
        nodes += [node, *leaves.get(node.name, [])] if node.outputs else []
    return replace(graph, nodes=tuple(nodes))


def layer_of(item: Any, loc: tuple[str | int, ...]) -> Layer[Any]:
    """The layer itself, or one made of a node as a config writes it."""
    if not is_plain(item):
        return as_layer(item)
    syntax = parse_node(item, loc)
    if syntax.type == SHARE:
        raise SpecError([Problem(loc, "a layer among layers is shared by listing it twice")])
    for key in syntax.wiring:
        if key not in _TAKEN:
            what = "reads the one before" if key == "from" else f"takes no '{key}'"
            raise SpecError([Problem((*loc, key), f"a node among layers {what}; join others by nn.Input")])
    problems: list[Problem] = []
    wiring = parse_wiring(syntax.wiring, loc, problems)
    name = syntax.wiring.get("name")
    problems += check_node_name(name, (*loc, "name")) if name is not None else []
    if problems:
        raise SpecError(problems)
    options = {"name": name, "trainable": wiring.trainable, "dtype": wiring.dtype}
    if syntax.type in CONTAINERS:
        from netlib.nn.contained import container_of  # which is made of this module's chains

        return container_of(syntax.type, syntax.parameters, options)
    try:
        spec = spec_class("layer", syntax.type).parse(syntax.parameters)
    except SpecError as error:
        raise SpecError([problem.under((*loc, syntax.type)) for problem in error.problems]) from None
    return Layer.from_spec(cast(LayerSpec, spec), **options)
