from __future__ import annotations

from dataclasses import replace

import pytest

from netlib.report.summary_rows import collect, summarise_graph, total
from netlib.spec.graph import Graph


def test_a_row_for_each_node_in_the_order_of_the_graph(graph):
    rows = list(collect(graph))
    assert [row.path for row in rows] == [node.path for node in graph.walk()]
    assert [row.path for row in rows if row.opened] == ["body", "body.inner"]


def test_numbers_stand_at_the_node_that_owns_them(graph):
    rows = {row.path: row for row in collect(graph)}
    assert rows["body.conv_2d"].parameters == (3 * 3 * 32 * 32 + 32, 0)
    assert rows["body.batch_normalization"].parameters == (64, 64)
    assert rows["memory"].parameters == (0, 2 * 32 * 128)  # frozen
    assert rows["body"].parameters == (0, 0)
    assert (rows["body"].macs, rows["memory"].macs, rows["digit"].macs) == (0, None, 320)
    assert rows["digit"].weight_bytes == 4 * 330


@pytest.mark.parametrize("depth", [None, 1, 2, 3, 9])
def test_totals_are_the_graphs_own_at_every_depth(graph, known_graph, depth):
    for network in (graph, known_graph):
        totals = total(list(collect(network, depth)))
        assert (totals.parameters, totals.macs) == (network.parameters(), network.macs())
        assert totals.weight_bytes == 4 * network.parameters().total


def test_depth_folds_containers_into_one_row(graph):
    rows = {row.path: row for row in collect(graph, depth=2)}
    assert "body.inner.conv_2d" not in rows
    assert (rows["body.inner"].opened, rows["body.inner"].parameters.total) == (False, 9248)
    assert rows["body.inner"].macs == 147_456


@pytest.mark.parametrize("depth", [None, 1, 2])
def test_a_layer_that_runs_again_has_its_parameters_once_and_its_cost_twice(known_graph, depth):
    (body,) = (node for node in known_graph.nodes if node.name == "body")
    (digit,) = (node for node in known_graph.nodes if node.name == "digit")
    again = (
        replace(body, name="body_2", path="body_2", shares="body"),
        replace(digit, name="digit_2", path="digit_2", shares="digit"),
    )
    twice = replace(known_graph, nodes=(*known_graph.nodes, *again))
    totals = total(list(collect(twice, depth)))
    assert totals.parameters == twice.parameters() == known_graph.parameters()
    assert totals.macs == known_graph.macs() + body.macs + digit.macs


def test_last_tells_how_to_draw_the_tree(graph):
    last = {row.path: row.last for row in collect(graph)}
    assert last["conv_2d"] == (False,)
    assert last["body.conv_2d"] == (False, False)
    assert last["body.inner.activation"] == (False, True, False)
    assert last["body.inner.conv_2d"] == (False, True, True)
    assert last["digit"] == (True,)


def test_a_summary_has_the_outputs_of_the_network(graph):
    summary = summarise_graph(graph, "net")
    assert (summary.name, list(summary.inputs), summary.outputs["digit"].shape) == ("net", ["image", "ids"], (None, 10))


def test_a_network_without_nodes_costs_nothing():
    totals = total(list(collect(Graph({}))))
    assert (totals.parameters.total, totals.weight_bytes, totals.macs) == (0, 0, 0)
