from __future__ import annotations

import pytest

from netlib.spec.contract import check
from netlib.spec.execution import choose, without_xla
from netlib.spec.features import DataSignature, numbers
from netlib.spec.graph import Graph, Node, Ref
from netlib.spec.layer import LayerSpec
from netlib.spec.tensors import TensorSpec
from netlib.spec.training import TrainSpec


class Plain(LayerSpec):
    """A layer that XLA compiles and runs fast."""


class Convolution(LayerSpec):
    """A layer that XLA is slow for."""

    fast_xla_on_cpu = False


class Lookup(LayerSpec):
    """A layer that XLA cannot compile."""

    xla = False


def graph(*layers: LayerSpec) -> Graph:
    """The last layer stands inside a container."""
    tensor = TensorSpec((None, 1))
    nodes = [
        Node(layer.type_name(), layer.type_name(), ("model", i), layer.type_name(), {}, {"output": tensor}, spec=layer)
        for i, layer in enumerate(layers)
    ]
    body = Graph({"input": tensor}, (nodes[-1],), {"output": Ref(nodes[-1].name, "output")})
    nest = Node("nest", "nest", ("model", len(layers)), "Sequential", {}, {"output": tensor}, body=body)
    return Graph({"x": tensor}, (*nodes[:-1], nest), {"nest": Ref("nest", "output")})


@pytest.mark.parametrize(
    ("layers", "device", "mode", "reason"),
    [
        ([Plain()], "cpu", "xla", "XLA is fast for every layer"),
        ([Plain(), Convolution()], "cpu", "graph", "XLA on the CPU is slow for Convolution (Convolution)"),
        ([Convolution(), Plain()], "cpu", "graph", "XLA on the CPU is slow for Convolution (Convolution)"),
        ([Plain(), Convolution()], "gpu", "xla", "XLA can compile every layer"),
        ([Convolution(), Lookup()], "cpu", "graph", "XLA cannot compile Lookup (Lookup)"),
        ([Plain(), Lookup()], "gpu", "graph", "XLA cannot compile Lookup (Lookup)"),
    ],
)
def test_auto(layers: list[LayerSpec], device: str, mode: str, reason: str) -> None:
    assert choose(graph(*layers), "auto", device) == (mode, reason)


@pytest.mark.parametrize("asked", ["xla", "graph", "eager"])
def test_what_is_asked_for_is_done(asked: str) -> None:
    assert choose(graph(Convolution()), asked) == (asked, f"train.execution is {asked}")  # type: ignore[arg-type]


def test_asking_for_xla_where_it_cannot_be_is_an_error() -> None:
    made = graph(Plain(), Lookup())
    assert [node.path for node in without_xla(made)] == ["Lookup"]
    train = TrainSpec.parse({"loss": "mse", "epochs": 1, "execution": "xla"})
    found = check(made, train, DataSignature({"x": numbers(1)}, {"y": numbers(1)}, 9), validation=True)
    assert [(problem.loc, problem.message) for problem in found if problem.loc != ("model",)] == [
        (("train", "execution"), "XLA cannot compile Lookup (Lookup): use auto or graph")
    ]
