"""The form of a `blocks` section: from plain values to blocks, with everything that is wrong with it.

Besides what is documented, a block may have `vars`, `closed` and `only`. `netlib.config` writes them for a block that stands in
another file, and so a run's resolved.yaml has them: they are read wherever blocks are, but are not for writing by hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from netlib.spec.base import shown
from netlib.spec.errors import Loc, Problem, did_you_mean, one_of
from netlib.spec.language.blocks import Block, Blocks
from netlib.spec.language.nodes import CONTAINERS
from netlib.spec.language.section import KEYS, input_names, parse_section
from netlib.spec.names import NAME, name_problem
from netlib.spec.registry import names

_WRITTEN = ("params", *KEYS, "blocks")
_OF_OTHER_FILES = ("vars", "closed", "only")
"""Keys that `netlib.config` adds to a block that stands in another file."""


def parse_blocks(section: Any, loc: Loc, problems: list[Problem]) -> Blocks:
    """The blocks of a `blocks` section at `loc`; those that are wrong in form are reported in `problems`."""
    if section is None:
        return Blocks()
    if not isinstance(section, Mapping):
        problems.append(Problem(loc, f"expected a mapping from a block's name to the block, got {shown(section)}"))
        return Blocks()
    known: dict[str, Block] = {}
    broken = set()
    for name, value in section.items():
        place = (*loc, name)
        wrong = _name_problems(name, place)
        problems += wrong
        block = None if wrong else _block(str(name), value, place, problems)
        if block:
            known[block.name] = block
        else:
            broken.add(str(name))
    return Blocks(known, frozenset(broken))


def _name_problems(name: object, loc: Loc) -> list[Problem]:
    if not isinstance(name, str) or not NAME.fullmatch(name) or not name[:1].isupper():
        message = f"a block's name begins with a capital, and has letters, digits and '_' only, got {shown(name)}"
        return [Problem(loc, message, at="key")]
    if name in names("layer") or name in CONTAINERS:
        return [Problem(loc, f"there is a layer '{name}' already; give the block another name", at="key")]
    return []


def _block(name: str, value: Any, loc: Loc, problems: list[Problem]) -> Block | None:
    before = len(problems)
    written: Mapping[Any, Any] = value if isinstance(value, Mapping) else {"nodes": value}
    problems += _unknown_keys(written, loc)
    params = _named(written.get("params"), (*loc, "params"), "parameter", problems)
    inner = parse_blocks(written.get("blocks"), (*loc, "blocks"), problems)
    parts = {key: item for key, item in written.items() if key in KEYS} if written is value else value
    section = parse_section(parts, loc, problems)
    inputs = input_names(section, problems)
    variables = None if written.get("vars") is None else _named(written["vars"], (*loc, "vars"), "variable", problems)
    closed, only = bool(written.get("closed")), bool(written.get("only"))
    taken = [] if closed else [name for name in params if name in inputs]
    message = "'{}' is an input of this block too; give the parameter another name"
    problems += (Problem((*loc, "params", name), message.format(name), at="key") for name in taken)
    if len(problems) > before:
        return None
    return Block(name, loc, params, inputs, section, inner, variables, closed, only)


def _unknown_keys(value: Mapping[Any, Any], loc: Loc) -> Iterator[Problem]:
    for key in value:
        if key not in _WRITTEN and key not in _OF_OTHER_FILES:
            hint = did_you_mean(str(key), _WRITTEN) or f"; it has {one_of(_WRITTEN)}"
            yield Problem((*loc, key), f"a block has no key {shown(key)}{hint}", at="key")


def _named(value: Any, loc: Loc, what: str, problems: list[Problem]) -> dict[str, Any]:
    """Parameters with their defaults, or variables."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        meaning = "its default, or to $required" if what == "parameter" else "its value"
        form = f"expected a mapping from a {what}'s name to {meaning}"
        problems.append(Problem(loc, f"{form}, got {shown(value)}"))
        return {}
    wrong = ((name, name_problem(name)) for name in value)
    problems += (Problem((*loc, name), message, at="key") for name, message in wrong if message)
    return {str(name): default for name, default in value.items()}
