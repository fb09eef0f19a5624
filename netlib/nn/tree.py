"""The tree of a module: every variable, module and Keras layer that can be reached from it, each under one path.

What is looked into, and under which names, is in `netlib.nn.contents`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from netlib.nn.contents import Parent, children, flag, holds_nothing, is_module


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

    def around(self) -> Iterator[Entry]:
        """The modules and Keras layers around it, the innermost first."""
        owner = self.owner
        while owner is not None:
            yield owner
            owner = owner.owner

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
    """A container or module whose children are being looked at, or have been: what was reached in it stands in the tree's log
    from `begin` to `end`; its children's places are as `inside`."""

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
        self._log: list[tuple[Entry, Place]] = []  # what was reached, at every place, in the order of the walk
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

    def held(self) -> list[tuple[str, Any]]:
        """Path and value of the modules and Keras layers that the root holds itself, not only one inside of it, each once."""
        root = self.entries[0]
        found: dict[int, tuple[str, Any]] = {}
        for entry, place in self._log:
            if place.owner is root and place.path and not entry.is_variable:
                found.setdefault(id(entry), (place.path, entry.value))
        return list(found.values())

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

    def first_path(self, path: str) -> str:
        """The path under which is listed what is at this one; the same where there is nothing."""
        entry = self.find(path)
        return entry.path if entry is not None else path

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
                visit.end = len(self._log)
                stack.pop()

    def _reach(self, place: Place, value: Any, *, trainable: bool) -> _Visit | None:
        """Notes what is at a place; gives a visit if its children are to be looked at."""
        if isinstance(value, keras.Variable):
            # Its `value` may be a cast copy, or a placeholder where there is none yet.
            trainable, value = trainable and value.trainable, _adopted(value)
        if holds_nothing(value):
            return None
        known = self._visits.get(id(value))
        if known is not None:
            self._reach_again(known, place, trainable=trainable)
            return None
        visit = _Visit(value, place, place, trainable, iter(()), len(self._log))
        self._visits[id(value)] = visit
        if isinstance(value, tf.Variable):
            free = trainable and value.trainable and place.path not in self._frozen
            self._note(Entry(place.path, value, free, place.owner, place.parent), place)
            visit.end = len(self._log)
            return None
        if is_module(value):
            self._enter(visit)
        visit.names = iter(children(value))
        return visit

    def _note(self, entry: Entry, place: Place) -> None:
        self.entries.append(entry)
        self._log.append((entry, place))

    def _enter(self, visit: _Visit) -> None:
        value, (path, owner, parent) = visit.value, visit.place
        visit.trainable = visit.trainable and flag(value)
        entry = Entry(path, value, visit.trainable, owner, parent)
        self._note(entry, visit.place)
        if isinstance(value, Parent):
            self._frozen |= {joined(path, name) for name in value.frozen_names}
        visit.inside = Place(path, entry, entry if isinstance(value, Parent) else parent)

    def _reach_again(self, known: _Visit, place: Place, *, trainable: bool) -> None:
        """Also everything inside: what was held by the module around is now held by another one too.

        What can be reached there in several ways gets one more alias, not one for each: those could be exponentially many.
        """
        if known.end is None:
            if isinstance(known.value, Parent):
                self.cycles.append((place.path, known.place.path))
            return
        if place.path == known.place.path:
            return
        seen: set[int] = set()
        for entry, inner in self._log[known.begin : known.end]:
            if id(entry) in seen:
                continue
            seen.add(id(entry))
            alias = place.path + inner.path[len(known.place.path) :]
            entry.aliases.append(alias)
            entry.trainable = entry.trainable and trainable and alias not in self._frozen
            here = Place(alias, inner.owner, inner.parent)
            if inner.owner is known.place.owner:
                here = Place(alias, place.owner, place.parent)
                entry.elsewhere.append(here)
            self._log.append((entry, here))


def _adopted(wrapper: keras.Variable) -> Any:
    """The variable in Keras's wrapper, with the wrapper's constraint: optimizers look for it on what they are given."""
    value = wrapper._value
    if isinstance(value, tf.Variable) and wrapper.constraint is not None:
        value._constraint = wrapper.constraint
    return value


def joined(path: str, name: Any) -> str:
    """The path of what a module at `path` calls `name`; an empty name is no place of its own."""
    return f"{path}.{name}" if path and name != "" else path or str(name)
