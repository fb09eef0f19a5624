"""Which output and target every loss and metric joins, and in which form a target must reach it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from netlib.spec.computed import BoundCompute, ComputedSpec, reads_of
from netlib.spec.errors import Loc, Problem, SpecError, did_you_mean, one_of
from netlib.spec.losses import Link, LossSpec, Wants
from netlib.spec.metrics import Accuracy, MetricSpec
from netlib.spec.tensors import Shape, TensorSpec, show
from netlib.spec.terms import LossTerm, MetricTerm

Encoding = Literal["index", "one-hot", "like output"]
"""How a target reaches a loss or a metric: as integers in the output's shape without its last axis, as one column for each unit,
or in the output's shape."""


@dataclass(frozen=True)
class BoundLoss:
    """A loss with its output and target. `loc` is its place under `train`, `phase` that which minimises it, if there are any."""

    name: str
    spec: LossSpec
    output: str
    target: str
    weight: float
    loc: Loc
    phase: str = ""


@dataclass(frozen=True)
class BoundMetric:
    """A metric with its output and target, and the loss of the same output if there is one."""

    name: str
    spec: MetricSpec
    output: str
    target: str
    loss: LossSpec | None
    loc: Loc


@dataclass(frozen=True)
class Heads:
    """Every loss and metric of a run, in their order.

    `couples_rows` is whether a computed one has no value for each sample that the others do not change; True where that is not
    known yet.
    """

    all_losses: tuple[BoundLoss | BoundCompute, ...]
    all_metrics: tuple[BoundMetric | BoundCompute, ...]
    couples_rows: bool = False

    @property
    def losses(self) -> tuple[BoundLoss, ...]:
        """Those that are between one output and one target."""
        return tuple(loss for loss in self.all_losses if isinstance(loss, BoundLoss))

    @property
    def metrics(self) -> tuple[BoundMetric, ...]:
        """Those that are between one output and one target."""
        return tuple(metric for metric in self.all_metrics if isinstance(metric, BoundMetric))

    @property
    def computed(self) -> tuple[BoundCompute, ...]:
        """Losses and metrics that an expression computes."""
        return tuple(each for each in (*self.all_losses, *self.all_metrics) if isinstance(each, BoundCompute))

    def with_tensors(self, outputs: Mapping[str, TensorSpec], others: Mapping[str, TensorSpec]) -> Heads:
        """The same, with `couples_rows` as it is for such outputs, targets and inputs (`netlib.spec.computed.beside`).

        Raises:
            SpecError: an expression cannot be computed of these.
        """
        values = [value for each in self.computed for value in each.infer(each.described(outputs, others))]
        return replace(self, couples_rows=any(value.couples_rows for value in values))

    def of_phase(self, name: str) -> Heads:
        """The same with the losses of one phase alone."""
        return replace(self, all_losses=tuple(loss for loss in self.all_losses if loss.phase == name))

    def loss_of(self, output: str) -> BoundLoss | None:
        """The first loss of an output."""
        return next((loss for loss in self.losses if loss.output == output), None)

    def link(self, output: str) -> Link | None:
        """What turns an output into what a person reads."""
        loss = self.loss_of(output)
        return loss.spec.link if loss else None


def bind(
    losses: Sequence[LossTerm],
    metrics: Sequence[MetricTerm],
    outputs: Sequence[str],
    targets: Sequence[str] | None,
    inputs: Sequence[str] = (),
) -> Heads:
    """Every term with its output (`of`, else the one of its name, else the only one) and its target (likewise; then the one named
    like the output; a metric's is that of its output's loss). `Accuracy` becomes the one that its loss asks for. What is computed
    has what its expression reads. Where the targets are not known (None), a term's target is the one that it names, or "".

    Raises:
        SpecError: terms for which that cannot be told.
    """
    problems: list[Problem] = []
    names = _Names(outputs, targets, inputs, problems)
    bound_losses = [loss for term in losses if (loss := _bind_loss(term, names))]
    of_outputs = [loss for loss in bound_losses if isinstance(loss, BoundLoss)]
    _same_links(of_outputs, problems)
    bound_metrics = [metric for term in metrics if (metric := _bind_metric(term, names, of_outputs))]
    if problems:
        raise SpecError(problems)
    heads = Heads(tuple(bound_losses), tuple(bound_metrics))
    return replace(heads, couples_rows=bool(heads.computed))


