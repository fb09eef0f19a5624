"""Tries every value of a space on the config, one by one: what its own checks refuse is refused before any trial begins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice, product
from typing import Any

from netlib.config.problems import PlacedProblem
from netlib.config.sweep_base import Base, Params
from netlib.config.tree import Place, Value
from netlib.spec.search_numbers import Log, Range
from netlib.spec.search_space import Choices, Distribution

MOST_CONDITIONS = 16
"""Combinations of other keys' choices, under which a conditional key is tried."""
_ON_THE_COMMAND_LINE = "; another type is chosen with "
"""Begins a hint about changes that are no choice."""


@dataclass(frozen=True)
class Trier:
    """Tries the values of a space.

    Attributes:
        space: keys whose distributions have no mistake themselves.
        tree: of the sweep, which has the place of everything under `space`.
    """

    base: Base
    space: Mapping[str, Distribution]
    tree: Value

    def problems(self) -> Iterator[PlacedProblem]:
        """Of all keys."""
        for key in self.space:
            yield from self._of_key(key)

    def _of_key(self, key: str) -> Iterator[PlacedProblem]:
        around = self._around(key)
        if around is not None:
            if problem := self._unconditional(key, around):
                yield problem
            return
        for point in self.space[key].tried():
            for given in self._given(key):
                found = self._refusal(key, {**given, key: point})
                if found is None:
                    continue
                problem, is_key = found
                place = self._key(key) if is_key else self._place(key, point)
                yield replace(problem, place=place, message=self._said(key, problem.message))
                if is_key or not isinstance(self.space[key], Choices):
                    return
                break

    def _around(self, key: str) -> str | None:
        """The key of choices in which this one lies, without asking for one of them."""
        around = (
            other for other, each in self.space.items() if key.startswith(f"{other}.") and isinstance(each, Choices)
        )
        return next((other for other in around if other not in self.space[key].when), None)

    def _unconditional(self, key: str, around: str) -> PlacedProblem | None:
        """The problem of a key that does not fit every choice of the key in which it lies."""
        first = next(iter(self.space[key].tried()))
        choices = self.space[around]
        names = [*choices.points()]
        found = {
            name: self._refusal(key, {**given, around: name, key: first})
            for name in names
            for given in self._given(key)[:1]
        }
        wrong = {name: each[0] for name, each in found.items() if each}
        if not wrong:
            return None
        fitting = [name for name in names if name not in wrong]
        name, problem = next(iter(wrong.items()))
        message = _first_sentence(problem.message)
        if not fitting:
            return replace(problem, place=self._key(key), message=message)
        written = fitting[0] if len(fitting) == 1 else f"[{', '.join(map(str, fitting))}]"
        return PlacedProblem(
            self._key(key),
            f"does not fit where '{around}' is '{name}' ({message}): give it 'when: {{{around}: {written}}}'",
        )

    def _given(self, key: str) -> list[Params]:
        """Choices of other keys under which a key applies, theirs first."""
        ways = [
            [{**given, other: name} for name in names for given in self._given(other)]
            for other, names in self.space[key].when.items()
            if other in self.space
        ]
        merged = ({name: value for part in way for name, value in part.items()} for way in product(*ways))
        return [*islice(merged, MOST_CONDITIONS)]

    def _refusal(self, key: str, params: Params) -> tuple[PlacedProblem, bool] | None:
        """What is wrong with a value, and whether it is the key that is."""
        words = self.base.words(self.space, {**self.base.context, **params})
        found = self.base.refusals(words)
        if not found:
            return None
        own = next(word for word in words if word.startswith(f"{key}="))
        here = [problem for problem in found if problem.place and problem.place.source.text == own]
        if here and here[0].place:
            return here[0], here[0].place.column < len(key)
        other = found[0]
        where = f", at {other.where}" if other.where else ""
        return PlacedProblem(None, f"the config refuses {own}{where}: {other.message}"), False

    def _said(self, key: str, message: str) -> str:
        """The config's message, in terms of a space."""
        each = self.space[key]
        if isinstance(each, Range | Log) and message.startswith("expected an integer"):
            return f"{message}: write {{int: ...}} in place of {{{each.key()}: ...}}"
        return message.partition(_ON_THE_COMMAND_LINE)[0]

    def _key(self, key: str) -> Place:
        found = self._value(key)
        return found.key or found.place

    def _place(self, key: str, point: Any) -> Place:
        """Where a value of a key is written; of one that lies between two ends, where both are."""
        value, each = self._value(key), self.space[key]
        loc: tuple[Any, ...] = ()
        if isinstance(each, Choices):
            loc = each.place(point)
            loc = loc[1:] if isinstance(value.content, list) else loc
        elif isinstance(ends := getattr(each, each.key()), tuple):
            loc = (each.key(), *([ends.index(point)] if point in ends else ()))
        return value.find(loc)[0].place

    def _value(self, key: str) -> Value:
        space = self.tree.child("space")
        found = space.child(key) if space else None
        return found or self.tree


def _first_sentence(message: str) -> str:
    """Without what stands behind, which is about the command line."""
    return message.partition(" (it has: ")[0].partition(_ON_THE_COMMAND_LINE)[0]
