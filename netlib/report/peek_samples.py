"""Single samples side by side: a line for each column or input, a column for each sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from netlib.report import numbers
from netlib.report.layout import GAP
from netlib.spec.tensors import show

NARROWEST = 12
"""Characters that a sample has at least; as many samples stand side by side as there is room for so."""
WIDEST = 36
"""And at most."""
MOST_LINES = 60


def sample_lines(rows: Sequence[int], samples: Sequence[Mapping[str, Any]], width: int) -> list[str]:
    """The samples, in as many tables as they need; `rows` are their rows in the source."""
    if not samples:
        return []
    names = list(samples[0])
    first = min(max(map(len, names)), max(8, width // 3))
    across = max(1, (width - first) // (NARROWEST + len(GAP)))
    wide = min(WIDEST, (width - first) // min(across, len(samples)) - len(GAP))
    lines: list[str] = []
    for start in range(0, len(samples), across):
        part = samples[start : start + across]
        titles = [f"row {numbers.count(row)}" for row in rows[start : start + across]]
        table = [["", *titles]]
        table += [[name, *(value_text(sample[name], wide) for sample in part)] for name in names[:MOST_LINES]]
        widths = [max(len(line[i]) for line in table) for i in range(1, len(titles) + 1)]
        for name, *cells in table:
            padded = [cell.rjust(size) for cell, size in zip(cells, widths, strict=True)]
            lines.append(GAP.join([_cut(name, first).ljust(first), *padded]))
    more = len(names) - MOST_LINES
    return [*lines, f"and {numbers.count(more)} more: --json has them"] if more > 0 else lines


def value_text(value: Any, width: int) -> str:
    """A value of a sample in at most so many characters, but for shapes, which are whole."""
    if value is None:
        return "missing"
    if isinstance(value, Mapping):
        ends = {f"{value[end]:.3g}" for end in ("low", "high") if value[end] is not None}
        whole = f"{show(tuple(value['shape']))} {value['low']:.3g} to {value['high']:.3g}" if len(ends) > 1 else ""
        return whole if whole and len(whole) <= width else show(tuple(value["shape"]))
    if isinstance(value, str):
        return _cut(" ".join(value.split()), width)
    if isinstance(value, Sequence):
        return _vector([value_text(each, width) for each in value], width)
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _vector(texts: list[str], width: int) -> str:
    whole = " ".join(texts)
    if len(whole) <= width:
        return whole
    rest = f"... ({len(texts)})"
    while texts and len(" ".join([*texts, rest])) > width:
        texts = texts[:-1]
    return " ".join([*texts, rest])


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: max(1, width - 3)]}..."
