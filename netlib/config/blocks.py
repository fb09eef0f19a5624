"""The `blocks` section of a config: the plain definitions, with the `vars` of those that a library has resolved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netlib.config.interpolate import SECTION as VARIABLES
from netlib.config.interpolate import Variables, literal, resolve_variables
from netlib.spec.errors import Loc, Problem

SECTION = "blocks"


class Blocks:
    """The definitions by name, None where there are none; `problems` are those of their variables."""

    def __init__(self, written: Any) -> None:
        self.problems: list[Problem] = []
        self._variables: dict[Loc, Variables] = {}
        self.values: Any = None if written is None else self._definitions(written, (SECTION,))

    def variables_at(self, loc: Loc) -> Variables | None:
        """The variables of the library whose block has what is at `loc`; None where those of the config hold."""
        if not self._variables:
            return None
        around = (loc[:length] for length in range(len(loc), 1, -1))
        return next((self._variables[part] for part in around if part in self._variables), None)

    def _definitions(self, written: Any, loc: Loc) -> Any:
        if not isinstance(written, Mapping):
            return written
        return {name: self._definition(value, (*loc, name)) for name, value in written.items()}

    def _definition(self, written: Any, loc: Loc) -> Any:
        if not isinstance(written, Mapping):
            return written
        definition = dict(written)
        if VARIABLES in definition:
            found = self._variables[loc] = resolve_variables(definition[VARIABLES])
            self.problems += (problem.under(loc) for problem in found.problems)
            definition[VARIABLES] = literal(found.values)
        if SECTION in definition:
            definition[SECTION] = self._definitions(definition[SECTION], (*loc, SECTION))
        return definition
