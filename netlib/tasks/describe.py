"""Says what there is to write into a config: all layers, or everything about one type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from netlib.config.dump import to_yaml
from netlib.spec.errors import UsageError, did_you_mean
from netlib.spec.keras_layers import objection
from netlib.spec.language.nodes import CONTAINERS
from netlib.spec.registry import REFUSED, TABLES, names, resolve, spec_class, squash
from netlib.spec.schema.description import (
    CONTAINER,
    KERAS_KIND,
    Description,
    Group,
    container_description,
    description_of,
    keras_groups,
    kind_group,
    layer_groups,
    plugin_groups,
)

NODE_KINDS = ("layer", CONTAINER)
KINDS = (*TABLES, KERAS_KIND)
"""What the types are listed of."""
DATA_KINDS = ("source", "preprocessing", "split")
"""Those of the section `data`."""


@dataclass(frozen=True)
class Described:
    """A type's facts, its example as YAML, and what else has the name: `initializer.Identity`."""

    facts: Description
    example: str
    others: tuple[str, ...]


def catalogue(kind: str = "layer") -> list[Group]:
    """Every type of a kind with the first sentence on it; layers in groups, the containers last. `keras` is the kind of Keras's
    own layers."""
    if kind == KERAS_KIND:
        return keras_groups()
    own = layer_groups() if kind == "layer" else [kind_group(kind)]
    return [*own, *plugin_groups([kind])]


def data_catalogue() -> list[Group]:
    """Every type of the section `data` with the first sentence on it."""
    return [*map(kind_group, DATA_KINDS), *plugin_groups(DATA_KINDS)]


def describe(name: str, kinds: Sequence[str] = (*TABLES, CONTAINER)) -> Described:
    """Everything about the type of that name: `Conv2D`, `adam`, `loss.CosineSimilarity`.

    A layer goes before what else has its name.

    Args:
        name: the type's, or `kind.name`.
        kinds: where it is looked for.

    Raises:
        UsageError: there is nothing of that name, or several kinds have it and none is a layer.
    """
    kind, dot, rest = name.partition(".")
    if dot and kind in kinds:
        found = [(kind, known)] if (known := _resolve(kind, rest)) else []
    else:
        found = [(each, known) for each in kinds if (known := _resolve(each, name))]
    if not found:
        raise UsageError(_unknown(name) if "layer" in kinds else _unknown_of(kinds, name))
    if len(found) > 1 and found[0][0] not in NODE_KINDS:
        raise UsageError(f"'{name}' names several things; ask for one of them: {', '.join(map('.'.join, found))}")
    (kind, known), *others = found
    facts = container_description(known) if kind == CONTAINER else description_of(spec_class(kind, known))
    return Described(facts, _yaml(facts.example.value, facts), tuple(map(".".join, others)))


def _resolve(kind: str, name: str) -> str | None:
    if kind == CONTAINER:
        return name if name in CONTAINERS else None
    return resolve(kind, name)


def _unknown(name: str) -> str:
    if known_reason := objection(name):
        return known_reason
    for kind, reasons in REFUSED.items():
        for refused, reason in reasons.items():
            if squash(refused) == squash(name):
                return f"there is no {kind} '{name}' in netlab: {reason}"
    known = [*names("layer"), *CONTAINERS, *(each for kind in TABLES for each in names(kind))]
    hint = did_you_mean(name, known) or "; 'netlab layers' lists them"
    return f"there is no layer '{name}', nor anything else of that name{hint}"


def _unknown_of(kinds: Sequence[str], name: str) -> str:
    known = [each for kind in kinds for each in names(kind)]
    hint = did_you_mean(name, known) or did_you_mean(name.lower(), known) or "; 'netlab data' lists them"
    return f"there is no {', '.join(kinds[:-1])} or {kinds[-1]} '{name}'{hint}"


def _yaml(value: Any, facts: Description) -> str:
    """A node as an item of a list, anything else below the key that names it, or its section."""
    if facts.kind in DATA_KINDS:
        return to_yaml({"data": value}).rstrip()
    if facts.kind not in NODE_KINDS:
        return to_yaml(value).rstrip()
    if isinstance(value, str):
        return f"- {value}"
    return to_yaml({"nodes": [value]}).partition("\n")[2].rstrip()
