"""What can be said of nodes by themselves, where the shapes of what they read are not known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netlib.spec.errors import Loc, Problem, SpecError
from netlib.spec.expressions import references, substitute
from netlib.spec.language.blocks import REQUIRED, Block, Library
from netlib.spec.language.containers import UNKNOWN, opened, parse_container
from netlib.spec.language.nodes import CONTAINERS, NodeSyntax, is_known, is_layer, is_type, parse_node
from netlib.spec.language.section import Section
from netlib.spec.language.state import spec_of

_OF_COPIES = ("index", "item", "key")


def check_blocks(library: Library, problems: list[Problem]) -> None:
    """Adds to `problems` the mistakes that blocks have in themselves, and the blocks inside of them."""
    for block in library.own.known.values():
        inside = library.before_use(block)
        _check_defaults(block, inside, problems)
        check_section(block.section, inside, problems)
        if block.inner.known:
            check_blocks(inside, problems)


def _check_defaults(block: Block, library: Library, problems: list[Problem]) -> None:
    for name, default in block.params.items():
        if default != REQUIRED:
            _known(default, (*block.loc, "params", name), library, problems)


def check_section(section: Section, library: Library, problems: list[Problem]) -> None:
    """The same of the nodes of a list."""
    nodes = section.nodes if isinstance(section.nodes, list) else []
    for index, item in enumerate(nodes):
        check_item(item, (*section.nodes_loc, index), library, problems)
    for syntax in section.implied:
        check_node(syntax, library, problems)


def check_item(item: Any, loc: Loc, library: Library, problems: list[Problem]) -> None:
    """The same of one item of a list, and of what its parameters hold."""
    if isinstance(item, str) and "$" in item:
        return
    try:
        syntax = parse_node(item, loc, library.types)
    except SpecError as error:
        problems += error.problems
        check_parameters(item, loc, library, problems)
        return
    check_node(syntax, library, problems)


def check_parameters(item: Any, loc: Loc, library: Library, problems: list[Problem]) -> None:
    """Of a node whose form is wrong: the mistakes that its parameters have besides."""
    types = [key for key in item if is_type(key)] if isinstance(item, Mapping) else []
    if len(types) == 1 and is_known(types[0], library.types):
        check_node(NodeSyntax(loc, types[0], item[types[0]], parameters_loc=(*loc, types[0])), library, problems)


def check_node(syntax: NodeSyntax, library: Library, problems: list[Problem]) -> None:
    """The mistakes in a node's parameters, and in the nodes that it holds."""
    loc, value = syntax.parameters_loc, syntax.parameters
    if syntax.type in CONTAINERS:
        known = opened(syntax.type, value, loc, lambda part, at: _known(part, at, library, problems))
        if known is not UNKNOWN:
            check_section(parse_container(syntax.type, known, loc, library.types, problems).section, library, problems)
    elif is_layer(syntax.type):
        _check_layer(syntax, library, problems)
    elif syntax.type in library.blocks and not (isinstance(value, str) and "$" in value):
        try:
            library.blocks[syntax.type].by_name(value, loc)
        except SpecError as error:
            problems += error.problems


def _check_layer(syntax: NodeSyntax, library: Library, problems: list[Problem]) -> None:
    """The mistakes in those of a layer's parameters of which the values are known."""
    loc, value = syntax.parameters_loc, syntax.parameters
    parts = value if isinstance(value, Mapping) else {}
    known = {key: _known(part, (*loc, key), library, problems) for key, part in parts.items()}
    waiting = [key for key, part in known.items() if part is UNKNOWN]
    parameters = {key: part for key, part in known.items() if part is not UNKNOWN}
    if parts is not value:
        parameters = _known(value, loc, library, problems)
    if parameters is UNKNOWN:
        return
    try:
        spec_of(syntax.type, parameters)
    except SpecError as error:
        told = (each for each in error.problems if not waiting or (each.loc and each.loc[0] in parameters))
        problems += (problem.under(loc) for problem in told)


def misspelt(syntax: NodeSyntax, library: Library) -> list[Problem]:
    """The parameters that a node has not, of one that is left out: their values may make sense only where it is not."""
    problems: list[Problem] = []
    check_node(syntax, library, problems)
    return [problem for problem in problems if problem.at == "key"]


def _known(value: Any, loc: Loc, library: Library, problems: list[Problem]) -> Any:
    """The value with its `$` replaced; `UNKNOWN` if one stands for what is known only later, or for nothing."""
    if _waits(value, library):
        return UNKNOWN
    try:
        return substitute(value, library.variables)
    except SpecError as error:
        problems += (problem.under(loc) for problem in error.problems)
        return UNKNOWN


def _waits(value: Any, library: Library) -> bool:
    """Whether a `$` in it stands for what is known only where the node is used: a parameter, an item of a list, a shape."""
    if isinstance(value, str):
        return "$" in value and any(
            name in library.later or name in _OF_COPIES or f"{name}." in value
            for name in references(value) - library.variables.keys()
        )
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return any(_waits(part, library) for part in parts)