@dataclass(frozen=True)
class _Names:
    """What can be named; `problems` collects what cannot be told."""

    outputs: Sequence[str]
    targets: Sequence[str] | None
    inputs: Sequence[str]
    problems: list[Problem]

    def computed(self, term: LossTerm | MetricTerm, spec: ComputedSpec, weight: float = 1.0) -> BoundCompute | None:
        try:
            reads = reads_of(spec, self.outputs, self.targets, self.inputs)
        except SpecError as error:
            self.problems.append(Problem((*term.loc, "Compute"), str(error)))
            return None
        return BoundCompute(term.name, spec, reads, term.loc, weight)

    def output(self, term: LossTerm | MetricTerm) -> str | None:
        if term.of is not None:
            return self._known(term.of, self.outputs, "output", (*term.loc, "of"))
        return self._default((term.name,), self.outputs, "of", term)

    def target(self, term: LossTerm | MetricTerm, output: str, usual: str | None = None) -> str | None:
        if self.targets is None:
            return term.target or usual or ""
        if term.target is not None:
            return self._known(term.target, (*self.targets, *self.inputs), "target", (*term.loc, "target"))
        return usual or self._default((term.name, output), self.targets, "target", term)

    def _known(self, name: str, known: Sequence[str], noun: str, loc: Loc) -> str | None:
        if name in known:
            return name
        hint = did_you_mean(name, known) or f"; there is {one_of(known)}"
        self.problems.append(Problem(loc, f"there is no {noun} '{name}'{hint}"))
        return None

    def _default(
        self, wanted: Sequence[str], known: Sequence[str], key: str, term: LossTerm | MetricTerm
    ) -> str | None:
        found = next((name for name in wanted if name in known), known[0] if len(known) == 1 else None)
        if found is None:
            self.problems.append(Problem(term.loc, self._unclear(key, term, known)))
        return found

    def _unclear(self, key: str, term: LossTerm | MetricTerm, known: Sequence[str]) -> str:
        """What to write instead, in full."""
        names = known or (self.inputs if key == "target" else ())
        form = json.dumps({**term.to_plain(), key: names[0]}) if names else f"'{key}'"
        if key == "target" and not self.targets:
            return f"'{term.name}' has no target: give one, or name an input that is the target: {form}"
        sides = f"outputs: {', '.join(self.outputs) or 'none'}; targets: {', '.join(self.targets or ()) or 'none'}"
        noun = "output" if key == "of" else "target"
        return f"which {noun} '{term.name}' is about is not clear; add '{key}', as in {form} ({sides})"


def _bind_loss(term: LossTerm, names: _Names) -> BoundLoss | BoundCompute | None:
    if isinstance(term.spec, ComputedSpec):
        computed = names.computed(term, term.spec, term.weight)
        return computed and replace(computed, phase=term.phase)
    output = names.output(term)
    target = names.target(term, output) if output else None
    if output is None or target is None:
        return None
    return BoundLoss(term.name, term.spec, output, target, term.weight, term.loc, term.phase)


def _bind_metric(term: MetricTerm, names: _Names, losses: Sequence[BoundLoss]) -> BoundMetric | BoundCompute | None:
    if isinstance(term.spec, ComputedSpec):
        return names.computed(term, term.spec)
    output = names.output(term)
    loss = next((loss for loss in losses if loss.output == output), None)
    target = names.target(term, output, loss.target if loss else None) if output else None
    if output is None or target is None:
        return None
    spec = term.spec
    if isinstance(spec, Accuracy):
        chosen = spec.for_loss(loss.spec) if loss else None
        if chosen is None:
            names.problems.append(Problem(term.loc, _no_accuracy(output, loss)))
            return None
        spec = chosen
    return BoundMetric(term.name, spec, output, target, loss.spec if loss else None, term.loc)


