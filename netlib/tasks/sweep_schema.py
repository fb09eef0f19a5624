"""The JSON schema of a sweep file, for editors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from netlib.spec.base import Spec
from netlib.spec.schema.json_schema import doc, required, with_nested
from netlib.spec.schema.parameter_schema import NULL, Schema, parameter_schema
from netlib.spec.search_forms import KINDS
from netlib.spec.sweep import SweepSpec
from netlib.spec.sweep_engines import NONE, PRUNERS, SAMPLERS, Engine
from netlib.spec.train_fields import MonitorSpec
from netlib.tasks.schema import DRAFT


def sweep_schema() -> dict[str, Any]:
    """The schema (draft 2020-12) of everything that a sweep file may hold, made from the specs.

    Which keys the config has, and which values it takes for them, is known to `netlab sweep` alone.
    """
    properties = _properties(SweepSpec)
    properties["space"] |= {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {"anyOf": [{"type": "array", "minItems": 1}, *map(_object, KINDS)]},
    }
    properties["sampler"] = _with_notes(properties["sampler"], _engines(SAMPLERS))
    properties["pruner"] = _with_notes(properties["pruner"], [{"enum": [NONE]}, NULL, *_engines(PRUNERS)])
    return {
        "$schema": DRAFT,
        "title": "netlab sweep",
        "description": "Many trainings of one config, each with other values of some of its keys.",
        "type": "object",
        "properties": properties,
        "required": required(SweepSpec),
        "additionalProperties": False,
        "$defs": with_nested(MonitorSpec),
    }


def _properties(spec: type[Spec]) -> dict[str, Schema]:
    return {name: parameter_schema(field) for name, field in spec.model_fields.items()}


def _object(spec: type[Spec]) -> Schema:
    found = {"type": "object", "description": doc(spec), "properties": _properties(spec), "additionalProperties": False}
    needed = required(spec)
    return {**found, "required": needed} if needed else found


def _engines(kinds: Iterable[type[Engine]]) -> list[Schema]:
    """A name, or a mapping of one to its options."""
    kinds = list(kinds)
    with_options = (
        {
            "type": "object",
            "properties": {kind.name(): _object(kind)},
            "required": [kind.name()],
            "additionalProperties": False,
        }
        for kind in kinds
    )
    return [{"enum": [kind.name() for kind in kinds]}, *with_options]


def _with_notes(schema: Schema, forms: list[Schema]) -> Schema:
    return {"anyOf": forms, **{key: schema[key] for key in ("description", "default") if key in schema}}
