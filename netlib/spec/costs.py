"""What a network costs, node by node, known before it runs: parameters, multiply-accumulates, FLOPs, bytes of activations.

Multiply-accumulates are those of matrix products, convolutions and attention. The rule for FLOPs: two for each of them (a
multiplication and an addition), and the backward pass takes twice the forward pass, for it has two such products where that has
one: the gradient of what the layer read, and that of its weights.

>>> flops(1_000)
Flops(forward=2000, backward=4000)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

from netlib.spec.graph import Node, Parameters, sum_parameters
from netlib.spec.layer import MASK, Weight
from netlib.spec.tensors import DTYPE_BYTES, Shape, TensorSpec, known_product, sum_known

FLOPS_PER_MAC = 2
BACKWARD_PER_FORWARD = 2


class Flops(NamedTuple):
    """Floating-point operations of one sample, in the two halves of a training step."""

    forward: int
    backward: int


class Size(NamedTuple):
    """Bytes: for each sample, and, of tensors that have no batch axis, once."""

    per_sample: int = 0
    once: int = 0

    def of(self, samples: int) -> int:
        """All bytes with so many samples."""
        return self.per_sample * samples + self.once


@dataclass(frozen=True)
class Cost:
    """What nodes cost. `macs` (of one sample) and `activations` are None where an axis is not known. Parameters and bytes are not
    `known` where there may be more of them.

    Activations are the outputs of layers, and what layers keep besides for the backward pass.
    """

    parameters: Parameters
    weight_bytes: int
    macs: int | None
    activations: Size | None
    known: bool = True

    @property
    def flops(self) -> Flops | None:
        """By the rule that stands above."""
        return None if self.macs is None else flops(self.macs)


def flops(macs: int) -> Flops:
    """The floating-point operations for so many multiply-accumulates of a forward pass."""
    forward = FLOPS_PER_MAC * macs
    return Flops(forward, BACKWARD_PER_FORWARD * forward)


def cost(node: Node, input_shapes: Iterable[Shape], *, shared: bool = False) -> Cost:
    """What a layer costs, without the nodes in it; `shared` if its weights are counted at another node.

    `input_shapes` are those of what it reads, in the order of `Node.reads`.
    """
    elsewhere = shared or node.shares is not None
    parameters = Parameters(0, 0) if elsewhere else node.parameters()
    weight_bytes = 0 if elsewhere else sum(map(bytes_of, node.own_weights))
    if node.body is not None:
        return Cost(parameters, weight_bytes, 0, Size())
    return Cost(parameters, weight_bytes, node.macs, activations(node, input_shapes), node.known)


def add(costs: Iterable[Cost]) -> Cost:
    """The sum; what is not known of one is not known of all."""
    found = list(costs)
    sizes = [each.activations for each in found]
    known = [size for size in sizes if size is not None]
    activated = Size(sum(size.per_sample for size in known), sum(size.once for size in known))
    return Cost(
        sum_parameters(each.parameters for each in found),
        sum(each.weight_bytes for each in found),
        sum_known(each.macs for each in found),
        activated if len(known) == len(sizes) else None,
        all(each.known for each in found),
    )


def times(one: Cost, copies: int) -> Cost:
    """What so many nodes cost that cost the same each."""
    size = one.activations
    return Cost(
        Parameters(*(count * copies for count in one.parameters)),
        one.weight_bytes * copies,
        known_product((one.macs, copies)),
        None if size is None else Size(size.per_sample * copies, size.once * copies),
        one.known,
    )


def activations(node: Node, input_shapes: Iterable[Shape]) -> Size | None:
    """Bytes of a layer's outputs and of what it keeps besides; None where an axis is not known."""
    sizes = [size_of(output, node.times) for output in node.outputs.values()]
    kept = kept_bytes(node, input_shapes)
    if kept is None or node.times is None or None in sizes:
        return None
    known = [size for size in sizes if size is not None]
    return Size(sum(size.per_sample for size in known) + kept, sum(size.once for size in known))


def kept_bytes(node: Node, input_shapes: Iterable[Shape]) -> int | None:
    """Bytes for each sample that a layer keeps for its backward pass besides what it reads and gives."""
    if node.gives_unknown:
        return None
    if node.spec is None or not node.outputs:
        return 0
    given = dict(zip(node.reads, input_shapes, strict=True))
    if node.spec.reads_mask_beside:
        given.pop(MASK, None)
    return known_product((node.spec.kept(*given.values()), DTYPE_BYTES[node.output.dtype], node.times))


def size_of(tensor: TensorSpec, times: int | None = 1) -> Size | None:
    """Bytes of a tensor that is made so many times for each sample; None where an axis is not known."""
    if not tensor.known:
        return None
    axes = tensor.shape[1:] if tensor.batched else tensor.shape
    found = known_product((*axes, DTYPE_BYTES[tensor.dtype], times))
    if found is None:
        return None
    return Size(found) if tensor.batched else Size(0, found)


def bytes_of(weight: Weight) -> int:
    """Bytes of a weight; one without a dtype is kept in float32."""
    return prod(weight.shape) * DTYPE_BYTES[weight.dtype or "float32"]
