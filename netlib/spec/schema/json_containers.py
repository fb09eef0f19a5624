"""JSON schemas of the values under the containers: Sequential, Network, Residual, Parallel, TimeDistributed, While."""

from __future__ import annotations

from netlib.spec.schema.parameter_schema import NULL, Schema, either, parameter_schema, reference
from netlib.spec.wrappers import While

NODES = "Nodes, each of which reads the one before it unless its `from` says otherwise."
_NODES = reference("nodes")
_CHAIN = either(_NODES, NULL)
_HELD = either(reference("nodes"), reference("node"))
"""One node or a list of them."""


def _mapping(properties: dict[str, Schema], *required: str) -> Schema:
    needed = {"required": list(required)} if required else {}
    return {"type": "object", "properties": properties, **needed, "additionalProperties": False}


_DENSE = {"Dense": 8}
"""For examples; it keeps the shape of an input whose last axis is as long."""

CONTAINER_SCHEMAS: dict[str, Schema] = {
    "Sequential": {
        **_CHAIN,
        "description": "Nodes one after the other, as one node; an empty list gives its input.",
        "examples": [["Flatten", {"Dense": 64}, {"Dense": 10}]],
    },
    "Network": {
        **either(
            _CHAIN,
            _mapping(
                {
                    "inputs": reference("signature_inputs"),
                    "nodes": {**_NODES, "description": NODES},
                    "outputs": reference("outputs"),
                },
                "nodes",
            ),
        ),
        "description": "Nodes with a signature of their own, as one node: named inputs, and outputs that are its ports.",
        "examples": [
            {"nodes": [{**_DENSE, "name": "first"}, {**_DENSE, "name": "second"}], "outputs": ["first", "second"]}
        ],
    },
    "Residual": {
        **either(
            _CHAIN,
            _mapping(
                {
                    "body": {**_NODES, "description": "What is added to the input."},
                    "shortcut": {
                        **_NODES,
                        "description": "What the input goes through before it is added; [] for nothing.",
                    },
                },
                "body",
                "shortcut",
            ),
        ),
        "description": "The input plus what the nodes make of it; the shapes must be equal, nothing is broadcast.",
        "examples": [["LayerNormalization", _DENSE]],
    },
    "Parallel": {
        **_mapping(
            {
                "branches": {
                    "type": "object",
                    "additionalProperties": _HELD,
                    "minProperties": 1,
                    "description": "Branches that read the same input: name -> a node, or a list of nodes.",
                },
                "merge": {**reference("node"), "description": "The layer that joins them; without it each is a port."},
            },
            "branches",
        ),
        "description": "Branches side by side, all of which read its input; joined by a layer, or each a port.",
        "examples": [{"branches": {"wide": [_DENSE], "deep": [_DENSE, _DENSE]}, "merge": "Concatenate"}],
    },
    "TimeDistributed": {
        **_HELD,
        "description": "Runs what it holds, a node or a list of nodes, for each place along the second axis, with the same"
        " weights: (batch, time, ...) to (batch, time, ...).",
        "examples": [{"Dense": 4}],
    },
    "While": {
        **_mapping(
            {
                "condition": parameter_schema(While.model_fields["condition"]),
                "body": {
                    **either(_NODES, {"type": ["string", "number"]}),
                    "description": "An expression of `x`, or a list of nodes.",
                },
                "max_iterations": parameter_schema(While.model_fields["max_iterations"]),
            },
            "body",
        ),
        "description": "Runs its body again and again on what the body gave, with the same weights, while a condition holds."
        " What it costs is at most that of `max_iterations` rounds, which summaries count.",
        "examples": [{"condition": "sum(abs(x)) > 1", "body": "x / 2"}],
    },
}
"""What each takes, with a sentence on it and an example, by name."""
