"""From a static graph to the layers of its nodes, made where they are not there yet, told where they stand, and built."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from importlib import import_module
from typing import Any, NamedTuple

from netlib.nn.graphs import layer_name, rebased, retyped, tensors_read, without_repeats
from netlib.nn.layer import Layer
from netlib.nn.tracing import copy_to_try
from netlib.nn.tying import variable_at
from netlib.spec.errors import UsageError
from netlib.spec.graph import Graph, Node
from netlib.spec.precision import Policy
from netlib.spec.wrappers import WrapperSpec


class NetworkPlace(NamedTuple):
    """What the layers of a network inherit: what their paths begin with (the dot included), seed, dtype policy and flag; and
    those that have been made before, here and in the networks around, by path: their weights may serve here too."""

    prefix: str
    seed: int | None
    policy: Policy | None
    trainable: bool
    made: MutableMapping[str, Any]


def assembled(
    graph: Graph, given: Mapping[str, Layer[Any]], place: NetworkPlace
) -> tuple[Graph, dict[str, Layer[Any]]]:
    """The graph as it is now that its layers stand in it, and all of them by name; `given` are those that are there already."""
    for name, layer in given.items():
        _tell(layer, graph.node(name), place)
    if given and place.policy:
        graph = retyped(graph, given)
    if not place.trainable:
        graph = rebased(graph, place.prefix, trainable=False)
    layers: dict[str, Layer[Any]] = {}
    for node in graph.nodes:
        if node.shares is None:
            layers[node.name] = layer = given[node.name] if node.name in given else _made(node, place)
            if node.name not in given:
                layer.frozen_names |= node.frozen
                _tell(layer, node, place)
            _tie(layer, node, place)
            layer.build_whole(*tensors_read(graph, node))
            place.made[node.path] = layer
        elif layer_name(graph, node) == node.name:
            layers[node.name] = given[node.name] if node.name in given else _around(node, place)
    return without_repeats(graph, layers) if given else graph, layers


def expected(graph: Graph, given: Mapping[str, Layer[Any]], policy: Policy | None) -> Graph:
    """The graph with the dtypes that it will have, when the layers that are there already are told the policy."""
    if not given or policy is None:
        return graph
    copies = {name: copy_to_try(layer) for name, layer in given.items()}
    for layer in copies.values():
        layer.place(layer.path, None, policy)
    return retyped(graph, copies)


def _tell(layer: Layer[Any], node: Node, place: NetworkPlace) -> None:
    layer.place(node.path, place.seed, place.policy)
    if not place.trainable:
        layer.trainable = False


def _tie(layer: Layer[Any], node: Node, place: NetworkPlace) -> None:
    for name, tie in node.ties.items():
        variable = variable_at(tie.path, place.made)
        if variable is None:
            raise UsageError(f"{node.path}: its {name} is tied to '{tie.path}', which is not before it in this network")
        if not layer.built:
            layer.tie(name, variable, transposed=tie.transpose)


def _around(node: Node, place: NetworkPlace) -> Layer[Any]:
    """The layer of a network around that runs again here."""
    found: Layer[Any] | None = place.made.get(str(node.shares))
    if found is None:
        raise UsageError(f"'{node.name}' shares '{node.shares}', which stands in no network around this one")
    return found


def _made(node: Node, place: NetworkPlace) -> Layer[Any]:
    policy = node.dtype or (place.policy.name if place.policy else None)
    options: dict[str, Any] = {
        "name": node.name.replace(".", "_"),
        "seed": place.seed,
        "path": place.prefix + node.name,
        "trainable": node.trainable,
        "dtype": policy,
    }
    if node.body is None:
        if node.spec is None:
            raise TypeError(f"{node.path} has neither a spec nor a body")
        return Layer.from_spec(node.spec, **options)
    from netlib.nn.network import Network  # which is made of what is here

    if isinstance(node.spec, WrapperSpec):
        module = import_module(type(node.spec).__module__.replace("netlib.spec.", "netlib.nn."))
        kind: type[Network] = getattr(module, type(node.spec).__name__)
        return kind(node.spec, graph=node.body, around=place.made, **options)
    return Network(graph=node.body, around=place.made, **options)
