"""Whole sections: the graphs that they come to."""

from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.errors import Loc
from netlib.spec.graph import Graph, Node, Parameters, Ref
from netlib.spec.language.analysis import analyse
from netlib.spec.tensors import TensorSpec

IMAGE = {"image": TensorSpec((None, 8, 8, 3))}
ROW = {"x": TensorSpec((None, 4))}
TWO = {"a": TensorSpec((None, 4)), "b": TensorSpec((None, 5))}


def graph(section: Any, inputs: dict[str, TensorSpec] | None = ROW, **variables: Any) -> Graph:
    made, problems = analyse(section, inputs, variables)
    assert not problems
    assert made is not None
    return made


def found(section: Any, inputs: dict[str, TensorSpec] | None = ROW, **variables: Any) -> list[tuple[Loc, str]]:
    made, problems = analyse(section, inputs, variables)
    assert made is None
    assert len(set(problems)) == len(problems), "one mistake is reported once"
    return [(problem.loc[1:], problem.message) for problem in problems]


def node(made: Graph, path: str) -> Node:
    return next(node for node in made.walk() if node.path == path)


def shapes(made: Graph) -> dict[str, tuple[int | None, ...]]:
    return {name: tensor.shape for name, tensor in made.output_tensors().items()}


def test_a_chain() -> None:
    made = graph(
        [{"Conv2D": {"filters": 4, "kernel_size": 3}}, "Flatten", {"Dense": 10, "name": "head"}],
        IMAGE,
    )
    assert [(n.name, n.path, n.type, n.loc) for n in made.nodes] == [
        ("conv_2d", "conv_2d", "Conv2D", ("model", 0)),
        ("flatten", "flatten", "Flatten", ("model", 1)),
        ("head", "head", "Dense", ("model", 2)),
    ]
    assert [n.output.shape for n in made.nodes] == [(None, 6, 6, 4), (None, 144), (None, 10)]
    assert [n.reads for n in made.nodes] == [
        {"input": Ref(None, "image")},
        {"input": Ref("conv_2d", "output")},
        {"input": Ref("flatten", "output")},
    ]
    assert made.inputs == IMAGE
    assert made.outputs == {"head": Ref("head", "output")}
    conv, dense = 3 * 3 * 3 * 4, 144 * 10
    assert made.parameters() == Parameters(conv + 4 + dense + 10, 0)
    assert made.macs() == 36 * conv + dense


@pytest.mark.parametrize("empty", [[], {"nodes": []}, [{"Sequential": []}], ["Sequential"], [{"Sequential": None}]])
def test_an_empty_list_is_the_identity(empty: Any) -> None:
    assert shapes(graph(empty)) == {"output": (None, 4)}
    assert graph(empty).parameters() == Parameters(0, 0)


@pytest.mark.parametrize(
    ("wiring", "reads"),
    [
        ({}, {"0": Ref("right", "output")}),
        ({"from": "left"}, {"0": Ref("left", "output")}),
        ({"from": "left.output"}, {"0": Ref("left", "output")}),
        ({"from": ["left", "previous"]}, {"0": Ref("left", "output"), "1": Ref("right", "output")}),
        ({"from": ["input", "x"]}, {"0": Ref(None, "x"), "1": Ref(None, "x")}),
        ({"from": None}, {"0": Ref("right", "output")}),
    ],
)
def test_the_forms_of_from(wiring: dict[str, Any], reads: dict[str, Ref]) -> None:
    nodes = [
        {"Dense": 4, "name": "left"},
        {"Dense": 4, "name": "right", "from": "x"},
        {"Add": {}, "name": "total", **wiring},
    ]
    made = graph({"nodes": nodes, "outputs": ["total", "left", "right"]})
    assert node(made, "total").reads == reads


