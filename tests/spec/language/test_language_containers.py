"""Containers: Sequential, Network, Residual, Parallel, and the wrappers TimeDistributed and While."""

from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.graph import Graph, Ref
from netlib.spec.tensors import TensorSpec

SEQUENCE = {"words": TensorSpec((None, 7, 4))}
ENDLESS = {"words": TensorSpec((None, None, 4))}
TWO = {"a": TensorSpec((None, 4)), "b": TensorSpec((None, 5))}


def paths(graph: Graph) -> list[str]:
    return [node.path for node in graph.walk()]


def shape(graph: Graph) -> tuple[int | None, ...]:
    (tensor,) = graph.output_tensors().values()
    return tensor.shape


@pytest.mark.parametrize(
    "empty",
    ["Sequential", "Sequential: []", "Sequential:", "Network: []", "Network: {nodes: []}", "TimeDistributed: []"],
)
def test_an_empty_list_is_the_identity(graph_of: Any, empty: str) -> None:
    graph = graph_of(f"[{{{empty}}}]" if ":" in empty else f"[{empty}]", SEQUENCE)
    assert graph.output_tensors() == {"output": SEQUENCE["words"]}
    assert graph.parameters().total == 0


def test_an_empty_model_is_the_identity(graph_of: Any) -> None:
    assert shape(graph_of("[]")) == (None, 4)


# Residual


def test_a_residual_is_input_plus_body(graph_of: Any) -> None:
    graph = graph_of("[{Residual: [{Dense: 8}, {Dense: 4}], name: r}]")
    assert paths(graph) == ["r", "r.dense", "r.dense_2", "r.add"]
    add = graph.node("r").body.node("add")
    assert add.reads == {"0": Ref("dense_2", "output"), "1": Ref(None, "input")}


def test_a_residual_adds_equal_shapes_without_broadcasting(problems_of: Any) -> None:
    remedy = "(batch, 4); bring both to one shape with Residual: {body: [...], shortcut: [...]}"
    for units in (1, 3):
        assert problems_of(f"[{{Residual: [{{Dense: {units}}}]}}]") == [
            (
                (0, "Residual"),
                f"Residual adds equal shapes, but its body gives (batch, {units}), and what that is added to is {remedy}",
            )
        ]


def test_a_residual_with_a_shortcut(graph_of: Any, problems_of: Any) -> None:
    graph = graph_of("[{Residual: {body: [{Dense: 8}, {Dense: 3}], shortcut: [{Dense: 3}]}, name: r}]")
    assert paths(graph) == [
        "r",
        "r.body",
        "r.body.dense",
        "r.body.dense_2",
        "r.shortcut",
        "r.shortcut.dense",
        "r.add",
    ]
    assert shape(graph_of("[{Residual: {body: [{Dense: 4}], shortcut: []}}]")) == (None, 4)
    assert problems_of("[{Residual: {body: [{Dense: 3}], shortcut: []}}]")[0][1].startswith(
        "Residual adds equal shapes"
    )


def test_parts_of_containers_may_be_variables(graph_of: Any) -> None:
    graph = graph_of("{vars: {b: [Dense: 4]}, model: [{Residual: {body: $b, shortcut: $b}, name: r}]}")
    assert paths(graph) == ["r", "r.body", "r.body.dense", "r.shortcut", "r.shortcut.dense", "r.add"]
    parallel = (
        "{vars: {b: [Dense: 4], m: Add, p: {k: $b}}, model: [{Parallel: {branches: {u: $b, v: [Flatten]}, merge: $m}}]}"
    )
    assert shape(graph_of(parallel)) == (None, 4)
    assert shape(graph_of("{vars: {p: {k: [Dense: 3]}}, model: [{Parallel: {branches: $p}}]}")) == (None, 3)
    assert shape(graph_of("{vars: {n: {Dense: 3}}, model: [{TimeDistributed: $n}]}", SEQUENCE)) == (None, 7, 3)
    assert shape(graph_of("{vars: {b: [Dense: 4]}, model: [{While: {body: $b}}]}")) == (None, 4)


