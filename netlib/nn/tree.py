"""The tree of a module: every variable, module and Keras layer that can be reached from it, each under one path.

What is looked into, and under which names, is in `netlib.nn.contents`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from netlib.nn.contents import Parent, children, holds_nothing, is_module


class Place(NamedTuple):
    """A path, the innermost module or Keras layer around it, and the innermost `Parent`; both None for the root."""

    path: str
    owner: Entry | None = None
    parent: Entry | None = None


@dataclass
class Entry:
    """A module, Keras layer or variable of the tree.

    `owner` is the innermost module or Keras layer around it, `parent` the innermost `Parent`; None for the root. `aliases` are
    further paths that lead to it; `elsewhere` are those at which another module holds it. `trainable` is False where it, or
    something around one of its paths, is frozen.
    """

    path: str
    value: Any
    trainable: bool
    owner: Entry | None = None
    parent: Entry | None = None
    aliases: list[str] = field(default_factory=list)
    elsewhere: list[Place] = field(default_factory=list)

    @property
    def is_variable(self) -> bool:
        """Whether it is a variable, not a module."""
        return isinstance(self.value, tf.Variable)

    @property
    def is_wrapped(self) -> bool:
        """Whether the module around it, at the same path, stands for it."""
        return self.owner is not None and self.owner.path == self.path

    @property
    def paths(self) -> list[str]:
        """Its path, then its aliases."""
        return [self.path, *self.aliases]

    @property
    def places(self) -> list[Place]:
        """Where modules hold it."""
        return [Place(self.path, self.owner, self.parent), *self.elsewhere]


@dataclass
class _Visit:
    """A container or module whose children are being looked at, or have been: its entries are those from
    `begin` to `end`; its children's places are as `inside`."""

    value: Any
    place: Place
    inside: Place
    trainable: bool
    names: Iterator[tuple[Any, Any]]
    begin: int
    end: int | None = None


class Tree:
    """The entries below a root in the order of definition, the root first under the empty path.

    `cycles` are paths at which a module holds one that it is inside of.
    """

    def __init__(self, root: Any) -> None:
        self.entries: list[Entry] = []
        self.cycles: list[tuple[str, str]] = []
        self._visits: dict[int, _Visit] = {}  # by the id of what is visited, which they keep alive
        self._frozen: set[str] = set()
        self._walk(root)

    @property
    def variables(self) -> list[Entry]:
        """The variables."""
        return [entry for entry in self.entries if entry.is_variable]

    @property
    def modules(self) -> list[Entry]:
        """The modules and Keras layers."""
        return [entry for entry in self.entries if not entry.is_variable]

    def find(self, path: str) -> Entry | None:
        """What is at a path, which may lead through aliases."""
        known: dict[str, Entry] = {}
        for entry in self.entries:
            for each in entry.paths:
                known.setdefault(each, entry)
        here = ""
        for part in path.split(".") if path else ():
            here = joined(here, part)
            here = known[here].path if here in known else here
        return known.get(here)

    def _walk(self, root: Any) -> None:
        """Without recursion: a tree may be deeper than Python's stack."""
        first = self._reach(Place(""), root, trainable=True)
        stack = [first] if first else []
        while stack:
            visit = stack[-1]
            for name, child in visit.names:
                place = Place(joined(visit.place.path, name), visit.inside.owner, visit.inside.parent)
                inner = self._reach(place, child, trainable=visit.trainable)
                if inner is not None:
                    stack.append(inner)
                    break
            else:
                visit.end = len(self.entries)
                stack.pop()

    def _reach(self, place: Place, value: Any, *, trainable: bool) -> _Visit | None:
        """Notes what is at a place; gives a visit if its children are to be looked at."""
        if isinstance(value, keras.Variable):
            # Its `value` may be a cast copy, or a placeholder where there is none yet.
            trainable, value = trainable and value.trainable, value._value
        if holds_nothing(value):
            return None
        known = self._visits.get(id(value))
        if known is not None:
            self._reach_again(known, place, trainable=trainable)
            return None
        visit = _Visit(value, place, place, trainable, iter(()), len(self.entries))
        self._visits[id(value)] = visit
        if isinstance(value, tf.Variable):
            free = trainable and value.trainable and place.path not in self._frozen
            self.entries.append(Entry(place.path, value, free, place.owner, place.parent))
            visit.end = len(self.entries)
            return None
        if is_module(value):
            self._enter(visit)
        visit.names = iter(children(value))
        return visit

    def _enter(self, visit: _Visit) -> None:
        value, (path, owner, parent) = visit.value, visit.place
        visit.trainable = visit.trainable and bool(getattr(value, "trainable", True))
        entry = Entry(path, value, visit.trainable, owner, parent)
        self.entries.append(entry)
        if isinstance(value, Parent):
            self._frozen |= {joined(path, name) for name in value.frozen_names}
        visit.inside = Place(path, entry, entry if isinstance(value, Parent) else parent)

    def _reach_again(self, known: _Visit, place: Place, *, trainable: bool) -> None:
        """Also everything inside: what was held by the module around is now held by another one too."""
        if known.end is None:
            if isinstance(known.value, Parent):
                self.cycles.append((place.path, known.place.path))
            return
        if place.path == known.place.path:
            return
        for entry in self.entries[known.begin : known.end]:
            alias = place.path + entry.path[len(known.place.path) :]
            entry.aliases.append(alias)
            entry.trainable = entry.trainable and trainable and alias not in self._frozen
            if entry.owner is known.place.owner:
                entry.elsewhere.append(Place(alias, place.owner, place.parent))


def joined(path: str, name: Any) -> str:
    """The path of what a module at `path` calls `name`; an empty name is no place of its own."""
    return f"{path}.{name}" if path and name != "" else path or str(name)
