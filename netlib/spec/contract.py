"""The contract between the sections of a config: what can be known of it before anything runs.

What lies between outputs, targets, losses and metrics is in `netlib.spec.contract_heads`; between inputs and the ranges that
layers are told, in `contract_values`; between batches and layers that keep a state, in `contract_states`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from netlib.spec.computed import beside
from netlib.spec.contract_heads import adds_loss, check_heads
from netlib.spec.contract_values import check_values
from netlib.spec.errors import Problem, SpecError
from netlib.spec.execution import asking_replicas, without_xla
from netlib.spec.features import DataSignature, Feature
from netlib.spec.foreign import ForeignSpec
from netlib.spec.heads import replica_problems
from netlib.spec.mixing import MixingSpec
from netlib.spec.precision import slow_without_gpu

if TYPE_CHECKING:
    from netlib.spec.graph import Graph
    from netlib.spec.training import TrainSpec


def check(
    graph: Graph,
    train: TrainSpec,
    signature: DataSignature,
    *,
    validation: bool,
    batches: int | None = None,
) -> list[Problem]:
    """Every mistake, and every warning, that lies between the sections of a config.

    Args:
        graph: the network.
        train: the `train` section.
        signature: the data's inputs and targets.
        validation: whether there is a validation split.
        batches: training batches in an epoch, None if that is not known.

    Returns:
        Problems whose places are those of the whole config, `("train", ...)` and the nodes' own.
    """
    problems = [*_between(graph, train, validation, batches)]
    problems += check_values(graph, signature.inputs)
    return problems + _heads(graph, train, signature.inputs, signature.targets)


def check_without_data(graph: Graph, train: TrainSpec) -> list[Problem]:
    """What of that can be known where a config has no data: the targets, and what they are like, are not. It may be going to have
    a validation split.

    Args:
        graph: the network.
        train: the `train` section.

    Returns:
        Problems as of `check`.
    """
    problems = [*_between(graph, train, True, None)]
    return problems + _heads(graph, train, {name: Feature(tensor) for name, tensor in graph.inputs.items()}, None)


def _between(graph: Graph, train: TrainSpec, validation: bool, batches: int | None) -> Iterator[Problem]:
    yield from _nothing_to_train(graph)
    yield from _no_loss(graph, train)
    yield from _logged_twice(graph, train)
    added = [node.name for node in graph.walk() if node.type == "AddMetric"]
    yield from (problem.under(("train",)) for problem in train.unknown_monitors(validation, added))
    yield from _schedule(train, batches)
    yield from _execution(graph, train)
    yield from _mixing(graph, train)
    yield from _phases(train, batches)
    yield from slow_without_gpu(graph, train.precision)


def _heads(
    graph: Graph, train: TrainSpec, inputs: Mapping[str, Feature], targets: Mapping[str, Feature] | None
) -> list[Problem]:
    try:
        heads = train.bind(list(graph.outputs), None if targets is None else list(targets), list(inputs))
    except SpecError as error:
        return [problem.under(("train",)) for problem in error.problems]
    if not all(tensor.known for tensor in graph.output_tensors().values()):
        return []
    features = beside(inputs, targets or {})
    found = check_heads(graph, heads, features)
    if train.distribution is not None:
        tensors = {name: feature.tensor for name, feature in features.items()}
        found += (problem.under(("train",)) for problem in replica_problems(heads, graph.output_tensors(), tensors))
    return found


def _nothing_to_train(graph: Graph) -> Iterator[Problem]:
    counted = graph.parameters()
    if counted.trainable == 0 and graph.known:
        frozen = f": all {counted.total} parameters are frozen" if counted.total else ": it has no parameters"
        yield Problem(("model",), f"nothing in the network can be trained{frozen}")


def _no_loss(graph: Graph, train: TrainSpec) -> Iterator[Problem]:
    unknown = any(isinstance(node.spec, ForeignSpec) for node in graph.walk())  # such code may add one
    unknown = unknown or not graph.known
    if not (train.losses or adds_loss(graph) or unknown):
        yield Problem(("train",), "train needs a 'loss', or a network with AddLoss")


def _logged_twice(graph: Graph, train: TrainSpec) -> Iterator[Problem]:
    """Metrics of nodes with a name that a loss or a metric of `train` has; those of one name among nodes have one mean."""
    logged = {*train.logged}
    for node in graph.walk():
        if node.type == "AddMetric" and node.name in logged:
            yield Problem(node.loc, f"'{node.name}' is logged already; give this AddMetric another name")


def _schedule(train: TrainSpec, batches: int | None) -> Iterator[Problem]:
    budgets = [] if train.steps is None else [train.steps]
    if train.epochs is not None and batches is not None:
        whole = batches // train.batches_per_step
        budgets.append(train.epochs * (whole if train.phases else -(-batches // train.accumulate)))
    for place, schedule, times in train.schedules():
        wanted, name = schedule.steps, schedule.type_name()
        if wanted is not None and budgets and wanted > times * min(budgets):
            has = f"training has {min(budgets)}" if times == 1 else f"its phase has {times} in each of {min(budgets)}"
            message = f"the schedule {name} takes {wanted} steps, but {has}: it is cut short"
            yield Problem(("train", *place), message, severity="warning")


def _execution(graph: Graph, train: TrainSpec) -> Iterator[Problem]:
    if train.execution == "xla":
        for node in without_xla(graph):
            message = f"XLA cannot compile {node.path} ({node.type}): use auto or graph"
            yield Problem(("train", "execution"), message)
        for node in asking_replicas(graph) if train.synchronized else ():
            message = f"XLA cannot add up the statistics of {node.path} (synchronized) over replicas: use auto or graph"
            yield Problem(("train", "execution"), message)


def _phases(train: TrainSpec, batches: int | None) -> Iterator[Problem]:
    wanted = train.batches_per_step
    if train.phases and batches is not None and batches < wanted:
        message = (
            f"a step takes {wanted} whole batches, those of all phases, and there are {batches} to train on; set a smaller"
            " data.batch_size, or take some of them less often"
        )
        yield Problem(("train", "phases"), message)


def _mixing(graph: Graph, train: TrainSpec) -> Iterator[Problem]:
    if isinstance(train.mix, MixingSpec):
        try:
            train.mix.check(graph.inputs)
        except SpecError as error:
            yield Problem(("train", "mix"), str(error))
