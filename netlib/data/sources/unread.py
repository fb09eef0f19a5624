"""The lines of a file from one on, looked at many at once, and passed when that is done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

AHEAD = 1 << 20
"""Bytes that are read where more lines are wanted than were to be looked at."""


class Unread:
    """What was not yet passed: as many whole lines as were asked for, and the rest of the stream.

    Attributes:
        lines: those that were read, with their ends.
        line: the number of the first of them in the file, from 1.
        ended: whether the stream has no more.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.lines = b""
        self.line = 1
        self.ended = False

    def filled(self, size: int) -> bytes:
        """At least so many bytes, up to the end of a line; fewer if that is all."""
        wanted = size - len(self.lines)
        if wanted > 0 and not self.ended:
            more = self._stream.read(wanted)
            self.ended = len(more) < wanted
            self.lines = b"".join((self.lines, more, b"" if more.endswith(b"\n") else self._stream.readline()))
        return self.lines

    def one_by_one(self) -> Iterator[bytes]:
        """All lines that were not passed; the stream is read as far as they are asked for, and none is passed by that."""
        start = 0
        while True:
            end = self.lines.find(b"\n", start) + 1
            if not end and not self.ended:
                self.filled(len(self.lines) + AHEAD)
                continue
            line = self.lines[start : end or None]
            if not line:
                return
            yield line
            start = end or len(self.lines)

    def line_at(self, place: int) -> int:
        """The number of the line that begins at that byte of `lines`."""
        cut_off = 0 < place == len(self.lines) and not self.lines.endswith(b"\n")
        return self.line + self.lines.count(b"\n", 0, place) + cut_off

    def pass_bytes(self, size: int) -> None:
        """So many bytes, whole lines, are done with."""
        self.line = self.line_at(size)
        self.lines = self.lines[size:]

    def pass_to(self, line: int | None) -> None:
        """All lines before that one are done with, or all that there are."""
        place = 0 if line else len(self.lines)
        for _ in range((line or 0) - self.line):
            place = self.lines.find(b"\n", place) + 1
        self.pass_bytes(place)
