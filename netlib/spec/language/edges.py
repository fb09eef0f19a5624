"""What a node reads: from its `from`, and the names in its expression, to a reference for each of its inputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from netlib.spec.errors import Loc, Problem, SpecError, did_you_mean, one_of
from netlib.spec.graph import Ref
from netlib.spec.language.scope import Found, Scope
from netlib.spec.layer import MASK, LayerSpec

if TYPE_CHECKING:
    from netlib.spec.tensor_expressions import TensorExpression

X = "x"
"""What an expression calls what `from` gives."""
FIRST = ""
"""Stands in the `from` of an RNN's cell for its first input, whatever that is called; the others are the states."""


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
        """A layer's; one that uses a mask also reads it as an input."""
        mask = (MASK,) if spec.reads_mask_beside else ()
        return cls(spec.inputs, (*spec.optional_inputs, *mask), spec.variadic)


class Reader(NamedTuple):
    """A node that reads: its type, its `from` as written, and where that is. `first` is what the first entry reads instead, in a
    copy that reads the one before; `before` is what it reads without a `from`."""

    type: str
    source: Any
    loc: Loc
    first: Found | None = None
    before: str = "previous"

    @property
    def by_name(self) -> bool:
        """Whether its `from` names the inputs."""
        return isinstance(self.source, Mapping)


References = dict[str, Ref]
_NO_COPIES = "there are no copies here"


def sources(reader: Reader) -> list[Source]:
    """The entries of a node's `from`; where it has none, the node before, or what a branch reads."""
    written, loc = reader.source, reader.loc
    if written is None:
        return [Source("0", reader.before, loc)]
    if isinstance(written, Mapping):
        return [Source(str(name), value, (*loc, name)) for name, value in written.items()]
    if isinstance(written, list):
        return [Source(str(index), value, (*loc, index)) for index, value in enumerate(written)]
    return [Source("0", written, loc)]


def follow(
    entries: Iterable[Source], scope: Scope, problems: list[Problem], first: Found | None = None
) -> dict[str, Found | None]:
    """What each entry refers to, by its key; None where that failed. Adds to `problems` those that refer to nothing.

    An entry may itself be a list. `first` stands for the first of them.
    """
    found: dict[str, Found | None] = {}
    for index, (key, text, loc) in enumerate(entries):
        if first is not None and index == 0:
            found[key] = first
            continue
        try:
            found[key] = _listed(text, scope, loc) if isinstance(text, list) else scope.find(text, loc)
        except SpecError as error:
            found[key] = None
            problems += error.problems
            scope.lose_edges()
    return found


def _listed(texts: list[Any], scope: Scope, loc: Loc) -> Found | None:
    """A list inside of a `from`, for one name of an expression."""
    if not texts:
        raise SpecError([Problem(loc, "expected the names of nodes or inputs, got an empty list")])
    refs: References = {}
    for index, text in enumerate(texts):
        found = scope.find(text, (*loc, index))
        if found is None:
            return None
        refs.update({str(len(refs) + place): ref for place, ref in enumerate(found.refs.values())})
    return Found(refs, several=True)


def bind(reader: Reader, found: Mapping[str, Found], signature: Signature) -> References:
    """Gives what a node reads the names of its inputs: by key where `from` is a mapping, otherwise by order.

    Raises:
        SpecError: it has not these inputs, or more.
    """
    if FIRST in found:
        return _by_step(reader, found, signature)
    if signature.variadic:
        if reader.by_name:
            message = f"{reader.type} reads any number of inputs, which have no names; write `from` as a list"
            raise SpecError([Problem(reader.loc, message)])
        if found and not any(each.refs for each in found.values()):
            raise SpecError([Problem(reader.loc, f"{reader.type} reads at least one input, but {_NO_COPIES}")])
        return {str(place): ref for place, ref in enumerate(_in_order(found))}
    return _by_name(reader, found, signature) if reader.by_name else _by_order(reader, found, signature)


def _by_step(reader: Reader, found: Mapping[str, Found], signature: Signature) -> References:
    """Of the cell of an RNN: the step is its first input, and the states are others by their names."""
    states = [name for name in found if name != FIRST]
    if signature.variadic:
        return {str(place): ref for place, ref in enumerate(_in_order(found))}
    first, *others = (*signature.required, *signature.optional, FIRST)
    named, known = " and ".join(states), [name for name in others if name != FIRST]
    if first == FIRST:
        wrong = f"{reader.type} reads nothing, so it is no cell"
    elif first in states:
        wrong = f"{reader.type}'s first input, '{first}', is the step, so no state can have that name"
    elif lost := [name for name in states if name not in known]:
        besides = f"besides the step, '{first}', it reads {one_of(known) or 'nothing'}"
        wrong = f"{reader.type} has no input '{lost[0]}' for the state; {besides}"
    elif strange := [name for name in signature.required[1:] if name not in states]:
        wrong = f"{reader.type}'s input '{strange[0]}' is neither the step, its first input, nor a state: {named}"
    else:
        return {
            name: found[FIRST if name == first else name].only for name in (first, *known) if name in (first, *states)
        }
    raise SpecError([Problem(reader.loc[:-1], wrong)])  # the cell says no `from`


