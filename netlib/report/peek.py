"""A look at data, for a person: where it is from, its columns, classes and samples, and what is odd about them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import TextIO

from netlib.report import numbers
from netlib.report.layout import bold
from netlib.report.peek_columns import class_lines, column_lines, ready_lines
from netlib.report.peek_samples import sample_lines
from netlib.report.terminal import can_draw, has_color, width
from netlib.spec.looks import DataLook

_FILES = 5
"""Files that are named."""
_TO = {"train": "to train on", "validation": "to validate on", "test": "to test on"}


def for_stream(look: DataLook, stream: TextIO) -> str:
    """What a stream can show."""
    return as_text(look, width(), color=has_color(stream), draws=can_draw(stream))


def as_text(look: DataLook, columns: int, *, color: bool = False, draws: bool = True) -> str:
    """Sections within so many columns, where that can be.

    Args:
        look: what was seen.
        columns: those of the terminal.
        color: whether titles stand out.
        draws: whether the stream has characters to draw bars with.
    """
    train = look.samples["train"]
    sections = [
        (f"{look.name}: data of source {look.source}", _source(look, columns)),
        (f"Columns, of the {numbers.count(train)} samples to train on", column_lines(look, columns, draws)),
        *((f"Classes of {name}", class_lines(found, columns)) for name, found in look.classes.items()),
        ("As the network reads them", ready_lines(look.ready, columns)),
        *_samples(look, columns),
        ("Chosen", _items(look.notes, columns)),
        ("Anomalies", _items([each.message for each in look.anomalies] or ["none found"], columns)),
    ]
    return "\n\n".join("\n".join([bold(title, color), *lines]) for title, lines in sections if lines) + "\n"


def _source(look: DataLook, columns: int) -> list[str]:
    parts = [f"{numbers.count(count)} {_TO[split]}" for split, count in look.samples.items()]
    lines = wrap(look.about, columns)
    lines += [f"{path} ({numbers.size(size)})" for path, size in look.files[:_FILES]]
    if len(look.files) > _FILES:
        whole = numbers.size(sum(size for _, size in look.files))
        lines.append(f"and {numbers.count(len(look.files) - _FILES)} more files, {whole} in all")
    total = numbers.count(sum(look.samples.values()))
    return [*lines, *wrap(f"{total} samples: {', '.join(parts)}", columns)]


def _samples(look: DataLook, columns: int) -> Iterator[tuple[str, list[str]]]:
    rows = [each.row for each in look.rows]
    for title, values in (
        ("Samples as the source gives them", [each.raw for each in look.rows]),
        ("The same as the network reads them", [each.ready for each in look.rows]),
    ):
        yield title, sample_lines(rows, values, columns)


def _items(texts: Sequence[str], columns: int) -> list[str]:
    return [
        line
        for text in texts
        for line in wrap(text, columns, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False)
    ]
