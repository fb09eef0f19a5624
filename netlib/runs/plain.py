"""Plain values as JSON text and back, without loss.

JSON has no word for the numbers that are not finite: they are written as the texts "NaN", "Infinity" and "-Infinity" (the rule of
Protocol Buffers' JSON), so these three words cannot be values themselves. Finite floats are written with the digits that give
the same bits back.
"""

from __future__ import annotations

import json
import math
from typing import Any

NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def to_json(value: Any) -> str:
    """One line of JSON.

    Raises:
        TypeError: for a value that would not come back as it is (a tuple, an array, a key that is no text).
        ValueError: for a text that stands for a number that is not finite.
    """
    return json.dumps(_encoded(value, "the value"), allow_nan=False)


def from_json(text: str | bytes) -> Any:
    """The value that `to_json` wrote.

    Raises:
        ValueError: if `text` is not JSON.
    """
    try:
        return _decoded(json.loads(text, parse_constant=_refuse_constant))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _encoded(value: Any, place: str) -> Any:
    if isinstance(value, str):
        if value in NON_FINITE:
            raise ValueError(f"{place} is the text '{value}', which stands for a number that is not finite")
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else _word(value)
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, list):
        return [_encoded(item, f"{place}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, dict):
        return {_key(key, place): _encoded(item, f"{place}[{key!r}]") for key, item in value.items()}
    raise TypeError(
        f"{place} is of type {type(value).__name__}, expected None, a bool, an int, a float, a str, a list or a dict"
    )


def _word(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _key(key: Any, place: str) -> str:
    if not isinstance(key, str):
        raise TypeError(f"{place} has the key {key!r} of type {type(key).__name__}, expected a str")
    return key


def _decoded(value: Any) -> Any:
    if isinstance(value, str):
        return NON_FINITE.get(value, value)
    if isinstance(value, list):
        return [_decoded(item) for item in value]
    if isinstance(value, dict):
        return {key: _decoded(item) for key, item in value.items()}
    return value


def _refuse_constant(word: str) -> None:
    raise ValueError(f"the bare word {word} is not JSON")
