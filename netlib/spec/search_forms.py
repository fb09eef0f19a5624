"""How a sweep file says what may be chosen for a key: a list, or one of `choices`, `int`, `range` and `log`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from netlib.spec.base import problems_of, shown
from netlib.spec.errors import Problem, SpecError, did_you_mean
from netlib.spec.search_numbers import Integers, Log, Range
from netlib.spec.search_space import Choices, Distribution

_FORMS = "a list of choices, or one of 'choices', 'int', 'range' and 'log', such as {int: [16, 256]}"
KINDS: tuple[type[Distribution], ...] = (Choices, Integers, Range, Log)
"""`log` is the last: beside `int` and `range` it is a truth value."""


def parse_distribution(value: Any) -> Distribution:
    """What a sweep file says of a key.

    Raises:
        SpecError: with every problem, each with its place in what is said.
    """
    if isinstance(value, Distribution):
        return value
    if isinstance(value, list):
        return _parsed(Choices, {"choices": value}, skipped=1)
    if not isinstance(value, Mapping):
        raise SpecError(f"expected {_FORMS}, got {shown(value)}")
    kind = next((kind for kind in KINDS if kind.key() in value), None)
    if kind is None:
        raise SpecError(_no_kind(value))
    return _parsed(kind, value)


def _parsed(kind: type[Distribution], value: Mapping[Any, Any], skipped: int = 0) -> Distribution:
    """The distribution; the first steps to a problem are skipped where they are not written."""
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        raise SpecError(replace(each, loc=each.loc[skipped:]) for each in problems_of(error)) from None


def _no_kind(value: Mapping[Any, Any]) -> list[Problem]:
    for key in value:
        if hint := did_you_mean(str(key), [kind.key() for kind in KINDS]):
            return [Problem((key,), f"nothing is drawn by '{key}'{hint}", at="key")]
    return [Problem((), f"expected {_FORMS}, got a mapping of {', '.join(map(str, value)) or 'nothing'}")]
