"""Where everything in a picture of a nested graph stands: a container is laid out by itself, then is one box among others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from netlib.report.diagram.labels import below, is_opened, node_lines
from netlib.report.diagram.layers import Joint, Placed, Port, Size, place
from netlib.report.summary import tensor_text
from netlib.spec.graph import Graph, Node, Ref

Kind = Literal["input", "node", "container", "output"]
Point = tuple[float, float]

CHARACTER = 7.25
"""Width of a character of the boxes' text: of a monospaced font of 12 pixels."""
SMALL_CHARACTER = 6.05
LINE = 17.0
_PADDING = 12.0
_PORT_SPACING = 18.0
_LABEL_DOWN = 17.0


@dataclass(frozen=True)
class Box:
    """A rectangle with its text; `header` is the height of the part that holds the text. `path` is empty for no node."""

    kind: Kind
    name: str
    path: str
    lines: tuple[str, ...]
    x: float
    y: float
    width: float
    height: float
    header: float


@dataclass(frozen=True)
class Route:
    """An edge: it goes down straight, and across between two points that are not one above the other.

    `source` and `target` are paths of nodes, or `input x` and `output y` of the graph around it, whose path is `inside`; it
    `arrives` at a box, or only leads to the edge of that container.
    """

    inside: str
    source: str
    target: str
    text: str
    points: tuple[Point, ...]
    arrives: bool


@dataclass(frozen=True)
class Label:
    """A small text with its middle."""

    x: float
    y: float
    text: str


@dataclass
class Picture:
    """Boxes (a container before what is in it), edges and labels.

    Of what is in a container, `entries` and `exits` say where its edges begin and end at the container's own edge.
    """

    width: float = 0.0
    height: float = 0.0
    boxes: list[Box] = field(default_factory=list)
    routes: list[Route] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    entries: dict[str, float] = field(default_factory=dict)
    exits: dict[str, float] = field(default_factory=dict)

    def add(self, other: Picture, right: float, down: float) -> None:
        """Puts another picture into this one."""
        self.boxes += (replace(box, x=box.x + right, y=box.y + down) for box in other.boxes)
        self.labels += (replace(label, x=label.x + right, y=label.y + down) for label in other.labels)
        self.routes += (
            replace(route, points=tuple((x + right, y + down) for x, y in route.points)) for route in other.routes
        )


def lay_out_graph(graph: Graph, depth: int | None = None) -> Picture:
    """The picture of a network; containers more than `depth` levels deep are single boxes."""
    return _Level(graph, "", depth).picture()


def line_width(lines: Sequence[str]) -> float:
    """Of the widest line of a box's text, in pixels."""
    return max(len(line) for line in lines) * CHARACTER


@dataclass
class _Item:
    """An input, a node or an output of one graph, before it has a place."""

    kind: Kind
    name: str
    path: str
    lines: tuple[str, ...]
    size: Size
    header: float
    inside: Picture | None = None

    @property
    def end(self) -> str:
        """What an edge calls it."""
        return self.path or f"{self.kind} {self.name}"

    def moved(self, placed: Placed, index: int) -> Box:
        """As a box of the picture."""
        left = placed.middles[index] - self.size.width / 2
        return Box(
            self.kind,
            self.name,
            self.path,
            self.lines,
            left,
            placed.tops[index],
            self.size.width,
            self.size.height,
            self.header,
        )


