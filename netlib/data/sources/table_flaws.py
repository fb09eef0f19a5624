"""What is wrong with rows of tables, and what is said of it: an error, or notes of what is left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from netlib.spec.errors import NetlabError
from netlib.spec.sources.table import TableSpec

MOST_TOLD = 10
"""Kinds of flaws of which is told, each with the place of the first row that has it."""


@dataclass(frozen=True)
class Flaw:
    """Rows of a file with one and the same fault: what it is, where the first is, and how many there are.

    `first` is the number of the first of them in the file, from 0, and `kind` is equal for faults that are told together.
    """

    file: Path
    place: str
    what: str
    rows: int
    first: int
    kind: str

    def __str__(self) -> str:
        such = f" ({self.rows:,} such rows)" if self.rows > 1 else ""
        return f"{self.file}, {self.place}: {self.what}{such}"


def together(flaws: Iterable[Flaw]) -> tuple[Flaw, ...]:
    """One flaw for all of a kind in a file; of flaws in the order of their rows, as it is that of those that are given."""
    found: dict[tuple[Path, str], Flaw] = {}
    for flaw in flaws:
        key = flaw.file, flaw.kind
        known = found.get(key)
        found[key] = flaw if known is None else replace(known, rows=known.rows + flaw.rows)
    return tuple(found.values())


def refuse(source: TableSpec, flaws: Sequence[Flaw]) -> None:
    """Raises a `NetlabError` that tells of them, if there are some and they are not to be left out."""
    if not flaws or source.on_error == "skip":
        return
    told = "\n".join(map(str, flaws[:MOST_TOLD]))
    more = f"\nand {len(flaws) - MOST_TOLD} more" if len(flaws) > MOST_TOLD else ""
    raise NetlabError(f"{told}{more}\n{source.remedy}")


def need_some(file: Path, usable: int, flaws: Sequence[Flaw]) -> None:
    """Raises a `NetlabError` if no row can be used."""
    if not usable:
        raise NetlabError(f"{file}: no row can be used; {flaws[0] if flaws else 'there is none'}")


def notes_of(left_out: int, total: int, flaws: Sequence[Flaw]) -> tuple[str, ...]:
    """How many rows are left out, and why."""
    if not left_out:
        return ()
    rest = (f"left out for {len(flaws) - MOST_TOLD} more reasons",) if len(flaws) > MOST_TOLD else ()
    what = f"{left_out:,} of {total:,} rows are left out (on_error: skip)"
    return (what, *(f"left out: {flaw}" for flaw in flaws[:MOST_TOLD]), *rest)
