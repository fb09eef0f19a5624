"""What a network consists of: collected from its graph node by node, and totalled. `netlib.report.summary` shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from netlib.report.folding import Run, runs_of
from netlib.spec.costs import Cost, add, cost, times
from netlib.spec.freezing import Stage
from netlib.spec.graph import Graph, Node, Parameters
from netlib.spec.memory import Memory
from netlib.spec.param_groups import Share
from netlib.spec.tensors import TensorSpec


@dataclass(frozen=True)
class Row:
    """One node, or `copies` equal ones that are shown as one.

    Numbers stand once: a container whose nodes have rows of their own has those of its own weights alone (`opened`), and
    parameters that a node shares with one before it are that one's.

    `cost` is that of all copies together. `reads` says what it reads, as a config's `from` does. `last` says of the containers
    around it, from the outside in, and of the node itself, whether it is the last one there.
    """

    node: Node
    path: str
    name: str
    cost: Cost
    reads: tuple[str, ...]
    last: tuple[bool, ...]
    opened: bool = False
    copies: int = 1

    @property
    def type(self) -> str:
        """The node's."""
        return self.node.type

    @property
    def outputs(self) -> dict[str, TensorSpec]:
        """The node's."""
        return self.node.outputs

    @property
    def parameters(self) -> Parameters:
        """Of its cost."""
        return self.cost.parameters

    @property
    def weight_bytes(self) -> int:
        """Of its cost."""
        return self.cost.weight_bytes

    @property
    def macs(self) -> int | None:
        """Of its cost; None where an axis is not known."""
        return self.cost.macs


@dataclass(frozen=True)
class StepMemory:
    """The memory of a step at a batch size, None where an axis is not known; of training, or of a forward pass alone.

    `room` is a memory in which a step is to fit (`room_text`: as a person wrote it), and `largest` the largest batch with which
    it does, None where none is known.
    """

    batch_size: int
    mode: str
    training: bool
    memory: Memory | None
    room: int | None = None
    room_text: str = ""
    largest: int | None = None


@dataclass(frozen=True)
class Summary:
    """A network in rows, with its name, inputs and outputs. `shares` are those of its optimizers, where there are groups;
    `stages` are epochs in which more is frozen than the rows say, with the number of parameters that are trained in them."""

    name: str
    inputs: dict[str, TensorSpec]
    outputs: dict[str, TensorSpec]
    rows: tuple[Row, ...]
    graph: Graph = field(compare=False, repr=False)
    step: StepMemory | None = None
    shares: tuple[Share, ...] = ()
    stages: tuple[tuple[Stage, int], ...] = ()

    @cached_property
    def totals(self) -> Cost:
        """The sums of the rows."""
        return total(self.rows)


def summarise_graph(
    graph: Graph,
    name: str,
    depth: int | None = None,
    *,
    fold: bool = True,
    step: StepMemory | None = None,
    shares: Sequence[Share] = (),
    stages: Sequence[tuple[Stage, int]] = (),
) -> Summary:
    """The summary of a network.

    Args:
        graph: the network.
        name: what it is called.
        depth: levels that are shown; containers that are deeper are one row each. All if None.
        fold: whether equal copies of a repeated node are one row.
        step: the memory that it needs.
        shares: what each of its optimizers updates, where there are several.
        stages: epochs in which more is frozen, with the number of parameters that are trained in them.
    """
    rows = tuple(collect(graph, depth, fold=fold))
    return Summary(name, graph.inputs, graph.output_tensors(), rows, graph, step, tuple(shares), tuple(stages))


def collect(graph: Graph, depth: int | None = None, *, fold: bool = False) -> Iterator[Row]:
    """A row for each node, in the order in which they run, a container before what is in it; see `summarise_graph`."""
    yield from _Collector(depth, fold).rows(_Place(graph, (), 1, again=False))


def total(rows: Sequence[Row]) -> Cost:
    """The sums of the rows."""
    return add(row.cost for row in rows)


class _Place(NamedTuple):
    """The inside of a container: `around` is `Row.last` of it, `copies` how many a row stands for, and `again` whether its layers
    are those of one before it."""

    graph: Graph
    around: tuple[bool, ...]
    copies: int
    again: bool


@dataclass(frozen=True)
class _Collector:
    depth: int | None
    fold: bool

    def rows(self, place: _Place) -> Iterator[Row]:
        """A row for each node there, and for those in it."""
        graph = place.graph
        runs = list(runs_of(graph)) if self.fold else [Run(node, node, 1) for node in graph.nodes]
        for run in runs:
            node, last = run.first, (*place.around, run is runs[-1])
            opened = node.body is not None and (self.depth is None or len(last) < self.depth)
            inside = _Place(node.body or graph, last, place.copies * run.copies, place.again or node.shares is not None)
            found = times(_own(node, place) if opened else _whole(node, place), inside.copies)
            reads = tuple(_source(graph, ref) for ref in node.reads.values())
            yield Row(node, run.path, run.name, found, reads, last, opened, run.copies)
            if opened:
                yield from self.rows(inside)


def _own(node: Node, place: _Place) -> Cost:
    """What a node costs without those in it."""
    shapes = [place.graph.tensor(ref).shape for ref in node.reads.values()]
    return cost(node, shapes, shared=place.again)


def _whole(node: Node, place: _Place) -> Cost:
    """What a node costs with all that is in it."""
    if node.body is None:
        return _own(node, place)
    inside = place._replace(graph=node.body, again=place.again or node.shares is not None)
    return add([_own(node, place), *(_whole(each, inside) for each in node.body.nodes)])


def _source(graph: Graph, ref: tuple[str | None, str]) -> str:
    """Where an edge begins, as a config's `from` says it."""
    name, port = ref
    if name is None:
        return port
    return name if len(graph.node(name).outputs) == 1 else f"{name}.{port}"
