"""Where the time of a training went, as two tables: its parts, and the operations of the steps that were traced."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from netlib.report import numbers
from netlib.report.layout import Cell, Column, table, wrapped
from netlib.report.terminal import width

PARTS = (Column("time"), *(Column(title, number=True) for title in ("in all", "share", "times", "longest")))
NOTE = "without those inside them, on all threads together; share: of these"
OPERATIONS = (Column("operation"), *(Column(title, number=True) for title in ("in all", "share", "times")))


def profile_tables(profile: Mapping[str, Any], folder: Path, color: bool = False) -> str:
    """The tables, and how the trace is opened.

    Args:
        profile: as `profile.json` has it; see `netlib.runs.profile`.
        folder: has the trace.
        color: whether the titles stand out.
    """
    parts, operations = profile["parts"], profile["operations"]
    total = profile["seconds"]
    rows = [
        [name, _time(part["seconds"]), _share(part["seconds"], total), numbers.count(part["times"]), _longest(part)]
        for name, part in sorted(parts.items(), key=lambda item: -item[1]["seconds"])
    ]
    lines = [*_lines(PARTS, [*rows, ["in all", _time(total), _share(total, total), "", ""]], color), ""]
    steps = profile["traced_steps"]
    if not operations:
        return "\n".join([*lines, "no steps were traced: the training ended before its steps were warm"]) + "\n"
    of_trace = sum(each["seconds"] for each in operations)
    listed = [
        [each["name"], _time(each["seconds"]), _share(each["seconds"], of_trace), numbers.count(each["times"])]
        for each in operations
    ]
    traced = f"{steps} step{'' if steps == 1 else 's'}"
    lines += [
        *_lines(OPERATIONS, listed, color),
        "",
        *wrapped(f"the longest operations of {traced}, {NOTE}", width()),
        f"to look at the trace: pip install xprof, then: xprof --logdir {folder}",
    ]
    return "\n".join(lines) + "\n"


def _lines(columns: tuple[Column, ...], rows: list[list[str]], color: bool) -> list[str]:
    return table(columns, [[Cell(text) for text in row] for row in rows], width(), color)


def _longest(part: Mapping[str, Any]) -> str:
    """Of several times."""
    return _time(part["longest"]) if part["times"] > 1 else ""


def _time(seconds: float) -> str:
    return numbers.duration(seconds) if seconds >= 0.0005 else f"{seconds * 1000:.3f} ms"


def _share(part: float, total: float) -> str:
    return f"{part / total:.1%}" if total else ""
