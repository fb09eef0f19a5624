"""The layout of any directed acyclic graph: nothing overlaps, edges lead down and past the boxes."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.report.diagram.layers import GAP_ACROSS, Joint, Port, Size, place


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[Size], list[Joint]]:
    count = draw(st.integers(1, 14))
    sizes = [Size(draw(st.floats(5, 300)), draw(st.floats(5, 400))) for _ in range(count)]
    pairs = draw(st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=30))
    offset = st.floats(-0.5, 0.5)
    return sizes, [
        Joint(Port(one, draw(offset) * sizes[one].width), Port(two, draw(offset) * sizes[two].width))
        for one, two in map(sorted, pairs)
        if one != two
    ]


@given(graph=graphs())
@settings(max_examples=150)
def test_boxes_do_not_overlap_and_lie_within_the_picture(graph: tuple[list[Size], list[Joint]]) -> None:
    sizes, joints = graph
    placed = place(sizes, joints)
    boxes = [
        (m - s.width / 2, t, m + s.width / 2, t + s.height)
        for s, m, t in zip(sizes, placed.middles, placed.tops, strict=True)
    ]
    for one, two in combinations(boxes, 2):
        beside = one[2] <= two[0] + 1e-6 or two[2] <= one[0] + 1e-6
        assert beside or one[3] <= two[1] or two[3] <= one[1]
    for left, top, right, bottom in boxes:
        assert left >= -1e-6
        assert top >= 0
        assert right <= placed.width + 1e-6
        assert bottom <= placed.height + 1e-6


@given(graph=graphs())
@settings(max_examples=150)
def test_edges_lead_down_and_pass_other_boxes_at_a_distance(graph: tuple[list[Size], list[Joint]]) -> None:
    sizes, joints = graph
    placed = place(sizes, joints)
    for joint, way in zip(joints, placed.ways, strict=True):
        first, last = placed.layers[joint.source.box], placed.layers[joint.target.box]
        assert last - first == len(way) + 1
        for layer, column in enumerate(way, start=first + 1):
            for box, size in enumerate(sizes):
                if placed.layers[box] == layer:
                    assert abs(placed.middles[box] - column) >= size.width / 2 + GAP_ACROSS


def test_a_chain_is_a_straight_line() -> None:
    sizes = [Size(width, 20.0) for width in (40.0, 200.0, 90.0, 10.0)]
    placed = place(sizes, [Joint(Port(i, 0.0), Port(i + 1, 0.0)) for i in range(3)])
    assert placed.middles == pytest.approx([100.0] * 4)
    assert placed.layers == [0, 1, 2, 3]


def test_crossings_that_can_be_avoided_are_avoided() -> None:
    """Two pairs, declared crosswise."""
    joints = [Joint(Port(0, 0.0), Port(3, 0.0)), Joint(Port(1, 0.0), Port(2, 0.0))]
    placed = place([Size(50.0, 20.0)] * 4, joints)
    assert (placed.middles[0] < placed.middles[1]) == (placed.middles[3] < placed.middles[2])


def test_what_reads_nothing_stands_just_above_its_reader() -> None:
    joints = [Joint(Port(0, 0.0), Port(1, 0.0)), Joint(Port(1, 0.0), Port(3, 0.0)), Joint(Port(2, 0.0), Port(3, 0.0))]
    assert place([Size(50.0, 20.0)] * 4, joints).layers == [0, 1, 1, 2]


def test_pinned_boxes_are_in_the_first_and_the_last_layer() -> None:
    sizes = [Size(2.0, 0.0, "top"), Size(2.0, 0.0, "top"), Size(50.0, 20.0), Size(50.0, 20.0), Size(2.0, 0.0, "bottom")]
    joints = [
        Joint(Port(0, 0.0), Port(2, 0.0)),
        Joint(Port(2, 0.0), Port(3, 0.0)),
        Joint(Port(1, 0.0), Port(3, 0.0)),
        Joint(Port(2, 0.0), Port(4, 0.0)),
    ]
    assert place(sizes, joints).layers == [0, 0, 1, 2, 2]


def test_an_edge_from_top_to_bottom_alone_has_two_layers() -> None:
    sizes = [Size(2.0, 0.0, "top"), Size(2.0, 0.0, "bottom")]
    placed = place(sizes, [Joint(Port(0, 0.0), Port(1, 0.0))])
    assert placed.layers == [0, 1]
    assert placed.height > 0
