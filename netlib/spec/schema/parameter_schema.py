"""What may be written for a parameter, as a JSON schema, read from the annotation of the spec's field.

A validator that takes another form than the field's type says so itself: `PlainValidator(check, json_schema_input_type=...)`.
Types that a parameter names (initializers, other specs) are references to `#/$defs/...`; see `netlib.spec.schema.json_schema`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic import BeforeValidator, PlainSerializer, PlainValidator, WrapValidator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from netlib.spec.base import Spec
from netlib.spec.choice import Choice

Schema = dict[str, Any]

NULL: Schema = {"type": "null"}
_SCALARS: dict[Any, str] = {bool: "boolean", int: "integer", float: "number", str: "string", NoneType: "null"}
_LIMITS = {
    Gt: ("gt", "exclusiveMinimum"),
    Ge: ("ge", "minimum"),
    Lt: ("lt", "exclusiveMaximum"),
    Le: ("le", "maximum"),
}
_LENGTHS = {
    "string": ("minLength", "maxLength"),
    "array": ("minItems", "maxItems"),
    "object": ("minProperties", "maxProperties"),
}


def parameter_schema(field: FieldInfo) -> Schema:
    """What a field takes, with its description, its default and its examples.

    Raises:
        TypeError: the annotation has a type that no config can hold.
    """
    schema = type_schema(field.annotation, field.metadata)
    if field.description:
        schema = {**schema, "description": field.description}
    return schema if field.is_required() else {**schema, "default": default_of(field)}


def default_of(field: FieldInfo) -> Any:
    """A field's default as a config writes it."""
    default: Any = field.get_default(call_default_factory=True, validated_data={})
    for each in field.metadata:
        if isinstance(each, PlainSerializer):
            default = each.func(default)  # type: ignore[call-arg]  # it takes the value alone
    return _plain(default)


def type_schema(annotation: Any, metadata: Iterable[Any] = ()) -> Schema:
    """What a type takes, limited by what stands beside it in `Annotated`.

    Raises:
        TypeError: no config can hold such a value.
    """
    beside = list(_unfolded(metadata))
    for each in beside:
        if isinstance(each, Choice):
            schema = reference("node" if each.kind == "layer" else each.kind)
            return either(schema, NULL) if each.optional else schema
    for each in reversed(beside):  # the outermost validator is the last, and sees what is written
        if isinstance(each, BeforeValidator | PlainValidator | WrapValidator):
            written = each.json_schema_input_type
            if written is not PydanticUndefined:
                return _limited(type_schema(written), beside)
    return _limited(_bare(annotation), beside)


def either(*schemas: Schema) -> Schema:
    """One schema that takes what any of them takes; flat where their JSON types differ, so that errors are plain."""
    merged: list[Schema] = []
    for schema in _alternatives(schemas):
        if schema in merged:
            continue
        into = next((other for other in merged if _can_join(other, schema)), None)
        if into is None:
            merged.append(dict(schema))
        else:
            types = [*types_of(into), *types_of(schema)]
            into.update({**schema, "type": types})
    return merged[0] if len(merged) == 1 else {"anyOf": merged}


def types_of(schema: Schema) -> list[str]:
    """The JSON types that it names; none if it is a reference, an enumeration or takes anything."""
    found = schema.get("type", [])
    return [found] if isinstance(found, str) else list(found)


def reference(name: str) -> Schema:
    """A reference to a definition of the whole schema."""
    return {"$ref": f"#/$defs/{name}"}


def definition_name(spec: type[Spec]) -> str:
    """The name of a spec's definition: `layer.Dense`; `part.clip` where it is no type that a config names."""
    return f"{spec.kind or 'part'}.{spec.type_name()}"


def _alternatives(schemas: Iterable[Schema]) -> Iterator[Schema]:
    for schema in schemas:
        yield from schema["anyOf"] if list(schema) == ["anyOf"] else [schema]


def _can_join(one: Schema, other: Schema) -> bool:
    types, more = types_of(one), types_of(other)
    plain = not {"enum", "const", "anyOf", "$ref", "allOf"} & {*one, *other}
    return (
        plain and bool(types) and bool(more) and not {*types} & {*more} and not {"integer", "number"} <= {*types, *more}
    )


def _unfolded(metadata: Iterable[Any]) -> Iterator[Any]:
    for each in metadata:
        yield from each.metadata if isinstance(each, FieldInfo) else [each]


def _limited(schema: Schema, beside: Iterable[Any]) -> Schema:
    types = types_of(schema)
    found: Schema = {}
    for each in beside:
        for limit, (attribute, keyword) in _LIMITS.items():
            if isinstance(each, limit) and {"integer", "number"} & {*types}:
                strictest = min if limit in (Lt, Le) else max
                found[keyword] = strictest(found.get(keyword, getattr(each, attribute)), getattr(each, attribute))
        for kind, (least, most) in _LENGTHS.items():
            if kind in types and isinstance(each, MinLen):
                found[least] = each.min_length
            if kind in types and isinstance(each, MaxLen):
                found[most] = each.max_length
        if "string" in types and getattr(each, "pattern", None):
            found["pattern"] = each.pattern
    return _without_weaker({**schema, **found})


def _without_weaker(schema: Schema) -> Schema:
    """Without the limit `> a` or `>= a` that another lower limit implies."""
    if "minimum" in schema and "exclusiveMinimum" in schema:
        weaker = "exclusiveMinimum" if schema["minimum"] > schema["exclusiveMinimum"] else "minimum"
        return {keyword: value for keyword, value in schema.items() if keyword != weaker}
    return schema


def _bare(annotation: Any) -> Schema:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return type_schema(arguments[0], arguments[1:])
    if origin in (Union, UnionType):
        return either(*map(type_schema, arguments))
    if origin is Literal:
        return {"const": arguments[0]} if len(arguments) == 1 else {"enum": list(arguments)}
    if annotation is Any:
        return {}
    if annotation in _SCALARS:
        return {"type": _SCALARS[annotation]}
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        return reference(definition_name(annotation))
    if origin is tuple:
        return _tuple(arguments)
    if origin in (list, Sequence) or annotation is list:
        return {"type": "array", **({"items": type_schema(arguments[0])} if arguments else {})}
    if origin in (dict, Mapping) or annotation is dict:
        return {"type": "object", **({"additionalProperties": type_schema(arguments[1])} if arguments else {})}
    raise TypeError(f"no config can hold a {annotation}; give its validator a json_schema_input_type")


def _tuple(items: tuple[Any, ...]) -> Schema:
    if len(items) == 2 and items[1] is ...:
        return {"type": "array", "items": type_schema(items[0])}
    length = {"minItems": len(items), "maxItems": len(items)}
    if len({*map(str, items)}) == 1:
        return {"type": "array", "items": type_schema(items[0]), **length}
    return {"type": "array", "prefixItems": [type_schema(item) for item in items], **length}


def _plain(value: Any) -> Any:
    if isinstance(value, Spec):
        return value.to_choice() if value.kind else value.to_plain()
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
