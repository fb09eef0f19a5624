"""Which columns of a table an input is made of, and which say nothing, or too much."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from netlib.data.leaks import leaks
from netlib.data.proposing import FEWEST_ROWS, MOST_CATEGORIES, NEARLY_ALL, SENTENCE_WORDS
from netlib.data.sources.table_values import final
from netlib.data.steps.texts import words_of

_OF_A_ROW = re.compile(r"(^|[_ .-])(id|ids|uuid|guid|key|index|nr|no|number|row)$|Id$|ID$|^unnamed", re.IGNORECASE)
_OF_A_TIME = re.compile(r"year|month|week|day|hour|date|time|age", re.IGNORECASE)
_OF_A_GROUP = re.compile(
    r"^(patient|subject|person|user|customer|client|group|session|device|household|account|student|author|speaker|site)s?"
    r"([_ .-]?(id|nr|no|number|key))?$",
    re.IGNORECASE,
)
FEWEST_GROUPS = 5


@dataclass(frozen=True)
class Uses:
    """What the columns are for.

    Attributes:
        numbers: those that are joined to one input: numbers, categories and times.
        texts: those whose words are read, each an input of its own.
        left_out: column -> why it is not read.
        group: the column that says which rows belong together.
    """

    numbers: tuple[str, ...]
    texts: tuple[str, ...]
    left_out: Mapping[str, str]
    group: str | None = None


def uses(columns: Mapping[str, pl.Series], targets: Sequence[str], unreadable: Mapping[str, str]) -> Uses:
    """What each column is for; `columns` are all that can be read, the targets among them."""
    left_out = {name: _unreadable(held) for name, held in unreadable.items()}
    inputs = {name: values for name, values in columns.items() if name not in targets}
    answers = {name: final(columns[name]) for name in targets}
    kept: dict[str, pl.Series] = {}
    for name, values in inputs.items():
        why = _says_nothing(values) or _names_rows(values) or _tells(values, answers) or _again(values, kept)
        if why:
            left_out[name] = why
        else:
            kept[name] = values
    group = next((name for name in kept if _is_group(kept[name])), None)
    if group is not None:
        left_out[group] = "says which rows belong together: all of one are in the same split"
        del kept[group]
    texts = tuple(name for name, values in kept.items() if is_text(values))
    order = {name: left_out[name] for name in (*columns, *unreadable) if name in left_out}
    return Uses(tuple(name for name in kept if name not in texts), texts, order, group)


def is_text(values: pl.Series) -> bool:
    """Whether its values are sentences, which are read word for word, rather than categories."""
    present = values.drop_nulls()
    if values.dtype != pl.String() or present.n_unique() <= MOST_CATEGORIES:
        return False
    return float(words_of(present).list.len().mean() or 0) >= SENTENCE_WORDS  # type: ignore[arg-type]


def _unreadable(held: str) -> str:
    return "all are missing" if held == "missing" else f"holds {held}, which no network can read"


def _says_nothing(values: pl.Series) -> str | None:
    present = _present(values)
    if not len(present):
        return "all are missing"
    told_by_gaps = values.dtype == pl.String() and len(present) < len(values)
    return f"always {present[0]!r}" if present.n_unique() < 2 and not told_by_gaps else None


def _names_rows(values: pl.Series) -> str | None:
    present = _present(values)
    different = present.n_unique()
    if len(present) < FEWEST_ROWS or different < NEARLY_ALL * len(present):
        return None
    if values.dtype == pl.String():
        return None if is_text(values) else f"names rows: {different:,} different texts in {len(values):,} rows"
    if not values.dtype.is_integer() or different < len(present) or _OF_A_TIME.search(values.name):
        return None
    ordered = present.sort()
    spread = int(ordered[-1]) - int(ordered[0]) + 1
    if _OF_A_ROW.search(values.name) or spread <= 1.5 * different or present.is_sorted():
        return f"numbers the rows: {different:,} different integers in {len(values):,} rows"
    return None


def _tells(values: pl.Series, answers: Mapping[str, object]) -> str | None:
    """Which target it says outright: no such column is known when there is something to predict."""
    found = {values.name: final(values)}
    for name, answer in answers.items():
        if any(leaks(found, {name: answer})):  # type: ignore[dict-item]
            return f"tells '{name}' outright, one to one or in proportion; read it if it is known before '{name}' is"
    return None


def _again(values: pl.Series, kept: Mapping[str, pl.Series]) -> str | None:
    same = (name for name, each in kept.items() if each.dtype == values.dtype and each.equals(values))
    name = next(same, None)
    return None if name is None else f"the same as '{name}'"


def _is_group(values: pl.Series) -> bool:
    different = values.n_unique()
    if not _OF_A_GROUP.search(values.name) or values.null_count() or values.dtype.is_float():
        return False
    return FEWEST_GROUPS <= different <= len(values) / 2


def _present(values: pl.Series) -> pl.Series:
    present = values.drop_nulls()
    return present.drop_nans() if values.dtype.is_float() else present


def times_in(columns: Mapping[str, pl.Series]) -> Iterator[str]:
    """The columns of times, without gaps."""
    return (name for name, values in columns.items() if values.dtype.is_temporal() and not values.null_count())
