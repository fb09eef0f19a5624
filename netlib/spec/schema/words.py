"""JSON schemas of parameters in words: `positive integer or list of 2 positive integers`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from netlib.spec.base import shown
from netlib.spec.schema.parameter_schema import Schema, types_of

ANYTHING = "any value"
_NOUNS = {
    "boolean": ("true or false", "true or false"),
    "string": ("text", "texts"),
    "null": ("null", "nulls"),
    "array": ("list", "lists"),
    "object": ("mapping", "mappings"),
}
_LIMITS = {
    "exclusiveMinimum": "greater than",
    "minimum": "not less than",
    "exclusiveMaximum": "less than",
    "maximum": "not greater than",
}


def in_words(schema: Schema) -> str:
    """What the schema takes, as a person says it.

    >>> in_words({"type": ["integer", "null"], "exclusiveMinimum": 0})
    'positive integer or null'
    >>> in_words({"type": "array", "items": {"type": "number", "minimum": 0}})
    'list of numbers not less than 0'
    """
    return _one_of(dict.fromkeys(_alternatives(schema, plural=False)))


def value_in_words(value: Any) -> str:
    """A value as a config writes it, on one line.

    >>> value_in_words({"Adam": {"learning_rate": 0.001}})
    '{Adam: {learning_rate: 0.001}}'
    """
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {value_in_words(item)}' for key, item in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(value_in_words, value))}]"
    return value if isinstance(value, str) and value else repr(value)


def _alternatives(schema: Schema, *, plural: bool) -> list[str]:
    if "anyOf" in schema:
        return [words for each in schema["anyOf"] for words in _alternatives(each, plural=plural)]
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return [f"{name.rpartition('.')[2]}{'s' if plural else ''}"]
    if "enum" in schema or "const" in schema:
        return [value_in_words(value) for value in schema.get("enum", [schema.get("const")])]
    return [_typed({**schema, "type": kind}, plural) for kind in types_of(schema)] or [ANYTHING]


def _typed(schema: Schema, plural: bool) -> str:
    kind = schema["type"]
    if kind in ("integer", "number"):
        return _number(schema, plural)
    noun = _NOUNS[kind][plural]
    if kind == "array":
        return f"{noun}{_items(schema)}"
    values = schema.get("additionalProperties")
    return f"{noun} from names to {_several(values)}" if kind == "object" and isinstance(values, dict) else noun


def _items(schema: Schema) -> str:
    if "prefixItems" in schema:
        return f" of {' and '.join(map(in_words, schema['prefixItems']))}"
    least, most = schema.get("minItems"), schema.get("maxItems")
    number = f"{least} " if least is not None and least == most else ""
    return f" of {number}{_several(schema['items'])}" if schema.get("items") else ""


def _several(schema: Schema) -> str:
    words = list(dict.fromkeys(_alternatives(schema, plural=True)))
    return words[0] if len(words) == 1 else f"({in_words(schema)})"


def _number(schema: Schema, plural: bool) -> str:
    noun = f"{schema['type']}{'s' if plural else ''}"
    if "minimum" in schema and "maximum" in schema:
        return f"{noun} from {shown(schema['minimum'])} to {shown(schema['maximum'])}"
    positive = schema.get("exclusiveMinimum") == 0
    limits = [
        f"{words} {shown(schema[keyword])}"
        for keyword, words in _LIMITS.items()
        if keyword in schema and not (positive and keyword == "exclusiveMinimum")
    ]
    return " ".join(["positive"] * positive + [noun] + [" and ".join(limits)] * bool(limits))


def _one_of(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last
