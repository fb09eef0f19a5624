from __future__ import annotations

from typing import Any

import pytest

from netlib.report.folding import runs_of
from netlib.report.summary import as_text, as_tree
from netlib.report.summary_rows import summarise_graph, total
from netlib.spec.graph import Graph
from netlib.spec.language.analysis import analyse
from netlib.spec.tensors import TensorSpec


def network(*nodes: Any, width: int = 8) -> Graph:
    graph, problems = analyse(list(nodes), {"given": TensorSpec((None, width))})
    assert graph is not None, problems
    return graph


def body(repeat: Any, *nodes: Any) -> dict[str, Any]:
    return {"Sequential": [{"Dense": 8}, *nodes], "name": "body", "repeat": repeat}


def names(graph: Graph) -> list[tuple[str, int]]:
    return [(run.name, run.copies) for run in runs_of(graph)]


def test_equal_copies_are_one_run():
    assert names(network(body(12), {"Dense": 2})) == [("body.0 ... body.11", 12), ("dense", 1)]


@pytest.mark.parametrize("repeat", [1, 2])
def test_a_few_are_shown_each(repeat):
    assert len(names(network(body(repeat)))) == repeat


def test_copies_that_differ_are_shown_each():
    widths = network({"Dense": "$item", "repeat": [8, 8, 4, 4], "name": "hidden"})
    assert names(widths) == [("hidden.0", 1), ("hidden.1", 1), ("hidden.2", 1), ("hidden.3", 1)]
    last = network({"Dense": "$item", "repeat": [8, 8, 8, 4], "name": "hidden"})
    assert names(last) == [("hidden.0 ... hidden.2", 3), ("hidden.3", 1)]
    two = network({"Dense": 8, "repeat": 2, "name": "a"}, {"Dense": 8, "repeat": 2, "name": "b"})
    assert [copies for _, copies in names(two)] == [1, 1, 1, 1]


def test_a_node_that_only_looks_equal_is_none():
    assert names(network({"Dense": 8}, {"Dense": 8}, {"Dense": 8})) == [("dense", 1), ("dense_2", 1), ("dense_3", 1)]


@pytest.mark.parametrize("depth", [None, 1, 2, 3])
def test_rows_add_up_to_the_graph_folded_or_not(depth):
    inner = {"Sequential": [{"Dense": 8}], "name": "inner", "repeat": 4}
    graph = network(body(3, inner), {"Dense": 2})
    totals = [total(summarise_graph(graph, "net", depth, fold=fold).rows) for fold in (True, False)]
    assert totals[0] == totals[1]
    assert (totals[0].parameters, totals[0].macs) == (graph.parameters(), graph.macs())


def test_a_folded_line_says_how_many_and_the_inside_is_shown_once():
    summary = summarise_graph(network(body(12), {"Dense": 2}), "net")
    assert [row.path for row in summary.rows] == ["body.0 ... body.11", "body.0.dense", "dense"]
    text = as_text(summary, 100)
    assert "\nbody.0 ... body.11  x12  Sequential  (batch, 8)\n" in text
    assert f"\nbody.0.dense{' ' * 13}Dense       (batch, 8)         864   768\n" in text
    assert "\nxN: that many equal copies, shown once; the numbers are those of all of them.\n" in text
    assert "└─ dense" in as_tree(summary, 100, color=False)


def test_without_folding_every_copy_has_its_rows():
    rows = summarise_graph(network(body(12), {"Dense": 2}), "net", fold=False).rows
    assert len(rows) == 2 * 12 + 1
    assert "xN" not in as_text(summarise_graph(network(body(12)), "net", fold=False), 100)
