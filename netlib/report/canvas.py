"""A grid of characters to draw lines on: eight dots a character in braille, or one character a dot in ASCII."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

BRAILLE = 0x2800
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of each dot of a braille character, by row and column (Unicode 1.1, block U+2800)."""
DASH, PERIOD = 3, 6
"""Dots of a dashed line that are drawn, of how many."""


class Canvas:
    """`columns` by `rows` characters. Dots are counted from the left and from the top."""

    def __init__(self, columns: int, rows: int, *, braille: bool) -> None:
        self.columns, self.rows = columns, rows
        self._across, self._down = (2, 4) if braille else (1, 1)
        self._braille = braille
        self._bits = [[0] * columns for _ in range(rows)]
        self._characters = [[" "] * columns for _ in range(rows)]
        self._colors = [[""] * columns for _ in range(rows)]

    @property
    def size(self) -> tuple[int, int]:
        """In dots, across and down."""
        return self.columns * self._across, self.rows * self._down

    def line(self, points: Sequence[tuple[int, int]], character: str, color: str = "", *, dashed: bool = False) -> None:
        """Joins dots; in ASCII with the character, and dashes are left to another one."""
        dots = list(dict.fromkeys(dot for pair in pairwise(points) for dot in _between(*pair)))
        for number, (x, y) in enumerate(dots or points):
            if not (dashed and self._braille and number % PERIOD >= DASH):
                self._dot(x, y, character, color)

    def mark(self, x: int, y: int, character: str, color: str = "") -> None:
        """A character over the dot, in place of what is there."""
        row, column = y // self._down, x // self._across
        self._bits[row][column], self._characters[row][column], self._colors[row][column] = 0, character, color

    def lines(self) -> list[str]:
        """The grid as text, the first row on top; colours are ANSI codes such as `36`, reset behind each stretch."""
        return ["".join(self._stretches(row)) for row in range(self.rows)]

    def _dot(self, x: int, y: int, character: str, color: str) -> None:
        row, column = y // self._down, x // self._across
        if self._braille:
            self._bits[row][column] |= DOTS[y % 4][x % 2]
            character = chr(BRAILLE | self._bits[row][column])
        self._characters[row][column], self._colors[row][column] = character, color

    def _stretches(self, row: int) -> Iterator[str]:
        color = ""
        for character, wanted in zip(self._characters[row], self._colors[row], strict=True):
            if wanted != color:
                yield ("\x1b[0m" if color else "") + (f"\x1b[{wanted}m" if wanted else "")
                color = wanted
            yield character
        yield "\x1b[0m" if color else ""


def _between(start: tuple[int, int], end: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """The dots of a straight line, both ends among them."""
    steps = max(abs(end[0] - start[0]), abs(end[1] - start[1]), 1)
    for step in range(steps + 1):
        yield tuple(round(a + (b - a) * step / steps) for a, b in zip(start, end, strict=True))  # type: ignore[misc]
