"""What the network and its losses ask of the samples, looked at before the first step."""

from __future__ import annotations

from netlib.data.contract import check_arrays
from netlib.data.load import Splits
from netlib.spec.core import Embedding
from netlib.spec.graph import Graph
from netlib.spec.heads import Heads


def check_splits(splits: Splits, graph: Graph, heads: Heads) -> None:
    """Refuses labels that no unit stands for, and indices that no embedding has: XLA would clamp them without a word.

    Raises:
        NetlabError: numbers that are not finite.
        UsageError: labels or indices out of range.
    """
    units = {}
    outputs = graph.output_tensors()
    for loss in heads.losses:
        last = outputs[loss.output].shape[-1]
        if loss.spec.target == "class index" and last is not None:
            units[loss.target] = last
    tables = {
        ref.port: node.spec.input_dim
        for node in graph.nodes
        if isinstance(node.spec, Embedding)
        for ref in node.reads.values()
        if ref.node is None
    }
    for name, split in (("training", splits.train), ("validation", splits.validation), ("test", splits.test)):
        if split is not None:
            check_arrays(split, where=f"the {name} split", head_units=units, vocabulary=tables)
