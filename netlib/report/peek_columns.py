"""The tables of a look at data: columns as they are read, classes, and what the preprocessing makes of it all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from netlib.report import numbers
from netlib.report.layout import Cell, Column, joined, lay_out
from netlib.spec.looks import ClassLook, ColumnLook, DataLook, ReadyLook
from netlib.spec.tensors import show

MOST_LINES = 100
"""Columns that are shown; --json has them all."""
MOST_CLASSES = 30
"""Classes that are shown, likewise."""
_LINES_EACH = 1.5
"""Lines that a column may take on average before something is left out."""
_BARS = "▁▂▃▄▅▆▇█"


class _Fact(NamedTuple):
    """A column of the table; `gives_way` says how soon it is left out where the table is too wide, 0 never."""

    title: str
    text: Callable[[ColumnLook, int], str]
    number: bool = False
    gives_way: int = 0


def column_lines(look: DataLook, width: int, draws: bool = True) -> list[str]:
    """A line for each column; what matters least is left out where there is no room for it."""
    train = look.samples["train"]
    several = len({each.member or each.name for each in look.columns if each.role == "input"}) > 1
    shown = look.columns[:MOST_LINES]
    facts = [fact for fact in _facts(several, draws) if any(fact.text(each, train) for each in shown)]
    while True:
        rows = [[Cell(fact.text(each, train)) for fact in facts] for each in shown]
        lines = [joined(line) for line in lay_out([Column(fact.title, fact.number) for fact in facts], rows, width)]
        last = max(facts, key=lambda fact: fact.gives_way)
        fits = max(map(len, lines)) <= width and len(lines) <= 1 + _LINES_EACH * len(rows)
        if fits or not last.gives_way:
            break
        facts.remove(last)
    more = len(look.columns) - len(shown)
    return [*lines, f"and {numbers.count(more)} more: --json has them"] if more else lines


def _facts(several: bool, draws: bool) -> list[_Fact]:
    return [
        _Fact("column", lambda each, _: each.name),
        _Fact("role", lambda each, _: f"{each.role} {each.member}".strip() if several else each.role),
        _Fact("type", lambda each, _: _type(each), gives_way=1),
        _Fact("values", _values),
        *([_Fact("spread", lambda each, _: bars(each.bars), gives_way=4)] if draws else []),
        _Fact("mean", lambda each, _: "" if _few(each) else number(each.mean), number=True, gives_way=2),
        _Fact("deviation", lambda each, _: "" if _few(each) else number(each.deviation), number=True, gives_way=3),
        _Fact("missing", lambda each, total: _share(each.missing, total) if each.missing else "", number=True),
    ]


def class_lines(classes: Sequence[ClassLook], width: int) -> list[str]:
    """A line for each class: its samples in each split, and their share of it."""
    splits = list(classes[0].counts)
    totals = {split: sum(each.counts[split] for each in classes) for split in splits}
    rows = [
        [
            Cell(f"{each.number} {each.name}".rstrip() if each.name != str(each.number) else each.name),
            *(Cell(_share(each.counts[split], totals[split])) for split in splits),
        ]
        for each in classes[:MOST_CLASSES]
    ]
    titles = [Column("class"), *(Column(split, number=True) for split in splits)]
    lines = [joined(line) for line in lay_out(titles, rows, width)]
    more = len(classes) - MOST_CLASSES
    return [*lines, f"and {numbers.count(more)} more: --json has them"] if more > 0 else lines


def ready_lines(ready: Sequence[ReadyLook], width: int) -> list[str]:
    """A line for each input and target; in front of it, indented, the columns with steps of which it is joined."""
    titles = [Column("name"), Column("role"), Column("steps"), Column("shape"), Column("dtype"), Column("range")]
    rows = []
    for each in ready:
        known = [] if each.shape is None else [show((None, *each.shape)), each.dtype, _range(each.low, each.high)]
        name = f"  {each.name}" if each.member else each.name
        role = f"into {each.member}" if each.member else each.role
        texts = [name, role, ", ".join(each.steps), *(known or ["", "", ""])]
        rows.append([Cell(text) for text in texts])
    return [joined(line) for line in lay_out(titles, rows, width)]


def bars(counts: Sequence[int]) -> str:
    """Counts as a row of bars, none of them for 0 at all."""
    most = max(counts, default=0)
    return "".join(_BARS[max(0, -(-count * len(_BARS) // most) - 1)] if count else " " for count in counts).rstrip()


def number(value: float | None) -> str:
    """About four digits; nothing for None."""
    return "" if value is None else f"{value:.4g}"


def _type(column: ColumnLook) -> str:
    return f"{column.type} {show(column.shape)}" if column.shape else column.type


def _values(column: ColumnLook, total: int) -> str:
    """The range of numbers; of texts, and of few integers, how many there are and the most frequent."""
    there = total - column.missing
    if column.type == "text" or _few(column):
        if column.distinct == there and there > 1:
            return f"{numbers.count(there)} texts, all different{_lengths(column)}"
        most = ", ".join(f"{_cut(text)} {count / there:.0%}" for text, count in column.frequent)
        return f"{numbers.count(column.distinct or 0)} different: {most}" if column.distinct else "none"
    return _range(column.low, column.high) or "none"


def _few(column: ColumnLook) -> bool:
    """Whether it holds integers of which each has a bar of its own: classes rather than numbers."""
    return bool(column.frequent) and column.type != "text" and (column.distinct or 0) <= len(column.bars)


def _lengths(column: ColumnLook) -> str:
    if column.lengths is None:
        return ""
    return f", of {column.lengths[0]} to {numbers.count(column.lengths[1])} characters"


def _range(low: float | str | None, high: float | str | None) -> str:
    if low is None or high is None:
        return ""
    first, last = (each if isinstance(each, str) else number(each) for each in (low, high))
    return first if first == last else f"{first} to {last}"


def _share(count: int, total: int) -> str:
    return f"{numbers.count(count)} ({count / total:.1%})" if total else "0"


def _cut(text: str, most: int = 16) -> str:
    """A category on one line."""
    line = " ".join(text.split()) or "''"
    return line if len(line) <= most else f"{line[: most - 3]}..."
