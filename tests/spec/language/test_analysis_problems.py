"""Whole sections: every mistake at its place, and nothing that only follows from another."""

from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.errors import Loc
from netlib.spec.language.analysis import NO_INPUTS, analyse
from netlib.spec.tensors import TensorSpec

IMAGE = {"image": TensorSpec((None, 8, 8, 3))}
ROW = {"x": TensorSpec((None, 4))}
TWO = {"a": TensorSpec((None, 4)), "b": TensorSpec((None, 5))}


def found(section: Any, inputs: dict[str, TensorSpec] | None = ROW, **variables: Any) -> list[tuple[Loc, str]]:
    made, problems = analyse(section, inputs, variables)
    assert made is None
    assert len(set(problems)) == len(problems), "one mistake is reported once"
    return [(problem.loc[1:], problem.message) for problem in problems]


def test_a_mistake_in_parameters_stands_under_the_type() -> None:
    assert found([{"Dense": {"untis": 64, "activation": "relo"}}]) == [
        ((0, "Dense", "activation"), "there is no activation 'relo'; did you mean 'relu'?"),
        ((0, "Dense", "untis"), "Dense has no parameter 'untis'; did you mean 'units'?"),
    ]
    assert found([{"Dense": {"units": "$(1 / 0)"}}])[0][0] == (0, "Dense", "units")
    assert found([{"Dense": "$(input.chanels)"}])[0][0] == (0, "Dense")


def test_a_shape_that_a_layer_cannot_take_stands_at_its_type() -> None:
    made, problems = analyse(["Flatten", {"Conv2D": {"filters": 3, "kernel_size": 3}}], IMAGE)
    assert made is None
    assert [(p.loc, p.message, p.at) for p in problems] == [
        (
            ("model", 1, "Conv2D"),
            "Conv2D needs an input of rank 4, (batch, height, width, channels), got (batch, 192)",
            "key",
        )
    ]
    nodes = [{"Dense": 3, "name": "a"}, {"Add": {}, "from": ["a", "x"]}]
    message = "Add needs inputs of one shape, or axes of length 1 where they differ, got (batch, 3) and (batch, 4)"
    assert found(nodes) == [((1, "Add"), message)]


def test_all_mistakes_are_found_in_one_pass_and_what_follows_from_them_is_not_told() -> None:
    nodes = [
        {"Dense": {"units": -1}, "name": "bad"},
        {"Dense": 3},  # reads a failed node: nothing of its own
        {"Sequential": [{"Conv2D": {"filters": 1, "kernel_size": 9}}, {"Dense": "x"}]},
        {"Dens": 3},
        {"Flatten": None, "from": "nowhere"},
        {"Dense": 3, "from": "x", "trainable": 1},
        {"Add": {}, "from": ["bad", "input", "nirgends", 7]},
    ]
    assert found({"nodes": nodes, "outputs": ["add", "hed"]}) == [
        (("nodes", 3, "Dens"), "there is no layer 'Dens'; did you mean 'Dense'?"),
        (("nodes", 0, "Dense", "units"), "expected a number greater than 0, got -1"),
        (("nodes", 2, "Sequential", 1, "Dense", "units"), "expected an integer, got 'x'"),
        (
            ("nodes", 4, "from"),
            "there is no node or input 'nowhere' before this one; a node stands before what reads it",
        ),
        (("nodes", 5, "trainable"), "expected true or false, got 1"),
        (
            ("nodes", 6, "from", 2),
            "there is no node or input 'nirgends' before this one; a node stands before what reads it",
        ),
        (("nodes", 6, "from", 3), "expected the name of a node or an input, got 7"),
        (
            ("outputs", 1),
            "there is no node or input 'hed' before this one; a node stands before what reads it",
        ),
    ]


