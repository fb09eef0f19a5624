"""Runs as a table: what each has come to, and what its config has that others have not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from netlib.report import numbers
from netlib.report.layout import bold
from netlib.report.side_by_side import Texts, cut, fitting, folded, lines_of, pairs, short_names

MARK = "*"
"""In front of the best of several, where it does not move the digits."""
GIVES_WAY = ("time", "begun")
"""Columns that are left out, in this order, where there is no room for them."""
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
    fixed = fitting(_fixed(rows), width, GIVES_WAY)
    keys = list(dict.fromkeys(key for row in rows for key in row.differs))
    short = short_names(keys)
    columns = [(short[key], False, [cut(row.differs.get(key, "")) for row in rows]) for key in keys]
    whole = lines_of([*fixed, *columns])
    if max(map(len, whole)) <= width and len({frozenset(row.differs) for row in rows}) == 1:
        lines = whole
    else:
        lines = folded(lines_of(fixed), [pairs(row.differs, short) for row in rows], width)
    return "\n".join([bold(lines[0], color), *lines[1:]]) + "\n"


def chosen_text(titles: Sequence[str], rows: Sequence[Sequence[str | float | None]], color: bool = False) -> str:
    """The columns that were asked for; numbers to the right."""
    columns = []
    for number, title in enumerate(titles):
        values = [row[number] for row in rows]
        is_number = any(isinstance(value, int | float) for value in values)
        columns.append((title, is_number, [_said(value) for value in values]))
    lines = lines_of(columns)
    return "\n".join([bold(lines[0], color), *lines[1:]]) + "\n"


def removal_text(rows: Sequence[tuple[RunRow, int]], width: int) -> str:
    """What would be removed, with its size in bytes, and the sum."""
    runs = [row for row, _ in rows]
    sizes = ("size", True, [numbers.size(size) for _, size in rows])
    lines = lines_of(fitting([*_fixed(runs), sizes], width, GIVES_WAY))
    total = numbers.size(sum(size for _, size in rows))
    return "\n".join([*lines, "", f"{len(rows)} run{'' if len(rows) == 1 else 's'}, {total}"]) + "\n"


def ago(seconds: float) -> str:
    """`42 s`, `5 min`, `3 h` or `12 d`, rounded down; weeks after sixty days."""
    left = max(0.0, seconds)
    for size, unit in _AGES:
        if left < size:
            return f"{int(left)} {unit} ago"
        left /= size
    return f"{int(seconds // (7 * 86_400))} weeks ago"


def _fixed(rows: Sequence[RunRow]) -> list[Texts]:
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


def _said(value: str | float | None) -> str:
    if isinstance(value, float):
        return numbers.metric(value)
    return "" if value is None else str(value)
