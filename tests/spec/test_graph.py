from __future__ import annotations

from typing import Any

from netlib.spec.graph import Graph, Node, Parameters, Ref
from netlib.spec.language.analysis import analyse
from netlib.spec.layer import LayerSpec, Weight
from netlib.spec.registry import spec_class
from netlib.spec.tensors import TensorSpec

X = TensorSpec((None, 4))


def layer(name: str, reads: dict[str, Ref], units: int = 3, *, trainable: bool = True, macs: int | None = 12) -> Node:
    spec: LayerSpec = spec_class("layer", "Dense").parse(units)  # type: ignore[assignment]
    kernel = Weight("kernel", (4, units), spec)
    frozen = Weight("count", (), spec, trainable=False)
    return Node(
        name,
        f"model.{name}",
        ("model", 0),
        "Dense",
        reads,
        {"output": TensorSpec((None, units)), "extra": X},
        spec,
        weights=(kernel, frozen),
        macs=macs,
        trainable=trainable,
    )


def made(section: Any) -> Graph:
    graph, problems = analyse(section, {"x": X})
    assert not problems
    assert graph is not None
    return graph


def nested() -> Graph:
    body = Graph({"a": X}, (layer("inner", {"input": Ref(None, "a")}, trainable=False),), {"y": Ref("inner", "output")})
    container = Node(
        "box", "box", (), "Network", {"a": Ref("first", "extra")}, body.output_tensors(), body=body, macs=12
    )
    return Graph({"x": X}, (layer("first", {"input": Ref(None, "x")}), container), {"out": Ref("box", "y")})


def test_walk_visits_nested_nodes_after_their_container() -> None:
    assert [node.name for node in nested().walk()] == ["first", "box", "inner"]


def test_tensors_of_inputs_ports_and_outputs() -> None:
    graph = nested()
    assert graph.tensor(Ref(None, "x")) == X
    assert graph.tensor(Ref("first", "extra")) == X
    assert graph.output_tensors() == {"out": TensorSpec((None, 3))}
    assert graph.nodes[0].output == TensorSpec((None, 3))


def test_parameters_are_counted_by_their_own_flag_and_that_of_all_around() -> None:
    assert nested().parameters() == Parameters(trainable=12, non_trainable=12 + 1 + 1)
    assert nested().parameters().total == 26


def test_costs_are_counted_once_and_unknown_if_one_is() -> None:
    assert nested().macs() == 24
    assert Graph({"x": X}, (layer("a", {"input": Ref(None, "x")}, macs=None),), {}).macs() is None
    assert Graph({"x": X}).macs() == 0


def test_the_producer_is_looked_for_inside_and_in_front_of_containers() -> None:
    head: dict[str, Any] = {"Dense": 3, "name": "head"}

    def producer(section: Any, output: str | None = None) -> str | None:
        graph = made(section)
        node = graph.producer(output or next(iter(graph.outputs)))
        return node.path if node else None

    assert producer([head]) == "head"
    assert producer([{"Sequential": [{"Sequential": [head], "name": "b"}], "name": "a"}]) == "a.b.head"
    assert producer([]) is None
    assert producer([{"Sequential": []}]) is None
    assert producer([head, {"Sequential": [{"Sequential": []}]}]) == "head"
    captured = {"Network": {"nodes": ["Flatten"], "outputs": {"flat": "flatten", "kept": "head"}}, "name": "box"}
    section = {"nodes": [head, captured], "outputs": ["box.kept", "box.flat"]}
    assert producer(section, "kept") == "head"
    assert producer(section, "flat") == "box.flatten"


def test_a_weight_is_trained_where_neither_it_nor_its_node_is_frozen() -> None:
    free, frozen = layer("a", {}), layer("b", {}, trainable=False)
    assert [free.trains(weight) for weight in free.weights] == [True, False]
    assert [frozen.trains(weight) for weight in frozen.weights] == [False, False]
