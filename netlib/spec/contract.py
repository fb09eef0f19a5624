"""The contract between data, outputs, losses and metrics: what can be known of it before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from netlib.spec.activations import ActivationSpec
from netlib.spec.base import Spec
from netlib.spec.errors import Loc, Problem, SpecError
from netlib.spec.execution import without_xla
from netlib.spec.features import DataSignature, Feature
from netlib.spec.foreign import End, Foreign
from netlib.spec.heads import BoundLoss, BoundMetric, Heads, encoding
from netlib.spec.tensors import TensorSpec, show

if TYPE_CHECKING:
    from netlib.spec.graph import Graph, Node
    from netlib.spec.training import TrainSpec

PROBABILITIES = ("softmax", "sigmoid")
"""The ends of an output that make its values probabilities."""


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
    problems = [
        *_nothing_to_train(graph),
        *(problem.under(("train",)) for problem in train.unknown_monitors(validation)),
        *_schedule(train, batches),
        *_execution(graph, train),
    ]
    try:
        heads = train.bind(list(graph.outputs), list(signature.targets), list(signature.inputs))
    except SpecError as error:
        return problems + [problem.under(("train",)) for problem in error.problems]
    return problems + check_heads(graph, heads, {**signature.inputs, **signature.targets})


def check_heads(graph: Graph, heads: Heads, features: Mapping[str, Feature]) -> list[Problem]:
    """What is wrong between the outputs, their losses and metrics, and the targets: shapes, dtypes, ranges, activations.

    Args:
        graph: the network.
        heads: every loss and metric with its output and target.
        features: what is known of each target (and of the inputs, which may be targets too), by name.
    """
    problems: list[Problem] = []
    tensors = graph.output_tensors()
    for loss in heads.losses:
        problems += _loss(graph, loss, tensors[loss.output], features[loss.target])
    for metric in heads.metrics:
        problems += _metric(graph, metric, tensors[metric.output], features[metric.target])
    return [*problems, *_unused(graph, heads)]


def check_links(graph: Graph, heads: Heads) -> list[Problem]:
    """What is wrong between the last activation of each output and its loss, which says how the output is linked."""
    return [
        problem
        for loss in heads.losses
        for problem in _last_activation(
            loss, graph.producer(loss.output), _end(graph, loss.output), ("train", *loss.loc)
        )
    ]


def _nothing_to_train(graph: Graph) -> Iterator[Problem]:
    counted = graph.parameters()
    if counted.trainable == 0:
        frozen = f": all {counted.total} parameters are frozen" if counted.total else ": it has no parameters"
        yield Problem(("model",), f"nothing in the network can be trained{frozen}")


def _loss(graph: Graph, loss: BoundLoss, output: TensorSpec, target: Feature) -> Iterator[Problem]:
    place: Loc = ("train", *loss.loc)
    subject = f"{loss.spec.type_name()} of output '{loss.output}'"
    node = graph.producer(loss.output)
    yield from _last_activation(loss, node, _end(graph, loss.output), place)
    at_node = node.loc if node else place
    if len(output.shape) < 2:
        yield Problem(at_node, f"{subject} needs an output of rank 2 or more, got {show(output.shape)}")
        return
    objection = loss.spec.objection(output.shape)
    if objection:
        yield Problem(at_node, f"{subject} {objection}")
        return
    try:
        form = encoding(loss.spec.target, output, target.tensor)
    except SpecError as error:
        yield Problem(place, f"{subject} {error}{_remedy(loss, output, target)}")
        return
    units, classes = output.shape[-1], target.num_classes
    if form != "like output" and units is not None and classes is not None and units < classes:
        yield Problem(
            at_node, f"target '{loss.target}' has {classes} classes, but output '{loss.output}' has {units} units"
        )
    if form == "like output" and loss.spec.classifies:
        yield from _two_classes(loss, target, place)


def _remedy(loss: BoundLoss, output: TensorSpec, target: Feature) -> str:
    """What to use instead, where the usual confusions are at work."""
    if loss.spec.target == "class index" and target.tensor.shape == output.shape:
        return "; for one-hot targets use CategoricalCrossentropy"
    if loss.spec.logits_link == "sigmoid" and target.is_label:
        return "; use SparseCategoricalCrossentropy" + (", or one unit" if target.num_classes == 2 else "")
    return ""


def _two_classes(loss: BoundLoss, target: Feature, place: Loc) -> Iterator[Problem]:
    """A target in the output's shape: yes and no, or a share between them."""
    name, kind = f"target '{loss.target}'", loss.spec.type_name()
    least, most = target.minimum, target.maximum
    if target.num_classes is not None and target.num_classes > 2:
        remedy = f"use SparseCategoricalCrossentropy and {target.num_classes} units"
        yield Problem(place, f"{kind} tells two classes apart, but {name} has {target.num_classes}: {remedy}")
    elif loss.spec.probabilities and least is not None and most is not None and (least < 0 or most > 1):
        yield Problem(place, f"{kind} compares probabilities, but {name} has values from {least:g} to {most:g}")


