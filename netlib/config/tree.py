"""The tree of values that a config is read into: every value knows where it was written."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

from netlib.spec.errors import Loc

Origin = Literal["file", "base file", "command line", "default"]
Key = str | int
Scalar = str | int | float | bool | None
Content: TypeAlias = "Scalar | list[Value] | dict[Key, Value]"


@dataclass(frozen=True, eq=False, slots=True)
class Source:
    """A text that values are read from. Relative paths in it are relative to `folder`."""

    name: str
    origin: Origin
    text: str = field(repr=False)
    folder: Path


class Place(NamedTuple):
    """A stretch of one line; `line` and `column` count from 0."""

    source: Source
    line: int
    column: int
    length: int = 1


@dataclass(eq=False, slots=True)  # frozen, it would take twice as long to make, and a config has tens of thousands
class Value:
    """A scalar, a list or a mapping of values; `key` is the place of the key that leads to it, if one does.

    Trees share values: nothing changes one that is made.
    """

    content: Content
    place: Place
    key: Place | None = None

    def plain(self) -> Any:
        """The same without places."""
        if isinstance(self.content, dict):
            return {key: value.plain() for key, value in self.content.items()}
        if isinstance(self.content, list):
            return [value.plain() for value in self.content]
        return self.content

    def child(self, key: Key) -> Value | None:
        """The value under a key or an index."""
        if isinstance(self.content, dict):
            return self.content.get(key)
        if isinstance(self.content, list) and isinstance(key, int) and 0 <= key < len(self.content):
            return self.content[key]
        return None

    def find(self, loc: Loc) -> tuple[Value, int]:
        """The value at `loc`, or the innermost one around it that was written; and how many steps lead there."""
        found = self
        for depth, key in enumerate(loc):
            inner = found.child(key)
            if inner is None:
                return found, depth
            found = inner
        return found, len(loc)

    def under(self, key: Place | None) -> Value:
        """The same value where another key leads to it."""
        return Value(self.content, self.place, key)
