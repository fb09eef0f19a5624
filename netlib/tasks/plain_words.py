"""Mistakes in files that a command is given, where no config says them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from netlib.spec.errors import SpecError, UsageError


@contextmanager
def in_plain_words() -> Iterator[None]:
    """Inside, what is wrong with files that are given is said without the place in a config that nobody wrote."""
    try:
        yield
    except SpecError as error:
        raise UsageError("\n".join(problem.message for problem in error.problems)) from None
