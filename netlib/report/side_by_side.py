"""Columns of short texts side by side: what has no room gives way, and what is too much for columns is folded below its line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from netlib.report.layout import GAP, Cell, Column, joined, lay_out

LONGEST = 24
"""Characters of a config's value that are shown."""
NARROWEST = 20
"""Columns that are worth to be filled with what differs; with fewer it stands below each line."""
INDENT = "    "
Texts = tuple[str, bool, list[str]]
"""A column: its title, whether it is one of numbers, and what stands in it."""


def short_names(keys: Sequence[str]) -> dict[str, str]:
    """Of each key as many of its last parts as tell it from the others."""
    found = {}
    for key in keys:
        parts = key.split(".")
        ends = (".".join(parts[-count:]) for count in range(1, len(parts) + 1))
        found[key] = next(
            (end for end in ends if sum(other == end or other.endswith(f".{end}") for other in keys) == 1), key
        )
    return found


def fitting(columns: Sequence[Texts], width: int, gives_way: Iterable[str]) -> list[Texts]:
    """The columns without those that give way where a line would be longer."""
    found = list(columns)
    for title in gives_way:
        if _longest(found) - len(GAP) > width:
            found = [column for column in found if column[0] != title]
    return found


def lines_of(columns: Sequence[Texts]) -> list[str]:
    """Lines, the titles first; nothing is broken."""
    titles = [Column(title, number) for title, number, _ in columns]
    cells = [[Cell(text) for text in row] for row in zip(*(texts for _, _, texts in columns), strict=True)]
    return [joined(line) for line in lay_out(titles, cells, _longest(columns))]


def _longest(columns: Sequence[Texts]) -> int:
    """The length of a line with a gap at its end."""
    return sum(max(map(len, [title, *texts])) + len(GAP) for title, _, texts in columns)


def folded(lines: Sequence[str], differing: Sequence[Sequence[str]], width: int) -> list[str]:
    """The lines with what differs behind each, or below it where there is no room."""
    if not any(differing):
        return list(lines)
    start = max(map(len, lines)) + len(GAP)
    below = width - start < NARROWEST
    indent = INDENT if below else " " * start
    found = [lines[0] if below else f"{lines[0].ljust(start)}differs"]
    for line, each in zip(lines[1:], differing, strict=True):
        texts = _filled(each, width - len(indent))
        if texts and not below:
            line, texts = f"{line.ljust(start)}{texts[0]}", texts[1:]
        found += [line, *(f"{indent}{text}" for text in texts)]
    return found


def _filled(items: Sequence[str], width: int) -> list[str]:
    """Lines with as many of the items as there is room for."""
    lines: list[str] = []
    for number, item in enumerate(items):
        text = item if number == len(items) - 1 else f"{item},"
        if lines and len(lines[-1]) + 1 + len(text) <= width:
            lines[-1] += f" {text}"
        else:
            lines.append(text)
    return lines


def pairs(differs: Mapping[str, str], short: Mapping[str, str]) -> list[str]:
    """`key=value` of each, the keys as short as they may be."""
    return [f"{short[key]}={cut(value)}" for key, value in differs.items()]


def cut(text: str, longest: int = LONGEST) -> str:
    """A value of so many characters at most."""
    return text if len(text) <= longest else f"{text[: longest - 3]}..."
