"""JSON schemas of the sections `data` and `train`: a source with its own keys, and the grammar of losses and metrics."""

from __future__ import annotations

from netlib.spec.data import DataSpec
from netlib.spec.names import NAME, RESERVED_NAMES
from netlib.spec.phases import PhaseSpec
from netlib.spec.registry import names, spec_class
from netlib.spec.schema.json_schema import (
    definitions,
    doc,
    open_to_expressions,
    parameters_schema,
    properties,
    spellings,
    with_nested,
)
from netlib.spec.schema.parameter_schema import NULL, Schema, definition_name, either, reference
from netlib.spec.terms import WIRING
from netlib.spec.training import TrainSpec

KINDS = (
    "source",
    "split",
    "preprocessing",
    "loss",
    "metric",
    "optimizer",
    "schedule",
    "callback",
    "mixing",
    "distribution",
)
"""What these sections name."""
_BESIDE: dict[str, Schema] = {
    "of": {"type": "string", "description": "The output that it is of; the one of its name, or the only one."},
    "target": {
        "type": "string",
        "description": "The target that it compares with; the one of its name, or the only one.",
    },
    "weight": open_to_expressions(
        {"type": "number", "description": "Factor with which it is added to the other losses.", "default": 1}
    ),
    "name": {"type": "string", "description": "What it is called in the log; the type in snake_case."},
}


def section_definitions() -> dict[str, Schema]:
    """The `$defs` of `data` and `train`, and of all that they name."""
    parts = {**with_nested(TrainSpec), **with_nested(DataSpec)}
    for section in (TrainSpec, DataSpec):
        del parts[definition_name(section)]
    _with_losses(parts[definition_name(PhaseSpec)])
    sources = {name: spec_class("source", name) for name in names("source")}
    flat = {definition_name(spec): _flat(spec) for spec in sources.values()}
    return {**definitions(KINDS), **parts, **flat, **_term_definitions("loss"), **_term_definitions("metric")}


def data_schema() -> Schema:
    """The `data` section: what all sources share, and beside it the chosen source's own keys.

    Where no source is said (which `extends` may do) there may be a key of any.
    """
    known = {key for name in names("source") for key in spec_class("source", name).model_fields}
    unsaid = {"propertyNames": {"enum": sorted({*known, *DataSpec.model_fields})}}
    chosen = [
        {
            "if": {"properties": {"source": {"enum": spellings("source", name)}}, "required": ["source"]},
            "then": reference(f"source.{name}"),
        }
        for name in names("source")
    ]
    source: Schema = {"enum": [way for name in names("source") for way in spellings("source", name)]}
    description = DataSpec.model_fields["source"].description
    return {
        "type": "object",
        "properties": {**properties(DataSpec), "source": {**open_to_expressions(source), "description": description}},
        "allOf": [*chosen, {"if": {"required": ["source"]}, "else": unsaid}],
        "description": doc(DataSpec),
    }


def train_schema() -> Schema:
    """The `train` section."""
    schema = parameters_schema(TrainSpec)
    _with_losses(schema)
    return open_to_expressions({**schema, "description": doc(TrainSpec)})


def _with_losses(schema: Schema) -> None:
    """Gives losses and metrics their grammar."""
    for key, definition in (("loss", "losses"), ("metrics", "metrics")):
        if key in schema["properties"]:
            schema["properties"][key] = {**schema["properties"][key], **reference(definition)}


def _flat(source: type) -> Schema:
    """A source's keys, with those of the section around it."""
    schema = parameters_schema(source)
    shared: dict[str, bool] = dict.fromkeys(DataSpec.model_fields, True)
    return {"description": doc(source), **schema, "properties": {**schema["properties"], **shared}}


def _term_definitions(kind: str) -> dict[str, Schema]:
    """`loss_term`, one loss as written under a name, and `losses`; so for metrics."""
    types = {name: reference(definition_name(spec_class(kind, name))) for name in names(kind)}
    lower = {way: types[name] for name in names(kind) for way in spellings(kind, name) if not way[:1].isupper()}
    term, listed = f"{kind}_term", "losses" if kind == "loss" else "metrics"
    capitalised = _with_wiring(types, kind)
    wired = {**_with_wiring(lower, kind), "anyOf": [{"required": [key]} for key in WIRING[kind]]}
    by_name: Schema = {
        "type": "object",
        "propertyNames": {"pattern": rf"^(?!({'|'.join((*RESERVED_NAMES, *WIRING[kind]))})$)(?![A-Z]){NAME.pattern}$"},
        "additionalProperties": reference(term),
        "minProperties": 1,
    }
    several = [{"type": "array", "items": reference(term)}] if kind == "metric" else []
    name = reference(f"{kind}.name")
    return {
        term: {"anyOf": [name, capitalised, _with_wiring(lower, kind)]},
        listed: {"anyOf": [name, *several, capitalised, wired, by_name, *([NULL] if kind == "loss" else [])]},
    }


def _with_wiring(types: dict[str, Schema], kind: str) -> Schema:
    """One type, with the keys that may stand beside it."""
    beside = {key: {**_BESIDE[key], **either(_BESIDE[key], {"type": "null"})} for key in WIRING[kind]}
    return {
        "type": "object",
        "properties": {**types, **beside},
        "additionalProperties": False,
        "oneOf": [{"required": [name]} for name in types],
    }
