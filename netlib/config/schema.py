"""What the specs say about a place in a config: which type is chosen there, by default too, and what may stand alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

from netlib.config.tree import Value
from netlib.spec.base import Spec
from netlib.spec.errors import Loc
from netlib.spec.language.nodes import WIRING
from netlib.spec.registry import names, resolve, snake_case, spec_class

_PARTS = ("initializer", "regularizer", "constraint", "activation")
_TRAIN = ("optimizer", "schedule", "callback", "mixing", "distribution")
_KINDS = {
    "model": ("layer", *_PARTS),
    "blocks": ("layer", *_PARTS),
    "train": _TRAIN,
    "data": ("preprocessing",),
    "vars": ("layer", *_PARTS, *_TRAIN, "loss", "metric", "preprocessing"),
}
_TERMS = {"loss": "loss", "metrics": "metric"}
_NAMES_ONLY = ("inputs", "outputs", "from", "params", "blocks", "repeat", "each", "tie", "branches", "Variables")
"""Mappings of a network whose keys are names, never types."""
_GRAPHS = ("model", "blocks")
_DEFINITION = 2
"""How many steps lead to a block: `blocks` and its name; so it goes on for the blocks inside."""


def type_key(keys: Iterable[object], loc: Loc) -> str | None:
    """The key of a mapping at `loc` that is a type, whose value holds its parameters; None if there is none, or several."""
    if len(loc) < 2 or loc[-1] in _NAMES_ONLY:
        return None
    found = [key for key in keys if isinstance(key, str) and _is_type(key, loc)]
    return found[0] if len(found) == 1 else None


def same_type(first: str, second: str, loc: Loc) -> bool:
    """Whether two names at `loc` mean one type."""
    return first == second or any(resolve(kind, first) == resolve(kind, second) is not None for kind in _kinds(loc))


def spec_of(name: object, loc: Loc) -> type[Spec] | None:
    """The spec of the type that `name` means at `loc`."""
    for kind in _kinds(loc):
        if isinstance(name, str) and resolve(kind, name):
            return spec_class(kind, name)
    return None


def section_of(loc: Loc) -> type[Spec] | None:
    """The spec of a section of fixed keys: `train`, and what stands directly under it (`train.early_stopping`)."""
    if loc[:1] != ("train",) or len(loc) > 2:
        return None
    from netlib.spec.training import TrainSpec

    if len(loc) == 1:
        return TrainSpec
    field = TrainSpec.model_fields.get(str(loc[1]))
    members = (field.annotation, *get_args(field.annotation)) if field else ()
    specs = [
        member for member in members if isinstance(member, type) and issubclass(member, Spec) and member is not Spec
    ]
    return specs[0] if specs else None


def owner_of(loc: Loc) -> type[Spec] | None:
    """The spec whose parameters stand at `loc`: of a section, or of the type that is the last key."""
    return section_of(loc) or (spec_of(loc[-1], loc[:-1]) if loc else None)


def default_type(loc: Loc) -> str | None:
    """The type that stands at `loc` when nothing is written there."""
    owner = owner_of(loc[:-1])
    field = owner.model_fields.get(str(loc[-1])) if owner else None
    default = field.get_default(call_default_factory=True, validated_data={}) if field else None
    if isinstance(default, str):
        return type_named(default, loc)
    return default.type_name() if isinstance(default, Spec) and default.kind else None


def is_beside(step: str | int, type_name: str, loc: Loc) -> bool:
    """Whether a new key `step` of a choice at `loc` stands beside its type, not among the type's parameters."""
    spec = spec_of(type_name, loc)
    if spec and step in spec.model_fields:
        return False
    return step in (*_beside_terms(loc), *(WIRING if loc[0] in _GRAPHS else ()))


def types_with(parameter: str, loc: Loc) -> list[str]:
    """The types that could be chosen at `loc` instead, and have that parameter."""
    kinds = [kind for kind in _kinds(loc) if _term(loc) or kind == str(loc[-1])]
    found = [(name, spec_class(kind, name)) for kind in kinds for name in names(kind)]
    return [name for name, spec in found if parameter in spec.model_fields]


def shorthand_at(loc: Loc) -> str | None:
    """The parameter that a value other than a mapping stands for at `loc` (`Dense: 10`, `early_stopping: 5`)."""
    owner = owner_of(loc)
    return owner.shorthand if owner else None


def type_named(text: str, loc: Loc) -> str | None:
    """The type that a text alone at `loc` chooses, by the name under which a mapping would have it."""
    if _is_free(loc) and not text[:1].isupper():
        return None
    if loc and loc[0] in _GRAPHS and not _is_free(loc) and text.rpartition(".")[2][:1].isupper():
        return text
    return next((known for kind in _kinds(loc) if (known := resolve(kind, text))), None)


def name_of(item: Value, loc: Loc) -> str | None:
    """The name of a node or term: as written, or its type's."""
    if isinstance(item.content, dict):
        named = item.content.get("name")
        if named is not None and isinstance(named.content, str):
            return named.content
        kind = type_key(item.content, loc)
        return None if kind is None else snake_case(kind)
    return snake_case(item.content) if isinstance(item.content, str) else None


def is_block(loc: Loc) -> bool:
    """Whether what stands at `loc` is a block's definition."""
    return (
        len(loc) >= _DEFINITION and len(loc) % _DEFINITION == 0 and all(step == "blocks" for step in loc[::_DEFINITION])
    )


def block_around(loc: Loc) -> Loc | None:
    """The place of the innermost block that has what is at `loc`."""
    around = (loc[:length] for length in range(len(loc), 1, -1))
    return next(filter(is_block, around), None) if loc[:1] == ("blocks",) else None


def _is_free(loc: Loc) -> bool:
    """Whether values of any kind may stand at `loc`: variables, and the defaults of parameters."""
    block = block_around(loc)
    return loc[:1] == ("vars",) or (block is not None and loc[len(block) : len(block) + 1] in (("params",), ("vars",)))


def _is_type(key: str, loc: Loc) -> bool:
    """Whether the key of a mapping is a type; under losses and metrics a key in lower case is the name of a term."""
    return type_named(key, loc) is not None and not (_term(loc) and key.islower())


def _term(loc: Loc) -> str | None:
    """The kind of a loss or metric at `loc`."""
    return _TERMS.get(str(loc[1])) if loc[:1] == ("train",) and len(loc) > 1 else None


def _beside_terms(loc: Loc) -> tuple[str, ...]:
    term = _term(loc)
    if term is None:
        return ()
    from netlib.spec.terms import WIRING as BESIDE

    return BESIDE[term]


def _kinds(loc: Loc) -> tuple[str, ...]:
    """The kinds of types that may stand at `loc`; `kernel_initializer` makes an initializer the first guess."""
    term = _term(loc)
    if term or not loc:
        return (term,) if term else ()
    return tuple(sorted(_KINDS.get(str(loc[0]), ()), key=lambda kind: kind not in str(loc[-1])))
