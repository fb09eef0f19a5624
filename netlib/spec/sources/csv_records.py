"""The records of a CSV file one by one, with the lines on which they begin; and what is wrong with those that are none."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from netlib.spec.errors import NetlabError

COMPRESSED = ".gz"
QUOTE = '"'
LONGEST = 131_072
"""Characters that a value may have where a file is read record by record (`csv.field_size_limit`)."""
_SAID = {
    "unexpected end of data": "a quote is opened and never closed",
    "field larger than field limit": f"a value has more than {LONGEST:,} characters: is a quote not closed?",
    "new-line character seen in unquoted field": "a line ends in a carriage return alone",
}


class Record(NamedTuple):
    """The values of a record, and the line on which it begins, from 1; `problem` says why it has none."""

    line: int
    values: list[str]
    problem: str = ""


@contextmanager
def opened(file: Path) -> Iterator[IO[bytes]]:
    """The bytes of a file, unpacked where its name ends in `.gz`.

    Raises:
        NetlabError: it cannot be read, or unpacked.
    """
    try:
        with gzip.open(file, "rb") if file.name.lower().endswith(COMPRESSED) else file.open("rb") as stream:
            yield stream  # type: ignore[misc]
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise NetlabError(f"{file} is damaged: it cannot be unpacked ({error})") from None
    except OSError as error:
        raise NetlabError(f"{file} cannot be read: {error.strerror}") from None


def records(lines: Iterable[bytes], separator: str, first: int = 1) -> Iterator[Record]:
    """The records of the lines, with quotes as RFC 4180 has them; what is none takes one line, and the next is tried.

    Args:
        lines: With their ends.
        separator: What stands between values.
        first: The number of the first of the lines in its file.
    """
    source = _Lines(lines, first)
    reader = csv.reader(source, delimiter=separator, strict=True)
    while True:
        try:
            values = next(reader)
        except StopIteration:
            return
        except (csv.Error, UnicodeDecodeError) as error:
            line = source.line
            source.back_to_second()
            reader = csv.reader(source, delimiter=separator, strict=True)
            yield Record(line, [], _said(error, separator))
            continue
        yield Record(source.line, values)
        source.done()


class _Lines:
    """Lines as texts; those of the record that is being read are kept, to go back to."""

    def __init__(self, lines: Iterable[bytes], first: int) -> None:
        self._lines = iter(lines)
        self._waiting: deque[bytes] = deque()
        self._taken: list[bytes] = []
        self.line = first

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else next(self._lines)
        self._taken.append(line)
        return line.decode("utf-8-sig" if self.line == len(self._taken) == 1 else "utf-8")

    def done(self) -> None:
        """What is read next is another record."""
        self.line += len(self._taken)
        self._taken.clear()

    def back_to_second(self) -> None:
        """What is read next begins with the second line of what was read last."""
        self._waiting.extendleft(reversed(self._taken[1:]))
        del self._taken[1:]
        self.done()


def _said(error: csv.Error | UnicodeDecodeError, separator: str) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"the byte 0x{error.object[error.start]:02x} is no UTF-8: save the file as UTF-8"
    found = next((said for start, said in _SAID.items() if str(error).startswith(start)), None)
    return found or f"a quote ends a value, but no '{separator}' follows: double a quote that belongs to the value"
