"""JSON schema of the graph language: lists of nodes, the wiring beside a node's type, containers, blocks, the model.

What it cannot say: which block names there are (any capitalised word may be one), so a misspelt type is for `netlab check`.
"""

from __future__ import annotations

from netlib.spec.keras_layers import keras_names
from netlib.spec.language.nodes import CONTAINERS, SHARE, WIRING
from netlib.spec.language.wiring import SHORT_DTYPES
from netlib.spec.names import NAME, RESERVED_NAMES
from netlib.spec.precision import POLICIES
from netlib.spec.registry import names, spec_class
from netlib.spec.schema.json_containers import CONTAINER_SCHEMAS, NODES
from netlib.spec.schema.json_schema import (
    EXPRESSION,
    definitions,
    notes,
    open_to_expressions,
    required,
    spec_schema,
    without_notes,
)
from netlib.spec.schema.parameter_schema import NULL, Schema, definition_name, either, reference
from netlib.spec.tensor_expressions import FUNCTION_NAMES
from netlib.spec.tensors import DTYPE_BYTES

BLOCK_PATTERN = r"^[A-Z][A-Za-z0-9_]*$"
"""A block's name."""
KINDS = ("layer", "activation", "initializer", "regularizer", "constraint")
"""What the nodes of a graph name."""
_NAME: Schema = {
    "type": "string",
    "pattern": rf"^(?!({'|'.join(RESERVED_NAMES)})$){NAME.pattern}$|\$",
}
_TEXT: Schema = {"type": "string"}
_TEXTS: Schema = {"type": "array", "items": _TEXT}
_FLAG: Schema = {"type": "boolean"}
_AXES: Schema = {"type": "array", "items": {"type": ["integer", "null"], "exclusiveMinimum": 0}}
_MAPPING: Schema = {"type": "object"}
_TIE: Schema = {
    "type": ["string", "object"],
    "properties": {
        "to": {**_TEXT, "description": "Path of the weight that this one is."},
        "transpose": {**_FLAG, "description": "Whether it is used with its axes in reverse order.", "default": False},
    },
    "required": ["to"],
    "additionalProperties": False,
}
_COPIES: Schema = {"type": ["integer", "array", "object"], "minimum": 0}

WIRING_SCHEMAS: dict[str, Schema] = {
    "name": {
        **_NAME,
        "not": {"enum": ["x", *sorted(FUNCTION_NAMES)]},
        "description": "The node's name in its scope; it serves in paths and in `from`.",
    },
    "from": {
        "type": ["string", "array", "object"],
        "items": either(_TEXT, _TEXTS),
        "additionalProperties": either(_TEXT, _TEXTS),
        "description": "What it reads: a node, `previous` (the default), `input`, `node.port`, a list, or a mapping by input.",
        "default": "previous",
    },
    "repeat": {
        **_COPIES,
        "description": "Copies in a chain, each with weights of its own: a number, a list (`$item`) or a mapping (`$key`).",
    },
    "each": {**_COPIES, "description": "Copies side by side: every one reads `from` as written."},
    "if": {**_FLAG, "description": "Whether the node is there; left out, it stands for its first input."},
    "trainable": {**_FLAG, "description": "false: frozen, and nested nodes with it.", "default": True},
    "dtype": {
        "enum": [*POLICIES, *SHORT_DTYPES],
        "description": "Precision in which the node computes; its weights are in float32, with float64 in float64.",
    },
    "shape": {
        **_AXES,
        "description": "Asserts the output's shape, without the batch, null where unknown; of Keras's layers, tells it.",
    },
    "training": {**_FLAG, "description": "Fixes the training flag: true keeps Dropout on at prediction."},
    "tie": {
        **_MAPPING,
        "additionalProperties": _TIE,
        "description": "Weights that are those of other nodes: {kernel: tokens.embeddings}.",
    },
}


def graph_definitions() -> dict[str, Schema]:
    """The `$defs` of the graph language: every layer and what layers name, `node`, `nodes`, `network`, `block`."""
    containers = {f"container.{name}": schema for name, schema in CONTAINER_SCHEMAS.items() if name in CONTAINERS}
    return {
        **definitions(KINDS),
        **{f"layer.{name}": spec_schema(spec_class("layer", name)) for name in keras_names()},
        **{name: open_to_expressions(schema) for name, schema in containers.items()},
        "wiring_key": {"enum": list(WIRING)},
        "node": _node(),
        "nodes": open_to_expressions({"type": "array", "items": reference("node"), "description": NODES}),
        "inputs": _inputs(),
        "signature_inputs": {
            **either(_TEXTS, reference("inputs"), NULL),
            "description": "Names of the inputs, where there are several: a list, or a mapping with their shapes.",
        },
        "blocks": blocks_schema(),
        "outputs": _outputs(),
    }


