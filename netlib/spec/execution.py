"""How the training loop is to run: the rule behind `execution: auto`, on the static graph alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from netlib.spec.graph import Graph, Node
    from netlib.spec.training import Execution


BATCH_STATISTICS = "BatchNormalization"
"""The layer whose result in training depends on the other rows of the batch."""


class Choice(NamedTuple):
    """A mode and, in words, why."""

    mode: Literal["xla", "graph", "eager"]
    reason: str


def choose(graph: Graph, execution: Execution, device: str = "cpu", *, synchronized: bool = False) -> Choice:
    """The mode in which the loop runs.

    The first of these that holds decides; of several layers the first in the order of the graph, containers' layers among them,
    is the reason that is given:

    1. `execution` is not `auto`: what is asked for is done;
    2. XLA cannot compile a layer (its spec has `xla = False`: windows' maxima, whose gradient XLA refuses where TensorFlow is
       deterministic, as it is in every run; foreign layers that are not known to compile): the graph;
    3. statistics are synchronized over replicas: the graph, for XLA cannot stop in the middle to ask the others;
    4. the device is the CPU and XLA is slow there for a layer (its spec has `fast_xla_on_cpu = False`: whatever slides a kernel
       or a window, and resizing): the graph;
    5. XLA.

    Sizes are not asked for, because XLA wins little where a convolution is small, and loses much elsewhere: it has no oneDNN in a
    loop. A step in XLA took, of the graph's (CPU time, batch 32, kernels of 3x3 unless said), 0.8 with 4 filters on 8x8 and 1.0
    with 1x1 and 16 filters on 8x8, but 3.6 with 16 filters on 8x8 and 21 with 1x1 and 64 filters on 16x16.
    """
    if execution != "auto":
        return Choice(execution, f"train.execution is {execution}")
    without = without_xla(graph)
    if without:
        return Choice("graph", f"XLA cannot compile {without[0].path} ({without[0].type})")
    if synchronized and (asking := asking_replicas(graph)):
        return Choice("graph", f"XLA cannot add up the statistics of {asking[0].path} over replicas")
    slow = [node for node in graph.walk() if node.spec and not node.spec.fast_xla_on_cpu]
    if slow and device == "cpu":
        return Choice("graph", f"XLA on the CPU is slow for {slow[0].path} ({slow[0].type})")
    return Choice("xla", "XLA can compile every layer" if device != "cpu" else "XLA is fast for every layer")


def without_xla(graph: Graph) -> list[Node]:
    """The nodes that XLA cannot compile."""
    return [node for node in graph.walk() if node.spec and not node.spec.xla]


def asking_replicas(graph: Graph) -> list[Node]:
    """The nodes whose statistics are those of the batch, which replicas can have in common."""
    return [node for node in graph.walk() if node.type == BATCH_STATISTICS]
