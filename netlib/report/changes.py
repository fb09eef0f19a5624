"""A changed key of a config as a line: what it was, and what it is."""

from __future__ import annotations

from netlib.report.layout import bold, dim


def change_line(key: str, before: str, after: str, color: bool = False) -> str:
    """`train.epochs: 30 -> 60`, what counts from now on standing out on a terminal."""
    return f"{key}: {dim(before, color)} -> {bold(after, color)}"
