"""What the network and its losses ask of the samples, looked at in every split before the first step."""

from __future__ import annotations

from netlib.data.load import Splits
from netlib.data.needs import Needs
from netlib.spec.graph import Graph
from netlib.spec.heads import Heads


def check_splits(splits: Splits, graph: Graph, heads: Heads) -> None:
    """Refuses labels that no unit stands for, and indices that no embedding has, in whichever split they are.

    Raises:
        NetlabError: numbers that are not finite.
        UsageError: labels, shares or indices out of range.
    """
    needs = Needs.of(graph, heads, splits.train)
    for name, split in (("training", splits.train), ("validation", splits.validation), ("test", splits.test)):
        if split is not None:
            needs.check(split, f"the {name} split")
