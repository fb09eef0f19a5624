"""What is asked a few times a second where something takes long, so that a signal or the clock can end it."""

from __future__ import annotations

from collections.abc import Callable

Poll = Callable[[], None]
"""Is called a few times a second; what it raises ends what was going on."""


def no_poll() -> None:
    """Nobody wants to end it."""


class Enough(Exception):
    """What is waited for, or measured, is not wanted any more: a signal came, or the time is over."""
