"""The lines below a summary: the totals, and the memory of a training."""

from __future__ import annotations

from textwrap import wrap

from netlib.report import numbers
from netlib.report.summary_rows import StepMemory, Summary
from netlib.spec.costs import Cost
from netlib.spec.graph import Graph
from netlib.spec.memory import MARGIN
from netlib.spec.wrappers import While

_NOT_KNOWN = "not known: an axis is not"
_JOINED = "\N{NO-BREAK SPACE}"
_PARTS = ("weights", "gradients", "slots", "activations", "data", "checkpoint", "runtime")


def closing_lines(summary: Summary, width: int) -> list[str]:
    """Parameters, multiply-accumulates and FLOPs, memory; and what a folded line means, where there is one."""
    totals = summary.totals
    folded = any(row.copies > 1 for row in summary.rows)
    lines = ["xN: that many equal copies, shown once; the numbers are those of all of them.", ""] if folded else []
    lines += [_parameters(totals), *_operations(totals, summary.graph)]
    return lines if summary.step is None else [*lines, *_memory(summary.step, width)]


def _parameters(totals: Cost) -> str:
    parameters = totals.parameters
    trainable, other = numbers.count(parameters.trainable), numbers.count(parameters.non_trainable)
    of_which = f"trainable {trainable}, non-trainable {other}"
    return f"Parameters: {numbers.count(parameters.total)} ({of_which}), {numbers.size(totals.weight_bytes)}"


def _operations(totals: Cost, graph: Graph) -> list[str]:
    if totals.macs is None or totals.flops is None:
        return [f"Multiply-accumulates (MACs): {_NOT_KNOWN}"]
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


def _memory(step: StepMemory, width: int) -> list[str]:
    what = "a training step" if step.training else "a forward pass"
    lead = f"Memory of {what} at batch size {numbers.count(step.batch_size)} ({step.mode}): "
    if step.memory is None:
        return [f"{lead}{_NOT_KNOWN}"]
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