def test_the_forms_of_outputs() -> None:
    nodes = [{"Dense": 2, "name": "a"}, {"Dense": 3, "name": "b", "from": "x"}]
    assert shapes(graph({"nodes": nodes, "outputs": ["a", "b"]})) == {"a": (None, 2), "b": (None, 3)}
    assert shapes(graph({"nodes": nodes, "outputs": {"one": "b", "two": "a.output"}})) == {
        "one": (None, 3),
        "two": (None, 2),
    }
    assert shapes(graph({"nodes": nodes[:1], "outputs": "a"})) == {"a": (None, 2)}
    assert shapes(graph({"nodes": nodes[:1], "outputs": "previous"})) == {"output": (None, 2)}
    assert shapes(graph({"nodes": nodes[:1], "outputs": ["a", "x"]})) == {"a": (None, 2), "x": (None, 4)}
    assert shapes(graph({"nodes": nodes[:1], "outputs": "$which"}, which="a")) == {"a": (None, 2)}


def test_several_inputs() -> None:
    nodes = [{"Dense": 5, "from": "a"}, {"Add": {}, "from": ["previous", "b"]}]
    assert shapes(graph(nodes, TWO)) == {"output": (None, 5)}
    assert found([{"Dense": 5}], TWO) == [((0,), "the first node needs a `from` that names an input: 'a' or 'b'")]
    assert found([{"Dense": 5, "from": "input"}], TWO) == [
        ((0, "from"), "`input` needs exactly one input; here are 'a' or 'b', name the one meant")
    ]


def test_declared_inputs() -> None:
    section = {"inputs": {"x": {"shape": [4]}}, "nodes": [{"Dense": 3}]}
    assert graph(section, None) == graph(section, ROW)
    assert graph({**section, "inputs": {"x": {"shape": ["$(n / 2)"]}}}, None, n=8) == graph(section, None)
    tokens = {"inputs": {"x": {"shape": [4]}}, "nodes": [{"Embedding": {"input_dim": 5, "output_dim": 2}}]}
    assert shapes(graph(tokens, {"x": TensorSpec((None, 4), "int32")})) == {"output": (None, 4, 2)}
    assert found({**section, "inputs": {"x": {"shape": [5]}}}) == [
        (("inputs", "x"), "declared as (batch, 5) float32, but the data gives (batch, 4) float32")
    ]
    assert found({**section, "inputs": {"y": {"shape": [4]}}}) == [
        (("inputs", "y"), "the data has no input 'y'; it has 'x'")
    ]
    assert found({**section, "inputs": {"x": {"shape": ["$m"]}}}, None, n=4) == [
        (("inputs", "x", "shape", 0), "there is no value 'm' here (known: n)")
    ]


def test_containers_nest_with_paths_and_totals() -> None:
    inner = {"Sequential": [{"Dense": 3}, "BatchNormalization"], "name": "body"}
    outer = {"Network": {"nodes": [inner, {"Dense": 2}], "outputs": {"deep": "dense", "wide": "body"}}, "name": "enc"}
    made = graph({"nodes": [outer, {"Dense": 1, "name": "head"}], "outputs": ["head", "enc.wide"]})
    assert [n.path for n in made.walk()] == [
        "enc",
        "enc.body",
        "enc.body.dense",
        "enc.body.batch_normalization",
        "enc.dense",
        "head",
    ]
    assert shapes(made) == {"head": (None, 1), "wide": (None, 3)}
    assert node(made, "head").reads == {"input": Ref("enc", "deep")}
    assert node(made, "enc.dense").loc == ("model", "nodes", 0, "Network", "nodes", 1)
    assert node(made, "enc").macs == 4 * 3 + 3 * 2
    assert made.macs() == 4 * 3 + 3 * 2 + 2 * 1
    assert made.parameters() == Parameters(15 + 6 + 8 + 3, 6)


def test_trainable_holds_for_all_that_is_nested() -> None:
    frozen = {"Sequential": [{"Dense": 3}, {"Sequential": [{"Dense": 2, "trainable": True}]}], "trainable": False}
    made = graph([frozen, {"Dense": 1, "trainable": True}])
    flags = {n.path: n.trainable for n in made.walk()}
    assert flags == {
        "sequential": False,
        "sequential.dense": False,
        "sequential.sequential": False,
        "sequential.sequential.dense": False,
        "dense": True,
    }
    assert made.parameters() == Parameters(3, 15 + 8)