def test_parts_of_containers_that_have_no_value(problems_of: Any) -> None:
    unknown = "there is no value 'zz' here (known: row, input)"
    for written, at in (
        ("Sequential: $zz", ()),
        ("Residual: {body: $zz, shortcut: []}", ("body",)),
        ("Parallel: {branches: $zz}", ("branches",)),
        ("Parallel: {branches: {a: $zz}}", ("branches", "a")),
        ("Parallel: {branches: {a: []}, merge: $zz}", ("merge",)),
        ("Network: {nodes: $zz}", ("nodes",)),
        ("Network: {inputs: $zz, nodes: []}", ("inputs",)),
        ("While: {body: $zz}", ("body",)),
        ("While: {body: x, max_iterations: $zz}", ("max_iterations",)),
    ):
        assert problems_of(f"[{{{written}, name: c}}, {{Dense: 3, from: c}}]") == [
            ((0, written.partition(":")[0], *at), unknown)
        ]


# Parallel


def test_parallel_branches_read_the_input_and_are_merged(graph_of: Any) -> None:
    text = "[{Parallel: {branches: {left: {Dense: 3}, right: [Dense: 8, Dense: 2], same: []}, merge: Concatenate}, name: p}]"
    graph = graph_of(text)
    assert paths(graph) == ["p", "p.left", "p.right", "p.right.dense", "p.right.dense_2", "p.same", "p.concatenate"]
    assert shape(graph) == (None, 9)


def test_parallel_without_merge_has_a_port_for_each_branch(graph_of: Any) -> None:
    text = (
        "[{Parallel: {branches: {left: {Dense: 3}, right: {Dense: 2}}}, name: p}, {Dense: 1, name: h, from: p.right}]"
    )
    graph = graph_of(text)
    assert list(graph.node("p").outputs) == ["left", "right"]
    assert graph.node("h").reads == {"input": Ref("p", "right")}
    assert shape(graph_of("[{Parallel: {branches: {left: {Dense: 3}, right: {Dense: 2}}}}]")) == (None, 3), "the first"


def test_parallel_merged_by_an_expression_reads_the_branches_by_name(graph_of: Any, problems_of: Any) -> None:
    text = "[{{Parallel: {{branches: {{left: {{Dense: 3}}, gate: {{Dense: 3}}}}, merge: {{Compute: {}}}}}}}]"
    assert shape(graph_of(text.format("left * sigmoid(gate)"))) == (None, 3)
    assert problems_of(text.format("left * 2"))[0][1] == "the expression does not use 'gate', which `from` gives it"


def test_a_branch_may_have_wiring(graph_of: Any) -> None:
    branches = "{a: {Dense: 4, trainable: false}, b: {Dense: 4, from: stem}}"
    graph = graph_of(f"[{{Dense: 4, name: stem}}, {{Parallel: {{branches: {branches}, merge: Add}}, from: row}}]")
    body = graph.nodes[1].body
    assert body.node("a").trainable is False
    assert body.node("b").reads == {"input": Ref(None, "stem")}


PARALLEL = "expected a mapping from a branch's name to its nodes, got"


