"""Every weight that a layer trains has an initializer, a regularizer and a constraint among the layer's parameters."""

from __future__ import annotations

from typing import Any

import pytest
from layer_table import TABLE, tensors_of

from netlib.spec.choice import parse_choice
from netlib.spec.errors import SpecError
from netlib.spec.layer import Weight
from netlib.spec.registry import names, spec_class

SAMPLES = {"initializer": {"Constant": 0.125}, "regularizer": {"L1": 0.125}, "constraint": {"MaxNorm": 8.0}}
"""None of them is the default of any layer."""
AS_KERAS = "Keras's layer has no such parameter either"
HELD = "the layer that it holds has them"
NORMS = "its normalizations have none"
_AS_KERAS = ("RMSNormalization", "Attention", "AdditiveAttention")
_BLOCKS = ("TransformerEncoderBlock", "TransformerDecoderBlock")
WITHOUT = {
    **{(name, kind): AS_KERAS for name in _AS_KERAS for kind in SAMPLES},
    **{("Bidirectional", kind): HELD for kind in SAMPLES},
    **{(name, kind): NORMS for name in _BLOCKS for kind in SAMPLES},
    **{("PatchEmbedding", kind): "its token has none" for kind in SAMPLES},
    ("LayerScale", "initializer"): "its factors begin as the number that is given",
    ("Variables", "initializer"): "stands in each of them",
    ("Variables", "regularizer"): "stands in each of them",
    ("Variables", "constraint"): "stands in each of them",
}
"""Kinds of parameters that a layer has not for all of its trained weights, and why."""


def parameters_of(name: str, kind: str) -> list[str]:
    return [field for field in spec_class("layer", name).model_fields if field.endswith(kind)]


def trained(name: str, row: dict[str, Any], more: dict[str, Any]) -> dict[str, Weight]:
    """By name; none where the row's parameters leave no sense in the further ones."""
    try:
        spec: Any = spec_class("layer", name).parse({**row.get("parameters", {}), **more})
    except SpecError:
        return {}
    weights = spec.weights(*(tensor.shape for tensor in tensors_of(row)))
    return {weight.name: weight for weight in weights if weight.trainable}


def has_weights(name: str) -> bool:
    return any(trained(name, row, {}) for row in TABLE[name])


@pytest.mark.parametrize("name", [name for name in names("layer") if name in TABLE and has_weights(name)])
@pytest.mark.parametrize("kind", SAMPLES)
def test_each_trained_weight_is_made_penalised_and_limited_as_a_parameter_says(name: str, kind: str) -> None:
    sample = SAMPLES[kind]
    wanted = {weight for row in TABLE[name] for weight in trained(name, row, {})}
    reached = {
        weight.name
        for row in TABLE[name]
        for parameter in parameters_of(name, kind)
        for weight in trained(name, row, {parameter: sample}).values()
        if getattr(weight, kind) == parse_choice(kind, sample)
    }
    assert bool(wanted - reached) == ((name, kind) in WITHOUT), wanted - reached


def test_what_is_without_is_a_layer() -> None:
    assert {name for name, _ in WITHOUT} <= set(names("layer"))