def test_a_node_that_nothing_reads() -> None:
    nodes = [{"Dense": 3, "name": "lost"}, {"Dense": 3, "from": "x"}]
    message = "nothing reads node 'lost', and it is no output; read it in a `from` or delete it"
    assert found(nodes) == [((0,), message)]
    assert found([{"Sequential": nodes}]) == [((0, "Sequential", 0), message)]


@pytest.mark.parametrize(
    "mistake",
    [
        {"Dense": 3, "from": "lst"},
        {"Dense": 3, "from": ["lst"]},
        {"Dens": 3, "from": "lost"},
        {"Sequential": [{"Dense": 3, "from": "lst"}], "from": "x"},
        {"Sequential": [{"Dens": 3, "from": "lost"}], "from": "x"},
        {"Sequential": [{"Dense": 3, "from": "lost"}], "from": "zzz"},
        {"Sequential": {"nodes": [{"Dense": 3, "from": "lost"}]}, "from": "x"},
        {"Network": {"node": [{"Dense": 3, "from": "lost"}]}, "from": "x"},
    ],
)
def test_a_node_is_not_called_unread_where_an_edge_could_not_be_followed(mistake: dict[str, Any]) -> None:
    problems = found([{"Dense": 3, "name": "lost"}, mistake])
    assert problems
    assert not [message for _, message in problems if message.startswith("nothing reads")]
    assert not [
        message
        for _, message in found({"nodes": [{"Dense": 3, "name": "a"}, {"Dense": 3, "from": "x"}], "outputs": ["b"]})
        if message.startswith("nothing reads")
    ]


def test_unread_nodes_elsewhere_are_still_told() -> None:
    inner = [{"Dense": 3, "name": "lost"}, {"Dense": 3, "from": "input"}]
    problems = found([{"Sequential": inner}, {"Dense": 3, "from": "zzz"}])
    assert (
        (0, "Sequential", 0),
        "nothing reads node 'lost', and it is no output; read it in a `from` or delete it",
    ) in problems


def test_names_that_are_taken() -> None:
    nodes = [{"Dense": 3, "name": "c", "from": "a"}, {"Dense": 4, "name": "c"}, {"Dense": 5, "name": "b"}]
    assert found(nodes, TWO) == [
        ((1, "name"), "another node here is called 'c' already; give this one another `name`"),
        ((2, "name"), "an input here is called 'b' already; give this one another `name`"),
    ]
    assert found([{"Dense": 3, "name": name} for name in ("x", "sum")]) == [
        ((place, "name"), f"'{name}' has a meaning of its own in expressions; choose another name")
        for place, name in enumerate(("x", "sum"))
    ]
    assert found([{"Dense": 3, "name": "dense"}, {"Dense": 3}]) == [
        ((1,), "another node here is called 'dense' already; give this one another `name`")
    ]


def test_names_of_containers_inputs() -> None:
    def of(section: Any, source: Any = "x") -> list[tuple[Loc, str]]:
        return found([{"Network": section, "from": source}])

    where = (0, "Network", "inputs")
    form = "expected a list of the inputs' names, or a mapping to shapes, got"
    assert of({"inputs": [], "nodes": []}) == [(where, f"{form} []")]
    assert of({"inputs": "a", "nodes": []}) == [(where, f"{form} 'a'")]
    assert of({"inputs": {"a": {"shape": [3]}}, "nodes": []}) == [
        ((*where, "a"), "declared as (batch, 3) float32, but it reads (batch, 4) float32")
    ]
    assert analyse([{"Network": {"inputs": {"a": None}, "nodes": []}}], ROW)[0]
    assert of({"inputs": ["a", "a"], "nodes": []}, ["x", "x"]) == [((*where, 1), "two inputs are called 'a'")]
    assert of({"inputs": ["input"], "nodes": []}) == [
        ((*where, 0), "'input' has a meaning of its own in `from`; choose another name")
    ]
    assert of({"nodes": []}, {"previous": "x"}) == [
        ((0, "from", "previous"), "'previous' has a meaning of its own in `from`; choose another name")
    ]
    assert of({"inputs": ["a"], "nodes": []}, ["x", "x"]) == [((0, "from"), "Network reads a, but `from` gives 2")]
    assert of({"nodes": []}, []) == [((0, "from"), "Network reads input, but `from` gives 0")]
    assert of({"nodes": []}, {}) == [((0, "from"), "Network also reads input; say in `from` what that is")]


