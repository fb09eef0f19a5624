"""Blocks: classes of modules that a config declares, with parameters, inputs, nodes and outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from netlib.spec.base import shown
from netlib.spec.errors import Loc, Problem, SpecError, did_you_mean, one_of
from netlib.spec.expressions import substitute
from netlib.spec.language.section import Section

REQUIRED = "$required"


@dataclass(frozen=True)
class Block:
    """One block. `params` has the parameters' defaults, `$` not replaced; `inputs` the names of its inputs.

    `inner` are the blocks that only its own nodes may name, and those in them. A block of another file may know nothing of the
    blocks and variables around it: `variables` are then what `$` sees in place of those, or, if it is `closed`, its parameters
    are, in all its inner blocks too. `only` is whether nodes that the outputs do not need are left out: those of a model of
    which other outputs were chosen.
    """

    name: str
    loc: Loc
    params: Mapping[str, Any]
    inputs: tuple[str, ...]
    section: Section
    inner: Blocks
    variables: Mapping[str, Any] | None = None
    closed: bool = False
    only: bool = False

    def values(self, given: Any, loc: Loc, known: Mapping[str, Any]) -> dict[str, Any]:
        """The value of every parameter where the block is used with `given`, at `loc`.

        Args:
            given: a mapping of parameters, or the value of the only one.
            loc: where that stands.
            known: what the `$` of the defaults see besides earlier parameters.

        Raises:
            SpecError: an unknown parameter, a missing one, or a default that has no value.
        """
        given = self.by_name(given, loc)
        values: dict[str, Any] = {}
        for name, default in self.params.items():
            values[name] = given[name] if name in given else self._default(name, default, {**known, **values})
        return values

    def by_name(self, given: Any, loc: Loc) -> Mapping[str, Any]:
        """The parameters `given`, of which the only one may stand alone.

        Raises:
            SpecError: with those that the block has not, and those that it needs.
        """
        named = self._named(given, loc)
        problems = [
            Problem((*loc, key), f"block {self.name} has no parameter '{key}'{self._hint(str(key))}", at="key")
            for key in named
            if key not in self.params
        ]
        missing = [name for name, default in self.params.items() if default == REQUIRED and name not in named]
        if missing:
            problems.append(Problem(loc, f"block {self.name} needs {' and '.join(map(repr, missing))}"))
        if problems:
            raise SpecError(problems)
        return named

    def _named(self, given: Any, loc: Loc) -> Mapping[Any, Any]:
        if given is None:
            return {}
        if isinstance(given, Mapping):
            return given
        required = [name for name, default in self.params.items() if default == REQUIRED] or list(self.params)
        if len(required) != 1:
            known = f"the parameters {one_of(self.params)}" if self.params else "no parameters"
            raise SpecError([Problem(loc, f"block {self.name} has {known}: name them, got {shown(given)}")])
        return {required[0]: given}

    def _default(self, name: str, default: Any, known: Mapping[str, Any]) -> Any:
        try:
            return substitute(default, known)
        except SpecError as error:
            raise SpecError([problem.under((*self.loc, "params", name)) for problem in error.problems]) from None

    def _hint(self, key: str) -> str:
        return did_you_mean(key, self.params) or f" (it has: {', '.join(self.params) or 'none'})"


@dataclass(frozen=True)
class Blocks:
    """Blocks that are declared together, by name; `broken` are the names of those that are wrong in form."""

    known: Mapping[str, Block] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Library:
    """The blocks that nodes may name, and what the `$` in all of them see; `later` are names that have no value yet.

    `outer` is the library around, the blocks of which can be named too.
    """

    own: Blocks = Blocks()
    variables: Mapping[str, Any] = field(default_factory=dict)
    outer: Library | None = None
    later: frozenset[str] = frozenset()

    @cached_property
    def blocks(self) -> Mapping[str, Block]:
        """All of them by name."""
        return {**(self.outer.blocks if self.outer else {}), **self.own.known}

    @cached_property
    def types(self) -> frozenset[str]:
        """The names that a node may have as its type, those of broken blocks too."""
        return frozenset(self.blocks) | self.own.broken | (self.outer.types if self.outer else frozenset())

    def around(self, block: Block) -> Library:
        """The library in which one of its blocks was declared."""
        if self.outer is None or self.own.known.get(block.name) is block:
            return self
        return self.outer.around(block)

    def seen_by(self, block: Block) -> Mapping[str, Any]:
        """The variables that the `$` of one of its blocks see."""
        if block.closed:
            return {}
        return block.variables if block.variables is not None else self.around(block).variables

    def inside(self, block: Block, values: Mapping[str, Any]) -> Library:
        """The library for the nodes in one of its blocks, the parameters of which have these values."""
        if block.closed or block.variables is not None:
            return Library(block.inner, values if block.closed else self.seen_by(block))
        around = self.around(block)
        return Library(block.inner, around.variables, around) if block.inner.known or block.inner.broken else around

    def before_use(self, block: Block) -> Library:
        """The same where nothing uses the block: its parameters have no values yet."""
        inner = self.inside(block, {})
        known = {name: value for name, value in inner.variables.items() if name not in block.params}
        return Library(inner.own, known, inner.outer, self.later | frozenset(block.params))
