"""The exceptions that a user is meant to read, and the problems that a config can have.

A problem is addressed by its `loc`, the keys and indices that lead to it from the top of the config. Only `netlib.config`
knows which file, line and column that is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import lru_cache
from typing import Literal

Loc = tuple[str | int, ...]


class NetlabError(Exception):
    """It failed, and the message says why, where and what to do: no traceback is owed."""

    exit_code = 1


class UsageError(NetlabError):
    """What was asked for is not valid: a config, an argument, a run that does not exist."""

    exit_code = 2


@dataclass(frozen=True)
class Problem:
    """One mistake in a config.

    `at` says what the caret points to: the value at `loc`, or the key that leads to it. `via` are the places of the nodes
    that use the block in which `loc` is, innermost first; they are places in the whole config, whatever `loc` is seen from.
    """

    loc: Loc
    message: str
    at: Literal["value", "key"] = "value"
    severity: Literal["error", "warning"] = "error"
    via: tuple[Loc, ...] = ()

    def under(self, prefix: Loc) -> Problem:
        """The same problem, seen from a container whose own place is `prefix`."""
        return replace(self, loc=(*prefix, *self.loc))


class SpecError(UsageError):
    """Parameters that do not fit a spec, or shapes that do not fit a layer; `problems` has them one by one."""

    def __init__(self, problems: Iterable[Problem] | str, title: str = "") -> None:
        self.problems = [Problem((), problems)] if isinstance(problems, str) else list(problems)
        self.title = title
        super().__init__(self._text())

    def _text(self) -> str:
        lines = [": ".join(filter(None, (".".join(map(str, p.loc)), p.message))) for p in self.problems]
        return "\n".join(f"{self.title}: {line}" if self.title else line for line in lines)


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, if one is close."""
    return _closest(word, tuple(known))


@lru_cache(maxsize=256)
def _closest(word: str, known: tuple[str, ...]) -> str | None:
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    if not close:  # a word in other case is close, however long
        close = [name for name in known if name.lower().replace("_", "") == word.lower().replace("_", "")][:1]
    return close[0] if close else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'units'?`, or nothing when no known word is close."""
    close = closest(word, known)
    return f"; did you mean '{close}'?" if close else ""


def one_of(known: Iterable[str]) -> str:
    """`'a', 'b' or 'c'`, for messages."""
    quoted = [f"'{name}'" for name in known]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}" if quoted else "nothing"
