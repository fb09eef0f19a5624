"""Keys of plain configs as a person writes them, `train.optimizer.learning_rate`: steps over types and `nodes` are left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from netlib.spec.errors import Loc
from netlib.tasks.varying import ABSENT

NAMED = ("nodes", "callbacks", "metrics", "inputs", "targets", "columns", "preprocess")
"""What stands below these is a name, and no type, even where it begins with a capital."""


def key_of(loc: Loc) -> str:
    """The key that is at `loc`."""
    parts = [str(part) for part in loc]
    below = pairwise(parts)
    kept = [part for above, part in below if above in NAMED or not (part[:1].isupper() or part == "nodes")]
    return ".".join([*parts[:1], *kept])


def value_at(values: Any, key: str) -> Any:
    """What the config has there; `ABSENT` where it has not."""
    found = values
    for part in key.split("."):
        found = _child(found, part)
    return found


def keys_of(values: Any, loc: Loc = ()) -> Iterator[str]:
    """Every key that has a value of its own, a list being one."""
    if not isinstance(values, Mapping) or not values:
        yield key_of(loc)
        return
    for name, value in values.items():
        yield from keys_of(value, (*loc, name))


def _child(value: Any, part: str) -> Any:
    """What is under a name or a number, looked for behind the types and lists of nodes that stand between."""
    if isinstance(value, list):
        named = next((item for item in value if isinstance(item, Mapping) and item.get("name") == part), ABSENT)
        return value[int(part)] if part.isdecimal() and int(part) < len(value) else named
    if not isinstance(value, Mapping):
        return ABSENT
    if part in value:
        return value[part]
    between = [item for name, item in value.items() if str(name)[:1].isupper() or name == "nodes"]
    return next((found for item in between if (found := _child(item, part)) is not ABSENT), ABSENT)
