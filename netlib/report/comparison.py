"""Configs or runs side by side: tables of what differs, a column a side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from netlib.report.layout import GAP, Cell, Column, bold, joined, lay_out

MOST_COLUMNS = 3
"""Sides that are shown in columns; more stand below one another."""
MOST_ROWS = 40
MARK = "*"
"""In front of the better value, where it does not move the digits."""


@dataclass(frozen=True)
class Line:
    """One thing that differs, with its text for each side; `better` is the number of the side with the better one."""

    name: str
    texts: tuple[str, ...]
    better: int | None = None


@dataclass(frozen=True)
class Table:
    """What differs in one respect; `note` is said instead where nothing does. One of numbers is set to the right."""

    title: str
    lines: tuple[Line, ...]
    note: str = ""
    numbers: bool = False


def comparison_text(sides: Sequence[str], tables: Sequence[Table], width: int, color: bool = False) -> str:
    """The tables, one below the other, each with the names of the sides above its columns."""
    parts = [[_head(table, color), *_body(sides, table, width, color)] for table in tables]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _head(table: Table, color: bool) -> str:
    return bold(f"{table.title}: {table.note}" if table.note else table.title, color)


def _body(sides: Sequence[str], table: Table, width: int, color: bool) -> list[str]:
    if not table.lines:
        return []
    shown = table.lines[:MOST_ROWS]
    lines = _columns(sides, shown, table, width) if len(sides) <= MOST_COLUMNS else _below(sides, shown)
    left = len(table.lines) - len(shown)
    return [*lines, f"  and {left} more; --json has all"] if left else lines


def _columns(sides: Sequence[str], lines: Sequence[Line], table: Table, width: int) -> list[str]:
    titles = [Column(""), *(Column(side, table.numbers) for side in sides)]
    cells = [[Cell(line.name), *(Cell(text) for text in _marked(line))] for line in lines]
    return [f"{GAP}{joined(line)}".rstrip() for line in lay_out(titles, cells, width - len(GAP))]


def _below(sides: Sequence[str], lines: Sequence[Line]) -> list[str]:
    widest = max(map(len, sides))
    found = []
    for line in lines:
        found.append(f"{GAP}{line.name}")
        for side, text in zip(sides, _marked(line), strict=True):
            found.append(f"{GAP * 2}{side.ljust(widest)}{GAP}{text}".rstrip())
    return found


def _marked(line: Line) -> list[str]:
    return [f"{MARK if number == line.better else ''}{text}" for number, text in enumerate(line.texts)]
