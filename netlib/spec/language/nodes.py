"""The syntax of one node: a type key with its parameters, and the wiring beside it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from netlib.spec.base import shown
from netlib.spec.errors import Loc, Problem, SpecError, did_you_mean, one_of
from netlib.spec.names import check_name
from netlib.spec.registry import REFUSED, names, resolve, spec_class

WIRING = ("name", "from", "repeat", "each", "if", "trainable", "dtype", "shape", "training", "tie")
CONTAINERS = (
    "Sequential",
    "Network",
    "Residual",
    "Parallel",
    "TimeDistributed",
    "While",
    "RNN",
    "SpectralNormalization",
    "WeightNormalization",
)
SHARE = "share"
"""Stands where other nodes have their type: another node runs again."""


@dataclass(frozen=True)
class NodeSyntax:
    """A node as it was written. `loc` is the node's place, `parameters_loc` that of its parameters; `wiring` has what stands
    beside the type. One that a container adds on its own is `implied`. `before` is what it reads without a `from`."""

    loc: Loc
    type: str
    parameters: Any
    wiring: Mapping[str, Any] = field(default_factory=dict)
    parameters_loc: Loc = ()
    implied: bool = False
    before: str = "previous"

    @property
    def sources_loc(self) -> Loc:
        """Where it says what it reads; the node's place where it does not."""
        return (*self.loc, "from") if "from" in self.wiring else self.loc


def parse_node(value: Any, loc: Loc, blocks: Collection[str] = ()) -> NodeSyntax:
    """Reads one item of a list of nodes; `blocks` are the types besides the catalogue's.

    Raises:
        SpecError: with every mistake in the node's form; neither its parameters nor what its wiring says are looked at.
    """
    if isinstance(value, str) and is_type(value):
        return NodeSyntax(loc, _known_type(value, loc, "value", blocks), None, parameters_loc=(*loc, value))
    if not isinstance(value, Mapping) or not value:
        raise SpecError([Problem(loc, f"expected a node, such as 'Flatten' or 'Dense: 10', got {shown(value)}")])
    types = [key for key in value if is_type(key) or key == SHARE]
    if len(types) != 1:
        raise SpecError([Problem(loc, _one_type_message(types, list(value), blocks), at="value")])
    kind = types[0]
    wiring = {key: item for key, item in value.items() if key != kind}
    problems = [Problem((*loc, key), _no_key(kind, value, key), at="key") for key in wiring if key not in WIRING]
    try:
        if kind != SHARE:
            _known_type(kind, (*loc, kind), "key", blocks)
    except SpecError as error:
        problems += error.problems
    if problems:
        raise SpecError(problems)
    return NodeSyntax(loc, kind, value[kind], wiring, (*loc, kind))


def noted_node(value: Any, loc: Loc, blocks: Collection[str], problems: list[Problem]) -> NodeSyntax | None:
    """The same; None with the mistakes added to `problems`."""
    try:
        return parse_node(value, loc, blocks)
    except SpecError as error:
        problems += error.problems
        return None


def refuse_wiring(node: NodeSyntax, keys: Collection[str], why: str, problems: list[Problem]) -> None:
    """Adds to `problems` each of the keys that stands beside the node's type."""
    problems += (Problem((*node.loc, key), f"{why}; leave out '{key}'", at="key") for key in node.wiring if key in keys)


def check_node_name(name: object, loc: Loc, at: Literal["value", "key"] = "value") -> list[Problem]:
    """What is wrong with a name that a node was given: expressions read nodes by their names, beside their functions."""
    from netlib.spec.tensor_functions.catalogue import FUNCTIONS

    if isinstance(name, str) and (name == "x" or name in FUNCTIONS):
        return [Problem(loc, f"'{name}' has a meaning of its own in expressions; choose another name", at)]
    return check_name(name, loc, at)


def is_type(key: object) -> bool:
    """Whether a node's key is its type: the last dotted part is capitalised."""
    return isinstance(key, str) and key.rpartition(".")[2][:1].isupper()


def is_known(kind: str, blocks: Collection[str] = ()) -> bool:
    """Whether there is a layer, a container or a block of that name."""
    return is_layer(kind) or kind in CONTAINERS or kind in blocks


def is_layer(kind: str) -> bool:
    """Whether it is a layer, of the catalogue or of Keras's own."""
    return resolve("layer", kind) is not None


def _known_type(kind: str, loc: Loc, at: Literal["value", "key"], blocks: Collection[str]) -> str:
    if not is_known(kind, blocks):
        raise SpecError([Problem(loc, _unknown(kind, blocks), at)])
    return kind


def _unknown(kind: str, blocks: Collection[str]) -> str:
    if "." in kind:
        from netlib.spec.keras_layers import objection

        if known := objection(kind):
            return known
    if reason := REFUSED["layer"].get(kind):
        return f"there is no layer '{kind}' in netlab: {reason}"
    return f"there is no layer '{kind}'{did_you_mean(kind, _types(blocks)) or _WHERE}"


_WHERE = "; `netlab layers` lists what there is, and one of your own is loaded with --plugin FILE"


def _types(blocks: Collection[str]) -> list[str]:
    return [*blocks, *names("layer"), *CONTAINERS]


def _one_type_message(types: list[str], keys: list[Any], blocks: Collection[str]) -> str:
    if types:
        return f"a node has one type, got {' and '.join(types)}; begin a new item of the list with '- {types[1]}'"
    written = ", ".join(map(str, keys))
    hint = next((h for key in keys if (h := did_you_mean(str(key), _types(blocks)))), "")
    return f"expected a type among the node's keys, such as 'Dense', got only {written}{hint}"


def _no_key(kind: str, node: Mapping[Any, Any], key: Any) -> str:
    """What is wrong with a key that stands beside the type and should not."""
    if kind in names("layer") and key in (cls := spec_class("layer", kind)).model_fields:
        given = node[kind]
        behind = given if isinstance(given, Mapping) else {} if given is None else {cls.shorthand or "...": given}
        inside = ", ".join(f"{name}: {_written(value)}" for name, value in {**behind, key: node[key]}.items())
        return f"{shown(key)} is a parameter of {kind}, which stands behind it: {kind}: {{{inside}}}"
    remedy = did_you_mean(str(key), WIRING) or f"; beside its type it may have {one_of(WIRING)}"
    return f"a node has no key {shown(key)}{remedy}"


def _written(value: Any) -> str:
    """As YAML has it, where that is short."""
    return (
        json.dumps(value)
        if isinstance(value, bool | None)
        else str(value)
        if isinstance(value, str | int | float)
        else "..."
    )