@pytest.mark.parametrize(
    ("container", "at", "message"),
    [
        ("Sequential: 3", (), "Sequential expects a list of nodes, got 3"),
        ("Network: 3", (), "expected a list of nodes, or a mapping of 'inputs', 'nodes' or 'outputs', got 3"),
        ("Residual: 3", (), "Residual expects a list of nodes, or a mapping of 'body' or 'shortcut', got 3"),
        ("Residual: {body: []}", (), "Residual needs 'shortcut'"),
        ("Residual: {body: 3, shortcut: []}", ("body",), "expected a list of nodes, got 3"),
        (
            "Residual: {body: [], shortcut: [], boddy: 1}",
            ("boddy",),
            "Residual has no key 'boddy'; did you mean 'body'?",
        ),
        ("Parallel: [Dense: 3]", (), "Parallel expects a mapping of 'branches' or 'merge', got [{'Dense': 3}]"),
        ("Parallel: {}", (), "Parallel needs 'branches'"),
        ("Parallel: {branches: {}}", ("branches",), f"{PARALLEL} a mapping"),
        ("Parallel: {branches: 3}", ("branches",), f"{PARALLEL} 3"),
        ("Parallel: {branches: {a: 3}}", ("branches", "a"), "expected a node, such as 'Flatten' or 'Dense: 10', got 3"),
        (
            "Parallel: {branches: {a: {Dens: 3}}}",
            ("branches", "a", "Dens"),
            "there is no layer 'Dens'; did you mean 'Dense'?",
        ),
        (
            "Parallel: {branches: {sum: []}}",
            ("branches", "sum"),
            "'sum' has a meaning of its own in expressions; choose another name",
        ),
        (
            "Parallel: {branches: {a: {Dense: 3, name: b}}}",
            ("branches", "a", "name"),
            "this branch is called 'a' already",
        ),
        ("Parallel: {branches: {a: []}, merge: Ad}", ("merge",), "there is no layer 'Ad'; did you mean 'Add'?"),
        (
            "Parallel: {branches: {a: []}, merge: {Add: , from: a}}",
            ("merge", "from"),
            "what merges the branches reads them all; leave out 'from'",
        ),
        ("TimeDistributed: 3", (), "expected a node, such as 'Flatten' or 'Dense: 10', got 3"),
        ("While: 3", (), "While expects a mapping of 'condition', 'body' or 'max_iterations', got 3"),
        ("While: {condition: any(x > 1)}", (), "While needs 'body'"),
        ("While: {body: x, rounds: 3}", ("rounds",), "While has no key 'rounds'"),
        ("While: {body: x, max_iterations: 0}", ("max_iterations",), "expected a number greater than 0, got 0"),
    ],
)
def test_a_wrong_container(problems_of: Any, container: str, at: tuple[str, ...], message: str) -> None:
    found = problems_of(f"[{{{container}}}]")
    assert found[0][0] == (0, container.partition(":")[0], *at)
    assert found[0][1].startswith(message)


def test_the_mistakes_inside_are_found_besides_those_of_the_form(problems_of: Any) -> None:
    assert problems_of("[{Network: {nodes: [{Dens: 3}], output: 3}}]") == [
        ((0, "Network", "output"), "a network has no key 'output'; did you mean 'outputs'?"),
        ((0, "Network", "nodes", 0, "Dens"), "there is no layer 'Dens'; did you mean 'Dense'?"),
    ]


# TimeDistributed


def test_time_distributed_runs_a_node_for_each_place(graph_of: Any) -> None:
    graph = graph_of("[{TimeDistributed: {Dense: 3}, name: t}]", SEQUENCE)
    assert paths(graph) == ["t", "t.dense"]
    assert shape(graph) == (None, 7, 3)
    assert graph.node("t").body.inputs == {"input": TensorSpec((None, 4))}
    assert graph.parameters().total == 15


def test_the_macs_are_those_of_all_places(graph_of: Any) -> None:
    graph = graph_of("[{TimeDistributed: [Dense: 3, {Sequential: [Dense: 2]}]}]", SEQUENCE)
    assert graph.macs() == 7 * (4 * 3 + 3 * 2)
    assert [node.times for node in graph.walk()] == [1, 7, 7, 7]
    assert graph_of("[{TimeDistributed: {Dense: 3}}]", ENDLESS).macs() is None


def test_time_distributed_twice(graph_of: Any) -> None:
    graph = graph_of("[{TimeDistributed: {TimeDistributed: {Dense: 3}}}]", {"v": TensorSpec((None, 5, 7, 4))})
    assert shape(graph) == (None, 5, 7, 3)
    assert graph.macs() == 35 * 12


def test_time_distributed_needs_an_axis_of_time(problems_of: Any) -> None:
    assert problems_of("[{TimeDistributed: {Dense: 3}}]") == [
        (
            (0, "TimeDistributed"),
            "TimeDistributed needs an input of rank 3 or more, (batch, time, ...), got (batch, 4)",
        )
    ]


def test_time_distributed_needs_a_result_for_each_place(problems_of: Any) -> None:
    found = problems_of("[{TimeDistributed: {Compute: sum(x)}}]", SEQUENCE)
    assert ((0, "TimeDistributed"), "TimeDistributed needs a result for each place, got ()") in found