def _end(graph: Graph, output: str) -> End | None:
    """What an output goes through last; `linear` for anything but softmax and sigmoid, None where that cannot be known."""
    node, port = graph.produced(output)
    if node and isinstance(node.spec, Foreign):
        return node.spec.ends_in.get(port)
    activation = getattr(node.spec, "activation", None) if node else None
    return (activation.link if isinstance(activation, ActivationSpec) else None) or "linear"


def _last_activation(loss: BoundLoss, node: Node | None, link: End | None, place: Loc) -> Iterator[Problem]:
    """Softmax in front of a loss on logits, or none in front of one on probabilities."""
    kind = loss.spec.type_name()
    if node and link in PROBABILITIES and loss.spec.takes_logits:
        remedy = "leave the activation out (predictions get it all the same), or set from_logits: false"
        message = f"output '{loss.output}' goes through {link}, but {kind} takes logits: {remedy}"
        yield Problem(_parameter_loc(node, "activation"), message)
    if link == "linear" and loss.spec.probabilities and not loss.spec.takes_logits:
        end = f"ends in {node.type} without softmax or sigmoid" if node else "is an input"
        yield Problem(place, f"{kind} takes probabilities here, but output '{loss.output}' {end}", severity="warning")


def _metric(graph: Graph, metric: BoundMetric, output: TensorSpec, target: Feature) -> Iterator[Problem]:
    place: Loc = ("train", *metric.loc)
    subject = f"{metric.spec.type_name()} of output '{metric.output}'"
    misfit = _other_kind(graph, metric)
    if misfit:
        yield Problem(place, f"{subject} {misfit}")
    elif objection := metric.spec.objection(output.shape):
        yield Problem(place, f"{subject} {objection}")
    else:
        try:
            encoding(metric.spec.target, output, target.tensor)
        except SpecError as error:
            yield Problem(place, f"{subject} {error}")


def _other_kind(graph: Graph, metric: BoundMetric) -> str | None:
    """Why the output is not what the metric needs, if so."""
    needs, loss = metric.spec.needs, metric.loss
    link = getattr(metric.spec, "link", None)
    if needs == "values":
        return None
    if loss is None:
        known = _end(graph, metric.output) in PROBABILITIES
        return None if known else f"needs {needs}, but no loss says what that output is"
    if not (loss.classifies if needs == "classes" else loss.probabilities):
        return f"needs {needs}, but the loss of that output is {loss.type_name()}"
    if link and loss.logits_link and link != loss.logits_link:
        return f"is of a {link}, but the loss of that output, {loss.type_name()}, of a {loss.logits_link}"
    return None


def _schedule(train: TrainSpec, batches: int | None) -> Iterator[Problem]:
    rate = getattr(train.optimizer, "learning_rate", None)
    wanted = getattr(rate, "steps", None)  # a schedule's, not imported here: most optimizers have a number
    budgets = [] if train.steps is None else [train.steps]
    if train.epochs is not None and batches is not None:
        budgets.append(train.epochs * -(-batches // train.accumulate))
    if isinstance(rate, Spec) and wanted is not None and budgets and wanted > min(budgets):
        message = (
            f"the schedule {rate.type_name()} takes {wanted} steps, but training has {min(budgets)}: it is cut short"
        )
        yield Problem(("train", "optimizer"), message, severity="warning")


def _execution(graph: Graph, train: TrainSpec) -> Iterator[Problem]:
    if train.execution == "xla":
        for node in without_xla(graph):
            message = f"XLA cannot compile {node.path} ({node.type}): use auto or graph"
            yield Problem(("train", "execution"), message)


def _parameter_loc(node: Node, name: str | None) -> Loc:
    """Where a parameter is written; the node where it is not."""
    if node.spec is None or name is None or name not in node.spec.model_fields_set:
        return node.loc
    return (*node.loc, node.type) if name == node.spec.shorthand else (*node.loc, node.type, name)


def _unused(graph: Graph, heads: Heads) -> Iterator[Problem]:
    used = {*(loss.output for loss in heads.losses), *(metric.output for metric in heads.metrics)}
    for name in graph.outputs:
        if name not in used:
            node = graph.producer(name)
            message = f"no loss or metric uses output '{name}': nothing is learnt from it"
            yield Problem(node.loc if node else ("model",), message, severity="warning")
