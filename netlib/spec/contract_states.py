"""The contract between layers that keep a state from batch to batch and the batches that they get."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from netlib.spec.contract_activations import parameter_loc
from netlib.spec.errors import Problem
from netlib.spec.wrappers import TimeDistributed

if TYPE_CHECKING:
    from netlib.spec.data import DataSpec
    from netlib.spec.graph import Graph, Node
    from netlib.spec.training import TrainSpec


def check_states(graph: Graph, train: TrainSpec, data: DataSpec, samples: int | None) -> list[Problem]:
    """What keeps row i of a batch from being what follows row i of the batch before, where a stateful layer takes it for that.

    Args:
        graph: the network.
        train: the `train` section.
        data: the `data` section.
        samples: how many there are before the splits, None if that is not known.

    Returns:
        Problems whose places are those of the whole config.
    """
    stateful = list(_stateful(graph, data.batch_size))
    if not stateful:
        return []
    node = stateful[0][0]
    subject = f"{node.type} '{node.path}' is stateful"
    problems = [problem for node, rows in stateful for problem in _rows(node, rows, data.batch_size)]
    return [*problems, *_order(subject, train, data), *_whole_batches(subject, data, samples)]


def _stateful(graph: Graph, rows: int | None) -> Iterator[tuple[Node, int | None]]:
    """Every such layer, and the rows of a batch there; None if they are not known."""
    for node in graph.nodes:
        if getattr(node.spec, "stateful", False):
            yield node, rows
        if node.body:
            inside = rows
            if isinstance(node.spec, TimeDistributed):  # each place is a row for what is inside
                places = graph.tensor(next(iter(node.reads.values()))).shape[1]
                inside = None if rows is None or places is None else rows * places
            yield from _stateful(node.body, inside)


def _rows(node: Node, rows: int | None, batch_size: int) -> Iterator[Problem]:
    own = getattr(node.spec, "batch_size", None)
    if rows is not None and own != rows:
        times = "" if rows == batch_size else f" for each of the {rows // batch_size} places of TimeDistributed"
        message = (
            f"{node.type} is stateful with batch_size (= {own}), but data has batch_size (= {batch_size}){times}: set"
            f" batch_size: {rows} here"
        )
        yield Problem(parameter_loc(node, "batch_size"), message)


def _order(subject: str, train: TrainSpec, data: DataSpec) -> Iterator[Problem]:
    """Whatever puts other samples into the rows."""
    goes_on = f"{subject}: row i of a batch goes on where row i of the batch before ended"
    if data.shuffle:
        message = f"{goes_on}, but the samples are shuffled for every epoch; set shuffle: false"
        yield Problem(("data", "shuffle"), message)
    for name in ("validation", "test"):
        if data.has(name) and not data.split.keeps_order:
            share = f" (= {getattr(data, name):g})" if getattr(data, name) else ""
            taken = f"{name}{share} takes samples out from among the others"
            yield Problem(("data", name if share else "split"), f"{goes_on}, but {taken}; set split: Contiguous")
    if data.folds and data.fold not in (1, data.folds) and data.split.keeps_order:
        message = (
            f"{goes_on}, but fold {data.fold} of {data.folds} leaves a gap; validate on the first or the last fold"
        )
        yield Problem(("data", "fold"), message)
    if train.mix is not None:
        yield Problem(("train", "mix"), f"{goes_on}, but mix joins each with another one; leave mix out")


def _whole_batches(subject: str, data: DataSpec, samples: int | None) -> Iterator[Problem]:
    """Whether there may be a smaller batch at the end of an epoch, or of a split that is held out."""
    rows = data.batch_size
    sizes = data.sizes(samples) or {}
    for name, verb in (("validation", "validate"), ("test", "test")):
        if left := sizes.get(name, 0) % rows:
            last = f"of {sizes[name]} samples to {verb} on {left} are left for the last one"
            share = f", as {name}: $({max(sizes[name] - left, rows)} / {samples})" if getattr(data, name) else ""
            message = (
                f"{subject}: every batch must have {rows} rows (batch_size), but {last}; hold out a multiple of {rows}"
            )
            yield Problem(("data", name if share else "fold"), message + share)
    trained = sizes.get("train")
    if data.drop_remainder or (trained is not None and trained % rows == 0):
        return
    last = "the last one of an epoch may have fewer"
    if trained is not None:
        last = f"of {trained} samples {trained % rows} are left for the last one"
    message = f"{subject}: every batch must have {rows} rows (batch_size), but {last}; set drop_remainder: true"
    yield Problem(("data", "drop_remainder"), message)
