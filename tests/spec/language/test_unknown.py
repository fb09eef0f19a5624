"""Networks with layers of Keras's, before Keras is asked what they give, and when it is."""

from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.costs import cost
from netlib.spec.errors import Problem, SpecError
from netlib.spec.foreign import Foreign
from netlib.spec.graph import Graph, Ref
from netlib.spec.keras_layers import KerasLayer
from netlib.spec.language.analysis import analyse
from netlib.spec.layer import Weight
from netlib.spec.memory import estimate
from netlib.spec.tensors import UNKNOWN_TENSOR, TensorSpec

X = {"x": TensorSpec((None, 4))}
KERAS: dict[str, Any] = {"keras.layers.Dense": 3}


def answer(spec: KerasLayer, tensors: tuple[TensorSpec, ...], compute: str) -> Foreign:
    """What Keras would tell of a Dense layer."""
    units = spec.units  # type: ignore[attr-defined]
    if units < 1:
        raise SpecError([Problem(("units",), "too few")])
    kernel = Weight("kernel", (int(tensors[0].shape[-1] or 0), units), None)
    return Foreign(given={"output": TensorSpec((None, units), compute)}, made=(kernel,))


def unknown(nodes: Any, **options: Any) -> Graph:
    graph, problems = analyse(nodes, X, **options)
    assert graph is not None, problems
    assert not problems
    return graph


def test_what_reads_it_is_unknown_too() -> None:
    graph = unknown([{"Dense": 2, "name": "first"}, KERAS, "Flatten", {"Dense": 5}])
    assert [node.output == UNKNOWN_TENSOR for node in graph.nodes] == [False, True, True, True]
    assert [node.reads for node in graph.nodes][2] == {"0": Ref("dense", "output")}
    assert (graph.known, graph.parameters().total, graph.macs()) == (False, 10, None)
    assert graph.output_tensors() == {"output": UNKNOWN_TENSOR}
    assert str(UNKNOWN_TENSOR) == "known at build"
    assert not cost(graph.nodes[3], [()]).known
    assert estimate(graph, None, 8, "graph") is None


def test_mistakes_beside_it_are_found_all_the_same() -> None:
    nodes = [KERAS, {"Dense": {"units": -1}}, {"Residual": [{"Dnse": 3}]}, {"Dense": 3, "from": "nobody"}]
    graph, problems = analyse(nodes, X)
    assert graph is None
    assert [problem.loc for problem in problems] == [
        ("model", 1, "Dense", "units"),
        ("model", 2, "Residual", 0, "Dnse"),
        ("model", 3, "from"),
    ]


def test_a_declared_shape_is_known() -> None:
    graph = unknown([{**KERAS, "shape": [3]}, {"Dense": 5, "name": "head"}])
    assert graph.node("head").weights[0].shape == (3, 5)
    assert [node.known for node in graph.nodes] == [False, True]
    _, problems = analyse([{**KERAS, "shape": [7]}, {"Dense": 5}], X, ask=answer)
    assert [(each.loc, each.message) for each in problems] == [
        (("model", 0, "shape"), "declared as (batch, 7), but keras.layers.Dense gives (batch, 3)")
    ]


def test_when_keras_is_asked_all_is_known() -> None:
    graph = unknown([KERAS, {"Dense": 5}], ask=answer)
    assert graph.known
    assert graph.parameters().total == 4 * 3 + (3 * 5 + 5)
    assert [node.name for node in graph.nodes] == ["dense", "dense_2"]


def test_what_keras_objects_to_stands_at_the_parameter() -> None:
    for written in ({"units": 0}, 0):
        _, problems = analyse([{"keras.layers.Dense": written}], X, ask=answer)
        assert [each.loc for each in problems] == [("model", 0, "keras.layers.Dense", "units")]


@pytest.mark.parametrize(
    "node",
    [
        {"Sequential": ["Flatten", {"Dense": 3}]},
        {"Residual": [{"Dense": 3}]},
        {"Compute": "x * 2"},
        {"Dense": 3, "repeat": 3},
        {"Twice": {"units": 3}},
        {"Dense": 3, "if": False},
        {"Parallel": {"branches": {"a": "Flatten", "b": {"Dense": 3}}, "merge": "Concatenate"}},
    ],
    ids=lambda node: next(iter(node)) + ("-copies" if "repeat" in node else "-left-out" if "if" in node else ""),
)
def test_containers_blocks_copies_and_expressions_behind_it(node: dict[str, Any]) -> None:
    blocks = {
        "Twice": {"params": {"units": "$required"}, "nodes": [{"Dense": "$units"}, {"Dense": "$(input.channels)"}]}
    }
    section = {"nodes": [KERAS, {**node, "name": "next"}, {"Dense": 1, "from": "next"}]}
    assert not unknown(section, blocks=blocks).known
    assert unknown(section, blocks=blocks, ask=answer).known


def test_in_a_container_the_rest_is_known() -> None:
    graph = unknown([{"Sequential": [{"Dense": 2}, KERAS], "name": "nest"}, {"Dense": 1}])
    nest = graph.node("nest")
    assert nest.body is not None
    assert [node.known for node in nest.body.nodes] == [True, False]
    assert (nest.output, graph.parameters().total) == (UNKNOWN_TENSOR, 10)


def test_ties() -> None:
    tied = {"Dense": {"units": 4}, "name": "out", "from": "x", "tie": {"kernel": "first.kernel"}}
    unknown({"nodes": [{"keras.layers.Dense": 4, "name": "first"}, tied], "outputs": ["first", "out"]})
    _, problems = analyse([{**KERAS, "tie": {"kernel": "a.kernel"}}], X, ask=answer)
    assert "makes its weights itself" in problems[0].message