def _no_accuracy(output: str, loss: BoundLoss | None) -> str:
    if loss is None:
        return (
            f"accuracy follows from a loss, and output '{output}' has none: name the accuracy, such as BinaryAccuracy"
        )
    other = "a metric such as MeanAbsoluteError or R2Score"
    return f"accuracy is of classes, but the loss of output '{output}' is {loss.spec.type_name()}: use {other}"


def replica_problems(
    heads: Heads, outputs: Mapping[str, TensorSpec], others: Mapping[str, TensorSpec]
) -> list[Problem]:
    """Losses and metrics that cannot be added up over replicas, each of which sees its own rows alone; places are under `train`.

    Args:
        heads: all of them.
        outputs: of the network.
        others: targets and inputs, as `netlib.spec.computed.beside` puts them; what reads any that is not known is passed over.
    """
    known = (each for each in heads.computed if all(r.side == "output" or r.key in others for r in each.reads))
    return [problem for each in known if (problem := _coupled(each, outputs, others))]


def _coupled(term: BoundCompute, outputs: Mapping[str, TensorSpec], others: Mapping[str, TensorSpec]) -> Problem | None:
    try:
        values = term.infer(term.described(outputs, others))
    except SpecError:
        return None  # `netlib.spec.contract_heads` says why
    if not any(value.couples_rows for value in values):
        return None
    message = (
        f"{term.spec.kind} '{term.name}' cannot be added up over replicas: '{term.spec.expression}' has no value for each"
        " sample that the others of the batch do not change; write it as a mean of such values, as mean(abs(output - target)),"
        " or leave out train.distribute"
    )
    return Problem((*term.loc, term.spec.type_name()), message)


def _same_links(losses: Sequence[BoundLoss], problems: list[Problem]) -> None:
    first: dict[str, BoundLoss] = {}
    for loss in losses:
        other = first.setdefault(loss.output, loss)
        if other.spec.link != loss.spec.link:
            reads = f"{other.spec.type_name()} (link: {other.spec.link or 'none'})"
            mine = f"{loss.spec.type_name()} (link: {loss.spec.link or 'none'})"
            problems.append(Problem(loss.loc, f"output '{loss.output}' cannot serve both {reads} and {mine}"))


def encoding(wants: Wants, output: TensorSpec, target: TensorSpec) -> Encoding:
    """How a target is brought into the form that a loss or a metric wants.

    Raises:
        SpecError: it cannot be; the message has both shapes.
    """
    alike = _same(target.shape, output.shape) or _same((*target.shape, 1), output.shape)
    alike = alike or _same(target.shape, (*output.shape, 1))
    classes = output.shape[:-1]
    indices = (_same(target.shape, classes) or _same(target.shape, (*classes, 1))) and "int" in target.dtype
    several = output.shape[-1] != 1
    if wants == "class index" and indices and len(output.shape) > 1:
        return "index"
    if wants == "one-hot" and several and indices:
        return "one-hot"
    if wants != "class index" and alike:
        return "like output"
    raise SpecError(_misfit(wants, output, target))


def _misfit(wants: Wants, output: TensorSpec, target: TensorSpec) -> str:
    has = f"the output is {show(output.shape)}, the target {target}"
    if wants == "class index":
        return f"needs the index of a class, an integer of shape {show(output.shape[:-1])}: {has}"
    if wants == "one-hot":
        return f"needs one column for each class, or the index of a class as an integer: {has}"
    return f"needs a target of the output's shape: {has}"


def _same(first: Shape, second: Shape) -> bool:
    return len(first) == len(second) and all(
        a == b or a is None or b is None for a, b in zip(first, second, strict=True)
    )
