"""The lines below a summary: the totals, and the memory of a training."""

from __future__ import annotations

from textwrap import wrap

from netlib.report import numbers
from netlib.report.layout import wrapped
from netlib.report.summary_rows import StepMemory, Summary
from netlib.spec.base import Spec
from netlib.spec.costs import Cost
from netlib.spec.foreign import ForeignSpec
from netlib.spec.graph import Graph, Node
from netlib.spec.keras_layers import KerasLayer
from netlib.spec.memory import MARGIN
from netlib.spec.param_groups import Share
from netlib.spec.wrappers import While

INDENT = "    "
_NAMED = 3
"""Nodes that a line lists."""
_JOINED = "\N{NO-BREAK SPACE}"
_PARTS = ("weights", "gradients", "slots", "activations", "data", "checkpoint", "runtime")


def closing_lines(summary: Summary, width: int) -> list[str]:
    """Parameters and their optimizers, multiply-accumulates and FLOPs, memory; and what a folded line means, if there is one."""
    totals = summary.totals
    folded = any(row.copies > 1 for row in summary.rows)
    lines = ["xN: that many equal copies, shown once; the numbers are those of all of them.", ""] if folded else []
    lines += [_parameters(totals), *_stages(summary), *map(_share, summary.shares), *_operations(totals, summary.graph)]
    if summary.step is not None:
        lines += _memory(summary.step, summary.graph, width)
    return [piece for line in [*lines, *_of_keras(summary.graph)] for piece in wrapped(line, width, INDENT) or [""]]


def _of_keras(graph: Graph) -> list[str]:
    """What is special about layers of Keras's: what is known of them only later, and their random numbers."""
    unknown = [node for node in graph.walk() if not node.known and node.body is None]
    drawing = [node for node in graph.walk(shared=False) if isinstance(node.spec, KerasLayer) and node.spec.draws]
    lines = []
    if unknown:
        lines.append(f"Known at build, once Keras is asked (netlab train CONFIG --dry-run): {_listed(unknown)}")
    if drawing:
        lines.append(f"Random numbers of Keras's own, not the same in graph and XLA: {_listed(drawing)}")
    return lines


def _listed(nodes: list[Node]) -> str:
    more = f" and {len(nodes) - _NAMED} more" if len(nodes) > _NAMED else ""
    return ", ".join(node.path for node in nodes[:_NAMED]) + more


def _not_known(graph: Graph) -> str:
    """Why something is not known."""
    if not graph.known:
        return "known at build"
    foreign = next((node for node in graph.walk() if isinstance(node.spec, ForeignSpec)), None)
    return f"not known: that of {foreign.path} ({foreign.type}) is not" if foreign else "not known: an axis is not"


def _parameters(totals: Cost) -> str:
    parameters = totals.parameters
    trainable, other = numbers.count(parameters.trainable), numbers.count(parameters.non_trainable)
    of_which = f"trainable {trainable}, non-trainable {other}"
    least = "" if totals.known else "at least "
    return f"Parameters: {least}{numbers.count(parameters.total)} ({of_which}), {numbers.size(totals.weight_bytes)}"


def _stages(summary: Summary) -> list[str]:
    """The epochs in which less is trained; the totals are those of all others."""
    most = summary.totals.parameters.trainable
    return [
        f"  in {stage} trainable {numbers.count(trained)}: {numbers.count(most - trained)} are frozen by"
        f" {', '.join(stage.selectors)}"
        for stage, trained in summary.stages
    ]


def _share(share: Share) -> str:
    rate, decay = share.optimizer.learning_rate, share.optimizer.weight_decay
    of_group = f" ({share.name})" if share.name else ""
    shown = f"a {rate.type_name()}" if isinstance(rate, Spec) else f"{rate:g}"
    parts = [
        f"learning rate {shown}",
        *([f"weight decay {decay:g}"] if decay else []),
        f"slots {numbers.count(share.slots)}",
    ]
    return f"  {numbers.count(share.parameters)} by {share.optimizer.type_name()}{of_group}: {', '.join(parts)}"


def _operations(totals: Cost, graph: Graph) -> list[str]:
    if totals.macs is None or totals.flops is None:
        return [f"Multiply-accumulates (MACs): {_not_known(graph)}"]
    forward, backward = map(numbers.count, totals.flops)
    most = "at most " if _may_stop_early(graph) else ""
    up_to = "up to " if _has_frozen_weights(graph) and not most else ""  # for what is not needed is not computed
    return [
        f"Multiply-accumulates (MACs): {most}{numbers.count(totals.macs)} for one sample",
        f"FLOPs: {most}{forward} forward, {up_to}{backward} backward, for one sample",
    ]


def _may_stop_early(graph: Graph) -> bool:
    """Whether there is a loop with a condition, whose cost is that of its most rounds."""
    return any(isinstance(node.spec, While) and node.spec.condition is not None for node in graph.walk())


def _has_frozen_weights(graph: Graph) -> bool:
    return any(weight.trainable and not node.trains(weight) for node in graph.walk() for weight in node.own_weights)


def _memory(step: StepMemory, graph: Graph, width: int) -> list[str]:
    what = "a training step" if step.training else "a forward pass"
    lead = f"Memory of {what} at batch size {numbers.count(step.batch_size)} ({step.mode}): "
    if step.memory is None:
        return [f"{lead}{_not_known(graph)}"]
    lines = [f"{lead}about {numbers.size(step.memory.total)}"]
    parts = [(part, getattr(step.memory, part)) for part in _PARTS]
    whole = ", ".join(f"{part} {numbers.size(size)}".replace(" ", _JOINED) for part, size in parts if size)
    lines += [line.replace(_JOINED, " ") for line in wrap(whole, width, initial_indent="  ", subsequent_indent="  ")]
    return lines if step.room is None else [*lines, _largest(step)]


def _largest(step: StepMemory) -> str:
    lead, left = f"Largest batch in {step.room_text}:", f"with {MARGIN:.0%} of it left free"
    if step.largest is None:
        return f"{lead} any, the memory does not depend on it"
    if step.largest == 0:
        return f"{lead} none, a single sample does not fit {left}"
    return f"{lead} {numbers.count(step.largest)}, {left}"
