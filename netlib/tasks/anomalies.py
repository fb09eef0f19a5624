"""What a training and a look at the data say of remarkable samples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from netlib.spec.graph import Graph
from netlib.spec.heads import Heads
from netlib.spec.looks import Anomaly

MOST_SAID = 8
"""Lines before a training; the others are for a look at the data."""
_OF_CLASSES = ("unseen", "imbalance")
_EQUALISING = ("BatchNormalization",)
"""Layers that bring all columns to the same deviation."""


def relevant(found: Iterable[Anomaly], heads: Heads | None, graph: Graph | None) -> tuple[Anomaly, ...]:
    """Without what is none for this network and its losses.

    That is what takes a target for classes that every loss of it reads as numbers, and what is said of the scales of an input
    that goes through a BatchNormalization first.

    Args:
        found: of the samples alone.
        heads: the losses; None where they are not known.
        graph: the network, likewise.
    """
    numbers = read_as_numbers(heads)
    equalised = _equalised(graph) if graph else set()
    return tuple(
        each
        for each in found
        if not (each.kind in _OF_CLASSES and each.about in numbers)
        and not (each.kind == "scales" and each.about in equalised)
    )


def read_as_numbers(heads: Heads | None) -> set[str]:
    """The targets in which no loss sees classes."""
    losses = heads.losses if heads else ()
    classes = {loss.target for loss in losses if loss.spec.target != "like output" or loss.spec.classifies}
    return {loss.target for loss in losses} - classes


def lines(found: Sequence[Anomaly], config: str) -> list[str]:
    """One line for each anomaly, at most `MOST_SAID` and one that says where the others are."""
    said = [f"data: {each.message}" for each in found[:MOST_SAID]]
    more = len(found) - MOST_SAID
    return [*said, f"data: and {more} more: netlab peek {config}"] if more > 0 else said


def _equalised(graph: Graph) -> set[str]:
    """The inputs that nothing else reads."""
    reads = [(ref.port, node.type) for node in graph.nodes for ref in node.reads.values() if ref.node is None]
    return {name for name, _ in reads} - {name for name, type_ in reads if type_ not in _EQUALISING}
