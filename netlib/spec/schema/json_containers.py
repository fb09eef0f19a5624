"""JSON schemas of the values under the containers: Sequential, Network, Residual, Parallel, and the wrappers."""

from __future__ import annotations

from netlib.spec.rnn import RNN
from netlib.spec.schema.parameter_schema import NULL, Schema, either, parameter_schema, reference
from netlib.spec.weight_normalization import SpectralNormalization
from netlib.spec.wrappers import While

NODES = "Nodes, each of which reads the one before it unless its `from` says otherwise."
_NODES = reference("nodes")
_CHAIN = either(_NODES, NULL)
_HELD = either(reference("nodes"), reference("node"))
"""One node or a list of them."""


def _mapping(properties: dict[str, Schema], *required: str) -> Schema:
    needed = {"required": list(required)} if required else {}
    return {"type": "object", "properties": properties, **needed, "additionalProperties": False}


_AROUND = {**reference("node"), "description": "The layer: one that has a kernel, or an Embedding."}
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
    "RNN": {
        **_mapping(
            {
                "cell": {
                    **reference("node"),
                    "description": "A node that reads the step as its first input, and the states by their names; its first"
                    " port is the output, those called as the states are the next ones.",
                },
                **{name: parameter_schema(field) for name, field in RNN.model_fields.items()},
            },
            "cell",
            "state",
        ),
        "description": "Runs its cell for each step of a sequence (batch, time, ...), with the same weights, and hands its states"
        " on. Its ports are `output` and the last states.",
        "examples": [
            {
                "cell": {
                    "Network": {
                        "inputs": ["step", "h"],
                        "nodes": [
                            {"Dense": 8, "from": "step", "name": "fresh"},
                            {"Dense": {"units": 8, "use_bias": False}, "from": "h", "name": "kept"},
                            {"Compute": "tanh(fresh + kept)", "name": "new"},
                        ],
                        "outputs": {"output": "new", "h": "new"},
                    }
                },
                "state": {"h": 8},
                "return_sequences": True,
            }
        ],
    },
    "SpectralNormalization": {
        **either(
            reference("node"),
            _mapping(
                {
                    "layer": _AROUND,
                    "power_iterations": parameter_schema(SpectralNormalization.model_fields["power_iterations"]),
                },
                "layer",
            ),
        ),
        "description": "Runs the layer that it holds with its kernel, or its embeddings, divided by their largest singular"
        " value, so that the layer lengthens no vector.",
        "examples": [{"Dense": 10}, {"layer": {"Conv2D": {"filters": 8, "kernel_size": 3}}, "power_iterations": 2}],
    },
    "WeightNormalization": {
        **either(reference("node"), _mapping({"layer": _AROUND}, "layer")),
        "description": "Runs the layer that it holds with length and direction of its kernel, or its embeddings, apart, each"
        " trained by itself.",
        "examples": [{"Dense": 10}],
    },
}
"""What each takes, with a sentence on it and an example, by name."""
