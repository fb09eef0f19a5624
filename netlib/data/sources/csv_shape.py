"""Whether all records of a CSV file have as many values as there are columns, found in its bytes.

polars fills up a record that is too short, and of one that is too long it takes the first values if not all columns are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from netlib.data.arrays import Array

BLOCK = 1 << 18
"""Bytes that are looked at in one go: what is made of them stays in the cache."""
SUSPECTS = 4096
"""Records that may be too short, and are looked at together."""
LINE = 1 << 12
"""Bytes at the end of a file in which the last line is looked for first."""
_NEWLINE, _RETURN, _QUOTE = 10, 13, 34
_BOM = b"\xef\xbb\xbf"


def end_of_records(lines: bytes) -> int:
    """Where in whole lines, the first of which begins a record, the last record ends whose end is among them; 0 if none has one.

    Quotes are taken to be where RFC 4180 has them. The empty lines behind that record are not taken.
    """
    inside = lines.count(b'"') % 2
    end = len(lines)
    while end and inside:
        before = lines.rfind(b"\n", 0, end - 1) + 1
        inside ^= lines.count(b'"', before, end) % 2
        end = before
    last = end
    while last and lines[last - 1] in (_NEWLINE, _RETURN):
        last -= 1
    return lines.find(b"\n", last) + 1 if last else 0


def rows_of(
    contents: Array, separator: str, columns: int, last_missing: Array, *, all_read: bool = False
) -> int | None:
    """How many records there are behind the names of the columns; None if some may not have a value for each column.

    Empty lines at the end are no records. None too if a quote is not where RFC 4180 has it: what others make of it differs.

    Args:
        contents: The bytes of the file, uint8.
        separator: What stands between values, one ASCII character.
        columns: How many there are.
        last_missing: Of each record that polars found, whether its last column has no value: one that is too short has none.
        all_read: Whether polars read every column: then it refuses a record that is too long, but for one without a line's end.
    """
    end = _end(contents)
    empty = max(0, int(np.count_nonzero(contents[end:] == _NEWLINE)) - 1)
    contents, sign = contents[:end], ord(separator)
    quotes, separators, newlines = _totals(contents, sign)
    if quotes % 2 or (quotes and not _are_plain(contents, sign)):
        return None
    # Where no quoted value has a line end or a separator, quotes make no difference. None of the records that have a last value
    # is too short, so that one that is too long, or a separator within quotes, would show in the total.
    whole = newlines + empty == len(last_missing)
    if whole and separators == (columns - 1) * (newlines + 1):
        if all_read and not quotes and _is_last_whole(contents, sign, columns):
            return newlines  # if none is too long, none is too short
        suspects = np.flatnonzero(last_missing[:newlines])
        if _are_whole(contents, sign, columns, suspects):
            return newlines
    return _rows_with_quotes(contents, sign, columns) if quotes else None


def _end(contents: Array) -> int:
    """Where the empty lines at the end begin."""
    end = len(contents)
    while end and contents[end - 1] in (_NEWLINE, _RETURN):
        end -= 1
    return end


def _blocks(contents: Array) -> Iterator[tuple[int, Array]]:
    for start in range(0, len(contents), BLOCK):
        yield start, contents[start : start + BLOCK]


def _totals(contents: Array, sign: int) -> tuple[int, int, int]:
    """The number of quotes, of separators and of newlines, those within quotes too."""
    middle = len(contents) // 2
    with ThreadPoolExecutor(2) as threads:  # NumPy lets other threads work while it compares
        halves = threads.map(
            lambda half: _counted(half, (_QUOTE, sign, _NEWLINE)), (contents[:middle], contents[middle:])
        )
        quotes, separators, newlines = np.add(*halves)
    return int(quotes), int(separators), int(newlines)


def _counted(contents: Array, signs: tuple[int, ...]) -> Array:
    counts = np.zeros(len(signs), np.int64)
    for _, block in _blocks(contents):
        counts += [np.count_nonzero(block == sign) for sign in signs]
    return counts


def _are_plain(contents: Array, sign: int) -> bool:
    """Whether a quote stands before and behind a value, or twice within one, and nowhere else."""
    before, behind = np.zeros((2, 256), bool)
    before[[sign, _NEWLINE, _QUOTE]] = behind[[sign, _NEWLINE, _RETURN, _QUOTE]] = True
    seen, first = 0, len(_BOM) if contents[: len(_BOM)].tobytes() == _BOM else 0
    for start, block in _blocks(contents):
        places = start + np.flatnonzero(block == _QUOTE)
        opening, closing = places[seen % 2 :: 2], places[1 - seen % 2 :: 2]
        seen += len(places)
        opening, closing = opening[opening > first], closing[closing < len(contents) - 1]
        if not (before[contents[opening - 1]].all() and behind[contents[closing + 1]].all()):
            return False
    return True


def _is_last_whole(contents: Array, sign: int, columns: int) -> bool:
    """Whether the last record, which has no quotes, has a value for each column."""
    size = LINE
    while size < len(contents) and _NEWLINE not in contents[-size:]:
        size *= 2
    ends = np.flatnonzero(contents[-size:] == _NEWLINE)
    last = contents[-size:][ends[-1] + 1 if len(ends) else 0 :]
    return int(np.count_nonzero(last == sign)) == columns - 1


def _are_whole(contents: Array, sign: int, columns: int, suspects: Array) -> bool:
    """Whether these records, numbers in rising order, have no quotes, and a value for each column."""
    if not len(suspects):
        return True
    newlines = [start + np.flatnonzero(block == _NEWLINE) for start, block in _blocks(contents)]
    ends = np.concatenate([*newlines, [len(contents)]])
    for some in np.array_split(suspects, 1 + len(suspects) // SUSPECTS):
        first, last = ends[some], ends[some + 1]
        lengths = last - first
        starts = np.cumsum(lengths) - lengths
        places = np.repeat(first - starts, lengths)
        places += np.arange(len(places))
        found = contents[places]
        counts = np.add.reduceat((found == sign).astype(np.int32), starts)
        if (counts != columns - 1).any() or (found == _QUOTE).any():
            return False
    return True


def _rows_with_quotes(contents: Array, sign: int, columns: int) -> int | None:
    """As `rows_of`, of all records one by one: what is within quotes neither ends a value nor a record."""
    inside = False
    records = pending = 0
    for _, block in _blocks(contents):
        signs = block[(block == sign) | (block == _NEWLINE) | (block == _QUOTE)]
        within = ((np.cumsum(signs == _QUOTE, dtype=np.uint8) + inside) & 1).astype(bool)
        inside = bool(within[-1]) if len(within) else inside
        ends = np.flatnonzero((signs := signs[~within & (signs != _QUOTE)]) == _NEWLINE)
        counts = np.diff(ends, prepend=-1) - 1
        if len(counts):
            counts[0] += pending
            pending = 0
        if (counts != columns - 1).any():
            return None
        records += len(ends)
        pending += len(signs) - (int(ends[-1]) + 1 if len(ends) else 0)
    return records if not inside and pending == columns - 1 else None
