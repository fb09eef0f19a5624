"""Which of a network's tensors are in memory at each moment of a step: forward through the layers, then backward.

A tensor lives from the layer that makes it to the last one that reads it, and on to the backward pass of those that read it again
there. A gradient lives from the backward pass of the last reader to that of the maker. A layer that can write over what it reads
takes that tensor's memory, and so does its gradient.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from netlib.spec.costs import Size, bytes_of, kept_bytes, size_of
from netlib.spec.graph import Graph, Node, Ref
from netlib.spec.layer import ShapeLayerSpec
from netlib.spec.tensors import DTYPE_BYTES, elements

Mode = Literal["xla", "graph", "eager"]
EAGER_KEPT = 2
"""Times as much as in a graph: in eager mode each operation of a layer keeps its own."""


class Moment(NamedTuple):
    """What is alive at the same time: bytes of activations and their gradients, and the trained weights' bytes of the layer whose
    backward pass it is; `weights` is 0 in the forward pass."""

    activations: Size
    weights: int


@dataclass
class _Buffer:
    """Memory of one tensor, or of several that follow each other in it. Numbers are those of layers in the order of running."""

    size: Size
    maker: int
    reader: int
    needed: int | None = None
    trained: bool = False


@dataclass(frozen=True)
class _Layer:
    node: Node
    reads: tuple[int, ...]
    writes: tuple[int, ...]
    kept: int


def moments(graph: Graph, mode: Mode, *, training: bool) -> list[Moment] | None:
    """Every moment in its order; None where an axis, or a layer of Keras's, is not known. Without `training` the forward pass
    alone."""
    if not graph.known:
        return None
    lives = _Lives(mode, training)
    lives.enter(graph)
    return None if lives.unknown else lives.moments()


class _Lives:
    """One pass through a graph: tensors get memory, and what needs them is noted."""

    def __init__(self, mode: Mode, training: bool) -> None:
        self.mode = mode
        self.training = training
        self.buffers: list[_Buffer] = []
        self.layers: list[_Layer] = []
        self.unknown = False

    def enter(self, graph: Graph) -> None:
        """The whole network: what its inputs, its layers and its outputs keep alive."""
        known = {Ref(None, name): self._new(size_of(tensor), -1) for name, tensor in graph.inputs.items()}
        given = self._walk(graph, known, _reader_counts(graph))
        for buffer in given.values():  # the loss reads them
            self.buffers[buffer].reader = len(self.layers)
            self.buffers[buffer].needed = len(self.layers)

    def _walk(self, graph: Graph, known: dict[Ref, int], readers: Mapping[Ref, int]) -> dict[str, int]:
        for node in graph.nodes:
            reads = {name: known[ref] for name, ref in node.reads.items()}
            if node.body is not None:
                inner = {
                    Ref(None, name): reads[name] if name in reads else self._new(size_of(tensor), len(self.layers))
                    for name, tensor in node.body.inputs.items()
                }
                made = self._walk(node.body, inner, _reader_counts(node.body))
                made = {port: made[port] for port in node.outputs}
            else:
                sole = bool(node.reads) and readers[next(iter(node.reads.values()))] == 1
                shapes = [graph.tensor(ref).shape for ref in node.reads.values()]
                made = self._layer(node, tuple(reads.values()), kept_bytes(node, shapes), sole=sole)
            known.update({Ref(node.name, port): buffer for port, buffer in made.items()})
        return {name: known[ref] for name, ref in graph.outputs.items()}

    def _layer(self, node: Node, reads: tuple[int, ...], kept: int | None, *, sole: bool) -> dict[str, int]:
        number, spec = len(self.layers), node.spec
        own = any(node.trains(weight) for weight in node.weights)
        trained = own or any(self.buffers[buffer].trained for buffer in reads)
        for buffer in reads:
            self.buffers[buffer].reader = number
        taken = reads[0] if reads and self._takes(node, reads[0], sole) else None
        made = {
            port: self._new(size_of(tensor, node.times), number) if taken is None else taken
            for port, tensor in node.outputs.items()
        }
        for buffer in made.values():
            self.buffers[buffer].trained |= trained
        self.unknown |= kept is None
        more = (kept or 0) * (EAGER_KEPT if self.mode == "eager" else 1) + self._kept_by_xla(node)
        self.layers.append(_Layer(node, reads, tuple(made.values()), more if trained and self.training else 0))
        if trained and self.training and spec is not None:
            again = [*(reads if spec.keeps_input else ()), *(made.values() if _keeps_output(spec) else ())]
            for buffer in again:
                needed = self.buffers[buffer].needed
                self.buffers[buffer].needed = number if needed is None else min(needed, number)
        return made

    def _takes(self, node: Node, buffer: int, sole: bool) -> bool:
        """Whether a layer's output has the memory of what it reads."""
        spec, size = node.spec, size_of(node.output, node.times) if len(node.outputs) == 1 else None
        if spec is None or not spec.in_place or size != self.buffers[buffer].size:
            return False
        if isinstance(spec, ShapeLayerSpec):
            return True
        found = self.buffers[buffer]
        return self.mode != "eager" and sole and found.needed is None and found.maker >= 0

    def _kept_by_xla(self, node: Node) -> int:
        activation: Any = getattr(node.spec, "activation", None)
        if self.mode != "xla" or activation is None or node.times is None:
            return 0
        count = (elements(node.output.shape) or 0) * node.times
        return int(activation.kept_by_xla - activation.kept) * count * DTYPE_BYTES[node.output.dtype]

    def _new(self, size: Size | None, maker: int) -> int:
        self.unknown |= size is None
        self.buffers.append(_Buffer(size or Size(), maker, maker))
        return len(self.buffers) - 1

    def moments(self) -> list[Moment]:
        """The live bytes, added up along the line of forward passes 0 to n - 1, the loss n, and backward passes n + 1 to 2 n."""
        count = len(self.layers)
        changes = [Size()] * (2 * count + 3)
        for begin, end, size in self._lives(count):
            changes[begin] = _plus(changes[begin], size)
            changes[end + 1] = _plus(changes[end + 1], size, -1)
        found, alive = [], Size()
        for at in range(2 * count + 1 if self.training else count + 1):
            alive = _plus(alive, changes[at])
            found.append(Moment(alive, _trained_bytes(self.layers[2 * count - at].node) if at > count else 0))
        return found

    def _lives(self, count: int) -> Iterator[tuple[int, int, Size]]:
        """When each tensor, gradient and kept value begins and ends to be in memory."""
        for each in self.buffers:
            end = each.reader
            if self.training and each.needed is not None:
                end = max(end, 2 * count - each.needed)
            yield max(each.maker, 0), end, each.size
            if self.training and each.trained and each.reader > each.maker:
                yield 2 * count - each.reader, 2 * count - each.maker, each.size
        for number, layer in enumerate(self.layers):
            if layer.kept:
                yield number, 2 * count - number, Size(layer.kept)
            if self.mode == "eager" and self.training:  # nothing is written over: one more while the layer runs
                for buffer in layer.writes:
                    yield 2 * count - number, 2 * count - number, self.buffers[buffer].size


def _keeps_output(spec: Any) -> bool:
    activation = getattr(spec, "activation", None)
    return bool(spec.keeps_output) or (activation is not None and activation.type_name() != "linear")


def _reader_counts(graph: Graph) -> dict[Ref, int]:
    counts: dict[Ref, int] = {}
    for ref in (*(ref for node in graph.nodes for ref in node.reads.values()), *graph.outputs.values()):
        counts[ref] = counts.get(ref, 0) + 1
    return counts


def _trained_bytes(node: Node) -> int:
    return sum(bytes_of(weight) for weight in node.weights if node.trains(weight))


def _plus(one: Size, other: Size, sign: int = 1) -> Size:
    return Size(one.per_sample + sign * other.per_sample, one.once + sign * other.once)