def model_schema() -> Schema:
    """The `model` section: a list of nodes, or a mapping with its inputs and outputs."""
    return _signature("The network: a list of nodes, or a mapping with its inputs and outputs.", reference("inputs"))


def blocks_schema() -> Schema:
    """The `blocks` section: from a block's name to what it is."""
    own: dict[str, Schema] = {
        "params": {**_MAPPING, "description": "Parameter -> default; `$required` for one that must be given."},
        "blocks": {**reference("blocks"), "description": "Blocks that its nodes may use besides those around it."},
        "vars": {**_MAPPING, "description": "Values that `$name` stands for in it, as a run's resolved.yaml has them."},
        "closed": {**_FLAG, "description": "Whether only its own `vars` are seen inside, as resolved.yaml has it."},
        "only": {**_FLAG, "description": "Whether nodes that its outputs do not need are left out.", "default": False},
    }
    inputs = reference("signature_inputs")
    block = _signature("A block: nodes with a signature, used like a layer.", inputs, **own)
    file: Schema = {
        "type": "object",
        "properties": {
            "file": {**_TEXT, "description": "Path of a config whose model is the block; its vars are the parameters."},
            "block": {**_TEXT, "description": "A block of that file, in place of its model."},
            "outputs": reference("outputs"),
        },
        "required": ["file"],
        "additionalProperties": False,
    }
    return open_to_expressions(
        {
            "type": ["object", "null"],
            "propertyNames": {"pattern": "^[A-Z][A-Za-z0-9_]*$", "not": {"enum": [*names("layer"), *CONTAINERS]}},
            "additionalProperties": either(block, file),
            "description": "Modules written in YAML: name -> parameters, inputs, nodes and outputs.",
        }
    )


def _signature(description: str, inputs: Schema, **more: Schema) -> Schema:
    """A list of nodes, or a mapping of `inputs`, `nodes` and `outputs`."""
    mapping: Schema = {
        "type": "object",
        "properties": {**more, "inputs": inputs, "nodes": reference("nodes"), "outputs": reference("outputs")},
        "required": ["nodes"],
        "additionalProperties": False,
    }
    return {**either(reference("nodes"), mapping), "description": description}


def _node() -> Schema:
    known = [*names("layer"), *keras_names()]
    layers = {name: reference(definition_name(spec_class("layer", name))) for name in known}
    containers = {name: reference(f"container.{name}") for name in CONTAINERS}
    share = {SHARE: {**_TEXT, "description": "The node before whose layer runs again, with the same weights."}}
    types = {**layers, **containers, **share}
    mapping: Schema = {
        "type": "object",
        "properties": {**types, **{key: _wiring(key) for key in WIRING}},
        "patternProperties": {BLOCK_PATTERN: {}},
        "additionalProperties": False,
        "not": {"propertyNames": reference("wiring_key")},
        "dependentSchemas": {name: _no_other_type(name) for name in types},
    }
    needy = [name for name in known if required(spec_class("layer", name))]
    bare = [name for name in types if name not in (*needy, SHARE)]
    block: Schema = {"type": "string", "pattern": BLOCK_PATTERN, "not": {"enum": [*needy, *bare]}}
    description = "A node: a type with its parameters, and beside it the wiring; or a type alone."
    return {"description": description, "anyOf": [{"enum": bare}, block, EXPRESSION, mapping]}


def _wiring(key: str) -> Schema:
    """A key beside a type, which may be left empty."""
    schema = WIRING_SCHEMAS[key]
    return open_to_expressions({**either(without_notes(schema), NULL), **notes(schema)})


def _inputs() -> Schema:
    properties: dict[str, Schema] = {
        "shape": {**_AXES, "description": "Lengths of a sample's axes, without the batch; null where unknown."},
        "dtype": {"enum": list(DTYPE_BYTES), "description": "That of the data, or float32."},
    }
    tensor: Schema = {
        "type": "object",
        "properties": {name: open_to_expressions(schema) for name, schema in properties.items()},
        "required": ["shape"],
        "additionalProperties": False,
    }
    return open_to_expressions(
        {
            **_MAPPING,
            "propertyNames": _NAME,
            "additionalProperties": tensor,
            "minProperties": 1,
            "description": "Inputs by name: {image: {shape: [32, 32, 3]}}. Those of the data where it tells them.",
        }
    )


def _outputs() -> Schema:
    return open_to_expressions(
        {
            "type": ["string", "array", "object"],
            "items": _TEXT,
            "additionalProperties": _TEXT,
            "description": "The nodes whose results are the outputs: a name, a list, or a mapping from output to node.",
        }
    )


def _no_other_type(name: str) -> Schema:
    return {"propertyNames": {"anyOf": [{"const": name}, reference("wiring_key")]}}
