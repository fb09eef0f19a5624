"""Boxes in layers from top to bottom, with room for the edges between them: the layered drawing of Sugiyama and others.

Boxes get layers by their longest way from the top, are ordered within layers by the barycentres of what they are joined to
(the order with the fewest crossings wins), and get horizontal places by least squares, in that order and without overlap. An
edge over several layers passes each of them in a column of its own, which all edges from one port share.

K. Sugiyama, S. Tagawa, M. Toda: Methods for visual understanding of hierarchical system structures, 1981.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

GAP_ACROSS = 24.0
GAP_DOWN = 52.0
_TRUNK_WIDTH = 6.0
_ORDER_SWEEPS = 12
_PLACE_SWEEPS = 32
_LAST_SWEEPS = 8
_STRAIGHT = 12.0
"""How much more than others an edge wants to be straight that is the only one at both of its ends, or part of a column."""


class Port(NamedTuple):
    """A place on the lower or upper side of a box: how far right of its middle."""

    box: int
    offset: float


class Joint(NamedTuple):
    """An edge from a port of one box to a port of another one that comes later in the list of boxes."""

    source: Port
    target: Port


@dataclass(frozen=True)
class Size:
    """A box that is to be placed. `pinned` puts it into the first or the last layer."""

    width: float
    height: float
    pinned: Literal["top", "bottom"] | None = None


@dataclass(frozen=True)
class Placed:
    """`middles` and `tops` of the boxes; `bands` are top and bottom of the layers; `ways` the columns' middles that each edge
    passes, one for each layer between its ends."""

    width: float
    height: float
    middles: list[float]
    tops: list[float]
    layers: list[int]
    bands: list[tuple[float, float]]
    ways: list[list[float]]


def place(sizes: Sequence[Size], joints: Sequence[Joint]) -> Placed:
    """Places boxes so that none overlap and edges lead downwards."""
    layers = _layers(sizes, joints)
    net = _net(sizes, joints, layers)
    order = _ordered(net)
    middles = _middles(net, order, len(sizes))
    left = min((m - w / 2 for m, w in zip(middles, net.widths, strict=True)), default=0.0)
    middles = [middle - left for middle in middles]
    bands = _bands(sizes, layers, len(order))
    return Placed(
        width=max((m + w / 2 for m, w in zip(middles, net.widths, strict=True)), default=0.0),
        height=bands[-1][1] if bands else 0.0,
        middles=middles[: len(sizes)],
        tops=[bands[layer][0] for layer in layers],
        layers=layers,
        bands=bands,
        ways=[[middles[item] for item in way] for way in net.ways],
    )


def _layers(sizes: Sequence[Size], joints: Sequence[Joint]) -> list[int]:
    layers = [0] * len(sizes)
    for joint in sorted(joints, key=lambda joint: joint.target.box):
        layers[joint.target.box] = max(layers[joint.target.box], layers[joint.source.box] + 1)
    last = max(layers, default=0)
    if any(size.pinned == "top" for size in sizes) and any(size.pinned == "bottom" for size in sizes):
        last = max(last, 1)
    layers = [last if size.pinned == "bottom" else layer for size, layer in zip(sizes, layers, strict=True)]
    read = {joint.target.box for joint in joints}
    for box, size in enumerate(sizes):  # what reads nothing stands near what reads it
        readers = [layers[joint.target.box] for joint in joints if joint.source.box == box]
        if box not in read and readers and size.pinned is None:
            layers[box] = min(readers) - 1
    return layers


@dataclass
class _Net:
    """Boxes and columns alike, joined from layer to layer; the columns come after the boxes."""

    widths: list[float]
    layers: list[int]
    edges: list[tuple[Port, Port]] = field(default_factory=list)
    ways: list[list[int]] = field(default_factory=list)


def _net(sizes: Sequence[Size], joints: Sequence[Joint], layers: Sequence[int]) -> _Net:
    net = _Net([size.width for size in sizes], list(layers))
    columns: dict[tuple[Port, int], int] = {}
    joined: dict[tuple[Port, Port], None] = {}
    for source, target in joints:
        end, way = source, []
        for layer in range(layers[source.box] + 1, layers[target.box]):
            column = columns.setdefault((source, layer), len(net.widths))
            if column == len(net.widths):
                net.widths.append(_TRUNK_WIDTH)
                net.layers.append(layer)
            joined[end, Port(column, 0.0)] = None
            end = Port(column, 0.0)
            way.append(column)
        joined[end, target] = None
        net.ways.append(way)
    net.edges += joined
    return net


def _ordered(net: _Net) -> list[list[int]]:
    """The items of each layer from left to right."""
    order: list[list[int]] = [[] for _ in range(max(net.layers, default=-1) + 1)]
    for item, index in enumerate(net.layers):
        order[index].append(item)
    neighbours = _neighbours(net)
    best, fewest = [list(layer) for layer in order], _crossings(net, order)
    for sweep in range(_ORDER_SWEEPS):
        if not fewest:
            break
        downwards = sweep % 2 == 0
        for layer in order if downwards else order[::-1]:
            _sort_by_barycentre(layer, neighbours[0 if downwards else 1], order)
        crossings = _crossings(net, order)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in order], crossings
    return best


def _neighbours(net: _Net) -> tuple[list[list[int]], list[list[int]]]:
    """Of each item: what is joined to it from above, and from below."""
    above: list[list[int]] = [[] for _ in net.widths]
    under: list[list[int]] = [[] for _ in net.widths]
    for source, target in net.edges:
        above[target.box].append(source.box)
        under[source.box].append(target.box)
    return above, under


def _sort_by_barycentre(layer: list[int], joined: list[list[int]], order: list[list[int]]) -> None:
    if len(layer) < 2:
        return
    position = {item: index for items in order for index, item in enumerate(items)}
    wanted = {
        item: sum(position[other] for other in joined[item]) / len(joined[item]) if joined[item] else position[item]
        for item in layer
    }
    layer.sort(key=wanted.__getitem__)


def _crossings(net: _Net, order: list[list[int]]) -> int:
    position = {item: index for items in order for index, item in enumerate(items)}
    gaps: dict[int, list[tuple[float, float]]] = {}
    for source, target in net.edges:
        ends = position[source.box] + _slope(source, net), position[target.box] + _slope(target, net)
        gaps.setdefault(net.layers[source.box], []).append(ends)
    total = 0
    for ends_in_gap in gaps.values():
        seen: list[float] = []
        for _, end in sorted(ends_in_gap):
            total += len(seen) - bisect_right(seen, end)
            insort(seen, end)
    return total


def _slope(port: Port, net: _Net) -> float:
    """Where on its box a port is, between -0.5 and 0.5, so that ports of one box can cross too."""
    return max(-0.5, min(0.5, port.offset / net.widths[port.box]))


def _middles(net: _Net, order: list[list[int]], boxes: int) -> list[float]:
    """Least squares in turns: each layer's items go where the edges from one side, then from the other, are straight."""
    middles = [0.0] * len(net.widths)
    for layer in order:
        for index, item in enumerate(layer):
            middles[item] = middles[layer[index - 1]] + _apart(net, layer[index - 1], item) if index else 0.0
    down: list[list[tuple[float, int, float]]] = [[] for _ in net.widths]
    up: list[list[tuple[float, int, float]]] = [[] for _ in net.widths]
    for (source, target), weight in zip(net.edges, _weights(net, boxes), strict=True):
        down[target.box].append((weight, source.box, source.offset - target.offset))
        up[source.box].append((weight, target.box, target.offset - source.offset))
    both = [one + other for one, other in zip(down, up, strict=True)]
    for sweep in range(_PLACE_SWEEPS):
        pulls = both if sweep >= _PLACE_SWEEPS - _LAST_SWEEPS else up if sweep % 2 else down
        for layer in order[::-1] if sweep % 2 else order:
            _settle(layer, pulls, middles, net)
    return middles


