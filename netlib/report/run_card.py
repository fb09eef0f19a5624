"""A run on a card: what it is, how far it came and what it measured. As text for a prompt, as HTML for a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from netlib.report import numbers
from netlib.report.layout import Cell, Column, joined, lay_out
from netlib.report.terminal import width

Metrics = Mapping[str, Mapping[str, float]]
"""By split, then by name."""

_LEFT = 'style="text-align: left"'


@dataclass(frozen=True)
class RunCard:
    """What stands on it.

    Attributes:
        title: the first line.
        facts: lines below it.
        metrics: a table below these: a row for each split.
    """

    title: str
    facts: tuple[str, ...]
    metrics: Metrics

    @property
    def names(self) -> list[str]:
        """Of the metrics, in the order of their columns."""
        return list(dict.fromkeys(name for values in self.metrics.values() for name in values))


def progress(epochs: int, planned: int | None, best: int | None, step: int, seconds: float) -> str:
    """`12 of 30 epochs, the best is 9, 480 steps, 14 s`."""
    of = "" if planned is None or planned == epochs else f" of {planned}"
    many = (planned if of else epochs) != 1
    parts = [
        f"{epochs}{of} epoch{'s' * many}",
        *([] if best is None else [f"the best is {best}"]),
        f"{numbers.count(step)} step{'s' * (step != 1)}",
        numbers.duration(seconds),
    ]
    return ", ".join(parts)


def as_text(card: RunCard) -> str:
    """Lines, the last without an end."""
    columns = [Column(""), *(Column(name, number=True) for name in card.names)]
    rows = [[Cell(split), *map(Cell, _row(card, split))] for split in card.metrics]
    table = ["", *map(joined, lay_out(columns, rows, width()))] if rows else []
    return "\n".join([card.title, *(f"  {fact}" for fact in card.facts), *table])


def as_html(card: RunCard) -> str:
    """The same; whatever a name or a path has in it is text."""
    facts = "".join(f"<br>{escape(fact)}" for fact in card.facts)
    head = "".join(f"<th>{escape(name)}</th>" for name in card.names)
    rows = "".join(
        f"<tr><th {_LEFT}>{escape(split)}</th>{''.join(f'<td>{text}</td>' for text in _row(card, split))}</tr>"
        for split in card.metrics
    )
    table = f"<table><thead><tr><th></th>{head}</tr></thead><tbody>{rows}</tbody></table>" if rows else ""
    return f"<div><p><b>{escape(card.title)}</b>{facts}</p>{table}</div>"


def in_html(text: str) -> str:
    """Lines whose columns are to stay below each other, for a notebook."""
    return f'<pre style="line-height: 1.2">{escape(text)}</pre>'


def _row(card: RunCard, split: str) -> list[str]:
    values = card.metrics[split]
    return [numbers.metric(values[name]) if name in values else "" for name in card.names]
