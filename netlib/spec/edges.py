"""What a node reads: from its `from` to a reference for each of its inputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from netlib.spec.errors import Loc, Problem, SpecError, did_you_mean, one_of
from netlib.spec.graph import Ref
from netlib.spec.layer import LayerSpec
from netlib.spec.nodes import NodeSyntax
from netlib.spec.scope import Scope


class Source(NamedTuple):
    """One entry of a `from`, or of `outputs`: its key (or place in the list), what is written there, and where."""

    key: str
    text: Any
    loc: Loc


class Signature(NamedTuple):
    """The inputs that a node has, by name; a variadic one takes any number, without names."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    variadic: bool = False

    @classmethod
    def of(cls, spec: LayerSpec) -> Signature:
        """A layer's."""
        return cls(spec.inputs, spec.optional_inputs, spec.variadic)


def sources(syntax: NodeSyntax) -> list[Source]:
    """The entries of a node's `from`; the node before where it has none."""
    loc, written = (*syntax.loc, "from"), syntax.source
    if written is None:
        return [Source("0", "previous", syntax.loc)]
    if isinstance(written, Mapping):
        return [Source(str(name), value, (*loc, name)) for name, value in written.items()]
    if isinstance(written, list):
        return [Source(str(index), value, (*loc, index)) for index, value in enumerate(written)]
    return [Source("0", written, loc)]


def follow(entries: Iterable[Source], scope: Scope, problems: list[Problem]) -> dict[str, Ref | None]:
    """What each entry refers to, by its key; None where that failed. Adds to `problems` those that refer to nothing."""
    found: dict[str, Ref | None] = {}
    for key, text, loc in entries:
        try:
            found[key] = scope.find(text, loc)
        except SpecError as error:
            found[key] = None
            problems += error.problems
            scope.lose_edges()
    return found


def bind(syntax: NodeSyntax, found: dict[str, Ref | None], signature: Signature) -> dict[str, Ref | None]:
    """Gives what a node reads the names of its inputs: by key where `from` is a mapping, otherwise by order.

    Raises:
        SpecError: it has not these inputs, or more.
    """
    by_name = isinstance(syntax.source, Mapping)
    if signature.variadic:
        if by_name:
            message = f"{syntax.type} reads any number of inputs, which have no names; write `from` as a list"
            raise SpecError([Problem((*syntax.loc, "from"), message)])
        return found
    return _by_name(syntax, found, signature) if by_name else _by_order(syntax, found, signature)


def _by_order(syntax: NodeSyntax, found: dict[str, Ref | None], signature: Signature) -> dict[str, Ref | None]:
    known = (*signature.required, *signature.optional)
    if not len(signature.required) <= len(found) <= len(known):
        loc = syntax.loc if syntax.source is None else (*syntax.loc, "from")
        message = f"{syntax.type} reads {' and '.join(known)}, but `from` gives {len(found)}"
        raise SpecError([Problem(loc, message)])
    return dict(zip(known, found.values(), strict=False))


def _by_name(syntax: NodeSyntax, found: dict[str, Ref | None], signature: Signature) -> dict[str, Ref | None]:
    loc, known = (*syntax.loc, "from"), (*signature.required, *signature.optional)
    problems = []
    for name in found:
        if name not in known:
            hint = did_you_mean(name, known) or f"; it reads {one_of(known)}"
            problems.append(Problem((*loc, name), f"{syntax.type} has no input '{name}'{hint}", at="key"))
    missing = [name for name in signature.required if name not in found]
    if missing and not problems:
        problems.append(Problem(loc, f"{syntax.type} also reads {' and '.join(missing)}; say in `from` what that is"))
    if problems:
        raise SpecError(problems)
    return {name: found[name] for name in known if name in found}
