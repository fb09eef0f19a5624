"""What the network and its losses ask of the samples, looked at in every split before the first step."""

from __future__ import annotations

from netlib.data.arrays import Arrays
from netlib.data.load import Splits
from netlib.data.needs import Needs
from netlib.data.streaming import Samples, form_of
from netlib.spec.graph import Graph
from netlib.spec.heads import Heads


def check_splits(splits: Splits[Samples], graph: Graph, heads: Heads) -> Needs:
    """Refuses labels that no unit stands for, and indices that no embedding has, in whichever split they are.

    Samples that stay in their files are looked at as they are read, by what is returned.

    Raises:
        NetlabError: numbers that are not finite.
        UsageError: labels, shares or indices out of range.
    """
    needs = Needs.of(graph, heads, form_of(splits.train))
    for name, split in (("training", splits.train), ("validation", splits.validation), ("test", splits.test)):
        if isinstance(split, Arrays):
            needs.check(split, f"the {name} split")
    return needs
