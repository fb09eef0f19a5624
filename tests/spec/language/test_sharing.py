"""Shared nodes where what is around them differs."""

from __future__ import annotations

from typing import Any

from netlib.spec.tensors import TensorSpec


def test_a_shared_layer_computes_as_its_owner_does(graph_of: Any) -> None:
    text = "[{Sequential: [{Dense: 4, name: h}, {share: h}], dtype: bfloat16}]"
    assert [node.output.dtype for node in graph_of(text).leaves()] == ["bfloat16", "bfloat16"]
    outside = "[{Dense: 4, name: h}, {Sequential: [{share: h}], dtype: bfloat16}]"
    assert [node.output.dtype for node in graph_of(outside).leaves()] == ["float32", "float32"]


def test_a_shared_node_in_a_wrapper_runs_as_often_as_that(graph_of: Any) -> None:
    words = {"words": TensorSpec((None, 7, 4))}
    graph = graph_of("[{Dense: 4, name: h}, {TimeDistributed: {share: h}}]", words)
    assert [node.macs for node in graph.leaves()] == [7 * 16, 7 * 16]
    text = (
        "[{Sequential: [Dense: 4], name: s, from: row}, {TimeDistributed: {share: s}, from: words}, {Compute: x * 1}]"
    )
    graph = graph_of(f"{{nodes: {text}, outputs: [compute, s]}}", {**words, "row": TensorSpec((None, 4))})
    assert graph.nodes[1].macs == 7 * 16


def test_a_tied_layer_is_shared_with_its_tie(graph_of: Any) -> None:
    graph = graph_of("[{Dense: 4, name: a}, {Dense: 4, name: b, tie: {kernel: a.kernel}}, {share: b}]")
    assert graph.nodes[2].ties == graph.nodes[1].ties != {}
    assert graph.parameters().total == 24


def test_a_shared_block_takes_its_parameters_from_the_owner(graph_of: Any) -> None:
    text = "{blocks: {B: {params: {n: 3}, nodes: [Dense: $n]}}, model: [{B: 4, name: b}, {share: b}]}"
    assert [node.output.shape for node in graph_of(text).leaves()] == [(None, 4), (None, 4)]


def test_several_inputs_of_a_shared_network(graph_of: Any) -> None:
    nodes = "[{Dense: 3, from: p, name: d}, {Dense: 3, from: q}, {Add: , from: [d, previous]}]"
    box = f"{{Network: {{inputs: [p, q], nodes: {nodes}}}, from: [row, row], name: n}}"
    graph = graph_of(f"[{box}, {{share: n, from: {{q: row, p: row}}, name: m}}, {{Add: , from: [n, m]}}]")
    assert graph.parameters().total == 30
    assert list(graph.node("m").reads) == ["p", "q"]
