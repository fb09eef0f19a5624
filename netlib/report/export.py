"""What was exported, for a person: files, signature, what is left to whoever calls, and how to load it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from netlib.report import numbers
from netlib.report.layout import Cell, Column, bold, joined, lay_out
from netlib.report.terminal import width

_MOST_CLASSES = 8


@dataclass(frozen=True)
class Input:
    """What the signature takes of a column.

    Attributes:
        name: of the column.
        argument: the name under which it is given.
        dtype: of its tensor.
        shape: likewise, rows first.
        done: the steps that the caller does before; empty where the column is taken as it is.
        why: the last of them has no graph.
        steps: those that the SavedModel does.
    """

    name: str
    argument: str
    dtype: str
    shape: tuple[int | None, ...]
    done: tuple[str, ...] = ()
    why: str = ""
    steps: tuple[str, ...] = ()


@dataclass(frozen=True)
class Output:
    """What the signature gives: `link` is what was applied to the network's output, `classes` are their names in order."""

    name: str
    dtype: str
    shape: tuple[int | None, ...]
    link: str | None
    classes: tuple[str, ...] = ()


def export_result(
    folder: Path,
    size: int,
    inputs: Sequence[Input],
    outputs: Sequence[Output],
    seconds: float | None,
    color: bool = False,
) -> str:
    """All of it, as lines."""
    lines = [f"{folder}: a SavedModel, {numbers.size(size)}", ""]
    lines += _table("takes", [_taken(each) for each in inputs], color)
    lines += ["", *_table("gives", [_given(each) for each in outputs], color), ""]
    lines += [
        f"{each.name}: {each.done[-1]} is left to whoever calls ({each.why}); give what it makes"
        for each in inputs
        if each.done
    ]
    if any(each.dtype == "float64" for each in inputs):
        lines.append("integers that may be missing are taken as float64, in which NaN stands for those")
    if any(each.dtype == "string" for each in inputs):
        lines.append("an empty text stands for a missing one")
    timed = "a row of ones is none that it takes" if seconds is None else f"{seconds * 1000:.1f} ms"
    lines += [f"latency of a row: {timed}", "", *_snippet(folder, inputs)]
    return "\n".join(lines) + "\n"


def _taken(each: Input) -> tuple[str, str, str, str]:
    column = "" if each.name == each.argument else f"column {each.name!r}: "
    done = ", ".join(each.steps) or "as it is"
    return (
        each.argument,
        each.dtype,
        _shape(each.shape),
        column + (f"behind {each.done[-1]}: " if each.done else "") + done,
    )


def _given(each: Output) -> tuple[str, str, str, str]:
    shown = ", ".join(each.classes[:_MOST_CLASSES])
    more = f" and {len(each.classes) - _MOST_CLASSES} more" if len(each.classes) > _MOST_CLASSES else ""
    of = f" of {shown}{more}" if shown else ""
    return each.name, each.dtype, _shape(each.shape), f"probabilities{of}" if each.link else of.strip()


def _table(title: str, rows: Iterable[tuple[str, str, str, str]], color: bool) -> Iterator[str]:
    columns = [Column(title), Column("dtype"), Column("shape"), Column("")]
    head, *lines = map(joined, lay_out(columns, [[Cell(text) for text in row] for row in rows], width()))
    yield bold(head, color)
    yield from lines


def _shape(shape: tuple[int | None, ...]) -> str:
    axes = ["rows" if number == 0 else "?" if axis is None else str(axis) for number, axis in enumerate(shape)]
    return f"({', '.join(axes)}{',' if len(axes) == 1 else ''})"


def _snippet(folder: Path, inputs: Sequence[Input]) -> Iterator[str]:
    first = inputs[0].argument
    more = ", ..." if len(inputs) > 1 else ""
    yield "import tensorflow as tf"
    yield f'model = tf.saved_model.load("{folder}").signatures["serving_default"]'
    yield f"model({first}=tf.constant(...){more})"
