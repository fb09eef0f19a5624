"""What was exported, for a person: files, signature, what is left to whoever calls, and how to load it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from netlib.report import numbers
from netlib.report.layout import Cell, Column, table, wrapped
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


class Latency(NamedTuple):
    """How many seconds a call takes, with so many rows."""

    rows: int
    seconds: float


def export_result(
    folder: Path,
    size: int,
    inputs: Sequence[Input],
    outputs: Sequence[Output],
    latencies: Sequence[Latency],
    color: bool = False,
) -> str:
    """All of a SavedModel, as lines; `latencies` are empty where a row of ones was refused."""
    lines = [f"{folder}: a SavedModel, {numbers.size(size)}", ""]
    lines += _table("takes", [_taken(each) for each in inputs], color)
    lines += ["", *_table("gives", [_given(each) for each in outputs], color), ""]
    notes = [*_notes(inputs), f"latency: {_timed(latencies)}"]
    lines += [line for note in notes for line in wrapped(note, width(), "  ")]
    lines += ["", *_snippet(folder, inputs)]
    return "\n".join(lines) + "\n"


def _notes(inputs: Sequence[Input]) -> Iterator[str]:
    for each in inputs:
        if each.done:
            yield f"{each.name}: {each.done[-1]} is left to whoever calls ({each.why}); give what it makes"
    if any(each.dtype == "float64" for each in inputs):
        yield "integers that may be missing are taken as float64, in which NaN stands for those"
    if any(each.dtype == "string" for each in inputs):
        yield "an empty text stands for a missing one"


def weights_result(file: Path, checkpoint: Path, size: int) -> str:
    """A line about the file of the weights."""
    return f"{file}: the weights of {checkpoint}, {numbers.size(size)}\n"


def _timed(latencies: Sequence[Latency]) -> str:
    """`1.2 ms for a row, 0.043 ms a row in batches of 32`."""
    if not latencies:
        return "not measured, a row of ones is none that it takes"
    parts = [
        f"{_milliseconds(each.seconds)} for a row"
        if each.rows == 1
        else f"{_milliseconds(each.seconds / each.rows)} a row in batches of {each.rows}"
        for each in latencies
    ]
    return ", ".join(parts)


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.{2 if seconds >= 1e-3 else 3}g} ms" if seconds < 0.1 else f"{seconds * 1000:,.0f} ms"


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


def _table(title: str, rows: Iterable[tuple[str, str, str, str]], color: bool) -> list[str]:
    columns = [Column(title), Column("dtype"), Column("shape"), Column("")]
    return table(columns, [[Cell(text) for text in row] for row in rows], width(), color)


def _shape(shape: tuple[int | None, ...]) -> str:
    axes = ["rows" if number == 0 else "?" if axis is None else str(axis) for number, axis in enumerate(shape)]
    return f"({', '.join(axes)}{',' if len(axes) == 1 else ''})"


def _snippet(folder: Path, inputs: Sequence[Input]) -> Iterator[str]:
    first = inputs[0].argument
    more = ", ..." if len(inputs) > 1 else ""
    yield "import tensorflow as tf"
    yield f'model = tf.saved_model.load("{folder}").signatures["serving_default"]'
    yield f"model({first}=tf.constant(...){more})"
