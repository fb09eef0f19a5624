"""Columns of text within a width: what is too wide is broken where a reader expects it. Also the few text styles in use."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

GAP = "  "
_BREAKS = re.compile(r"(?<=[\s._/])|(?<=[a-z0-9])(?=[A-Z])")
"""Behind a separator, and inside `GlobalAveragePooling2D` in front of a word."""


@dataclass(frozen=True)
class Column:
    """A column's title. One of numbers is set to the right and never broken."""

    title: str
    number: bool = False


@dataclass(frozen=True)
class Cell:
    """A text of one or more lines; `lead` stands in front of its first line, `lead_below` in front of the others."""

    text: str
    lead: str = ""
    lead_below: str = ""

    def lines(self, width: int | None = None) -> list[str]:
        """The text in lines of at most `width` characters where it can be broken."""
        parts = self.text.split("\n")
        if width is not None:
            parts = [piece for part in parts for piece in broken(part, max(1, width - len(self.lead)))]
        return [f"{self.lead_below if index else self.lead}{part}" for index, part in enumerate(parts)]


def lay_out(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], width: int) -> list[list[str]]:
    """The lines of a table, the titles first, each as its cells padded to their columns' widths.

    Columns of text are broken until the lines fit in `width`; where that is not possible they are longer.
    """
    titled = [[Cell(column.title) for column in columns], *rows]
    widths = _widths(columns, titled, width)
    lines = []
    for row in titled:
        cells = [cell.lines(wide) for cell, wide in zip(row, widths, strict=True)]
        for index in range(max(map(len, cells))):
            texts = [cell[index] if index < len(cell) else "" for cell in cells]
            lines.append(
                [
                    text.rjust(wide) if column.number else text.ljust(wide)
                    for text, wide, column in zip(texts, widths, columns, strict=True)
                ]
            )
    return lines


def joined(line: Sequence[str]) -> str:
    """A line of `lay_out` as text."""
    return GAP.join(line).rstrip()


def broken(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` characters; what has no separator is longer."""
    lines = [""]
    for piece in _BREAKS.split(text):
        if lines[-1] and piece and len(lines[-1]) + len(piece.rstrip()) > width:
            lines.append("")
        lines[-1] += piece
    return [line.rstrip() for line in lines]


def bold(text: str, color: bool) -> str:
    """Text that stands out on a terminal."""
    return f"\x1b[1m{text}\x1b[0m" if color else text


def dim(text: str, color: bool) -> str:
    """Text that steps back on a terminal."""
    return f"\x1b[2m{text}\x1b[0m" if color else text


def _widths(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], width: int) -> list[int]:
    """The columns' widths: the natural ones if they fit, else those with which the table has the fewest lines."""
    natural = [max(len(line) for row in rows for line in row[index].lines()) for index in range(len(columns))]
    room = width - len(GAP) * (len(columns) - 1)
    if sum(natural) <= room:
        return natural
    choices = [
        [(wide, [1] * len(rows))] if column.number else _ways_to_break([row[index] for row in rows], wide)
        for index, (column, wide) in enumerate(zip(columns, natural, strict=True))
    ]
    best, fewest = [ways[-1][0] for ways in choices], None
    for chosen in product(*choices):
        widths = [wide for wide, _ in chosen]
        if sum(widths) <= room:
            lines = sum(map(max, zip(*(counts for _, counts in chosen), strict=True)))
            if fewest is None or lines < fewest:
                best, fewest = widths, lines
    return best


def _ways_to_break(cells: Sequence[Cell], natural: int) -> list[tuple[int, list[int]]]:
    """Every width that a column of text can take, the widest first, each with the number of lines of its cells."""
    ways: list[tuple[int, list[int]]] = []
    wide = natural
    while True:
        lines = [cell.lines(wide) for cell in cells]
        reached = max(len(line) for cell in lines for line in cell)
        if reached > wide:  # nothing is left to break
            return ways
        ways.append((reached, [len(cell) for cell in lines]))
        wide = reached - 1
