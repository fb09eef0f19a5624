"""What changes a static graph when its network takes its place: other paths, other dtypes, layers that are shared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from netlib.nn.symbolic import Static
from netlib.spec.graph import Graph, Node


def rebased(graph: Graph, prefix: str, *, trainable: bool = True) -> Graph:
    """The same graph with paths that begin with `prefix`, which includes its dot; frozen unless it is `trainable`."""

    def moved(node: Node) -> Node:
        free = trainable and node.trainable
        body = rebased(node.body, f"{prefix}{node.name}.", trainable=free) if node.body else None
        return replace(node, path=prefix + node.name, body=body, trainable=free)

    return replace(graph, nodes=tuple(map(moved, graph.nodes)))


def retyped(graph: Graph, layers: Mapping[str, Any]) -> Graph:
    """The same graph with the dtypes that follow from those of its layers, which may have been told them only now."""
    done = Graph(graph.inputs)
    for node in graph.nodes:
        static: Static = layers[node.shares or node.name].static(*(done.tensor(ref) for ref in node.reads.values()))
        body = rebased(static.body, f"{node.path}.", trainable=node.trainable) if static.body else None
        typed = replace(node, outputs=static.outputs, spec=static.spec, body=body, weights=static.weights)
        done = replace(done, nodes=(*done.nodes, typed))
    return replace(done, outputs=graph.outputs)


def without_repeats(graph: Graph, layers: Mapping[str, Any]) -> Graph:
    """The graph in which a layer that runs in several networks inside is counted once: everywhere else, `shares` says where.

    Args:
        graph: the network's.
        layers: those of its nodes by name, all built.
    """
    owners = {id(layers[node.name]): node.path for node in graph.nodes if node.shares is None}

    def marked(node: Node, inner: Any) -> Node:
        if node.body is None or not hasattr(inner, "in_order"):
            return node
        nodes = []
        for each in node.body.nodes:
            layer = inner.layer(each.name)
            owner = owners.setdefault(id(layer), each.path)
            shared = replace(each, shares=owner) if owner != each.path and each.shares is None else each
            nodes.append(marked(shared, layer))
        return replace(node, body=replace(node.body, nodes=tuple(nodes)))

    return replace(graph, nodes=tuple(marked(node, layers[node.shares or node.name]) for node in graph.nodes))