def test_time_distributed_reads_variables_around_it_but_no_tensors(graph_of: Any, problems_of: Any) -> None:
    text = "[{{{}, name: w}}, {{TimeDistributed: {{Compute: x * w}}, from: words}}]"
    assert shape(graph_of(text.format("Variable: [4]"), SEQUENCE)) == (None, 7, 4)
    found = problems_of(text.format("{Dense: 4}").replace("{{", "{").replace("}, name", ", name"), SEQUENCE)
    assert found[-1] == (
        (1, "TimeDistributed"),
        "TimeDistributed reads one place at a time, so its nodes cannot read 'w'",
    )


# While


def test_while_with_an_expression(graph_of: Any) -> None:
    graph = graph_of("[{While: {condition: sum(abs(x)) > 1, body: x / 2, max_iterations: 8}, name: w}]")
    node = graph.node("w")
    assert paths(graph) == ["w", "w.compute"]
    assert (node.spec.condition, node.spec.max_iterations) == ("sum(abs(x)) > 1", 8)
    assert shape(graph) == (None, 4)


def test_while_with_a_list_of_nodes_has_one_set_of_weights(graph_of: Any) -> None:
    graph = graph_of("[{While: {body: [{Dense: 6}, {Dense: 4}], max_iterations: 5}}]")
    assert graph.parameters().total == 30 + 28
    assert graph.macs() == 5 * 48


def test_without_a_condition_it_runs_exactly_that_often_and_the_bound_is_100_by_default(graph_of: Any) -> None:
    spec = graph_of("[{While: {body: x / 2}}]").nodes[0].spec
    assert (spec.condition, spec.max_iterations) == (None, 100)


def test_a_condition_reads_what_is_around(graph_of: Any) -> None:
    graph = graph_of("[{Variable: [], name: limit}, {While: {condition: mean(x) > limit, body: x / 2}}]")
    assert graph.nodes[1].reads["limit"] == Ref("limit", "output")


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("x > 1", "expected one truth value for the whole batch, such as 'sum(abs(x)) > 1', got (batch, 4) bool"),
        ("sum(x)", "expected one truth value for the whole batch, such as 'sum(abs(x)) > 1', got () float32"),
        ("all(x > zz)", "there is no node or input 'zz' before this one"),
        ("all(row > 1)", "the condition does not use 'x', what the last round gave: nothing in the loop could end it"),
    ],
)
def test_a_wrong_condition(problems_of: Any, condition: str, message: str) -> None:
    ((loc, found),) = problems_of(f"[{{While: {{condition: {condition}, body: x / 2}}}}]")
    assert loc[:3] == (0, "While", "condition")
    assert found.startswith(message)


def test_a_condition_that_cannot_be_computed(problems_of: Any) -> None:
    ((loc, _),) = problems_of("[{While: {condition: all(x @ x > 1), body: x / 2}}]")
    assert loc == (0, "While", "condition")


def test_the_body_gives_what_it_reads(problems_of: Any) -> None:
    assert problems_of("[{While: {body: [{Dense: 3}]}}]") == [
        (
            (0, "While", "body"),
            "the body of While must give what it reads, (batch, 4) float32, but gives (batch, 3) float32",
        )
    ]


def test_nothing_is_added_out_of_a_loop(problems_of: Any) -> None:
    message = "AddLoss cannot stand in a While or an RNN: what it adds cannot leave the loop"
    assert problems_of("[{While: {body: [{Dense: 4}, {AddLoss: mean(x)}]}}]") == [((0, "While", "body", 1), message)]
    inside = "{blocks: {B: [{Dense: 4}, {AddLoss: mean(x)}]}, model: [{While: {body: [B]}}]}"
    assert problems_of(inside) == [(("blocks", "B", 1), message)]


def test_nesting_is_bounded(problems_of: Any, graph_of: Any) -> None:
    def nested(depth: int) -> str:
        return f"[{'{Sequential: [' * depth}{'Flatten'}{']}' * depth}]"

    assert len(paths(graph_of(nested(100)))) == 101
    ((loc, message),) = problems_of(nested(101))
    assert message == "nodes are nested deeper than 100 containers"
    assert len(loc) == 202
