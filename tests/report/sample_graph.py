"""A network to show, built by hand."""

from __future__ import annotations

from netlib.spec.graph import Graph, Node, Ref
from netlib.spec.initializers import Zeros
from netlib.spec.layer import LayerSpec, Weight
from netlib.spec.tensors import TensorSpec


class Layer(LayerSpec):
    """Stands for any layer."""


def weight(*shape: int, trainable: bool = True, dtype: str | None = None) -> Weight:
    return Weight("w", shape, Zeros(), trainable=trainable, dtype=dtype)


def node(path: str, type_: str, outputs: dict[str, TensorSpec], *weights: Weight, macs: int | None = 0, **rest) -> Node:
    return Node(path.rpartition(".")[2], path, (), type_, {}, outputs, Layer(), None, weights, macs, **rest)


def container(path: str, *nodes: Node) -> Node:
    last = nodes[-1]
    body = Graph({"input": nodes[0].output}, nodes, {"output": Ref(last.name, next(iter(last.outputs)))})
    return Node(
        path.rpartition(".")[2], path, (), "Sequential", {}, {"output": last.output}, body=body, macs=body.macs()
    )


def tensor(*axes: int | None, dtype: str = "float32") -> dict[str, TensorSpec]:
    return {"output": TensorSpec((None, *axes), dtype)}


def normalization(path: str) -> Node:
    moving = [weight(32, trainable=False), weight(32, trainable=False)]
    return node(path, "BatchNormalization", tensor(6, 6, 32), weight(32), weight(32), *moving)


def network() -> Graph:
    """A network of every kind of row: nested containers, frozen nodes, several ports, axes and costs that are not known."""
    inner = container(
        "body.inner",
        node("body.inner.activation", "Activation", tensor(6, 6, 32)),
        node("body.inner.conv_2d", "Conv2D", tensor(4, 4, 32), weight(3, 3, 32, 32), weight(32), macs=147_456),
    )
    body = container(
        "body",
        node("body.conv_2d", "Conv2D", tensor(6, 6, 32), weight(3, 3, 32, 32), weight(32), macs=331_776),
        normalization("body.batch_normalization"),
        inner,
    )
    states = {"output": TensorSpec((None, None, 32)), "h": TensorSpec((None, 32)), "c": TensorSpec((None, 32))}
    nodes = (
        node("conv_2d", "Conv2D", tensor(6, 6, 32), weight(3, 3, 1, 32), macs=10_368),
        body,
        node("global_average_pooling_2d", "GlobalAveragePooling2D", tensor(32)),
        node("memory", "LSTM", states, weight(32, 128), weight(32, 128), macs=None, trainable=False),
        node("digit", "Dense", tensor(10), weight(32, 10), weight(10), macs=320),
    )
    inputs = {"image": TensorSpec((None, 8, 8, 1)), "ids": TensorSpec((None, None), "int32")}
    return Graph(inputs, nodes, {"digit": Ref("digit", "output")})


def known_network() -> Graph:
    """The same without the node whose cost is not known."""
    graph = network()
    return Graph(graph.inputs, tuple(n for n in graph.nodes if n.name != "memory"), graph.outputs)
