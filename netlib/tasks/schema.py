"""The JSON schema of a config, for editors: every key with its description, type, limits and default."""

from __future__ import annotations

from typing import Any

from netlib.config.experiment import Header
from netlib.config.extends import KEY as EXTENDS
from netlib.spec.data import DataSpec
from netlib.spec.schema.json_graph import graph_definitions, model_schema
from netlib.spec.schema.json_schema import doc, properties, required
from netlib.spec.schema.json_sections import data_schema, section_definitions, train_schema
from netlib.spec.schema.parameter_schema import Schema, reference

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def config_schema() -> dict[str, Any]:
    """The schema (draft 2020-12) of everything that a config may hold, made from the specs.

    A config that `netlab check` takes is valid. The other way round it is not so: what follows from several values or from
    shapes, and which blocks and variables there are, is known to `check` alone.
    """
    sections: dict[str, Schema] = {
        EXTENDS: {
            "type": ["string", "array"],
            "items": {"type": "string"},
            "description": "A config file, or a list of them, on top of which this one is read.",
        },
        "vars": {
            "type": ["object", "null"],
            "description": "Values that `$name` stands for; each may use those before it.",
        },
        "blocks": reference("blocks"),
        "data": data_schema(),
        "model": model_schema(),
        "train": train_schema(),
    }
    return {
        "$schema": DRAFT,
        "title": "netlab config",
        "description": "A neural network, the data that it learns from, and how it is trained.",
        "type": "object",
        "properties": {**properties(Header), **sections},
        "additionalProperties": False,
        "if": {"required": [EXTENDS]},
        "else": {"properties": {"data": {"required": required(DataSpec), "description": doc(DataSpec)}}},
        "$defs": {**graph_definitions(), **section_definitions()},
    }
