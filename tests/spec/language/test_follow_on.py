"""What is told of nodes that cannot be made, and what texts that are nearly right are told."""

from __future__ import annotations

from typing import Any

import pytest

A = "{{blocks: {{A: {{params: {{n: $required}}, nodes: {nodes}}}}}, model: {model}}}"


@pytest.mark.parametrize(
    ("nodes", "model", "messages"),
    [
        ("[{Dense: $n, nam: x}]", "[{A: 3}]", ["a node has no key 'nam'"]),
        ("[{Dense: 0.5}, {Sequential: [{Dense: $n}]}]", "[{A: 3}]", ["expected an integer, got 0.5"]),
        ("[{Dense: $n, trainable: $zz}]", "[{A: 3}]", ["there is no value 'zz' here"]),
        ("[{Dense: $n}]", "[{Dense: 0.5}, {Sequential: [{Dense: $row}]}]", ["expected an integer, got 0.5"]),
        ("[{Dense: $n}]", "[{Dense: 0.5}, A]", ["expected an integer, got 0.5", "block A needs 'n'"]),
        (
            "[{Dense: $n}]",
            "[{Dense: 0.5}, {A: {n: 3, m: 3}}]",
            ["expected an integer, got 0.5", "block A has no param"],
        ),
    ],
)
def test_a_value_of_the_surroundings_is_known_where_a_node_failed(
    nodes: str, model: str, messages: list[str], problems_of: Any
) -> None:
    told = [message for _, message in problems_of(A.format(nodes=nodes, model=model))]
    assert [each[: len(message)] for each, message in zip(told, messages, strict=True)] == messages


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[{TimeDistributed: }]", "TimeDistributed needs what it runs for each place: a node, or a list of nodes"),
        ("[{Dense: 3, each: 0, name: e}, {Add: , from: e.*}]", "Add reads at least one input, but there are no copies"),
        (
            "[{Dense: 3, each: 0, name: e}, {Compute: 'sum(ds[0])', from: {ds: e.*}}]",
            "'ds' is an empty list: there are no",
        ),
        ("[{Dense: 3, each: 0, name: e}, {Dense: 3, from: e.0}]", "'e' has no copies here, so there is no '0' of it"),
        (
            "[{Dense: 4, each: 2, name: w}, {share: w, from: row}]",
            "'w' has copies side by side: name one of its copies",
        ),
        ("[{Dense: 4, each: 2, name: d}, {Compute: d.0 * 2}]", "'d.0 * 2' is not an expression: invalid"),
        ("{nods: [{Dense: 3}]}", "a network has no key 'nods'; did you mean 'nodes'?"),
        ("[{Dense: {units: 4, repeat: 3}}]", "Dense takes no 'repeat': `repeat` stands beside the type's key"),
        ("{inputs: {x5: {shp: [3]}}, nodes: [{Dense: 3}]}", "an input has no key 'shp'; did you mean 'shape'?"),
        ("[{Dense: '$(input.shape[0] == 3)'}]", "'==' compares with nothing: the value is not known here"),
    ],
)
def test_what_is_told_first(text: str, message: str, problems_of: Any) -> None:
    from netlib.spec.tensors import TensorSpec

    shape = (None, None, 8) if "shape[0]" in text else (None, 4)
    assert problems_of(text, {"row": TensorSpec(shape)})[0][1][: len(message)] == message


def test_zero_copies_in_a_list_give_no_tensors_and_a_branch_need_not_use_x(graph_of: Any) -> None:
    assert len(graph_of("[{Dense: 4, each: 0, name: e}, {Add: , from: [row, e.*]}]").node("add").reads) == 1
    graph_of("[{Parallel: {branches: {a: {Compute: row * 2}, b: {Dense: 4}}, merge: Add}}]")
    shape = "{Dense: 3, if: '$(input.shape[0] != null)'}"
    assert graph_of(f"[{shape}]").nodes
