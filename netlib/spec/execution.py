"""How the training loop is to run: the rule behind `execution: auto`, on the static graph alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from netlib.spec.graph import Graph, Node
    from netlib.spec.training import Execution


class Choice(NamedTuple):
    """A mode and, in words, why."""

    mode: Literal["xla", "graph", "eager"]
    reason: str


def choose(graph: Graph, execution: Execution, device: str = "cpu") -> Choice:
    """The mode in which the loop runs.

    What is asked for is what is done. `auto` is the graph where a layer has no XLA kernel and, on the CPU, where XLA is known to
    be far slower (it runs a convolution in a loop on one thread); otherwise XLA.
    """
    if execution != "auto":
        return Choice(execution, f"train.execution is {execution}")
    without = without_xla(graph)
    if without:
        return Choice("graph", f"XLA cannot compile {without[0].path} ({without[0].type})")
    slow = [node for node in graph.walk() if node.spec and not node.spec.fast_xla_on_cpu]
    if slow and device == "cpu":
        return Choice("graph", f"XLA on the CPU is slow for {slow[0].path} ({slow[0].type})")
    return Choice("xla", "XLA can compile every layer" if device != "cpu" else "XLA is fast for every layer")


def without_xla(graph: Graph) -> list[Node]:
    """The nodes that XLA cannot compile."""
    return [node for node in graph.walk() if node.spec and not node.spec.xla]
