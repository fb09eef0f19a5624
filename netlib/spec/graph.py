"""The static graph of a network: its nodes with their shapes, weights and costs, and the edges between them.

Values only; `netlib.spec.language.analysis` makes them from what a config says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import NamedTuple

from netlib.spec.errors import Loc
from netlib.spec.layer import LayerSpec, Weight
from netlib.spec.tensors import TensorSpec, sum_known


class Ref(NamedTuple):
    """Where an edge begins: a port of a node, or (`node` None) an input of the graph, whose name is then the port."""

    node: str | None
    port: str


class Tie(NamedTuple):
    """The weight at `path` serves as a weight of another node, `transpose`d or as it is: one variable, counted and saved once."""

    path: str
    transpose: bool = False


class Parameters(NamedTuple):
    """Numbers of parameters, each weight counted once."""

    trainable: int
    non_trainable: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.trainable + self.non_trainable


def sum_parameters(counts: Iterable[Parameters]) -> Parameters:
    """How many there are together."""
    found = list(counts)
    return Parameters(sum(each.trainable for each in found), sum(each.non_trainable for each in found))


@dataclass(frozen=True)
class Node:
    """One node: a layer (`spec`) or a container of nodes (`body`), what it reads and what it gives.

    A wrapper, which runs its nodes in a way of its own (`TimeDistributed`, `While`), has both. A copy of a repeated node has the
    node's name and its own, `stage.1`. `reads` has one entry for each input, by name (by number for a variadic layer).
    `path` is absolute and dotted, and a node that shares another's weights has that one's. `macs` are the multiply-accumulates
    of one sample, None if an axis is not known; `times` is how often the node runs for one sample, because of the wrappers around
    it. `trainable` is False when the node or a container around it is frozen; `frozen` names those of its weights that are frozen
    one by one. `dtype` is the policy and `training` the flag that
    the node was given, None where it takes those of what is around. `couples_rows` is whether samples of a batch come to depend
    on each other. `shares` names the node before whose layer runs here again; of one that stands in a network around, its path.
    `known` is False where its weights, and of an output that is `UNKNOWN_TENSOR` that too, are known only once Keras was asked.
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
    times: int | None = 1
    trainable: bool = True
    dtype: str | None = None
    training: bool | None = None
    couples_rows: bool = False
    ties: Mapping[str, Tie] = field(default_factory=dict)
    shares: str | None = None
    frozen: frozenset[str] = frozenset()
    known: bool = True

    @property
    def gives_unknown(self) -> bool:
        """Whether something of what it gives is not known."""
        return not all(tensor.known for tensor in self.outputs.values())

    @property
    def output(self) -> TensorSpec:
        """What its first port gives."""
        return next(iter(self.outputs.values()))

    @property
    def own_weights(self) -> tuple[Weight, ...]:
        """The weights of which the variables are its own: without those that are tied to another's."""
        return tuple(weight for weight in self.weights if weight.name not in self.ties)

    def trains(self, weight: Weight) -> bool:
        """Whether one of its weights is trained: both that and the node may be frozen."""
        return weight.trainable and self.trainable and weight.name not in self.frozen

    def parameters(self) -> Parameters:
        """How many parameters its own weights have, without those of the nodes in it."""
        total = sum(prod(weight.shape) for weight in self.own_weights)
        trainable = sum(prod(weight.shape) for weight in self.own_weights if self.trains(weight))
        return Parameters(trainable, total - trainable)

    def weight_path(self, weight: Weight) -> str:
        """The path of one of its weights."""
        return f"{self.path}.{weight.name}" if weight.name else self.path


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

    def leaves(self) -> Iterator[Node]:
        """Every layer, wherever it is nested; one that runs twice twice."""
        return (node for node in self.walk() if node.body is None)

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
        """The layer node at the beginning of an edge and its port, or None and the input of this graph; a container where it is
        what the container begins with of its own."""
        if ref.node is None:
            return None, ref.port
        node = self._by_name[ref.node]
        if node.body is None:
            return node, ref.port
        inner, port = node.body._origin(node.body.outputs[ref.port])
        if inner is None and port not in node.reads:
            return node, ref.port
        return (inner, port) if inner else self._origin(node.reads[port])

    def derives(self, of: Ref, by: Ref) -> bool:
        """Whether a gradient may go back from one place to another one before it; nothing is known of what is in containers."""
        waiting, seen = [of], {of}
        while waiting:
            ref = waiting.pop()
            if ref == by:
                return True
            if ref.node is not None and (node := self._by_name[ref.node]).type != "StopGradient":
                waiting += (read for read in node.reads.values() if read not in seen)
                seen.update(node.reads.values())
        return False

    def parameters(self) -> Parameters:
        """How many parameters it has."""
        return sum_parameters(node.parameters() for node in self.walk(shared=False))

    def macs(self) -> int | None:
        """Multiply-accumulates of one sample's forward pass; None if one node's are not known."""
        return sum_known(node.macs for node in self.nodes)

    @property
    def known(self) -> bool:
        """Whether there is nothing in it of which Keras has to be asked."""
        return all(node.known for node in self.walk())

    @property
    def couples_rows(self) -> bool:
        """Whether what it gives for a sample depends on the others of the batch, or a term that it adds does."""
        return any(node.couples_rows for node in self.walk())

    @cached_property
    def _by_name(self) -> dict[str, Node]:
        return {node.name: node for node in self.nodes}
