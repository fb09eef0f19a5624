"""What an unquoted word means, by the core schema of YAML 1.2 (its section 10.3.2)."""

from __future__ import annotations

import math
import re

from netlib.config.tree import Scalar

MIN_INTEGER, MAX_INTEGER = -(2**63), 2**64 - 1

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"(?P<decimal>[-+]?[0-9]+)|0o(?P<octal>[0-7]+)|0x(?P<hexadecimal>[0-9a-fA-F]+)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"(?P<sign>[-+]?)\.(?:inf|Inf|INF)")
_NOT_A_NUMBER = (".nan", ".NaN", ".NAN")
_BEGIN_NUMBERS = frozenset("0123456789+-.")
_MAX_DIGITS = 64

MERGE_KEY = "<<"
"""Merges mappings in YAML 1.1; 1.2 has no such thing."""
TAG = "tag:yaml.org,2002:"
_TYPES: dict[str, tuple[type, ...]] = {
    f"{TAG}null": (type(None),),
    f"{TAG}bool": (bool,),
    f"{TAG}int": (int,),
    f"{TAG}float": (float, int),
}


def scalar(text: str) -> Scalar:
    """The value of an unquoted word: nothing, true or false, a number, or else the text itself.

    Raises:
        ValueError: a number that is too large.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _BEGIN_NUMBERS:
        return text
    if found := _INTEGER.fullmatch(text):
        return _integer(found)
    if _FLOAT.fullmatch(text):
        number = float(text)
        if not math.isfinite(number):
            raise ValueError(f"the number {text} is too large; infinity is written '.inf'")
        return number
    if found := _INFINITE.fullmatch(text):
        return -math.inf if found["sign"] == "-" else math.inf
    return math.nan if text in _NOT_A_NUMBER else text


def tagged(tag: str, text: str) -> Scalar:
    """The value of a scalar with one of the core schema's tags.

    Raises:
        ValueError: the text is no value of that type.
        KeyError: no such tag.
    """
    if tag in ("!", f"{TAG}str"):
        return text
    types, value = _TYPES[tag], scalar(text)
    if type(value) not in types:
        raise ValueError(f"'{text}' is no value of the type '!!{tag.removeprefix(TAG)}'")
    return float(value) if tag == f"{TAG}float" and isinstance(value, int) else value


def _integer(found: re.Match[str]) -> int:
    digits = found["decimal"] or found["octal"] or found["hexadecimal"]
    base = 10 if found["decimal"] else 8 if found["octal"] else 16
    number = int(digits, base) if len(digits) <= _MAX_DIGITS else MAX_INTEGER + 1
    if not MIN_INTEGER <= number <= MAX_INTEGER:
        raise ValueError("an integer has at most 64 bits; quote it if it is text")
    return number
