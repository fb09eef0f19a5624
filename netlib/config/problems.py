"""Problems with their places, and how a person sees them: file, line, column, the line itself and a caret."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal
from unicodedata import combining, east_asian_width

from netlib.config.tree import Place, Source
from netlib.spec.errors import UsageError

COMMAND_LINE = "<command line>"
LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
"""Where libyaml begins a new line."""
MAX_COLUMNS = 160
MAX_SHOWN = 50
_LEAST_COLUMNS = 20
_VIA_INDENT = 8
_MARGIN = 14
"""Columns of an excerpt beside its text: the line's number and the dots at both ends."""

_RED, _YELLOW, _BOLD, _PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[1m", "\x1b[0m"


@dataclass(frozen=True)
class PlacedProblem:
    """One mistake, and where it is; `place` None when no text could be read.

    `via` says what leads there from the config that was asked for, innermost first: `in ConvBlock, used at a.yaml:3:5`.
    """

    place: Place | None
    message: str
    severity: Literal["error", "warning"] = "error"
    via: tuple[str, ...] = ()

    @property
    def line(self) -> int | None:
        """Line in the file, from 1; None on the command line."""
        return None if self.place is None or self.place.source.origin == "command line" else self.place.line + 1

    @property
    def column(self) -> int | None:
        """Column in the line, from 1."""
        return None if self.place is None else self.place.column + 1

    @property
    def where(self) -> str:
        """`file:line:column`, or `<command line>: key=value`."""
        if self.place is None:
            return ""
        source = self.place.source
        if source.origin == "command line":
            return f"{COMMAND_LINE}: {printable(source.text)}"
        return f"{printable(source.name)}:{self.line}:{self.column}"


class ConfigError(UsageError):
    """A config that is not valid; `problems` has every mistake that was found, in file order."""

    def __init__(self, problems: Sequence[PlacedProblem]) -> None:
        self.problems = list(problems)
        super().__init__(render(self.problems))


def in_file_order(problems: Iterable[PlacedProblem], sources: Sequence[Source]) -> list[PlacedProblem]:
    """Sorted by file in the order of `sources`, then by line and column; a problem that was found twice stands once.

    So does one to which several uses of a block lead: with the first of them, and how many more there are.
    """
    order = {source: index for index, source in enumerate(sources)}

    def position(problem: PlacedProblem) -> tuple[int, int, int]:
        place = problem.place
        return (-1, 0, 0) if place is None else (order.get(place.source, len(order)), place.line, place.column)

    return sorted(_once(problems), key=position)


def _once(problems: Iterable[PlacedProblem]) -> list[PlacedProblem]:
    ways: dict[PlacedProblem, dict[tuple[str, ...], None]] = {}
    for problem in problems:
        found = ways.setdefault(replace(problem, via=()) if problem.via else problem, {})
        if problem.via:
            found[problem.via] = None
    return [replace(problem, via=_first_way(list(found))) if found else problem for problem, found in ways.items()]


def _first_way(ways: list[tuple[str, ...]]) -> tuple[str, ...]:
    first, more = ways[0], len(ways) - 1
    return (*first[:-1], f"{first[-1]} (and {more} more use{'s' if more > 1 else ''})") if more else first


def render(problems: Iterable[PlacedProblem], *, color: bool = False, columns: int | None = None) -> str:
    """The problems as text, each with its line and a caret. Of very many only the first.

    Args:
        problems: in the order in which they are to be shown.
        color: for a terminal.
        columns: those of a terminal, which would break longer lines, so that the carets stood elsewhere.
    """
    problems = list(problems)
    more = len(problems) - MAX_SHOWN
    shown = [_rendered(problem, color, columns) for problem in problems[:MAX_SHOWN]]
    return "\n".join([*shown, f"and {more} more problems"] if more > 0 else shown)


def printable(text: str) -> str:
    """Text without characters that a terminal would obey; what cannot be printed is written as in Python."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def lines_of(source: Source) -> tuple[str, ...]:
    """The lines of a source, as libyaml counts them."""
    return _split(source.text)


@lru_cache(maxsize=4)
def _split(text: str) -> tuple[str, ...]:
    return tuple(LINE_BREAK.split(text))


def _rendered(problem: PlacedProblem, color: bool, columns: int | None) -> str:
    hue = _RED if problem.severity == "error" else _YELLOW
    severity = _painted(f"{problem.severity}:", hue, color)
    message = "\n".join(map(printable, problem.message.split("\n")))
    head = ": ".join(filter(None, (_painted(problem.where, _BOLD, color), f"{severity} {message}")))
    if problem.place is None:
        return head
    excerpt = _excerpt(problem.place, hue, color, columns)
    excerpt += (f"{' ' * _VIA_INDENT}{printable(way)}" for way in problem.via)
    plain = f"{problem.where}: {problem.severity}: {problem.message}"
    if problem.place.source.origin == "command line" and columns and _columns(plain) > columns:
        return "\n".join((_painted(problem.where, _BOLD, color), *excerpt, f"{severity} {message}"))
    return "\n".join((head, *excerpt))


def _excerpt(place: Place, hue: str, color: bool, columns: int | None) -> list[str]:
    """The line with the place underlined; on the command line the text above is that line."""
    if place.source.origin == "command line":
        start = len(COMMAND_LINE) + 2 + _columns(place.source.text[: place.column])
        return [" " * start + _painted(_carets(place, place.source.text), hue, color)]
    lines = lines_of(place.source)
    line = lines[place.line] if place.line < len(lines) else ""
    most = min(MAX_COLUMNS, max(columns - _MARGIN, _LEAST_COLUMNS)) if columns else MAX_COLUMNS
    start = max(0, place.column - most // 2) if len(line) > most else 0
    before = "..." if start else ""
    after = "..." if start + most < len(line) else ""
    indent = len(before) + _columns(line[start : place.column])
    carets = _painted(_carets(place, line[: start + most]), hue, color)
    text = f"{before}{_one_column_tabs(line[start : start + most])}{after}"
    return [f"{place.line + 1:>5} | {text}".rstrip(), f"      | {' ' * indent}{carets}"]


def _carets(place: Place, line: str) -> str:
    return "^" * max(1, _columns(line[place.column : place.column + place.length]))


def _one_column_tabs(text: str) -> str:
    return printable(text.replace("\t", " "))


def _columns(text: str) -> int:
    """Columns that a terminal needs: two for wide characters, none for combining ones."""
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in _one_column_tabs(text))


def _painted(text: str, code: str, color: bool) -> str:
    return f"{code}{text}{_PLAIN}" if color and text else text
