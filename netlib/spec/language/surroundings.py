"""What the nodes of one list inherit from what is around them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from netlib.spec.errors import Loc, Problem, SpecError
from netlib.spec.expressions import substitute
from netlib.spec.language.blocks import Block, Library
from netlib.spec.language.scope import Scope
from netlib.spec.language.wiring import Wiring
from netlib.spec.precision import POLICIES


@dataclass(frozen=True)
class Surroundings:
    """Where a node stands.

    `path` is the container's, `block_path` that of the block around; `variables` and `lists` are what `$` sees besides the
    inputs, `lists` the `$index`, `$item` and `$key` of repeated nodes. `used` are the blocks around, the outermost first, and
    `looped` says whether a loop is around, out of which nothing can be added.
    """

    scope: Scope
    variables: Mapping[str, Any]
    library: Library
    compute: str
    path: str = ""
    block_path: str = ""
    trainable: bool = True
    training: bool | None = None
    times: int | None = 1
    used: tuple[Block, ...] = ()
    depth: int = 0
    looped: bool = False
    lists: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def values(self) -> dict[str, Any]:
        """What `$` sees: the inputs' shapes, variables and parameters, and what a repeated node gives its copies."""
        named_first = dict.fromkeys(self.variables)  # messages list what was declared first
        return {**named_first, **self.scope.values, **self.variables, **self.lists}

    @property
    def unmade(self) -> Library:
        """The library for nodes here that cannot be made, and are checked by themselves: the shapes of what the nodes in them
        read are not known."""
        later = (self.scope.values.keys() - self.variables.keys()) | self.lists.keys()
        known = {name: value for name, value in self.variables.items() if name not in later}
        return replace(self.library, variables=known, later=self.library.later | later)

    def substituted(self, value: Any, loc: Loc) -> Any:
        """`value` with its `$` replaced.

        Raises:
            SpecError: with every `$` that has no value, at its place.
        """
        if isinstance(value, str) and "$" not in value:
            return value
        try:
            return substitute(value, self.values)
        except SpecError as error:
            raise SpecError(problem.under(loc) for problem in error.problems) from None

    def or_reported(self, value: Any, loc: Loc, problems: list[Problem], default: Any = None) -> Any:
        """The same, `default` where that has no value: `problems` then has why."""
        try:
            return self.substituted(value, loc)
        except SpecError as error:
            problems += error.problems
            return default

    def copy(self, values: Mapping[str, Any]) -> Surroundings:
        """Those of one copy of a repeated node."""
        return replace(self, lists={**self.lists, **values})

    def compute_of(self, wiring: Wiring) -> str:
        """The dtype that a node here computes with."""
        return POLICIES[wiring.dtype].compute if wiring.dtype else self.compute

    def inside(self, scope: Scope, path: str, wiring: Wiring) -> Surroundings:
        """Those of the nodes in a container here. An input that it names hides a variable of that name."""
        return replace(
            self,
            scope=scope,
            path=path,
            trainable=self.trainable and wiring.trainable,
            compute=self.compute_of(wiring),
            training=self.training if wiring.training is None else wiring.training,
            depth=self.depth + 1,
            variables=_without(self.variables, scope.inputs),
            lists=_without(self.lists, scope.inputs),
        )

    def inside_block(
        self, block: Block, values: Mapping[str, Any], scope: Scope, path: str, wiring: Wiring
    ) -> Surroundings:
        """Those of the nodes in a block here, the parameters of which have these values."""
        seen = _without(self.library.seen_by(block), scope.inputs)
        return replace(
            self.inside(scope, path, wiring),
            variables={**seen, **values},
            library=self.library.inside(block, values),
            block_path=path,
            used=(*self.used, block),
            lists={},
        )

    def path_of(self, name: str) -> str:
        """The path of a node here."""
        return f"{self.path}.{name}" if self.path else name


def _without(values: Mapping[str, Any], names: Mapping[str, Any]) -> Mapping[str, Any]:
    return (
        {name: value for name, value in values.items() if name not in names} if names.keys() & values.keys() else values
    )