def _weights(net: _Net, boxes: int) -> list[float]:
    above, under = _neighbours(net)

    def straight(source: int, target: int) -> bool:
        return min(source, target) >= boxes or len(under[source]) == len(above[target]) == 1

    return [_STRAIGHT if straight(source.box, target.box) else 1.0 for source, target in net.edges]


def _apart(net: _Net, left: int, right: int) -> float:
    return (net.widths[left] + net.widths[right]) / 2 + GAP_ACROSS


def _settle(layer: list[int], pulls: list[list[tuple[float, int, float]]], middles: list[float], net: _Net) -> None:
    """Moves a layer's items as near to where they are pulled as their order and widths allow (pool adjacent violators)."""
    blocks: list[
        tuple[float, float, int]
    ] = []  # weight, mean, number of items; in places from which the widths are taken
    shift, shifts = 0.0, []
    for index, item in enumerate(layer):
        shift += _apart(net, layer[index - 1], item) if index else 0.0
        shifts.append(shift)
        weight = sum(pull for pull, _, _ in pulls[item])
        wanted = sum(pull * (middles[other] + offset) for pull, other, offset in pulls[item])
        # What nothing pulls stays near where it is.
        weight, mean = (weight, wanted / weight) if weight else (0.01, middles[item])
        block = (weight, mean - shift, 1)
        while blocks and blocks[-1][1] > block[1]:
            weight, mean, count = blocks.pop()
            total = weight + block[0]
            block = (total, (weight * mean + block[0] * block[1]) / total, count + block[2])
        blocks.append(block)
    settled = [mean for _, mean, count in blocks for _ in range(count)]
    for item, mean, moved in zip(layer, settled, shifts, strict=True):
        middles[item] = mean + moved


def _bands(sizes: Sequence[Size], layers: Sequence[int], count: int) -> list[tuple[float, float]]:
    heights = [0.0] * count
    for size, layer in zip(sizes, layers, strict=True):
        heights[layer] = max(heights[layer], size.height)
    bands, top = [], 0.0
    for height in heights:
        bands.append((top, top + height))
        top += height + GAP_DOWN
    return bands
