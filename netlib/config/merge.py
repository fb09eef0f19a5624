"""A config on top of the base that it extends: mappings merge, lists and types that differ are replaced."""

from __future__ import annotations

from netlib.config.schema import is_block, same_type, type_key
from netlib.config.tree import Key, Value
from netlib.spec.errors import Loc


def merge(base: Value, over: Value, loc: Loc = ()) -> Value:
    """`over` on top of `base`, both at `loc`. Keys keep the base's order, new ones follow; places are those of what won."""
    if not isinstance(base.content, dict) or not isinstance(over.content, dict):
        return over
    below = _kept(base.content, over.content, loc)
    merged = dict(below)
    for key, value in over.content.items():
        merged[key] = merge(below[key], value, (*loc, key)) if key in below else value
    return Value(merged, over.place, over.key)


def _kept(base: dict[Key, Value], over: dict[Key, Value], loc: Loc) -> dict[Key, Value]:
    """What of the base stays in question: nothing of a choice whose type differs."""
    if loc[:1] == ("blocks",) and _is_defined_otherwise(base, over, loc):
        return {}
    if loc == ("data",) and "source" in base and "source" in over:
        return _common(base) if base["source"].content != over["source"].content else base
    first, second = type_key(base, loc), type_key(over, loc)
    if first is None or second is None or first == second:
        return base
    if not same_type(first, second, loc):
        return {}
    return {second if key == first else key: value for key, value in base.items()}


def _is_defined_otherwise(base: dict[Key, Value], over: dict[Key, Value], loc: Loc) -> bool:
    """Whether `over` gives a block's definition and `base` another file's, or the other way round."""
    return is_block(loc) and (("file" in base and "nodes" in over) or ("nodes" in base and "file" in over))


def _common(data: dict[Key, Value]) -> dict[Key, Value]:
    """The keys of a flat data section that do not belong to its source."""
    from netlib.spec.data import DataSpec

    return {key: value for key, value in data.items() if key in DataSpec.model_fields}
