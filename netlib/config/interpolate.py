"""`vars`, each of which may use those before it: from what is written to the values that `$name` stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from netlib.spec.base import shown
from netlib.spec.errors import Problem, SpecError
from netlib.spec.expressions import escaped, references, substitute
from netlib.spec.names import name_problem

SECTION = "vars"
MAX_VARIABLES = 500


@dataclass
class Variables:
    """The values by name; `failed` are the names of those that have none because of a mistake in them."""

    values: dict[str, Any] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def hide(self, text: str) -> bool:
        """Whether a problem of `text` only follows from a variable that has failed."""
        return bool(self.failed) and not self.failed.isdisjoint(references(text))


def resolve_variables(written: Any) -> Variables:
    """The variables of a `vars` section, in its order."""
    found = Variables()
    if written is None:
        return found
    if not isinstance(written, Mapping):
        message = f"expected a mapping from a variable's name to its value, got {shown(written)}"
        found.problems.append(Problem((SECTION,), message))
        return found
    if len(written) > MAX_VARIABLES:
        found.problems.append(Problem((SECTION,), f"there are at most {MAX_VARIABLES} variables, got {len(written)}"))
        return found
    for name, value in written.items():
        _add(found, name, value, list(written))
    return found


def _add(found: Variables, name: Any, value: Any, names: list[Any]) -> None:
    loc = (SECTION, name)
    if message := name_problem(name):
        found.problems.append(Problem(loc, message, at="key"))
        return
    try:
        found.values[name] = substitute(value, found.values)
    except SpecError as error:
        later = {*names[names.index(name) :]} & _all_references(value)
        if later:
            message = f"a variable may use those before it; '{min(later)}' does not stand before '{name}'"
            found.problems.append(Problem(loc, message))
        elif not found.failed & _all_references(value):
            found.problems += (problem.under(loc) for problem in error.problems)
        found.failed.add(name)


def _all_references(value: Any) -> set[str]:
    if isinstance(value, str):
        return references(value)
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return {name for part in parts for name in _all_references(part)}


def literal(value: Any) -> Any:
    """Plain values that come to `value` when their `$` are replaced."""
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, Mapping):
        return {key: literal(item) for key, item in value.items()}
    return [literal(item) for item in value] if isinstance(value, list | tuple) else value
