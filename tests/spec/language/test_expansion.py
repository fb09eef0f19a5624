"""What one pass over a list of nodes does besides what the language says: failed nodes, and what follows from them."""

from __future__ import annotations

from typing import Any

import pytest


def test_nodes_run_in_their_order_copies_in_place(graph_of: Any) -> None:
    graph = graph_of(
        "[{Dense: 4, name: a}, {Dense: 4, repeat: 2, name: b}, {Sequential: [], name: c}, {Dense: 4, if: false}]"
    )
    assert [node.name for node in graph.nodes] == ["a", "b.0", "b.1", "c"]
    assert [node.loc for node in graph.nodes] == [("model", 0), ("model", 1), ("model", 1), ("model", 2)]


@pytest.mark.parametrize(
    "broken",
    [
        "{Dens: 3, name: bad}",
        "{Dense: 3, name: bad, nam: 1}",
        "{Dense: -1, name: bad}",
        "{Dense: 3, name: bad, from: nowhere}",
        "{Dense: -1, name: bad, repeat: 2}",
        "{Dense: 3, name: bad, repeat: -1}",
        "{Dense: 3, name: bad, if: 3}",
        "{Dense: 3, name: bad, if: false, from: nowhere}",
        "{Dense: 3, name: bad, trainable: $zz}",
        "{Sequential: 3, name: bad}",
        "{Sequential: [Dense: -1], name: bad}",
        "{Conv2D: {filters: 1, kernel_size: 9}, name: bad}",
        "{share: nowhere, name: bad}",
    ],
)
def test_what_reads_a_failed_node_reports_nothing_of_its_own(problems_of: Any, broken: str) -> None:
    readers = "{Dense: 3, name: r}, {Add: , from: [bad, row]}, {Compute: bad * 2}, {share: bad}"
    assert len(problems_of(f"[{broken}, {readers}, {{Sequential: [{{Dense: 2, from: bad}}]}}]")) == 1


@pytest.mark.parametrize("word", ["repeat", "each"])
def test_a_copy_that_fails_fails_them_all_once(problems_of: Any, word: str) -> None:
    nodes = f"[{{Dense: $(2 - index), {word}: 4, name: d}}, {{Add: , from: d.*}}]"
    assert problems_of(nodes) == [((0, "Dense", "units"), "expected a number greater than 0, got 0")]


def test_a_name_is_told_wrong_once_and_the_parameters_are_checked_besides(problems_of: Any) -> None:
    found = problems_of("[{Dense: {units: 3, untis: 2}, name: sum}, {Dense: 2}]")
    assert [loc for loc, _ in found] == [(0, "name"), (0, "Dense", "untis")]


def test_a_node_is_not_called_unread_where_an_output_could_not_be_followed(problems_of: Any) -> None:
    nodes = "nodes: [{Dense: 3, name: a}, {Dense: 3, from: row}]"
    for outputs in ("[b]", "$zz", "3"):
        assert all("nothing reads" not in message for _, message in problems_of(f"{{{nodes}, outputs: {outputs}}}"))
