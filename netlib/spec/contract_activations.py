"""The contract between the last activation of an output and its loss, which takes logits or probabilities."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from netlib.spec.activations import ActivationSpec
from netlib.spec.errors import Loc, Problem
from netlib.spec.foreign import End, ForeignSpec
from netlib.spec.heads import BoundLoss, Heads

if TYPE_CHECKING:
    from netlib.spec.graph import Graph, Node

PROBABILITIES = ("softmax", "sigmoid")
"""The ends of an output that make its values probabilities."""


def check_links(graph: Graph, heads: Heads) -> list[Problem]:
    """What is wrong between the last activation of each output and its loss, which says how the output is linked."""
    return [problem for loss in heads.losses for problem in last_activation(graph, loss)]


def last_activation(graph: Graph, loss: BoundLoss) -> Iterator[Problem]:
    """Softmax in front of a loss on logits, or none in front of one on probabilities."""
    node, link, kind = graph.producer(loss.output), end_of(graph, loss.output), loss.spec.type_name()
    if node and link in PROBABILITIES and loss.spec.takes_logits:
        remedy = "leave the activation out (predictions get it all the same), or set from_logits: false"
        message = f"output '{loss.output}' goes through {link}, but {kind} takes logits: {remedy}"
        yield Problem(parameter_loc(node, "activation"), message)
    if link == "linear" and loss.spec.probabilities and not loss.spec.takes_logits:
        end = f"ends in {node.type} without softmax or sigmoid" if node else "is an input"
        yield Problem(
            ("train", *loss.loc),
            f"{kind} takes probabilities here, but output '{loss.output}' {end}",
            severity="warning",
        )


def end_of(graph: Graph, output: str) -> End | None:
    """What an output goes through last; `linear` for anything but softmax and sigmoid, None where that cannot be known."""
    node, port = graph.produced(output)
    if node and isinstance(node.spec, ForeignSpec):
        return node.spec.ends.get(port)
    activation = getattr(node.spec, "activation", None) if node else None
    return (activation.link if isinstance(activation, ActivationSpec) else None) or "linear"


def parameter_loc(node: Node, name: str | None) -> Loc:
    """Where a parameter is written; the node where it is not."""
    if node.spec is None or name is None or name not in node.spec.model_fields_set:
        return node.loc
    return (*node.loc, node.type) if name == node.spec.shorthand else (*node.loc, node.type, name)
