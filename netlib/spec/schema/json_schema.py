"""JSON schemas (draft 2020-12) of specs: their parameters, and the choice among the types of a kind.

A `$name` or `$(expression)` may stand for any value, so every type here also takes a text with a `$` in it. What follows from
several values together (`filters` that `groups` must divide) is for `netlab check`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, get_args

from pydantic import PlainValidator

from netlib.spec.base import Spec
from netlib.spec.errors import SpecError
from netlib.spec.registry import ALIASES, TABLES, names, snake_case, spec_class, squash
from netlib.spec.schema.parameter_schema import (
    NULL,
    Schema,
    definition_name,
    either,
    parameter_schema,
    reference,
    type_schema,
    types_of,
)

EXPRESSION: Schema = {"type": "string", "pattern": "\\$"}
"""`$name`, `$(expression)`, or text with one in it."""
NOTES = ("description", "default", "examples")
NAMES_ONLY = ".name"
"""Ends the name of the definition that takes a choice written as a name, without parameters."""


def definitions(kinds: Iterable[str]) -> dict[str, Schema]:
    """The `$defs` of every spec of these kinds, of the choices among them, and of the specs inside of them."""
    found: dict[str, Schema] = {}
    for kind in kinds:
        for name in names(kind):
            found |= with_nested(spec_class(kind, name))
        if kind != "layer":
            found[kind + NAMES_ONLY] = _names_schema(kind)
            found[kind] = _choice_schema(kind)
    return found


def with_nested(spec: type[Spec]) -> dict[str, Schema]:
    """The definition of a spec, and of those that its parameters are without being a choice: `part.clip`."""
    found = {definition_name(spec): spec_schema(spec)}
    for field in spec.model_fields.values():
        for inner in _specs_in((field.annotation, *field.metadata)):
            found |= with_nested(inner)
    return found


def spec_schema(spec: type[Spec]) -> Schema:
    """What may stand as a spec's value: its parameters, the one that may stand alone, or nothing where none is needed."""
    forms = [parameters_schema(spec)]
    if spec.shorthand:
        forms.append(_alone(spec, spec.shorthand))
    if spec.also_written is not None:
        forms.append(type_schema(spec.also_written))
    if _needs_nothing(spec):
        forms.append(NULL)
    return {"description": doc(spec), **open_to_expressions(either(*forms))}


def parameters_schema(spec: type[Spec]) -> Schema:
    """A mapping of a spec's parameters."""
    needed = required(spec)
    return {
        "type": "object",
        "properties": properties(spec),
        **({"required": needed} if needed else {}),
        "additionalProperties": False,
    }


def properties(spec: type[Spec]) -> dict[str, Schema]:
    """A spec's parameters, each with its description and default."""
    return {name: open_to_expressions(parameter_schema(field)) for name, field in spec.model_fields.items()}


def _needs_nothing(spec: type[Spec]) -> bool:
    try:
        spec.parse({})
    except SpecError:
        return False
    return True


def required(spec: type[Spec]) -> list[str]:
    """The parameters without a default."""
    return [name for name, field in spec.model_fields.items() if field.is_required()]


def doc(spec: type[Spec]) -> str:
    """A spec's docstring, its lines joined within a paragraph."""
    paragraphs = (spec.__doc__ or "").strip().split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def spellings(kind: str, name: str) -> list[str]:
    """The ways to write a registered name: `GlorotUniform`, `glorot_uniform`, `glorotuniform`; an alias."""
    lower = [] if kind == "layer" else [snake_case(name), squash(name)]
    aliases = [alias for alias, known in ALIASES.get(kind, {}).items() if known == name]
    return list(dict.fromkeys([name, *lower, *aliases]))


def open_to_expressions(schema: Schema) -> Schema:
    """The same, with an expression allowed in its place and in those of its parts; a reference is open already."""
    forms = [_opened_inside(form) for form in schema.get("anyOf", [without_notes(schema)])]
    is_open = any("$ref" in form or not form or _takes_any_text(form) for form in forms)
    return {**either(*forms, *([] if is_open else [EXPRESSION])), **notes(schema)}


def notes(schema: Schema) -> Schema:
    """What a schema says to a person."""
    return {key: schema[key] for key in NOTES if key in schema}


def without_notes(schema: Schema) -> Schema:
    """What a schema takes."""
    return {key: value for key, value in schema.items() if key not in NOTES}


def _takes_any_text(schema: Schema) -> bool:
    return "string" in types_of(schema) and "pattern" not in schema


def _opened_inside(schema: Schema) -> Schema:
    opened = dict(schema)
    for key in ("items", "additionalProperties"):
        if isinstance(opened.get(key), dict):
            opened[key] = open_to_expressions(opened[key])
    if "prefixItems" in opened:
        opened["prefixItems"] = [open_to_expressions(item) for item in opened["prefixItems"]]
    return opened


def _alone(spec: type[Spec], parameter: str) -> Schema:
    """What may stand for a spec's parameters: no mapping, as that would be read as the parameters themselves."""
    field = spec.model_fields[parameter]
    schema = type_schema(field.annotation, field.metadata)
    return either(*(_named(each) for each in schema.get("anyOf", [schema]) if types_of(each) != ["object"]))


def _named(schema: Schema) -> Schema:
    kind = schema.get("$ref", "").rpartition("/")[2]
    return reference(kind + NAMES_ONLY) if kind in TABLES else schema


def _names_schema(kind: str) -> Schema:
    """A type by its name alone, where it has no required parameters, nor needs one of several."""
    bare = [name for name in names(kind) if _needs_nothing(spec_class(kind, name))]
    return either({"enum": [way for name in bare for way in spellings(kind, name)]}, EXPRESSION)


def _choice_schema(kind: str) -> Schema:
    """One type of a kind, by its name or with its parameters."""
    types = {
        way: reference(definition_name(spec_class(kind, name))) for name in names(kind) for way in spellings(kind, name)
    }
    mapping = {
        "type": "object",
        "properties": types,
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
    }
    return {
        "description": f"One {kind}: a name, or a name with its parameters.",
        **either(reference(kind + NAMES_ONLY), mapping),
    }


def _specs_in(parts: Iterable[Any]) -> Iterator[type[Spec]]:
    """The specs that have no kind, somewhere in annotations and the validators beside them."""
    for part in parts:
        if isinstance(part, PlainValidator):
            yield from _specs_in([part.json_schema_input_type])
        elif isinstance(part, type) and issubclass(part, Spec):
            if part is not Spec and not part.kind:
                yield part
        else:
            yield from _specs_in(get_args(part))