def test_a_container_sees_named_nodes_and_inputs_before_it() -> None:
    nodes = [
        {"Dense": 4, "name": "stem"},
        {"Network": {"nodes": [{"Dense": 2}, {"Concatenate": {}, "from": ["previous", "stem", "x", "input"]}]}},
    ]
    made = graph(nodes)
    network = made.nodes[1]
    assert network.reads == {"input": Ref("stem", "output"), "stem": Ref("stem", "output"), "x": Ref(None, "x")}
    assert network.body is not None
    assert list(network.body.inputs) == ["input", "stem", "x"]
    assert shapes(made) == {"output": (None, 2 + 4 + 4 + 4)}


def test_a_node_that_only_an_inner_one_reads_is_read() -> None:
    nodes = [
        {"Dense": 4, "name": "side"},
        {"Sequential": [{"Sequential": [{"Add": {}, "from": ["side", "previous"]}]}], "from": "x"},
    ]
    assert shapes(graph(nodes)) == {"output": (None, 4)}


def test_a_container_with_inputs_of_its_own() -> None:
    body = [{"Add": {}, "from": ["left", "right"]}]
    declared = {"Network": {"inputs": ["left", "right"], "nodes": body}, "from": ["a", "c"]}
    first = {"Dense": 4, "from": "b", "name": "c"}
    for container in (
        declared,
        {**declared, "from": {"right": "c", "left": "a"}},
        {"Network": {"nodes": body}, "from": {"left": "a", "right": "c"}},
        {"Sequential": body, "from": {"left": "a", "right": "c"}},
    ):
        made = graph([first, container], TWO)
        assert dict(made.nodes[1].reads) == {"left": Ref(None, "a"), "right": Ref("c", "output")}
        assert list(made.nodes[1].reads) == ["left", "right"]


def test_expressions_see_variables_and_shapes() -> None:
    nodes = [
        {"Conv2D": {"filters": "$(width * 2)", "kernel_size": "$kernel"}},
        {"Sequential": [{"Conv2D": {"filters": "$(input.channels // 2)", "kernel_size": 1}}], "name": "$label"},
        {"Reshape": ["$(image.shape[0] // 2)", -1], "trainable": "$(width > 100)"},
    ]
    made = graph(nodes, IMAGE, width=8.0, kernel=[3, 1], label="half")
    assert [n.output.shape for n in made.nodes] == [(None, 6, 8, 16), (None, 6, 8, 8), (None, 4, 96)]
    assert [n.name for n in made.nodes] == ["conv_2d", "half", "reshape"]
    assert made.nodes[2].trainable is False


def test_expressions_of_a_container_see_no_nodes() -> None:
    inside = {"Dense": "$(stem.channels)", "from": "stem"}
    nodes = [{"Dense": 4, "name": "stem"}, {"Sequential": [{"Dense": 3, "from": "stem"}, inside, "$last"]}]
    problems = found(
        {"nodes": nodes, "outputs": ["sequential", "stem"]}, last={"Add": {}, "from": ["dense", "previous"]}
    )
    assert (("nodes", 1, "Sequential", 1, "Dense"), "there is no value 'stem' here (known: last, x, input)") in problems


def test_a_whole_value_may_be_a_node_a_list_of_nodes_or_a_section() -> None:
    body = [{"Dense": 3}, "Flatten"]
    plain = graph([{"Sequential": body}, {"Dropout": 0.5}])
    made = graph("$all", all=[{"Sequential": "$body"}, "$last"], body=body, last={"Dropout": 0.5})
    assert found("$al", all=[]) == [((), "there is no value 'al' here; did you mean 'all'?")]
    assert shapes(made) == shapes(plain)
    assert [n.path for n in made.walk()] == [n.path for n in plain.walk()]
    assert found(["$zzz"], last=1) == [((0,), "there is no value 'zzz' here (known: last, x, input)")]
    assert found([{"Sequential": "$zzz"}], last=1)[0] == (
        (0, "Sequential"),
        "there is no value 'zzz' here (known: last, x, input)",
    )
    assert found([{"Dense": 3, "name": "$zzz"}], last=1) == [
        ((0, "name"), "there is no value 'zzz' here (known: last, x, input)")
    ]
