"""Columns of text within a width: what is too wide is broken where a reader expects it. Also the few text styles in use."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

GAP = "  "
_BREAKS = re.compile(r"(?<=[\s._/])|(?<=[a-z0-9])(?=[A-Z])")
"""Behind a separator, and inside `GlobalAveragePooling2D` in front of a word."""


@dataclass(frozen=True)
class Column:
    """A column's title. One of numbers is set to the right, and only its title may be broken."""

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

    Columns of text, and titles, are broken until the lines fit in `width`; where that is not possible they are longer.
    """
    return [line for row in _laid_out(columns, rows, width) for line in row]


def table(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], width: int, color: bool = False) -> list[str]:
    """The lines of `lay_out` as text; the titles stand out on a terminal."""
    titles, *others = _laid_out(columns, rows, width)
    return [*(bold(joined(line), color) for line in titles), *(joined(line) for row in others for line in row)]


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


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """Prose in lines of at most `width` characters, words whole; `indent` stands in front of all but the first."""
    return textwrap.wrap(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def bold(text: str, color: bool) -> str:
    """Text that stands out on a terminal."""
    return f"\x1b[1m{text}\x1b[0m" if color else text


def dim(text: str, color: bool) -> str:
    """Text that steps back on a terminal."""
    return f"\x1b[2m{text}\x1b[0m" if color else text


def _laid_out(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], width: int) -> list[list[list[str]]]:
    """The lines of each row, those of the titles first. A title ends on the last of its lines, a cell begins on its first."""
    titled = [[Cell(column.title) for column in columns], *rows]
    widths = _widths(columns, titled, width)
    laid_out = []
    for number, row in enumerate(titled):
        cells = [cell.lines(wide) for cell, wide in zip(row, widths, strict=True)]
        high = max(map(len, cells))
        filled = [
            [""] * (high - len(cell)) + cell if number == 0 else cell + [""] * (high - len(cell)) for cell in cells
        ]
        laid_out.append([_padded(columns, widths, line) for line in zip(*filled, strict=True)])
    return laid_out


def _padded(columns: Sequence[Column], widths: Sequence[int], line: Sequence[str]) -> list[str]:
    return [
        text.rjust(wide) if column.number else text.ljust(wide)
        for text, wide, column in zip(line, widths, columns, strict=True)
    ]


def _widths(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], width: int) -> list[int]:
    """The columns' widths: the natural ones if they fit, else those with which the table has the fewest lines."""
    natural = [max(len(line) for row in rows for line in row[index].lines()) for index in range(len(columns))]
    room = width - len(GAP) * (len(columns) - 1)
    if sum(natural) <= room:
        return natural
    texts = [index for index, column in enumerate(columns) if not column.number]
    choices = [_ways_to_break([row[index] for row in rows], natural[index]) for index in texts]
    titles = _ways_to_break_titles(columns, rows)
    best = titles[-1][0] | {index: ways[-1][0] for index, ways in zip(texts, choices, strict=True)}
    fewest = None
    for chosen in product(*choices):
        others = {index: wide for index, (wide, _) in zip(texts, chosen, strict=True)}
        for numbers, high in titles:
            if sum(others.values()) + sum(numbers.values()) <= room:
                counts = [[high, *[1] * (len(rows) - 1)], *(lines for _, lines in chosen)]
                lines = sum(map(max, zip(*counts, strict=True)))
                if fewest is None or lines < fewest:
                    best, fewest = numbers | others, lines
    return [best[index] for index in range(len(columns))]


def _ways_to_break_titles(
    columns: Sequence[Column], rows: Sequence[Sequence[Cell]]
) -> list[tuple[dict[int, int], int]]:
    """Widths of the columns of numbers, whose titles are broken at one width, with the lines of these; the widest first."""
    titles, *others = rows
    least = {
        index: max((len(line) for row in others for line in row[index].lines()), default=0)
        for index, column in enumerate(columns)
        if column.number
    }
    ways: list[tuple[dict[int, int], int]] = []
    wide = max((len(line) for index in least for line in titles[index].lines()), default=0)
    while True:
        lines = {index: titles[index].lines(wide) for index in least}
        reached = {index: max(map(len, cell)) for index, cell in lines.items()}
        if ways and max(reached.values(), default=0) > wide:  # nothing is left to break
            return ways
        widths = {index: max(least[index], reached[index]) for index in least}
        ways.append((widths, max(map(len, lines.values()), default=1)))
        if not least:
            return ways
        wide = max(reached.values()) - 1


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
