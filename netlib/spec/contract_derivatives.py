"""The contract of `gradient(y, x)` in losses and metrics: y must be an output that is computed of x, an output or an input."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from netlib.spec.computed import BoundCompute, Derivative, Read
from netlib.spec.errors import Problem
from netlib.spec.graph import Ref
from netlib.spec.tensors import TensorSpec

if TYPE_CHECKING:
    from netlib.spec.graph import Graph


def derivative_problems(graph: Graph, term: BoundCompute, others: Mapping[str, TensorSpec]) -> list[Problem]:
    """What is wrong with the derivatives in a loss or a metric.

    Args:
        graph: the network.
        term: what has them.
        others: what is known of targets and inputs, as `netlib.spec.computed.beside` puts them.
    """
    place = ("train", *term.loc, "Compute")
    return [Problem(place, text) for each in term.derivatives for text in _wrong(graph, each, others)]


def _wrong(graph: Graph, derivative: Derivative, others: Mapping[str, TensorSpec]) -> Iterator[str]:
    of, by = derivative.of, derivative.by
    sides = [*_sides(derivative)]
    if sides:
        yield from sides
        return
    for read in (of, by):
        tensor = graph.output_tensors()[read.name] if read.side == "output" else others.get(read.key)
        if tensor is not None and tensor.known and "float" not in tensor.dtype:
            subject = f"'{derivative.text}': {read.side} '{read.name}' is {tensor.dtype}"
            yield f"{subject}, and only floating-point numbers have derivatives"
            return
    if not graph.derives(graph.outputs[of.name], _ref(graph, by)):
        yield (
            f"'{derivative.text}' is 0 everywhere: output '{of.name}' is not computed of {by.side} '{by.name}'; give the two"
            " in the order gradient(y, x), where y is computed of x"
        )


def _sides(derivative: Derivative) -> Iterator[str]:
    for read, sides, what in (
        (derivative.of, ("output",), "an output"),
        (derivative.by, ("output", "input"), "an output or an input"),
    ):
        written = ".".join(map(str, read.chain))
        if written != read.text:
            yield f"'{derivative.text}' takes {read.side} '{read.name}' as a whole, got '{written}'; index the result"
        elif read.side not in sides:
            place = "first" if what == "an output" else "second"
            yield f"'{derivative.text}' takes {what} of the network {place}, and '{read.name}' is {_article(read.side)}"


def _article(side: str) -> str:
    return f"an {side}" if side[0] in "aeiou" else f"a {side}"


def _ref(graph: Graph, read: Read) -> Ref:
    return graph.outputs[read.name] if read.side == "output" else Ref(None, read.name)
