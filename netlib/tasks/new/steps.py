"""What columns and texts go through, as a config writes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from netlib.data.proposing import MOST_PROPOSED_TOKENS, NEARLY_ALL, proposed_alone
from netlib.data.steps.texts import words_of
from netlib.spec.pipeline import Steps
from netlib.spec.sources.table import FEATURES
from netlib.tasks.new.columns import Uses
from netlib.tasks.new.draft import Line, named, word
from netlib.tasks.new.reading import Table
from netlib.tasks.new.targets import Target

ALIKE = 12
"""Columns that go through the same steps from which on they are not written one by one."""
MOST_WORDS = 10_000
"""Words that are told apart; of more the rarest count as unknown."""
FEWEST_TOKENS = 4


def step_lines(found: Table, targets: Sequence[Target], chosen: Uses) -> list[Line]:
    """The key `preprocess`: the steps of each column, or of all that have the most frequent ones together."""
    each = {name: proposed_alone(name, found.ready(name)) for name in chosen.numbers}
    alike = _most_frequent([_flow(steps) for steps, _ in each.values()])
    lines = []
    if alike is not None:
        count = sum(_flow(steps) == alike for steps, _ in each.values())
        why = f"the {count} columns that are not named; `netlab peek` shows their values"
        lines.append(Line(f'  "*": {alike}', why))
    for name, (steps, why) in each.items():
        if _flow(steps) != (alike or "[]"):
            lines.append(Line(f"  {word(name)}: {_flow(steps)}", why))
    lines += [tokens_line(f"  {named(name, [FEATURES])}", found.columns[name]) for name in chosen.texts]
    labels = [each.name for each in targets if each.labels]
    lines += [Line(f"  {name}: Labels", "its classes are not 0, 1, 2 and so on") for name in labels]
    return [Line("preprocess:"), *lines] if lines else []


def tokens_line(key: str, texts: pl.Series) -> Line:
    """The step that makes tokens of texts: as many as nearly all of them have words."""
    words = words_of(texts.drop_nulls().str.to_lowercase())
    maximum = f", maximum: {MOST_WORDS}" if words.explode().n_unique() > MOST_WORDS else ""
    why = "words from 2 on, the most frequent first; 1 is unknown, 0 pads"
    return Line(f"{key}: {{Tokenize: {{length: {_length(words)}, lower: true{maximum}}}}}", why)


def _length(words: pl.Series) -> int:
    """Of nearly all texts, given as lists of words, but for a number that is too many."""
    nearly_all = int(np.quantile(words.list.len().to_numpy(), NEARLY_ALL, method="higher"))
    return min(max(nearly_all, FEWEST_TOKENS), MOST_PROPOSED_TOKENS)


def _most_frequent(flows: Sequence[str]) -> str | None:
    often = max(sorted(set(flows)), key=flows.count, default="[]")
    return often if flows.count(often) >= ALIKE and often != "[]" else None


def _flow(steps: Steps) -> str:
    """Steps as a config writes them, without what is so by default."""
    written: list[Any] = []
    for step in steps:
        given: dict[str, Any] = step.model_dump(exclude_defaults=True)
        plain = {key: list(value) if isinstance(value, tuple) else value for key, value in given.items()}
        written.append({step.type_name(): plain} if plain else step.type_name())
    return word(written[0]) if len(written) == 1 and isinstance(written[0], str) else word(written)
