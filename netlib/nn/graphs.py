"""What changes a static graph when its network takes its place: other paths, other dtypes, layers that are shared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from netlib.nn.symbolic import Static
from netlib.spec.graph import Graph, Node, Ref, Tie
from netlib.spec.layer import MASK
from netlib.spec.tensors import TensorSpec, known_product


def layer_name(graph: Graph, node: Node) -> str:
    """The name under which a network has the layer of one of its graph's nodes: that of the node before that it shares; its own
    also where it shares one of a network around."""
    if node.shares is None:
        return node.name
    try:
        owner = graph.node(node.shares)
    except KeyError:
        return node.name
    return owner.name if owner.path == node.path else node.name


def mask_of(node: Node) -> Ref | None:
    """Where a node has its mask from, if that is one of the things that it reads."""
    return node.reads.get(MASK) if node.spec is not None and node.spec.reads_mask_beside else None


def tensors_read(graph: Graph, node: Node) -> list[TensorSpec]:
    """What a node is called with; its mask is not among it."""
    mask = mask_of(node)
    return [graph.tensor(ref) for name, ref in node.reads.items() if mask is None or name != MASK]


def rebased(graph: Graph, prefix: str, *, trainable: bool = True) -> Graph:
    """The same graph with paths that begin with `prefix`, which includes its dot; frozen unless it is `trainable`.

    What stands outside of the graph keeps its path.
    """
    before = next((node.path[: -len(node.name)] for node in graph.nodes if node.shares is None), prefix)

    def path(old: str) -> str:
        return prefix + old[len(before) :] if old.startswith(before) else old

    def moved(graph: Graph, free: bool) -> Graph:
        return replace(graph, nodes=tuple(moved_node(graph, node, free and node.trainable) for node in graph.nodes))

    def moved_node(graph: Graph, node: Node, free: bool) -> Node:
        is_here = node.shares is None or layer_name(graph, node) != node.name
        return replace(
            node,
            path=path(node.path),
            body=moved(node.body, free) if node.body else None,
            trainable=free,
            ties={name: Tie(path(tie.path), tie.transpose) for name, tie in node.ties.items()},
            shares=node.shares if is_here else path(str(node.shares)),
        )

    return moved(graph, trainable)


def repeated(graph: Graph, times: int | None) -> Graph:
    """The same graph as it stands in what runs it so many times for a sample; None where that is not known."""

    def moved(node: Node) -> Node:
        body = repeated(node.body, times) if node.body else None
        macs, runs = known_product((node.macs, times)), known_product((node.times, times))
        return replace(node, macs=macs, times=runs, body=body)

    return replace(graph, nodes=tuple(map(moved, graph.nodes)))


def retyped(graph: Graph, layers: Mapping[str, Any]) -> Graph:
    """The same graph with the dtypes that follow from those of its layers, which may have been told them only now."""
    done = Graph(graph.inputs)
    for node in graph.nodes:
        static: Static = layers[layer_name(graph, node)].static(*tensors_read(done, node))
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
            shared = replace(each, shares=owner, path=owner) if owner != each.path and each.shares is None else each
            nodes.append(marked(shared, layer))
        return replace(node, body=replace(node.body, nodes=tuple(nodes)))

    return replace(graph, nodes=tuple(marked(node, layers[layer_name(graph, node)]) for node in graph.nodes))
