"""Weights of classes, as a config names them under `data.class_weights`: `balanced`, or a number for each class.

A class is called by its name where the target has names (texts, folders), else by its number.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import PlainSerializer, PlainValidator

from netlib.spec.base import as_validation_error, shown
from netlib.spec.errors import Problem, SpecError, did_you_mean
from netlib.spec.types import NonNegativeFloat, whole

BALANCED = "balanced"
SHOWN = 12
"""Classes that a message names at most."""

Class = int | str
"""By its name or, in texts too, by its number: `1` and `"1"` are one class."""


def _parsed(value: Any) -> str | dict[Class, float] | None:
    if value is None or value == BALANCED:
        return value  # type: ignore[no-any-return]
    if not isinstance(value, Mapping) or not value:
        form = f"expected '{BALANCED}', or a mapping from class to weight, such as {{cat: 2.0, dog: 1}}"
        raise ValueError(f"{form}, got {'an empty mapping' if isinstance(value, Mapping) else shown(value)}")
    found: dict[Class, float] = {}
    problems = []
    for key, weight in value.items():
        kind = class_of(key)
        if kind is None:
            problems.append(Problem((key,), f"expected the name or number of a class, got {shown(key)}", at="key"))
        elif kind in found:
            problems.append(Problem((key,), f"class {shown(kind)} has a weight already", at="key"))
        elif not is_weight(weight):
            message = (
                f"the weight of class {shown(kind)} is {shown(weight)}, expected a finite number that is not negative"
            )
            problems.append(Problem((key,), message))
        else:
            found[kind] = float(weight)
    if problems:
        raise as_validation_error(problems)
    return found


def class_of(key: Any) -> Class | None:
    """A class as it is written, a number as an integer; None if it is none."""
    key = whole(key)
    if isinstance(key, str):
        return int(key) if key.isascii() and key.isdigit() and str(int(key)) == key else key
    return key if isinstance(key, int) and not isinstance(key, bool) else None


def is_weight(value: Any) -> bool:
    """Whether it is a finite number that is not negative."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf


ClassWeights = Annotated[
    Any,
    PlainValidator(_parsed, json_schema_input_type=Literal["balanced"] | dict[str, NonNegativeFloat] | None),
    PlainSerializer(lambda given: given, return_type=Any),
]
"""`balanced`, class -> weight, or None."""


def numbered(weights: Mapping[Class, float], target: str, names: Sequence[str], count: int) -> dict[int, float]:
    """The number of each class -> its weight.

    Args:
        weights: as a config has them.
        target: that says the class.
        names: of the classes, if they have any.
        count: how many classes there are.

    Raises:
        SpecError: a class is not there; the place is its key.
    """
    known = {name: number for number, name in enumerate(names)} or {str(number): number for number in range(count)}
    unknown = [key for key in weights if str(key) not in known]
    if unknown:
        text = f"target '{target}' has no class"
        raise SpecError(Problem((key,), f"{text} {shown(key)}{_hint(key, known, names)}", at="key") for key in unknown)
    return {known[str(key)]: weight for key, weight in weights.items()}


def _hint(key: Class, known: Mapping[str, int], names: Sequence[str]) -> str:
    if not names:
        return f": its classes are 0 to {len(known) - 1}"
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return did_you_mean(str(key), known) or f" (it has: {', '.join(names[:SHOWN])}{more})"
