"""The containers of the language, each brought into one form: nodes with a signature, and the wrapper around them, if any."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from netlib.spec.base import shown
from netlib.spec.errors import Loc, Problem, SpecError, did_you_mean, one_of
from netlib.spec.language.cells import EXPRESSIONS, cell_node
from netlib.spec.language.nodes import SHARE, NodeSyntax, check_node_name, is_type, noted_node, refuse_wiring
from netlib.spec.language.section import KEYS, Section, parse_section
from netlib.spec.registry import names
from netlib.spec.rnn import RNN
from netlib.spec.weight_normalization import SpectralNormalization, WeightNormalization, WeightWrapperSpec
from netlib.spec.wrappers import TimeDistributed, While, WrapperSpec

UNKNOWN = object()
"""Stands for a part the `$` of which have no value."""
_HELD = {"Network": ("nodes", "inputs"), "Residual": ("body", "shortcut"), "Parallel": ("branches", "merge")}
"""Parts whose `$` are replaced node by node, but for one that stands for the whole part."""
_LISTS = ("nodes", "body", "shortcut")
LAYER = "layer"
CELL = "cell"
_AROUND_WEIGHTS: dict[str, type[WeightWrapperSpec]] = {
    "SpectralNormalization": SpectralNormalization,
    "WeightNormalization": WeightNormalization,
}
_NEEDED = {
    "TimeDistributed": "what it runs for each place: a node, or a list of nodes",
    **dict.fromkeys(_AROUND_WEIGHTS, "the layer that it holds: {Dense: 10}"),
}
_WHOLE_NAME = re.compile(r"\$[A-Za-z_][A-Za-z0-9_]*")
Replaced = Callable[[Any, Loc], Any]
"""Gives a part at its place with its `$` replaced, or `UNKNOWN`."""


class Container(NamedTuple):
    """What a container comes to: its nodes, and what runs them in a way of its own, if something does."""

    section: Section
    wrapper: WrapperSpec | None = None


def opened(kind: str, value: Any, loc: Loc, replaced: Replaced) -> Any:
    """The parameters of a container at `loc`, with what stands for a `$` in place of nodes; `UNKNOWN` if that says too little."""
    if isinstance(value, str):
        return _part(value, loc, replaced)
    if not isinstance(value, Mapping):
        return value
    parts = {}
    for key, item in value.items():
        found = _opened_part(kind, key, item, (*loc, key), replaced)
        if found is UNKNOWN and key in ("inputs", "branches"):
            return UNKNOWN
        if found is not UNKNOWN or key in _LISTS:
            parts[key] = [] if found is UNKNOWN else found
    return parts


def _opened_part(kind: str, key: Any, item: Any, loc: Loc, replaced: Replaced) -> Any:
    if kind == "While" and key != "body":
        return replaced(item, loc)
    if kind == "While":  # the `$` of an expression see what the body reads
        return _part(item, loc, replaced) if isinstance(item, str) and _WHOLE_NAME.fullmatch(item) else item
    if kind in _AROUND_WEIGHTS and key in _AROUND_WEIGHTS[kind].model_fields:
        return replaced(item, loc)
    if kind == "RNN" and key != CELL:
        return replaced(item, loc)
    if kind == "RNN" or (kind in _AROUND_WEIGHTS and key == LAYER):
        return _part(item, loc, replaced)
    if key not in _HELD.get(kind, ()):
        return item
    found = _part(item, loc, replaced)
    if key != "branches" or not isinstance(found, Mapping):
        return found
    branches = {name: _part(branch, (*loc, name), replaced) for name, branch in found.items()}
    return {name: [] if branch is UNKNOWN else branch for name, branch in branches.items()}


def _part(item: Any, loc: Loc, replaced: Replaced) -> Any:
    return replaced(item, loc) if isinstance(item, str) and "$" in item else item


def parse_container(kind: str, value: Any, loc: Loc, blocks: Collection[str], problems: list[Problem]) -> Container:
    """The container of that kind, its parameters being `value`, at `loc`; what is wrong with its form is added to `problems`."""
    if value is None and kind in _NEEDED:
        problems.append(Problem(loc, f"{kind} needs {_NEEDED[kind]}"))
    if value is None:
        value = {} if kind == "RNN" else []
    if kind == "Sequential":
        return Container(_sequential(value, loc, problems))
    if kind == "Residual":
        return Container(_residual(value, loc, problems))
    if kind == "Parallel":
        return Container(_parallel(value, loc, blocks, problems))
    if kind == "TimeDistributed":
        return Container(_held(value, loc, blocks, problems), TimeDistributed.parse({}))
    if kind == "While":
        return _while(value, loc, problems)
    if kind == "RNN":
        return _rnn(value, loc, blocks, problems)
    if kind in _AROUND_WEIGHTS:
        return _around_weight(kind, value, loc, blocks, problems)
    return Container(parse_section(value, loc, problems))


def _sequential(value: Any, loc: Loc, problems: list[Problem]) -> Section:
    if not isinstance(value, list):
        is_network = isinstance(value, Mapping) and not value.keys().isdisjoint(KEYS)
        hint = f" with {one_of(key for key in KEYS if key in value)}: use Network for that" if is_network else ""
        problems.append(Problem(loc, f"Sequential expects a list of nodes, got {shown(value)}{hint}"))
        value = []
    return Section(loc, None, value, None, loc)


def _residual(value: Any, loc: Loc, problems: list[Problem]) -> Section:
    """The body, and the sum of what it gives and the input, or what a shortcut gives."""
    if isinstance(value, list):
        return Section(loc, None, value, None, loc, [_sum(loc, ["previous", "input"])])
    parts = _parts(value, loc, ("body", "shortcut"), "Residual", problems)
    wrong = [name for name, nodes in parts.items() if not isinstance(nodes, list | None)]
    problems += (Problem((*loc, name), f"expected a list of nodes, got {shown(parts[name])}") for name in wrong)
    if wrong or len(parts) < 2:
        return Section(loc, None, [], None, loc)
    made = [_sequence(name, nodes, (*loc, name)) for name, nodes in parts.items()]
    return Section(loc, None, [], None, loc, [*made, _sum(loc, ["body", "shortcut"])])


def _sequence(name: str, nodes: Any, loc: Loc) -> NodeSyntax:
    return NodeSyntax(loc, "Sequential", nodes, {"name": name, "from": "input"}, parameters_loc=loc, implied=True)


def _sum(loc: Loc, sources: list[str]) -> NodeSyntax:
    return NodeSyntax(loc, "Add", None, {"from": sources}, parameters_loc=loc, implied=True)


def _parallel(value: Any, loc: Loc, blocks: Collection[str], problems: list[Problem]) -> Section:
    """Branches side by side, and what merges them; without that every branch is a port."""
    before = len(problems)
    parts = _parts(value, loc, ("branches", "merge"), "Parallel", problems, optional=("merge",))
    branches = parts.get("branches", {})
    place = (*loc, "branches")
    if not isinstance(branches, Mapping) or ("branches" in parts and not branches):
        problems.append(Problem(place, f"expected a mapping from a branch's name to its nodes, got {shown(branches)}"))
    if len(problems) > before:
        return Section(loc, None, [], None, loc)
    made = []
    for name, nodes in branches.items():
        wrong = check_node_name(name, (*place, name), at="key")
        problems += wrong
        made.append(None if wrong else _branch(name, nodes, (*place, name), blocks, problems))
    outputs: dict[Any, Any] | None = {name: name for name, node in zip(branches, made, strict=True) if node}
    if "merge" in parts:
        made.append(_merge(parts["merge"], list(outputs or ()), (*loc, "merge"), blocks, problems))
        outputs = None
    return Section(loc, None, [], outputs or None, loc, [node for node in made if node])


def _branch(name: str, value: Any, loc: Loc, blocks: Collection[str], problems: list[Problem]) -> NodeSyntax | None:
    if isinstance(value, list):
        return _sequence(name, value, loc)
    node = noted_node(value, loc, blocks, problems)
    if node is None:
        return None
    if "name" in node.wiring:
        problems.append(Problem((*loc, "name"), f"this branch is called '{name}' already", at="key"))
    wiring = {**node.wiring, "name": name}
    return NodeSyntax(loc, node.type, node.parameters, wiring, node.parameters_loc, before="input")


def _merge(
    value: Any, branches: list[str], loc: Loc, blocks: Collection[str], problems: list[Problem]
) -> NodeSyntax | None:
    """What reads all branches, an expression by their names."""
    node = noted_node(value, loc, blocks, problems)
    if node is None:
        return None
    refuse_wiring(node, ("from", "repeat", "each"), "what merges the branches reads them all", problems)
    source = {name: name for name in branches} if node.type in EXPRESSIONS else branches
    return NodeSyntax(loc, node.type, node.parameters, {**node.wiring, "from": source}, node.parameters_loc)


def _held(value: Any, loc: Loc, blocks: Collection[str], problems: list[Problem]) -> Section:
    """What a wrapper holds: one node, or a list of them."""
    if isinstance(value, list):
        return Section(loc, None, value, None, loc)
    node = noted_node(value, loc, blocks, problems)
    return Section(loc, None, [], None, loc, [node] if node else [])


def _around_weight(kind: str, value: Any, loc: Loc, blocks: Collection[str], problems: list[Problem]) -> Container:
    """A node alone, or under `layer` beside the wrapper's parameters."""
    spec, place, given = _AROUND_WEIGHTS[kind], loc, {}
    if isinstance(value, Mapping) and (LAYER in value or not any(is_type(key) or key == SHARE for key in value)):
        own = tuple(spec.model_fields)
        given = _parts(value, loc, (LAYER, *own), kind, problems, optional=own)
        place, value = (*loc, LAYER), given.pop(LAYER, [])
    try:
        wrapper = spec.parse(given)
    except SpecError as error:
        problems += [problem.under(loc) for problem in error.problems]
        wrapper = spec.parse({})
    if isinstance(value, list):
        if value:
            problems.append(Problem(place, f"{kind} holds one layer, got a list of {len(value)} nodes"))
        return Container(Section(place, None, [], None, place), wrapper)
    return Container(_held(value, place, blocks, problems), wrapper)


