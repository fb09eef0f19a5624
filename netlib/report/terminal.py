"""What a stream can show: colour, a live display, how many columns, which characters; and a line that goes away again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

PIPE_WIDTH = 120
"""Columns where the output is no terminal, unless COLUMNS says otherwise."""


def is_live(stream: TextIO) -> bool:
    """Whether it is a terminal whose cursor can be moved."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def has_color(stream: TextIO) -> bool:
    """Whether to colour: on a terminal, unless NO_COLOR is set (https://no-color.org); anywhere with FORCE_COLOR."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or is_live(stream)


def can_draw(stream: TextIO) -> bool:
    """Whether it takes the characters that lines are drawn with."""
    try:
        "│├└─━╺".encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def width() -> int:
    """Columns to fill: COLUMNS, or the terminal's, or those of a pipe."""
    return shutil.get_terminal_size((PIPE_WIDTH, 24)).columns


def edge(stream: TextIO) -> int | None:
    """Columns after which a terminal breaks a line: COLUMNS, or its own; None if the stream is no terminal."""
    if not stream.isatty():
        return None
    try:
        return int(os.environ.get("COLUMNS", "")) or None
    except ValueError:
        pass
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except OSError:
        return None


@contextmanager
def notice(stream: TextIO, text: str) -> Iterator[None]:
    """Shows the text while the block runs, on a terminal only."""
    if not is_live(stream):
        yield
        return
    print(text, end="", file=stream, flush=True)
    try:
        yield
    finally:
        print("\r\x1b[K", end="", file=stream, flush=True)
