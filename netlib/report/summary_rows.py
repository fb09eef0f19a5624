"""What a network consists of: collected from its graph node by node, and totalled. `netlib.report.summary` shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

from netlib.spec.graph import Graph, Node, Parameters
from netlib.spec.layer import Weight
from netlib.spec.tensors import DTYPE_BYTES, TensorSpec


@dataclass(frozen=True)
class Row:
    """One node. Numbers stand once: a container whose nodes have rows of their own has none (`opened`), and parameters that a
    node shares with one before it are that one's.

    `last` says of the containers around it, from the outside in, and of the node itself, whether it is the last one there.
    `macs` is None where an axis is not known.
    """

    path: str
    name: str
    type: str
    outputs: dict[str, TensorSpec]
    parameters: Parameters
    weight_bytes: int
    macs: int | None
    last: tuple[bool, ...]
    opened: bool = False


@dataclass(frozen=True)
class Totals:
    """Sums over all rows; `macs`, of one sample, is None if those of a row are not known."""

    parameters: Parameters
    weight_bytes: int
    macs: int | None


@dataclass(frozen=True)
class Summary:
    """A network in rows, with its name, inputs and outputs."""

    name: str
    inputs: dict[str, TensorSpec]
    outputs: dict[str, TensorSpec]
    rows: tuple[Row, ...]

    @property
    def totals(self) -> Totals:
        """The sums of the rows."""
        return total(self.rows)


def summarise_graph(graph: Graph, name: str, depth: int | None = None) -> Summary:
    """The summary of a network; containers more than `depth` levels deep are shown as one row each."""
    return Summary(name, graph.inputs, graph.output_tensors(), tuple(collect(graph, depth)))


def collect(
    graph: Graph, depth: int | None = None, around: tuple[bool, ...] = (), *, again: bool = False
) -> Iterator[Row]:
    """A row for each node, in the order in which they run, a container before what is in it.

    Args:
        graph: the network, or the inside of a container.
        depth: levels that are shown; None for all.
        around: `Row.last` of the container.
        again: whether the container shares its layers with one before it.
    """
    for node in graph.nodes:
        last = (*around, node is graph.nodes[-1])
        opened = node.body is not None and (depth is None or len(last) < depth)
        shared = again or node.shares is not None
        yield _row(node, last, opened=opened, shared=shared)
        if node.body and opened:
            yield from collect(node.body, depth, last, again=shared)


def total(rows: Sequence[Row]) -> Totals:
    """The sums of the rows."""
    trainable = sum(row.parameters.trainable for row in rows)
    non_trainable = sum(row.parameters.non_trainable for row in rows)
    return Totals(
        Parameters(trainable, non_trainable), sum(row.weight_bytes for row in rows), _sum([row.macs for row in rows])
    )


def _row(node: Node, last: tuple[bool, ...], *, opened: bool, shared: bool) -> Row:
    alone = Graph({}, (node,))
    running = [] if opened else [part for part in alone.walk() if part.spec]
    owning = [] if opened or shared else alone.walk(shared=False)
    owned = [(weight, part.trainable) for part in owning for weight in part.weights]
    trainable = sum(prod(weight.shape) for weight, free in owned if weight.trainable and free)
    everything = sum(prod(weight.shape) for weight, _ in owned)
    return Row(
        path=node.path,
        name=node.name,
        type=node.type,
        outputs=node.outputs,
        parameters=Parameters(trainable, everything - trainable),
        weight_bytes=sum(_bytes(weight) for weight, _ in owned),
        macs=_sum([part.macs for part in running]),
        last=last,
        opened=opened,
    )


def _bytes(weight: Weight) -> int:
    return prod(weight.shape) * DTYPE_BYTES[weight.dtype or "float32"]


def _sum(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None
