"""Which nodes of a network draw random numbers when it predicts, so that there is something to repeat."""

from __future__ import annotations

from collections.abc import Iterator

from netlib.spec.errors import UsageError
from netlib.spec.graph import Graph, Node

_DRAWS_ALWAYS = ("Random",)


def drawing_nodes(graph: Graph, *, training: bool = False) -> Iterator[Node]:
    """The layers that draw at prediction: what is random in training where `training: true` stands, and `Random` anywhere.

    Args:
        graph: the network.
        training: the flag that its nodes take where they, and the containers around them, have none.
    """
    for node in graph.nodes:
        flag = training if node.training is None else node.training
        if node.spec is not None and node.spec.random and (flag or node.type in _DRAWS_ALWAYS):
            yield node
        if node.body:
            yield from drawing_nodes(node.body, training=flag)


def need_draws(graph: Graph) -> None:
    """Refuses a network that gives the same each time it predicts, or whose layers would go on from draw to draw.

    Raises:
        UsageError: it does; with what to write.
    """
    kept = next((node for node in graph.walk() if getattr(node.spec, "stateful", False)), None)
    if kept:
        what = f"{kept.path} keeps a state from batch to batch, which would go on from one draw to the next"
        raise UsageError(f"--samples draws several times, but {what}; leave --samples out")
    if next(drawing_nodes(graph), None):
        return
    random = next((node for node in graph.walk() if node.spec is not None and node.spec.random), None)
    where = f"beside {random.path}" if random else "beside a layer, as in {Dropout: 0.1, training: true}"
    what = "--samples draws several times, but this network gives the same each time it predicts"
    raise UsageError(f"{what}; write `training: true` {where} in the config, and train again")