def _in_order(found: Mapping[str, Found]) -> list[Ref]:
    """All that is read, lists in place."""
    return [ref for each in found.values() for ref in each.refs.values()]


def _by_order(reader: Reader, found: Mapping[str, Found], signature: Signature) -> References:
    known, refs = (*signature.required, *signature.optional), _in_order(found)
    if not len(signature.required) <= len(refs) <= len(known):
        raise SpecError([Problem(reader.loc, f"{reader.type} {_needs(signature)}, but {_given(reader, refs)}")])
    return dict(zip(known, refs, strict=False))


def _needs(signature: Signature) -> str:
    reads = f"reads {' and '.join(signature.required) or 'nothing'}"
    return f"{reads}, and may read {' and '.join(signature.optional)}" if signature.optional else reads


def _given(reader: Reader, refs: list[Ref]) -> str:
    """What there is to read."""
    if reader.source is None:
        return "is given only what is before it; say in `from` what each one is"
    return f"`from` gives {len(refs)}"


def _by_name(reader: Reader, found: Mapping[str, Found], signature: Signature) -> References:
    loc, known = reader.loc, (*signature.required, *signature.optional)
    problems = []
    for name, each in found.items():
        if name not in known:
            hint = did_you_mean(name, known) or f"; it reads {one_of(known)}"
            problems.append(Problem((*loc, name), f"{reader.type} has no input '{name}'{hint}", at="key"))
        elif each.several:
            message = f"{reader.type}'s input '{name}' is one tensor, but this is a list of {len(each.refs)}"
            problems.append(Problem((*loc, name), message))
    missing = [name for name in signature.required if name not in found]
    if missing and not problems:
        problems.append(Problem(loc, f"{reader.type} also reads {' and '.join(missing)}; say in `from` what that is"))
    if problems:
        raise SpecError(problems)
    return {name: found[name].only for name in known if name in found}


def expression_reads(
    expression: TensorExpression, reader: Reader, scope: Scope, problems: list[Problem], at: Loc
) -> References | None:
    """What an expression reads, by the names under which it finds it: what `from` gives, and nodes and inputs of the scope; None
    if something of that failed.

    Args:
        expression: the expression, which stands `at`.
        reader: its node. What a `from` without names gives is called `x`.
        scope: that of the node.
        problems: takes what is wrong.
        at: the expression's place.
    """
    roots = {chain[0] for chain in expression.chains}
    entries = sources(reader)
    if not reader.by_name:
        entries = _as_x(reader, entries) if reader.source is not None or X in roots else []
    if reader.first is not None and not entries:
        message = (
            "copies in a chain read one another as 'x', which the expression does not use; write `each` for `repeat`"
        )
        problems.append(Problem(at, message))
        return None
    unused = [entry for entry in entries if entry.key.partition(".")[0] not in roots]
    for entry in unused:
        name = entry.key.partition(".")[0]
        problems.append(Problem(entry.loc, f"the expression does not use '{name}', which `from` gives it"))
    found = {} if unused else follow(entries, scope, problems, reader.first)
    given = {entry.key.partition(".")[0] for entry in entries}
    for chain in expression.chains:
        if chain[0] not in given and not unused:
            found.update(_chain(chain, scope, problems, at))
    places = {entry.key: entry.loc for entry in entries}
    empty = [key for key, each in found.items() if each is not None and not each.refs]
    problems += (Problem(places.get(key, at), f"'{key}' is an empty list: {_NO_COPIES}") for key in empty)
    if unused or empty or any(each is None for each in found.values()):
        return None
    return {
        f"{name}.{suffix}" if suffix else name: ref
        for name, each in found.items()
        if each
        for suffix, ref in each.refs.items()
    }


def _as_x(reader: Reader, entries: list[Source]) -> list[Source]:
    """What is written alone is `x`, those of a list are its items."""
    listed = isinstance(reader.source, list)
    return [Source(f"{X}.{key}" if listed else X, text, loc) for key, text, loc in entries]


def _chain(chain: tuple[str | int, ...], scope: Scope, problems: list[Problem], at: Loc) -> dict[str, Found | None]:
    """What the longest part of a chain of names that means something refers to, by its text."""
    texts = [".".join(map(str, chain[:length])) for length in range(len(chain), 0, -1)]
    for text in texts[:-1]:
        try:
            return {text: scope.find(text, at)}
        except SpecError:
            continue
    try:
        return {texts[-1]: scope.find(texts[-1], at)}
    except SpecError as error:
        problems += error.problems
        scope.lose_edges()
        return {texts[-1]: None}
