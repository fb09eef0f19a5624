"""Runs as a table: what each has come to, and what its config has that others have not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from netlib.report import numbers
from netlib.report.layout import GAP, Cell, Column, bold, joined, lay_out

LONGEST = 24
"""Characters of a config's value that are shown."""
NARROWEST = 20
"""Columns that are worth to be filled with what differs; with fewer it stands below each run."""
MARK = "*"
"""In front of the best of several, where it does not move the digits."""
INDENT = "    "
GIVES_WAY = ("time", "begun")
"""Columns that are left out, in this order, where there is no room for them."""
_Texts = tuple[str, bool, list[str]]
"""A column: its title, whether it is one of numbers, and what stands in it."""
_AGES = ((60, "s"), (60, "min"), (24, "h"), (60, "d"))


@dataclass(frozen=True)
class RunRow:
    """A run. `age` are the seconds since it began; `differs` has keys of its config with their values, as text."""

    name: str
    state: str
    watched: str
    best: float | None
    is_best: bool
    epochs: int
    planned: int | None
    seconds: float
    age: float | None
    differs: Mapping[str, str] = field(default_factory=dict)


def runs_text(rows: Sequence[RunRow], width: int, color: bool = False) -> str:
    """A line a run. What differs stands in columns of its own where there is room for all, else behind or below each run."""
    fixed = _fitting(_fixed(rows), width)
    keys = list(dict.fromkeys(key for row in rows for key in row.differs))
    short = short_names(keys)
    columns = [(short[key], False, [_cut(row.differs.get(key, "")) for row in rows]) for key in keys]
    whole = _table([*fixed, *columns])
    if max(map(len, whole)) <= width and len({frozenset(row.differs) for row in rows}) == 1:
        lines = whole
    else:
        lines = _folded(_table(fixed), [_items(row.differs, short) for row in rows], width)
    return "\n".join([bold(lines[0], color), *lines[1:]]) + "\n"


def chosen_text(titles: Sequence[str], rows: Sequence[Sequence[str | float | None]], color: bool = False) -> str:
    """The columns that were asked for; numbers to the right."""
    columns = []
    for number, title in enumerate(titles):
        values = [row[number] for row in rows]
        is_number = any(isinstance(value, int | float) for value in values)
        columns.append((title, is_number, [_said(value) for value in values]))
    lines = _table(columns)
    return "\n".join([bold(lines[0], color), *lines[1:]]) + "\n"


def removal_text(rows: Sequence[tuple[RunRow, int]], width: int) -> str:
    """What would be removed, with its size in bytes, and the sum."""
    runs = [row for row, _ in rows]
    sizes = ("size", True, [numbers.size(size) for _, size in rows])
    lines = _table(_fitting([*_fixed(runs), sizes], width))
    total = numbers.size(sum(size for _, size in rows))
    return "\n".join([*lines, "", f"{len(rows)} run{'' if len(rows) == 1 else 's'}, {total}"]) + "\n"


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


def ago(seconds: float) -> str:
    """`42 s`, `5 min`, `3 h` or `12 d`, rounded down; weeks after sixty days."""
    left = max(0.0, seconds)
    for size, unit in _AGES:
        if left < size:
            return f"{int(left)} {unit} ago"
        left /= size
    return f"{int(seconds // (7 * 86_400))} weeks ago"


def _fixed(rows: Sequence[RunRow]) -> list[_Texts]:
    watched = list(dict.fromkeys(row.watched for row in rows))
    alike = len(watched) == 1
    return [
        ("run", False, [row.name for row in rows]),
        ("state", False, [row.state for row in rows]),
        (watched[0] if alike else "best", True, [_best(row, alike) for row in rows]),
        ("epochs", True, [str(row.epochs) if row.planned is None else f"{row.epochs}/{row.planned}" for row in rows]),
        ("time", True, [numbers.duration(row.seconds) if row.seconds else "" for row in rows]),
        ("begun", True, ["" if row.age is None else ago(row.age) for row in rows]),
    ]


def _best(row: RunRow, alike: bool) -> str:
    if row.best is None:
        return ""
    value = f"{MARK if row.is_best else ''}{numbers.metric(row.best)}"
    return value if alike else f"{row.watched} {value}"


def _fitting(columns: Sequence[_Texts], width: int) -> list[_Texts]:
    """The columns without those that give way where a line would be longer."""
    found = list(columns)
    for title in GIVES_WAY:
        if _widest(found) - len(GAP) > width:
            found = [column for column in found if column[0] != title]
    return found


def _table(columns: Sequence[_Texts]) -> list[str]:
    """Lines, the titles first; nothing is broken."""
    titles = [Column(title, number) for title, number, _ in columns]
    cells = [[Cell(text) for text in row] for row in zip(*(texts for _, _, texts in columns), strict=True)]
    return [joined(line) for line in lay_out(titles, cells, _widest(columns))]


def _widest(columns: Sequence[_Texts]) -> int:
    """The length of a line with a gap at its end."""
    return sum(max(map(len, [title, *texts])) + len(GAP) for title, _, texts in columns)


def _folded(lines: Sequence[str], items: Sequence[Sequence[str]], width: int) -> list[str]:
    """The lines with what differs behind each, or below it where there is no room."""
    if not any(items):
        return list(lines)
    start = max(map(len, lines)) + len(GAP)
    below = width - start < NARROWEST
    indent = INDENT if below else " " * start
    found = [lines[0] if below else f"{lines[0].ljust(start)}differs"]
    for line, each in zip(lines[1:], items, strict=True):
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


def _items(differs: Mapping[str, str], short: Mapping[str, str]) -> list[str]:
    return [f"{short[key]}={_cut(value)}" for key, value in differs.items()]


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _said(value: str | float | None) -> str:
    if isinstance(value, float):
        return numbers.metric(value)
    return "" if value is None else str(value)
