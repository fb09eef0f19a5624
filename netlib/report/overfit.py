"""The verdict on a trial with a few batches: was the network able to learn them?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from netlib.report import numbers
from netlib.report.layout import Cell, Column, bold, table, wrapped
from netlib.report.terminal import width

Values = Mapping[str, float]

INDENT = "  "
ADVICE = (
    "a network that cannot learn a few samples by heart has a mistake, mostly: look at the loss and what it is given, the"
    " learning rate, and what is frozen. A loss that has a floor (of a VAE, or with smoothed labels) may stop above the rule"
)


def verdict(
    *,
    learned: bool,
    rule: str,
    before: Values,
    after: Values,
    samples: int,
    steps: int,
    seconds: float,
    left: Sequence[str],
    color: bool = False,
) -> str:
    """What was measured before and after as a table, the verdict with its rule, and what may have been in the way."""
    what = f"{numbers.count(samples)} samples in {numbers.count(steps)} steps"
    loss = f"loss {numbers.metric(before['loss'])} -> {numbers.metric(after['loss'])}"
    said = f"{'learned' if learned else 'not learned'}: {what}, {loss}, {numbers.duration(seconds)}"
    below = [
        f"the rule: {rule}",
        *([] if learned else [ADVICE]),
        *([f"left as it is: {'; '.join(left)}"] if left else []),
    ]
    lines = [line for text in below for line in wrapped(text, width(), INDENT)]
    return "\n".join([*_table(before, after, color), "", bold(said, color), *lines]) + "\n"


def _table(before: Values, after: Values, color: bool) -> list[str]:
    columns = [Column(""), Column("before", number=True), Column("after", number=True)]
    rows = [
        [Cell(name), *(Cell(numbers.metric(each[name]) if name in each else "") for each in (before, after))]
        for name in dict.fromkeys((*before, *after))
    ]
    return table(columns, rows, width(), color)
