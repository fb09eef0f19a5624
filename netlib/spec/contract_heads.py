"""The contract between outputs, targets, losses and metrics: shapes, dtypes, ranges, and what each of them is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from netlib.spec.computed import BoundCompute
from netlib.spec.contract_activations import PROBABILITIES, end_of, last_activation
from netlib.spec.contract_derivatives import derivative_problems
from netlib.spec.errors import Loc, Problem, SpecError, one_of
from netlib.spec.features import Feature
from netlib.spec.heads import BoundLoss, BoundMetric, Heads, encoding
from netlib.spec.tensors import TensorSpec, show

if TYPE_CHECKING:
    from netlib.spec.graph import Graph


def check_heads(graph: Graph, heads: Heads, features: Mapping[str, Feature]) -> list[Problem]:
    """What is wrong between the outputs, their losses and metrics, and the targets: shapes, dtypes, ranges, activations.

    Args:
        graph: the network.
        heads: every loss and metric with its output and target.
        features: what is known of targets and inputs, as `netlib.spec.computed.beside` puts them; of a target that is not among
            them nothing is.
    """
    problems: list[Problem] = []
    tensors = graph.output_tensors()
    for loss in heads.losses:
        problems += _loss(graph, loss, tensors[loss.output], features.get(loss.target))
    for metric in heads.metrics:
        problems += _metric(graph, metric, tensors[metric.output], features.get(metric.target))
    others = {name: feature.tensor for name, feature in features.items()}
    for each in heads.computed:
        misplaced = derivative_problems(graph, each, others)
        problems += misplaced or _computed(each, tensors, others)
    return [*problems, *_unused(graph, heads)]


def adds_loss(graph: Graph) -> bool:
    """Whether a layer of the network adds to the loss."""
    return any(node.spec is not None and node.spec.adds_loss for node in graph.walk())


def _loss(graph: Graph, loss: BoundLoss, output: TensorSpec, target: Feature | None) -> Iterator[Problem]:
    place: Loc = ("train", *loss.loc)
    subject = f"{loss.spec.type_name()} of output '{loss.output}'"
    node = graph.producer(loss.output)
    yield from last_activation(graph, loss)
    at_node = node.loc if node else place
    if len(output.shape) < 2:
        yield Problem(at_node, f"{subject} needs an output of rank 2 or more, got {show(output.shape)}")
        return
    if target is not None and loss.spec.target == "class index" and _is_amount(target):
        remedy = "use MeanSquaredError, or make classes of them with the step Labels"
        yield Problem(
            place, f"{loss.spec.type_name()} is of classes, but target '{loss.target}' holds numbers: {remedy}"
        )
        return
    objection = loss.spec.objection(output.shape)
    if objection:
        yield Problem(at_node, f"{subject} {objection}")
        return
    if target is None:
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
    elif form == "like output" and classes is not None and classes > 2 and units == 1:
        what = f"{loss.spec.type_name()} takes the numbers of the {classes} classes of '{loss.target}' for amounts"
        message = f"{what}: use SparseCategoricalCrossentropy and {classes} units"
        yield Problem(place, message, severity="warning")


def _is_amount(target: Feature) -> bool:
    """Whether it is one number a sample that stands for no class."""
    return "float" in target.tensor.dtype and target.tensor.shape in ((None,), (None, 1))


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


def _metric(graph: Graph, metric: BoundMetric, output: TensorSpec, target: Feature | None) -> Iterator[Problem]:
    place: Loc = ("train", *metric.loc)
    subject = f"{metric.spec.type_name()} of output '{metric.output}'"
    misfit = _other_kind(graph, metric)
    if misfit:
        yield Problem(place, f"{subject} {misfit}")
    elif objection := metric.spec.objection(output.shape):
        yield Problem(place, f"{subject} {objection}")
    elif target is not None:
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
        known = end_of(graph, metric.output) in PROBABILITIES
        return None if known else f"needs {needs}, but no loss says what that output is"
    if not (loss.classifies if needs == "classes" else loss.probabilities):
        return f"needs {needs}, but the loss of that output is {loss.type_name()}"
    if link and loss.logits_link and link != loss.logits_link:
        return f"is of a {link}, but the loss of that output, {loss.type_name()}, of a {loss.logits_link}"
    return None


def _computed(
    term: BoundCompute, outputs: Mapping[str, TensorSpec], others: Mapping[str, TensorSpec]
) -> Iterator[Problem]:
    """Why its expression cannot be computed, or cannot be a loss."""
    place: Loc = ("train", *term.loc, "Compute")
    is_loss = term.spec.kind == "loss"
    if is_loss and not term.outputs:
        yield Problem(place, f"the loss reads no output (there is {one_of(outputs)}): nothing could be learnt from it")
        return
    if any(read.side != "output" and read.key not in others for read in term.reads):
        return
    try:
        values = term.infer(term.described(outputs, others))
    except SpecError as error:
        yield from (problem.under(("train",)) for problem in error.problems)
        return
    if is_loss and not any("float" in value.tensor.dtype for value in values):
        dtype = values[0].tensor.dtype
        yield Problem(place, f"a loss is a floating-point number, got {dtype}, which has no gradient")


def _unused(graph: Graph, heads: Heads) -> Iterator[Problem]:
    if not heads.all_losses or adds_loss(graph):  # what layers add may be learnt from any of them
        return
    used = {*(loss.output for loss in heads.losses), *(metric.output for metric in heads.metrics)}
    used |= {output for each in heads.computed for output in each.outputs}
    ends = [graph.outputs[name] for name in used]
    for name, ref in graph.outputs.items():
        if not any(graph.derives(end, ref) for end in ends):
            node = graph.producer(name)
            message = f"no loss or metric uses output '{name}': nothing is learnt from it"
            yield Problem(node.loc if node else ("model",), message, severity="warning")
