"""Counterparts of an embedding and of a Dense whose kernel is the embedding's table: Keras has both as one layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from netlib.nn.keras_twin.counterpart import Counterpart, Given, Pair
from netlib.nn.keras_twin.obstacles import NoCounterpart
from netlib.spec.graph import Graph, Node

_TABLE = ".embeddings"


def projecting(graph: Graph) -> set[str]:
    """The paths of the embeddings whose tables serve as kernels of a Dense."""
    return {node.ties["kernel"].path.removesuffix(_TABLE) for node in graph.walk() if is_projection(node)}


def is_projection(node: Node) -> bool:
    """Whether it multiplies by the table of an embedding, and that is all it does."""
    tie = node.ties.get("kernel")
    if tie is None or not tie.transpose or not tie.path.endswith(_TABLE) or node.type != "Dense":
        return False
    spec: Any = node.spec
    return not spec.use_bias and (spec.activation is None or spec.activation.type_name() == "linear")


def projects(node: Node, path: str) -> bool:
    """Whether the embedding at that path is the one whose table it multiplies by."""
    return node.ties["kernel"].path == path + _TABLE


class Embedding(Counterpart):
    """Keras's embedding that also projects back."""

    keras_name = "ReversibleEmbedding"

    def make(self, arguments: dict[str, Any]) -> Any:
        """The layer."""
        if arguments["mask_zero"]:
            raise NoCounterpart("Keras's ReversibleEmbedding gives no mask in a functional model; mask_zero is true")
        return super().make(arguments)


@dataclass
class Projection(Counterpart):
    """That embedding again, `reversed`: None if it is no embedding of Keras's."""

    reversed: Any

    def make(self, arguments: dict[str, Any]) -> Any:
        """Nothing: the embedding is there."""
        if self.reversed is None:
            raise NoCounterpart(
                "its kernel is tied to what is no Embedding: Keras's ReversibleEmbedding has a table alone"
            )
        if arguments["kernel_regularizer"] or arguments["kernel_constraint"]:
            raise NoCounterpart("Keras's ReversibleEmbedding penalises and limits its table once")
        return None

    def call(self, given: Given) -> Any:
        """One tensor."""
        return self.reversed(given.tensors[0], reverse=True)

    def weights(self) -> Iterator[Pair]:
        """None of its own."""
        return iter(())
