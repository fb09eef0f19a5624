"""A diagnosis as text: what was found under headings, then what to do."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import TextIO

from netlib.report.layout import bold
from netlib.report.terminal import can_draw, has_color, width
from netlib.spec.finding import Diagnosis, Finding, State

_DRAWN: dict[State, str] = {"ok": "✓", "note": "!", "broken": "✗"}
_PLAIN: dict[State, str] = {"ok": " ", "note": "!", "broken": "x"}
_COLORS: dict[State, int] = {"ok": 32, "note": 33, "broken": 31}
_WIDEST = 100


def diagnosis_text(found: Diagnosis, stream: TextIO) -> str:
    """A line or more for each finding; what to do stands below it, and at the end how much is wrong."""
    color, marks = has_color(stream), _DRAWN if _can_mark(stream) else _PLAIN
    columns = min(width(), _WIDEST)
    gap = max(len(each.name) for findings in found.values() for each in findings)
    lines = []
    for heading, findings in found.items():
        if findings:
            lines.append(bold(heading, color))
            lines += [line for each in findings for line in _lines(each, gap, columns, marks, color)]
            lines.append("")
    return "\n".join([*lines, _verdict([each for findings in found.values() for each in findings], color)]) + "\n"


def _lines(finding: Finding, gap: int, columns: int, marks: dict[State, str], color: bool) -> Iterator[str]:
    mark = marks[finding.state]
    indent = " " * (gap + 6)
    texts = [*_wrapped(finding.value, columns - len(indent))]
    texts += _wrapped(finding.hint, columns - len(indent), "-> " if finding.hint else "")
    yield f"  {_colored(mark, finding.state, color)} {finding.name.ljust(gap)}  {texts[0] if texts else ''}".rstrip()
    yield from (indent + text for text in texts[1:])


def _wrapped(text: str, columns: int, lead: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        max(columns, 20),
        initial_indent=lead,
        subsequent_indent=" " * len(lead),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _verdict(findings: list[Finding], color: bool) -> str:
    broken = sum(each.state == "broken" for each in findings)
    notes = sum(each.state == "note" for each in findings)
    worth = f"{notes} thing{'' if notes == 1 else 's'} worth knowing (!)" if notes else ""
    if broken:
        said = _colored(f"{broken} thing{' is' if broken == 1 else 's are'} broken", "broken", color)
        return said + (f", {worth}" if worth else "")
    return _colored("everything works", "ok", color) + (f"; {worth}" if worth else "")


def _can_mark(stream: TextIO) -> bool:
    try:
        "".join(_DRAWN.values()).encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return can_draw(stream)


def _colored(text: str, state: State, color: bool) -> str:
    return f"\x1b[{_COLORS[state]}m{text}\x1b[0m" if color else text