def _while(value: Any, loc: Loc, problems: list[Problem]) -> Container:
    """The body is a list of nodes, or an expression."""
    parts = _parts(
        value, loc, ("condition", "body", "max_iterations"), "While", problems, ("condition", "max_iterations")
    )
    given = {key: item for key, item in parts.items() if key != "body"}
    try:
        wrapper = While.parse(given)
    except SpecError as error:
        problems += [problem.under(loc) for problem in error.problems]
        wrapper = While.parse({})
    place, body = (*loc, "body"), parts.get("body", [])
    if isinstance(body, list):
        return Container(Section(place, None, body, None, place), wrapper)
    made = [NodeSyntax(place, "Compute", body, {}, parameters_loc=place, implied=True)]
    return Container(Section(place, None, [], None, place, made), wrapper)


def _rnn(value: Any, loc: Loc, blocks: Collection[str], problems: list[Problem]) -> Container:
    """The cell is one node, which reads the step and the states."""
    own = [key for key in value if key in RNN.refused] if isinstance(value, Mapping) else []
    own += RNN.model_fields
    given = _parts(value, loc, (CELL, *own), "RNN", problems, optional=tuple(own))
    place, cell = (*loc, CELL), given.pop(CELL, None)
    written = value.get("state") if isinstance(value, Mapping) else None
    states = [name for name in written if isinstance(name, str)] if isinstance(written, Mapping) else []
    try:
        wrapper = RNN.parse(given) if isinstance(value, Mapping) else None
    except SpecError as error:
        problems += [problem.under(loc) for problem in error.problems]
        wrapper = None
    # What stands for one that is wrong is never filled.
    wrapper = wrapper or RNN.model_construct(state=dict.fromkeys(states, ()))
    made = None if cell is None else cell_node(cell, states, place, blocks, problems)
    return Container(Section(place, None, [], None, place, [made] if made else []), wrapper)


def _parts(
    value: Any,
    loc: Loc,
    keys: tuple[str, ...],
    kind: str,
    problems: list[Problem],
    optional: tuple[str, ...] = (),
) -> dict[str, Any]:
    """The keys of a container that is written as a mapping."""
    if not isinstance(value, Mapping):
        form = "a list of nodes, or a mapping" if kind == "Residual" else "a mapping"
        problems.append(Problem(loc, f"{kind} expects {form} of {one_of(keys)}, got {shown(value)}"))
        return {}
    for key in value:
        if key not in keys:
            known = [*keys, *(name for name in names("layer") if name != key)]
            hint = did_you_mean(str(key), known) or f"; it has {one_of(keys)}"
            problems.append(Problem((*loc, key), f"{kind} has no key {shown(key)}{hint}", at="key"))
    missing = [key for key in keys if key not in value and key not in optional]
    problems += (Problem(loc, f"{kind} needs '{key}'") for key in missing)
    return {key: value[key] for key in keys if key in value}
