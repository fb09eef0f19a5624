"""The contract between `train.distribute` and the rest: what several replicas cannot do, and batches that they do not divide."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from netlib.spec.contract_activations import parameter_loc
from netlib.spec.errors import Loc, Problem
from netlib.spec.execution import asking_replicas

if TYPE_CHECKING:
    from netlib.spec.data import DataSpec
    from netlib.spec.graph import Graph
    from netlib.spec.training import TrainSpec

PLACE: Loc = ("train", "distribute")
_WITHOUT = "leave it out, or train on one device (train.distribute: null)"


def check_replicas(
    graph: Graph | None, train: TrainSpec, data: DataSpec | None, replicas: int | None
) -> Iterator[Problem]:
    """Every mistake that there is between the distribution and the rest of a config.

    Args:
        graph: the network, None if it has mistakes.
        train: the `train` section.
        data: the `data` section, None if there is none.
        replicas: how many there will be, None if that is known only at the start.

    Yields:
        Problems whose places are those of the whole config.
    """
    if train.distribution is None:
        return
    for key, why in _impossible(train):
        yield Problem(("train", key), f"{why}: {_WITHOUT}")
    if train.execution == "eager":
        message = (
            "replicas run in one compiled loop, which eager has not: use auto, graph or xla, or train on one device"
        )
        yield Problem(("train", "execution"), message)
    if graph is not None:
        yield from _stateful(graph)
        yield from _nothing_synchronized(graph, train)
    if data is not None and replicas is not None:
        yield from uneven(train, data, replicas)


def uneven(train: TrainSpec, data: DataSpec, replicas: int) -> Iterator[Problem]:
    """Refuses a batch of all replicas that they do not divide."""
    spread = train.distribution
    if spread is None or (rows := spread.rows(data.batch_size, replicas)) % replicas == 0:
        return
    near = [multiple for multiple in (rows - rows % replicas, rows + replicas - rows % replicas) if multiple]
    message = (
        f"a batch of {rows} samples is not divided by the {replicas} replicas of train.distribute: take"
        f" {' or '.join(map(str, near))}, or say that it is each replica's (train.distribute.batch: per_replica)"
    )
    yield Problem(("data", "batch_size"), message)


def _impossible(train: TrainSpec) -> Iterator[tuple[str, str]]:
    """Keys of the section that replicas cannot obey, and why."""
    if train.phases:
        yield "phases", "players cannot be trained by several replicas (train.distribute)"
    if train.mix is not None:
        yield "mix", "a sample would be mixed with others of its own replica alone (train.distribute)"
    if train.synchronized and train.accumulate > 1:
        yield (
            "accumulate",
            "statistics of all replicas (train.distribute.synchronized) cannot be those of micro-batches",
        )
    if train.on_nan == "rollback":
        yield "on_nan", "replicas (train.distribute) cannot go back together: take stop or skip"


def _stateful(graph: Graph) -> Iterator[Problem]:
    for node in graph.walk():
        if getattr(node.spec, "stateful", False):
            message = (
                f"{node.type} '{node.path}' is stateful: row i of a batch goes on where row i of the batch before ended, which"
                " replicas (train.distribute) do not keep; set stateful: false, or train on one device"
            )
            yield Problem(parameter_loc(node, "stateful"), message)


def _nothing_synchronized(graph: Graph, train: TrainSpec) -> Iterator[Problem]:
    if train.synchronized and graph.known and not asking_replicas(graph):
        message = "synchronized changes nothing: the network has no BatchNormalization"
        yield Problem(PLACE, message, severity="warning")