class _Level:
    """One graph on its way to a picture. Without a `path` it is the whole network, whose inputs and outputs are boxes."""

    def __init__(self, graph: Graph, path: str, depth: int | None) -> None:
        self.graph = graph
        self.path = path
        self.items: list[_Item] = []
        self.places: dict[Ref, int] = {}
        for name, tensor in graph.inputs.items():
            self.places[Ref(None, name)] = len(self.items)
            self.items.append(self._end("input", name, tensor_text(tensor)))
        for node in graph.nodes:
            self.places.update({Ref(node.name, port): len(self.items) for port in node.outputs})
            self.items.append(_node_item(node, depth))
        self.joints: list[tuple[Joint, Ref]] = []
        for index, node in enumerate(graph.nodes, start=len(graph.inputs)):
            self.joints += ((self._joint(ref, index, name), ref) for name, ref in node.reads.items())
        for name, ref in graph.outputs.items():
            self.joints.append((self._joint(ref, len(self.items), name), ref))
            self.items.append(self._end("output", name, tensor_text(graph.tensor(ref))))

    def picture(self) -> Picture:
        """Everything in place."""
        placed = place([item.size for item in self.items], [joint for joint, _ in self.joints])
        picture = Picture(placed.width, placed.height)
        for index, item in enumerate(self.items):
            box = item.moved(placed, index)
            if item.path or not self.path:
                picture.boxes.append(box)
            elif item.kind == "input":
                picture.entries[item.name] = placed.middles[index]
            else:
                picture.exits[item.name] = placed.middles[index]
            if item.inside:
                picture.add(item.inside, box.x + (box.width - item.inside.width) / 2, box.y + box.header)
        picture.routes += self._routes(placed)
        picture.labels += self._labels(placed)
        return picture

    def _end(self, kind: Literal["input", "output"], name: str, shape: str) -> _Item:
        """An input or output: a box of the whole network, a mere place on the edge of a container."""
        if not self.path:
            lines = tuple(dict.fromkeys((name, kind, shape)))  # an input may be called `input`
            return _Item(kind, name, "", lines, _text_size(lines), _text_size(lines).height)
        several = len(self.graph.inputs if kind == "input" else self.graph.outputs) > 1
        width = len(name) * SMALL_CHARACTER if several else 2.0
        return _Item(kind, name, "", (name,), Size(width, 0.0, "top" if kind == "input" else "bottom"), 0.0)

    def _joint(self, ref: Ref, target: int, name: str) -> Joint:
        source = self.places[ref]
        inside = self.items[target].inside if target < len(self.items) else None
        offset = inside.entries[name] - inside.width / 2 if inside else 0.0
        return Joint(Port(source, self._exit(source, ref)), Port(target, offset))

    def _exit(self, index: int, ref: Ref) -> float:
        """How far right of the middle of a box an edge leaves it."""
        item = self.items[index]
        if item.inside:
            return item.inside.exits[ref.port] - item.inside.width / 2
        if ref.node is None:
            return 0.0
        ports = [port.port for port, place in self.places.items() if place == index]
        return item.size.width * ((ports.index(ref.port) + 1) / (len(ports) + 1) - 0.5)

    def _is_exit(self, index: int) -> bool:
        """Whether an item is a mere place on the lower edge of a container."""
        return bool(self.path) and index >= len(self.items) - len(self.graph.outputs)

    def _routes(self, placed: Placed) -> list[Route]:
        ends = self._entries_of_leaves(placed)
        routes = []
        for (joint, ref), way, end in zip(self.joints, placed.ways, ends, strict=True):
            source, target = joint.source.box, joint.target.box
            x = placed.middles[source] + joint.source.offset
            first = placed.layers[source]
            points = [(x, placed.tops[source] + self.items[source].size.height), (x, placed.bands[first][1])]
            for layer, column in enumerate(way, start=first + 1):
                points += [(column, placed.bands[layer][0]), (column, placed.bands[layer][1])]
            points.append((end, placed.tops[target]))
            start, stop = self.items[source].end, self.items[target].end
            text, arrives = tensor_text(self.graph.tensor(ref)), not self._is_exit(target)
            routes.append(Route(self.path, start, stop, text, tuple(dict.fromkeys(points)), arrives))
        return routes

    def _entries_of_leaves(self, placed: Placed) -> list[float]:
        """Where each edge arrives: several at one node side by side, in the order in which they come from left to right."""
        ends = [placed.middles[joint.target.box] + joint.target.offset for joint, _ in self.joints]
        arriving: dict[int, list[int]] = {}
        for index, (joint, _) in enumerate(self.joints):
            if self.items[joint.target.box].inside is None:
                arriving.setdefault(joint.target.box, []).append(index)
        for target, indices in arriving.items():
            spacing = min(_PORT_SPACING, self.items[target].size.width / (len(indices) + 1))
            indices.sort(key=lambda index: self._last_column(placed, index))
            for place_, index in enumerate(indices):
                ends[index] += (place_ - (len(indices) - 1) / 2) * spacing
        return ends

    def _last_column(self, placed: Placed, index: int) -> float:
        joint, _ = self.joints[index]
        return [placed.middles[joint.source.box] + joint.source.offset, *placed.ways[index]][-1]

    def _labels(self, placed: Placed) -> list[Label]:
        """A text for each port that is read: the tensor, or beside the edge of a container the name of its input."""
        labels = {}
        for joint, ref in self.joints:
            source = joint.source.box
            item, x = self.items[source], placed.middles[source] + joint.source.offset
            y = placed.tops[source] + item.size.height + _LABEL_DOWN
            if ref.node is None and self.path:
                if len(self.graph.inputs) > 1:
                    labels[ref] = Label(x, y, ref.port)
            elif not self._is_exit(joint.target.box):
                labels[ref] = Label(x, y, tensor_text(self.graph.tensor(ref)))
        return list(labels.values())


def _node_item(node: Node, depth: int | None) -> _Item:
    lines = tuple(node_lines(node))
    size = _text_size(lines, len(node.outputs))
    if node.body is None or not is_opened(node, depth):
        return _Item("node", node.name, node.path, lines, size, size.height)
    inside = _Level(node.body, node.path, below(depth)).picture()
    around = Size(max(size.width, inside.width + 2 * _PADDING), size.height + inside.height)
    return _Item("container", node.name, node.path, lines, around, size.height, inside)


def _text_size(lines: Sequence[str], ports: int = 1) -> Size:
    width = line_width(lines) * (ports if ports > 1 else 1)
    return Size(width + 2 * _PADDING, len(lines) * LINE + _PADDING)
