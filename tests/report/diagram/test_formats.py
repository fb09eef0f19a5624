"""Every node and every edge of a graph is in every kind of picture, once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from netlib.report.diagram.dot import to_dot
from netlib.report.diagram.links import links
from netlib.report.diagram.mermaid import to_mermaid
from netlib.report.diagram.svg import to_svg
from netlib.report.diagram.text import to_text
from netlib.spec.graph import Graph, Node, Ref
from netlib.spec.tensors import show

Edge = tuple[str, str, str]
Drawing = Callable[[Graph, str], tuple[set[str], Counter[Edge]]]
NAME = 'a "name" with <marks> & \\ # [brackets]'
SVG = "{http://www.w3.org/2000/svg}"


def origin(graph: Graph, around: list[tuple[Graph, Node]], ref: Any) -> str:
    """The layer or input of the whole network at which an edge begins, followed through containers."""
    if ref.node is None:
        if not around:
            return f"input {ref.port}"
        (outer, container), rest = around[-1], around[:-1]
        return origin(outer, rest, container.reads[ref.port])
    node = next(node for node in graph.nodes if node.name == ref.node)
    if node.body is None or not node.body.nodes:
        return node.path
    return origin(node.body, [*around, (graph, node)], node.body.outputs[ref.port])


def expected(graph: Graph) -> tuple[set[str], Counter[Edge]]:
    """Leaves (inputs, layers, outputs) and edges with shapes, found by going back from every reader."""
    names: set[str] = {f"input {name}" for name in graph.inputs} | {f"output {name}" for name in graph.outputs}
    edges: Counter[Edge] = Counter()

    def visit(inner: Graph, around: list[tuple[Graph, Node]]) -> None:
        for node in inner.nodes:
            if node.body and node.body.nodes:
                visit(node.body, [*around, (inner, node)])
                continue
            names.add(node.path)
            edges.update(
                (origin(inner, around, ref), node.path, show(inner.tensor(ref).shape)) for ref in node.reads.values()
            )

    visit(graph, [])
    edges.update(
        (origin(graph, [], ref), f"output {o}", show(graph.tensor(ref).shape)) for o, ref in graph.outputs.items()
    )
    return names, edges


def from_dot(graph: Graph, name: str) -> tuple[set[str], Counter[Edge]]:
    text = to_dot(graph, name)
    edges = re.findall(r'^  "([^"]+)" -> "([^"]+)" \[label="([^"]+)"\];$', text, re.MULTILINE)
    return set(re.findall(r'^ *"([^"]+)" \[label=', text, re.MULTILINE)), Counter(edges)


def from_mermaid(graph: Graph, name: str) -> tuple[set[str], Counter[Edge]]:
    text = to_mermaid(graph, name)
    ends = {"input": {}, "node": {}, "output": {}}
    paths: dict[str, str] = {}
    inside: list[str] = []
    for line in text.splitlines()[4:]:
        if found := re.fullmatch(r' *subgraph n\d+\["([^",]+).*"\]', line):
            inside.append(found[1])
        elif line.strip() == "end":
            inside.pop()
        elif found := re.fullmatch(r' *(n\d+)\(?\["([^<"]+)<br/>([^<"]+).*"\]\)?', line):
            outer = found[3] in ends and not inside
            paths[found[1]] = f"{found[3]} {found[2]}" if outer else ".".join([*inside, found[2]])
    edges = re.findall(r'^  (n\d+) -->\|"([^"]+)"\| (n\d+)$', text, re.MULTILINE)
    return set(paths.values()), Counter((paths[source], paths[target], shape) for source, shape, target in edges)


@pytest.mark.parametrize("drawing", [from_dot, from_mermaid])
def test_all_layers_and_all_edges_between_them_are_drawn(graph: Graph, drawing: Drawing) -> None:
    names, edges = drawing(graph, NAME)
    wanted_names, wanted_edges = expected(graph)
    assert names == wanted_names
    assert edges == wanted_edges


def boxes_of(root: ET.Element) -> Iterator[tuple[str, str, tuple[float, float, float, float]]]:
    """Kind, path or name, and corners of every box."""
    for group in root.iter(f"{SVG}g"):
        rect = group.find(f"{SVG}rect[@class='frame']")
        if rect is not None:
            x, y, width, height = (float(rect.attrib[key]) for key in ("x", "y", "width", "height"))
            kind = group.attrib["class"].split()[0]
            yield kind, group.attrib["data-path"] or group.attrib["data-name"], (x, y, x + width, y + height)


def test_the_svg_is_xml_with_every_node_at_its_own_place(graph: Graph) -> None:
    root = ET.fromstring(to_svg(graph, NAME))
    boxes = list(boxes_of(root))
    nodes = [(kind, path) for kind, path, _ in boxes if kind in ("node", "container")]
    assert Counter(path for _, path in nodes) == Counter(node.path for node in graph.walk())
    assert {path for kind, path in nodes if kind == "container"} == {
        n.path for n in graph.walk() if n.body and n.body.nodes
    }
    assert [path for kind, path, _ in boxes if kind == "input"] == list(graph.inputs)
    assert [path for kind, path, _ in boxes if kind == "output"] == list(graph.outputs)
    width, height = (float(root.attrib[key]) for key in ("width", "height"))
    for kind, path, (left, top, right, bottom) in boxes:
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
        for other_kind, other, corners in boxes:
            inside = kind == "container" and other.startswith(f"{path}.") and other_kind in ("node", "container")
            if inside:
                assert left <= corners[0] < corners[2] <= right
                assert top <= corners[1] < corners[3] <= bottom
            elif (kind, path) != (other_kind, other) and not path.startswith(f"{other}."):
                assert right <= corners[0] or corners[2] <= left or bottom <= corners[1] or corners[3] <= top


def edges_by_level(graph: Graph, path: str = "") -> Iterator[tuple[str, str, str]]:
    """Container, beginning and end of every edge, level by level."""
    places = {Ref(None, name): f"input {name}" for name in graph.inputs}
    places |= {Ref(node.name, port): node.path for node in graph.nodes for port in node.outputs}
    for node in graph.nodes:
        yield from ((path, places[ref], node.path) for ref in node.reads.values())
        if node.body and node.body.nodes:
            yield from edges_by_level(node.body, node.path)
    yield from ((path, places[ref], f"output {name}") for name, ref in graph.outputs.items())


def test_the_svg_has_every_edge_of_every_level_from_its_beginning_to_its_end(graph: Graph) -> None:
    root = ET.fromstring(to_svg(graph, NAME))
    groups = [group for group in root.iter(f"{SVG}g") if "data-source" in group.attrib]
    drawn = [tuple(group.attrib[f"data-{key}"] for key in ("inside", "source", "target")) for group in groups]
    assert Counter(drawn) == Counter(edges_by_level(graph))
    corners = {path: box for kind, path, box in boxes_of(root) if kind in ("node", "container")}
    for group, (_, source, target) in zip(groups, drawn, strict=True):
        way = group.find(f"{SVG}path")
        assert way is not None
        numbers = [float(number) for number in re.findall(r"[\d.]+", way.attrib["d"])]
        if source in corners:
            left, _, right, bottom = corners[source]
            assert left < numbers[0] < right
            assert numbers[1] == pytest.approx(bottom, abs=0.2)
        if target in corners:
            left, top, right, _ = corners[target]
            assert left < numbers[-2] < right
            assert numbers[-1] == pytest.approx(top, abs=0.2)


def texts(root: ET.Element) -> set[str]:
    return {element.text or "" for element in root.iter(f"{SVG}text")}


def test_the_svg_says_name_type_parameters_and_shapes(make_graph: Callable[..., Graph]) -> None:
    graph = make_graph([{"Dense": 4, "name": "head"}, {"Sequential": [{"Dense": 1}], "name": "nest"}], x=(3,))
    root = ET.fromstring(to_svg(graph, NAME))
    assert {NAME, "head", "Dense, 16 parameters", "(batch, 4)", "nest", "Sequential, 5 parameters", "dense"} <= texts(
        root
    )
    labels = [element.text for element in root.iter(f"{SVG}text") if element.attrib["class"] == "label"]
    assert sorted(labels) == ["(batch, 1)", "(batch, 3)", "(batch, 4)"]


def test_the_inputs_of_a_container_with_several_are_named(make_graph: Callable[..., Graph]) -> None:
    pair = {
        "Network": {"inputs": ["left", "right"], "nodes": [{"Add": None, "from": ["left", "right"]}]},
        "name": "pair",
    }
    graph = make_graph([{**pair, "from": {"left": "a", "right": "b"}}], a=(3,), b=(3,))
    assert {"left", "right"} <= texts(ET.fromstring(to_svg(graph, "pair")))


@pytest.mark.parametrize("name", ["\x00\x1b[0m", "]]>", "<script>", "日本 😀", ""])
def test_any_name_makes_an_svg_that_is_xml(make_graph: Callable[..., Graph], name: str) -> None:
    ET.fromstring(to_svg(make_graph([{"Dense": 1}], x=(3,)), name))


def test_the_text_names_every_node_with_what_it_reads(make_graph: Callable[..., Graph]) -> None:
    body = {
        "nodes": [{"Dense": 4, "name": "one"}, {"Dense": 2, "name": "two"}],
        "outputs": {"small": "two", "large": "one"},
    }
    nodes = [
        {"Network": body, "name": "nest"},
        {"Concatenate": None, "from": ["nest.small", "nest.large"], "name": "both"},
    ]
    assert to_text(make_graph(nodes, x=(3,)), "title").splitlines() == [
        "title",
        "",
        "node    type         reads                  output                      parameters",
        "x       input                               (batch, 3)",
        "nest    Network      x (batch, 3)           small: (batch, 2) from two",
        "                                            large: (batch, 4) from one",
        "├─ one  Dense        input (batch, 3)       (batch, 4)                          16",
        "└─ two  Dense        one (batch, 4)         (batch, 2)                          10",
        "both    Concatenate  nest.small (batch, 2)  (batch, 6)                           0",
        "                     nest.large (batch, 4)",
        "both    output       both (batch, 6)        (batch, 6)",
    ]


def test_the_text_has_a_row_for_every_node_and_a_line_for_every_edge(graph: Graph) -> None:
    head, *lines = to_text(graph, NAME).splitlines()[2:]
    start, end = head.index("reads"), head.index("output")
    reads = [line[start:end].strip() for line in lines]
    assert sum("(batch" in read for read in reads) == sum(len(node.reads) for node in graph.walk()) + len(graph.outputs)
    kind = head.index("type")
    named = [(line[:kind].strip("│├└─ "), line[kind:start].strip()) for line in lines if line[kind:start].strip()]
    wanted = [(name, "input") for name in graph.inputs] + [(node.name, node.type) for node in graph.walk()]
    assert named == [*wanted, *((name, "output") for name in graph.outputs)]


def test_a_node_that_shares_a_layer_says_so_and_has_no_parameters_of_its_own(make_graph: Callable[..., Graph]) -> None:
    graph = make_graph([{"Dense": 36, "name": "one"}, {"Dense": 36, "name": "two"}], x=(36,))
    one, two = graph.nodes
    shared = replace(graph, nodes=(one, replace(two, shares="one")))
    for draw in (to_svg, to_dot, to_mermaid, to_text):
        text = draw(shared, "network")
        assert "Dense, shares one" in text
        assert text.count("1,332") == 1


def test_what_is_deeper_than_depth_is_one_box(make_graph: Callable[..., Graph]) -> None:
    inner = {"Sequential": [{"Dense": 4, "name": "deep"}], "name": "inner"}
    graph = make_graph([{"Sequential": [inner, {"Dense": 2, "name": "flat"}], "name": "around"}], x=(3,))
    for draw in (to_svg, to_dot, to_mermaid, to_text):
        whole, half, flat = (draw(graph, "network", depth) for depth in (None, 2, 1))
        assert [("deep" in text, "flat" in text, "around" in text) for text in (whole, half, flat)] == [
            (True, True, True),
            (False, True, True),
            (False, False, True),
        ]
    assert [(link.source.path, link.target.path) for link in links(graph, 1)] == [("x", "around"), ("around", "around")]
