"""The syntax of one node: a type key with its parameters, and the wiring beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from netlib.spec.base import shown
from netlib.spec.errors import Loc, Problem, SpecError, did_you_mean, one_of
from netlib.spec.registry import names

WIRING = ("name", "from", "trainable")
CONTAINERS = ("Sequential", "Network")
RESERVED_NAMES = ("input", "previous")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class NodeSyntax:
    """A node as it was written. `loc` is the node's place; the parameters are at `(*loc, type)`."""

    loc: Loc
    type: str
    parameters: Any
    name: str | None = None
    source: Any = None
    trainable: bool = True


def parse_node(value: Any, loc: Loc) -> NodeSyntax:
    """Reads one item of a list of nodes.

    Raises:
        SpecError: with every mistake in the node's form; its parameters are not looked at.
    """
    if isinstance(value, str):
        if not is_type(value):
            raise SpecError([Problem(loc, f"expected a node, such as 'Flatten' or 'Dense: 10', got {shown(value)}")])
        return NodeSyntax(loc, _known_type(value, loc, "value"), None)
    if not isinstance(value, Mapping) or not value:
        raise SpecError([Problem(loc, f"expected a node, such as 'Flatten' or 'Dense: 10', got {shown(value)}")])
    types = [key for key in value if is_type(key)]
    if len(types) != 1:
        raise SpecError([Problem(loc, _one_type_message(types, list(value)), at="value")])
    kind = types[0]
    problems = [
        Problem((*loc, key), f"a node has no key {shown(key)}{did_you_mean(str(key), WIRING) or _keys()}", at="key")
        for key in value
        if key != kind and key not in WIRING
    ]
    problems += _wiring_problems(value, loc)
    try:
        _known_type(kind, (*loc, kind), "key")
    except SpecError as error:
        problems += error.problems
    if problems:
        raise SpecError(problems)
    return NodeSyntax(loc, kind, value[kind], value.get("name"), value.get("from"), value.get("trainable", True))


def check_name(name: object, loc: Loc, at: Literal["value", "key"] = "value") -> list[Problem]:
    """What is wrong with the name of a node or an input, if anything."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        message = f"expected a name of letters, digits and '_' that begins with no digit, got {shown(name)}"
        return [Problem(loc, message, at)]
    if name in RESERVED_NAMES:
        return [Problem(loc, f"'{name}' has a meaning of its own in `from`; choose another name", at)]
    return []


def is_type(key: object) -> bool:
    """Whether a node's key is its type: the last dotted part is capitalised."""
    return isinstance(key, str) and key.rpartition(".")[2][:1].isupper()


def _known_type(kind: str, loc: Loc, at: Literal["value", "key"]) -> str:
    known = [*names("layer"), *CONTAINERS]
    if kind not in known:
        hint = did_you_mean(kind, known)
        raise SpecError([Problem(loc, f"there is no layer '{kind}'{hint or ' (known: ' + ', '.join(known) + ')'}", at)])
    return kind


def _one_type_message(types: list[str], keys: list[Any]) -> str:
    if types:
        return f"a node has one type, got {' and '.join(types)}; begin a new item of the list with '- {types[1]}'"
    written = ", ".join(map(str, keys))
    hint = next((h for key in keys if (h := did_you_mean(str(key), [*names("layer"), *CONTAINERS]))), "")
    return f"expected a type among the node's keys, such as 'Dense', got only {written}{hint}"


def _wiring_problems(value: Mapping[Any, Any], loc: Loc) -> list[Problem]:
    problems = check_name(value["name"], (*loc, "name")) if "name" in value else []
    trainable = value.get("trainable", True)
    if not isinstance(trainable, bool):
        problems.append(Problem((*loc, "trainable"), f"expected true or false, got {shown(trainable)}"))
    return problems


def _keys() -> str:
    return f"; beside its type it may have {one_of(WIRING)}"
