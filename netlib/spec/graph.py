"""The static graph of a network: its nodes with their shapes, weights and costs, and the edges between them.

Values only; `netlib.spec.analysis` makes them from what a config says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import NamedTuple

from netlib.spec.errors import Loc
from netlib.spec.layer import LayerSpec, Weight
from netlib.spec.tensors import TensorSpec


class Ref(NamedTuple):
    """Where an edge begins: a port of a node, or (`node` None) an input of the graph, whose name is then the port."""

    node: str | None
    port: str


@dataclass(frozen=True)
class Node:
    """One node: a layer (`spec`) or a container of nodes (`body`), what it reads and what it gives.

    `reads` has one entry for each input, by name (by number for a variadic layer). `path` is absolute and dotted; the weights'
    paths are `path.name`. `macs` are the multiply-accumulates of one sample, None if an axis is not known. `trainable` is False
    when the node or a container around it is frozen. `shares` names the node before whose layer
    runs here again; of one that stands in a network around, its path.
    """

    name: str
    path: str
    loc: Loc
    type: str
    reads: dict[str, Ref]
    outputs: dict[str, TensorSpec]
    spec: LayerSpec | None = None
    body: Graph | None = None
    weights: tuple[Weight, ...] = ()
    macs: int | None = 0
    trainable: bool = True
    shares: str | None = None

    @property
    def output(self) -> TensorSpec:
        """What its first port gives."""
        return next(iter(self.outputs.values()))


class Parameters(NamedTuple):
    """Numbers of parameters, each weight counted once."""

    trainable: int
    non_trainable: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.trainable + self.non_trainable


@dataclass(frozen=True)
class Graph:
    """Nodes in the order in which they run, and which of their ports are the outputs."""

    inputs: dict[str, TensorSpec]
    nodes: tuple[Node, ...] = ()
    outputs: dict[str, Ref] = field(default_factory=dict)

    def walk(self, *, shared: bool = True) -> Iterator[Node]:
        """Every node, nested ones after the container that holds them; without `shared` each layer once."""
        for node in self.nodes:
            if node.shares and not shared:
                continue
            yield node
            if node.body:
                yield from node.body.walk(shared=shared)

    def node(self, name: str) -> Node:
        """The node of that name, not of one inside a container."""
        return self._by_name[name]

    def tensor(self, ref: Ref) -> TensorSpec:
        """The tensor at the beginning of an edge of this graph."""
        if ref.node is None:
            return self.inputs[ref.port]
        return self._by_name[ref.node].outputs[ref.port]

    def output_tensors(self) -> dict[str, TensorSpec]:
        """Shape and dtype of every output."""
        return {name: self.tensor(ref) for name, ref in self.outputs.items()}

    def producer(self, output: str) -> Node | None:
        """The innermost layer node that makes an output; None where an input is passed through."""
        return self.produced(output)[0]

    def produced(self, output: str) -> tuple[Node | None, str]:
        """The same, with the port of that node; without a node, the name of the input."""
        return self._origin(self.outputs[output])

    def _origin(self, ref: Ref) -> tuple[Node | None, str]:
        """The layer node at the beginning of an edge and its port, or None and the input of this graph."""
        if ref.node is None:
            return None, ref.port
        node = self._by_name[ref.node]
        if node.body is None:
            return node, ref.port
        inner, port = node.body._origin(node.body.outputs[ref.port])
        return (inner, port) if inner else self._origin(node.reads[port])

    def parameters(self) -> Parameters:
        """How many parameters it has."""
        trainable = total = 0
        for node in self.walk(shared=False):
            for weight in node.weights:
                size = prod(weight.shape)
                total += size
                trainable += size if weight.trainable and node.trainable else 0
        return Parameters(trainable, total - trainable)

    def macs(self) -> int | None:
        """Multiply-accumulates of one sample's forward pass; None if one node's are not known."""
        counts = [node.macs for node in self.walk() if node.spec]
        known = [count for count in counts if count is not None]
        return sum(known) if len(known) == len(counts) else None

    @cached_property
    def _by_name(self) -> dict[str, Node]:
        return {node.name: node for node in self.nodes}