def test_a_container_whose_form_is_wrong() -> None:
    assert found([{"Sequential": {"nodes": []}}]) == [
        ((0, "Sequential"), "Sequential expects a list of nodes, got a mapping with 'nodes': use Network for that")
    ]
    assert found([{"Network": 3}]) == [
        ((0, "Network"), "expected a list of nodes, or a mapping of 'inputs', 'nodes' or 'outputs', got 3")
    ]
    assert found([{"Network": {"nodes": [], "output": "a"}}]) == [
        ((0, "Network", "output"), "a network has no key 'output'; did you mean 'outputs'?")
    ]
    assert found([{"Network": {"nodes": ["Flaten"], "outputs": "$zzz"}}], one=1) == [
        ((0, "Network", "nodes", 0), "there is no layer 'Flaten'; did you mean 'Flatten'?"),
        ((0, "Network", "outputs"), "there is no value 'zzz' here (known: one, x, input)"),
    ]


def test_in_a_container_that_reads_a_failed_node_only_its_own_mistakes_are_told() -> None:
    body = [
        {"Dense": "$(input.channels)"},
        {"Dense": {"units": "x"}},
        {"Sequential": [{"Dens": 3}]},
        {"Dense": "$width"},
    ]
    assert found([{"Dense": 0}, {"Sequential": body}], width=3) == [
        ((0, "Dense", "units"), "expected a number greater than 0, got 0"),
        ((1, "Sequential", 1, "Dense", "units"), "expected an integer, got 'x'"),
        ((1, "Sequential", 2, "Sequential", 0, "Dens"), "there is no layer 'Dens'; did you mean 'Dense'?"),
    ]


def test_without_inputs_the_nodes_are_checked_as_far_as_they_can_be() -> None:
    nodes = [{"Dense": "$widht"}, {"Dense": "$(image.channels)"}, {"Dense": {"untis": 3, "units": 1}}]
    assert found(nodes, None, width=3) == [
        ((), NO_INPUTS),
        ((0, "Dense"), "there is no value 'widht' here; did you mean 'width'?"),
        ((2, "Dense", "untis"), "Dense has no parameter 'untis'; did you mean 'units'?"),
    ]
    assert found({"inputs": {"x": 3}, "nodes": nodes[2:]}, None) == [
        (("inputs", "x"), "expected an input such as '{shape: [32, 32, 3]}', got 3"),
        (("nodes", 0, "Dense", "untis"), "Dense has no parameter 'untis'; did you mean 'units'?"),
    ]


def test_a_default_name_is_read_only_where_it_is_alone() -> None:
    nodes = [{"Dense": 3}, {"Dense": 3}, {"Add": {}, "from": ["dense", "dense_2"]}]
    one_of_two = "is the default name of one of 2 Dense nodes here; give that node a `name`"
    assert found(nodes) == [
        ((2, "from", 0), f"'dense' {one_of_two}"),
        ((2, "from", 1), f"'dense_2' {one_of_two}"),
    ]
    assert analyse([{"Dense": 4}, {"Add": {}, "from": ["dense", "x"]}], ROW)[0]


def test_a_mapping_for_a_layer_without_names() -> None:
    message = "Add reads any number of inputs, which have no names; write `from` as a list"
    assert found([{"Add": {}, "from": {"one": "x", "two": "x"}}]) == [((0, "from"), message)]
    assert found([{"Add": {}, "from": []}]) == [((0, "Add"), "Add needs at least one input, got none")]
