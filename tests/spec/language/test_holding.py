"""What is in a container or a block, seen from the graph around it."""

from __future__ import annotations

from typing import Any

from netlib.spec.graph import Ref
from netlib.spec.tensors import TensorSpec


def test_a_container_has_the_sum_of_its_nodes_macs_and_the_body_inputs_by_name(graph_of: Any) -> None:
    inside = "[Dense: 3, {Sequential: [Dense: 2]}, {Concatenate: , from: [previous, stem]}]"
    graph = graph_of(f"[{{Dense: 4, name: stem}}, {{Sequential: {inside}, name: s}}]")
    box = graph.node("s")
    assert box.macs == 12 + 6
    assert box.spec is None
    assert box.body.inputs == {name: TensorSpec((None, 4)) for name in ("input", "stem")}
    assert box.outputs == box.body.output_tensors() == {"output": TensorSpec((None, 6))}
    assert graph.macs() == 16 + 18


def test_a_wrapper_has_a_body_and_a_spec(graph_of: Any) -> None:
    graph = graph_of("[{While: {body: [{Add: , from: [input, row]}], max_iterations: 3}, name: w}]")
    loop = graph.node("w")
    assert loop.spec.max_iterations == 3
    assert loop.reads == {"input": Ref(None, "row"), "row": Ref(None, "row")}
    assert list(loop.body.inputs) == ["input", "row"]


def test_each_use_of_a_block_has_a_body_of_its_own(graph_of: Any) -> None:
    graph = graph_of("{blocks: {B: [Dense: 4]}, model: [{B: , repeat: 2, name: b}]}")
    assert [node.path for node in graph.leaves()] == ["b.0.dense", "b.1.dense"]
    assert [node.loc for node in graph.nodes] == [("model", 0), ("model", 0)]


def test_in_a_container_that_cannot_be_entered_only_its_own_mistakes_are_told(problems_of: Any) -> None:
    text = "[{Network: {inputs: [q, k], nodes: [{Dense: -1, from: q}, {Dense: $(q.channels), from: zz}]}}]"
    assert problems_of(text) == [
        ((0,), "Network reads q and k, but is given only what is before it; say in `from` what each one is"),
        ((0, "Network", "nodes", 0, "Dense", "units"), "expected a number greater than 0, got -1"),
    ]


def test_keys_of_from_are_names_of_inputs(problems_of: Any) -> None:
    assert problems_of("[{Sequential: [], from: {a b: row}}]") == [
        ((0, "from", "a b"), "expected a name of letters, digits and '_' that begins with no digit, got 'a b'")
    ]
