"""What stands beside a node's type, once its `$` are replaced: frozen or not, precision, training flag, ties; and its copies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from netlib.spec.base import shown
from netlib.spec.errors import Loc, Problem, SpecError, did_you_mean
from netlib.spec.graph import Tie
from netlib.spec.names import NAME
from netlib.spec.precision import POLICIES
from netlib.spec.tensors import Shape
from netlib.spec.types import whole, written_axes

MAX_COPIES = 10_000
SHORT_DTYPES = {"bfloat16": "mixed_bfloat16", "float16": "mixed_float16"}
"""Short names of policies, beside a node."""


@dataclass(frozen=True)
class Wiring:
    """How a node differs from what is around it. `source` is its `from` as written."""

    source: Any = None
    trainable: bool = True
    dtype: str | None = None
    shape: Shape | None = None
    training: bool | None = None
    ties: Mapping[str, Tie] = field(default_factory=dict)


def parse_wiring(values: Mapping[str, Any], loc: Loc, problems: list[Problem]) -> Wiring:
    """The wiring of the node at `loc`; what is wrong with it is added to `problems`, and left out."""
    if not values:
        return Wiring()
    return Wiring(
        source=values.get("from"),
        trainable=_flag(values, "trainable", loc, problems) is not False,
        dtype=_dtype(values.get("dtype"), (*loc, "dtype"), problems),
        shape=_shape(values.get("shape"), (*loc, "shape"), problems),
        training=_flag(values, "training", loc, problems),
        ties=_ties(values.get("tie"), (*loc, "tie"), problems),
    )


def is_left_in(value: Any, loc: Loc) -> bool:
    """What an `if` says.

    Raises:
        SpecError: it is neither true nor false.
    """
    if not isinstance(value, bool):
        raise SpecError([Problem(loc, f"expected true or false, got {shown(value)}")])
    return value


def copies(value: Any, loc: Loc) -> dict[str, dict[str, Any]]:
    """The copies that a number, a list or a mapping asks for: what each is called, and its `$index`, `$item` and `$key`.

    Raises:
        SpecError: it is something else, or asks for too many.
    """
    value = whole(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_COPIES:
        return {str(index): {"index": index} for index in range(value)}
    if isinstance(value, list) and len(value) <= MAX_COPIES:
        return {str(index): {"index": index, "item": item} for index, item in enumerate(value)}
    if isinstance(value, Mapping) and len(value) <= MAX_COPIES:
        wrong = [key for key in value if not isinstance(key, str) or not NAME.fullmatch(key)]
        if wrong:
            message = (
                f"copies are called by their keys: expected a name of letters, digits and '_', got {shown(wrong[0])}"
            )
            raise SpecError([Problem((*loc, wrong[0]), message, at="key")])
        return {key: {"index": index, "key": key, "item": item} for index, (key, item) in enumerate(value.items())}
    form = f"expected a number of copies from 0 to {MAX_COPIES}, or a list or mapping with an item for each"
    raise SpecError([Problem(loc, f"{form}, got {shown(value)}")])


def _flag(values: Mapping[str, Any], key: str, loc: Loc, problems: list[Problem]) -> bool | None:
    value = values.get(key)
    if value is None or isinstance(value, bool):
        return value
    problems.append(Problem((*loc, key), f"expected true or false, got {shown(value)}"))
    return None


def _dtype(value: Any, loc: Loc, problems: list[Problem]) -> str | None:
    if value is None:
        return None
    name = SHORT_DTYPES.get(value, value) if isinstance(value, str) else value
    if isinstance(name, str) and name in POLICIES:
        return name
    known = [*POLICIES, *SHORT_DTYPES]
    hint = did_you_mean(str(value), known) or f" (known: {', '.join(known)})"
    problems.append(Problem(loc, f"there is no precision {shown(value)}{hint}"))
    return None


def _shape(value: Any, loc: Loc, problems: list[Problem]) -> Shape | None:
    if value is None:
        return None
    axes = written_axes(value)
    if axes is None:
        message = "expected the lengths of the output's axes without the batch, null where unknown"
        problems.append(Problem(loc, f"{message}, got {shown(value)}"))
        return None
    return (None, *axes)


def _ties(value: Any, loc: Loc, problems: list[Problem]) -> dict[str, Tie]:
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not value:
        form = (
            "expected a mapping from a weight of this node to the path of another, such as {kernel: tokens.embeddings}"
        )
        problems.append(Problem(loc, f"{form}, got {shown(value)}"))
        return {}
    found = {}
    for weight, target in value.items():
        tie = _tie(target, (*loc, weight), problems)
        if tie:
            found[str(weight)] = tie
    return found


def _tie(value: Any, loc: Loc, problems: list[Problem]) -> Tie | None:
    if isinstance(value, str):
        return Tie(value)
    if not isinstance(value, Mapping) or not isinstance(value.get("to"), str):
        form = "expected a weight's path, or {to: path, transpose: true}"
        problems.append(Problem(loc, f"{form}, got {shown(value)}"))
        return None
    for key in value:
        if key not in ("to", "transpose"):
            hint = did_you_mean(str(key), ("to", "transpose")) or "; it has 'to' and 'transpose'"
            problems.append(Problem((*loc, key), f"a tie has no key {shown(key)}{hint}", at="key"))
    transpose = value.get("transpose", False)
    if not isinstance(transpose, bool):
        problems.append(Problem((*loc, "transpose"), f"expected true or false, got {shown(transpose)}"))
        return None
    return Tie(value["to"], transpose)
