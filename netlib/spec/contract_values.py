"""The contract between the values of the inputs and layers that are told the range of what they read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from netlib.spec.contract_activations import parameter_loc
from netlib.spec.errors import Problem
from netlib.spec.features import Feature
from netlib.spec.graph import Ref
from netlib.spec.layers.augmentation import AugmentationSpec
from netlib.spec.layers.core import Identity, Rescaling
from netlib.spec.layers.cropping import CroppingSpec
from netlib.spec.layers.erasing import RandomErasing
from netlib.spec.layers.flipping import Flip

if TYPE_CHECKING:
    from netlib.spec.graph import Graph, Node

KEEP_VALUES = (AugmentationSpec, CroppingSpec, Flip, Identity)
"""Layers whose output has the range of what they read, outside of training in any case."""

FILLED = 0.5
"""The share of a layer's `value_range` that values of that range fill at least."""


class Values(NamedTuple):
    """The range of values, and the input that they come from."""

    name: str
    least: float
    most: float


def check_values(graph: Graph, inputs: Mapping[str, Feature]) -> list[Problem]:
    """A warning at each layer whose `value_range` cannot be the range of what it reads: 0 to 1 where it takes 0 to 255.

    Args:
        graph: the network.
        inputs: what is known of its inputs, after preprocessing.
    """
    known = {
        Ref(None, name): Values(name, feature.minimum, feature.maximum)
        for name, feature in inputs.items()
        if feature.minimum is not None and feature.maximum is not None
    }
    return list(_inside(graph, known))


def _inside(graph: Graph, known: dict[Ref, Values]) -> Iterator[Problem]:
    """Goes through the nodes; `known` gets the ranges of what they give."""
    for node in graph.nodes:
        values = next((known.get(ref) for ref in node.reads.values()), None)
        if node.body is not None and node.spec is None:
            given = {Ref(None, name): known[ref] for name, ref in node.reads.items() if ref in known}
            yield from _inside(node.body, given)
            known |= {Ref(node.name, port): given[ref] for port, ref in node.body.outputs.items() if ref in given}
        elif values is not None:
            yield from _misfit(node, values)
            if isinstance(node.spec, KEEP_VALUES):
                known[Ref(node.name, next(iter(node.outputs)))] = values
            elif isinstance(node.spec, Rescaling) and (rescaled := _rescaled(node.spec, values)):
                known[Ref(node.name, next(iter(node.outputs)))] = rescaled


def _rescaled(spec: Rescaling, values: Values) -> Values | None:
    """None where each channel has a range of its own."""
    scale, offset = spec.scale, spec.offset
    if isinstance(scale, tuple) or isinstance(offset, tuple):
        return None
    ends = sorted(end * scale + offset for end in (values.least, values.most))
    return Values(values.name, ends[0], ends[1])


def _misfit(node: Node, values: Values) -> Iterator[Problem]:
    wanted = getattr(node.spec, "value_range", None)
    if wanted is None or values.least >= values.most or not _matters(node, wanted):
        return
    least, most = wanted
    width, rounding = most - least, 1e-5 * (most - least)
    beyond = values.least < least - rounding or values.most > most + rounding
    if beyond or values.most - values.least < FILLED * width:
        message = (
            f"{node.type} takes values from {least:g} to {most:g} (value_range), but those of input '{values.name}' come here"
            f" from {values.least:g} to {values.most:g}; write value_range: [{values.least:g}, {values.most:g}]"
        )
        yield Problem(parameter_loc(node, "value_range"), message, severity="warning")


def _matters(node: Node, wanted: tuple[float, float]) -> bool:
    """Whether what the layer does depends on the range: a colour inside of it is not cut off."""
    if not isinstance(node.spec, RandomErasing) or node.spec.fill_value is None:
        return True
    fill = node.spec.fill_value
    colours = fill if isinstance(fill, tuple) else (fill,)
    return not all(wanted[0] <= colour <= wanted[1] for colour in colours)
