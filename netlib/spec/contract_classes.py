"""The contract between weights of classes and the one target that says of which class a sample is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from netlib.spec.class_weights import BALANCED, numbered
from netlib.spec.computed import beside
from netlib.spec.errors import Problem, SpecError
from netlib.spec.heads import BoundLoss, Heads, encoding
from netlib.spec.tensors import TensorSpec

if TYPE_CHECKING:
    from netlib.spec.features import DataSignature, Feature
    from netlib.spec.graph import Graph
    from netlib.spec.training import TrainSpec


def only_loss(heads: Heads) -> BoundLoss:
    """The loss whose target says which class a sample is of.

    Raises:
        SpecError: there are several, or it does not tell classes apart.
    """
    losses = heads.losses
    if len(heads.all_losses) != 1 or not (losses and losses[0].spec.classifies):
        kinds = ", ".join(loss.spec.type_name() for loss in heads.all_losses) or "none"
        raise SpecError(f"for one loss that tells classes apart, got {kinds}")
    return losses[0]


def is_one_hot(loss: BoundLoss, output: TensorSpec, target: TensorSpec) -> bool:
    """Whether the target has a column for each class.

    Raises:
        SpecError: the loss cannot take it.
    """
    alike = encoding(loss.spec.target, output, target) == "like output" and target.shape[1:] == output.shape[1:]
    return alike and target.shape[-1] != 1 and loss.spec.logits_link != "sigmoid"


def units_of(output: TensorSpec) -> int:
    """How many classes an output tells apart: two, where one unit says yes or no."""
    return max(output.shape[-1] or 1, 2)


def check_class_weights(given: Any, graph: Graph, train: TrainSpec, signature: DataSignature) -> Iterator[Problem]:
    """What can be known of them before the samples are read; places are those of the whole config.

    Args:
        given: what `data.class_weights` has, if anything.
        graph: the network.
        train: the `train` section.
        signature: the data's inputs and targets.
    """
    place = ("data", "class_weights")
    outputs = graph.output_tensors()
    if given is None or not all(tensor.known for tensor in outputs.values()):
        return
    try:
        heads = train.bind(list(graph.outputs), list(signature.targets), list(signature.inputs))
    except SpecError:  # is reported of the loss
        return
    try:
        loss = only_loss(heads)
    except SpecError as error:
        yield Problem(place, f"class_weights are {error}; give each sample a weight instead (weights: a column)")
        return
    target, output = beside(signature.inputs, signature.targets)[loss.target], outputs[loss.output]
    try:
        axes = target.tensor.shape[1:-1] if is_one_hot(loss, output, target.tensor) else target.tensor.shape[1:]
    except SpecError:  # likewise
        return
    if any(axis != 1 for axis in axes):
        yield Problem(
            place, f"class_weights need one class for each sample, but target '{loss.target}' is {target.tensor}"
        )
    elif given != BALANCED and not _waits(target):
        try:
            numbered(given, loss.target, target.class_names, target.num_classes or units_of(output))
        except SpecError as error:
            yield from (problem.under(place) for problem in error.problems)


def _waits(target: Feature) -> bool:
    """Whether only the training split tells which classes there are."""
    return target.num_classes is None and target.minimum is not None and target.maximum is None
