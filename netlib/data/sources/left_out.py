"""What is said of samples that are left out because they cannot be read."""

from __future__ import annotations

from collections.abc import Sequence

MOST_TOLD = 10
"""Reasons that are told, at most."""


def left_out(reasons: Sequence[str], total: int, what: str) -> tuple[str, ...]:
    """How many are left out, and why.

    Args:
        reasons: one for each of them; where there is none nothing is said.
        total: how many there are with these.
        what: they are, in the plural.
    """
    if not reasons:
        return ()
    rest = (f"left out: {len(reasons) - MOST_TOLD:,} more",) if len(reasons) > MOST_TOLD else ()
    said = f"{len(reasons):,} of {total:,} {what} are left out (on_error: skip)"
    return (said, *(f"left out: {reason}" for reason in reasons[:MOST_TOLD]), *rest)
