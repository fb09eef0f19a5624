"""From a static graph to the layers of its nodes, made where they are not there yet, told where they stand, and built."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from netlib.nn.graphs import rebased, retyped, without_repeats
from netlib.nn.layer import Layer
from netlib.nn.tracing import copy_to_try
from netlib.spec.graph import Graph, Node
from netlib.spec.precision import Policy


class NetworkPlace(NamedTuple):
    """What the layers of a network inherit: what their paths begin with (the dot included), seed, dtype policy and flag."""

    prefix: str
    seed: int | None
    policy: Policy | None
    trainable: bool


def assembled(
    graph: Graph, given: Mapping[str, Layer[Any]], place: NetworkPlace
) -> tuple[Graph, dict[str, Layer[Any]]]:
    """The graph as it is now that its layers stand in it, and all of them by name; `given` are those that are there already."""
    layers: dict[str, Layer[Any]] = {}
    for node in graph.nodes:
        if node.shares is None:
            layers[node.name] = layer = given[node.name] if node.name in given else _made(node, place)
            layer.place(node.path, place.seed, place.policy)
            if not place.trainable:
                layer.trainable = False
    if given and place.policy:
        graph = retyped(graph, layers)
    if not place.trainable:
        graph = rebased(graph, place.prefix, trainable=False)
    for node in graph.nodes:
        if node.shares is None:
            layers[node.name].build_whole(*(graph.tensor(ref) for ref in node.reads.values()))
    return without_repeats(graph, layers) if given else graph, layers


def expected(graph: Graph, given: Mapping[str, Layer[Any]], policy: Policy | None) -> Graph:
    """The graph with the dtypes that it will have, when the layers that are there already are told the policy."""
    if not given or policy is None:
        return graph
    copies = {name: copy_to_try(layer) for name, layer in given.items()}
    for layer in copies.values():
        layer.place(layer.path, None, policy)
    return retyped(graph, copies)


def _made(node: Node, place: NetworkPlace) -> Layer[Any]:
    from netlib.nn.network import Network  # which is made of what is here

    options: dict[str, Any] = {
        "name": node.name,
        "seed": place.seed,
        "path": place.prefix + node.name,
        "trainable": node.trainable,
        "dtype": place.policy.name if place.policy else None,
    }
    return Network(graph=node.body, **options) if node.spec is None else Layer.from_spec(node.spec, **options)
