from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from jsonschema import Draft202012Validator
from pydantic import Field, PlainValidator

from netlib.spec.base import Spec
from netlib.spec.choice import Activation, Initializer
from netlib.spec.learning_rate import Rate
from netlib.spec.registry import TABLES, names, spec_class
from netlib.spec.schema.parameter_schema import (
    default_of,
    definition_name,
    either,
    parameter_schema,
    reference,
    type_schema,
    types_of,
)
from netlib.spec.training import ClipSpec, TrainSpec
from netlib.spec.types import Axes, Float, Fraction, Int, Pair, PositiveInt

POSITIVE = {"type": "integer", "exclusiveMinimum": 0}


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (bool, {"type": "boolean"}),
        (Int, {"type": "integer"}),
        (Float, {"type": "number"}),
        (PositiveInt, POSITIVE),
        (PositiveInt | None, {"type": ["integer", "null"], "exclusiveMinimum": 0}),
        (Fraction, {"type": "number", "minimum": 0, "exclusiveMaximum": 1}),
        (Annotated[PositiveInt, Field(ge=2, le=9)], {"type": "integer", "minimum": 2, "maximum": 9}),
        (Annotated[PositiveInt, Field(ge=0)], POSITIVE),
        (Annotated[str, Field(min_length=1, pattern="^a")], {"type": "string", "minLength": 1, "pattern": "^a"}),
        (Literal["a", "b"], {"enum": ["a", "b"]}),
        (Literal[1], {"const": 1}),
        (list[Float], {"type": "array", "items": {"type": "number"}}),
        (tuple[Int, ...], {"type": "array", "items": {"type": "integer"}}),
        (dict[str, bool], {"type": "object", "additionalProperties": {"type": "boolean"}}),
        (Axes, {"type": ["integer", "array"], "items": {"type": "integer"}, "minItems": 1}),
        (Pair, {**POSITIVE, "type": ["integer", "array"], "items": POSITIVE, "minItems": 2, "maxItems": 2}),
        (Initializer, reference("initializer")),
        (Activation, {"anyOf": [reference("activation"), {"type": "null"}]}),
        (Rate, {"anyOf": [{"type": "number", "exclusiveMinimum": 0}, reference("schedule")]}),
        (ClipSpec | None, {"anyOf": [reference("part.clip"), {"type": "null"}]}),
        (Any, {}),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_what_an_annotation_takes(annotation: Any, expected: dict[str, Any]) -> None:
    assert type_schema(annotation) == expected


def test_items_of_different_types_are_told_apart() -> None:
    schema = type_schema(tuple[Int, str])
    taken = Draft202012Validator(schema)
    assert taken.is_valid([1, "a"])
    assert not taken.is_valid(["a", 1])
    assert not taken.is_valid([1])


def test_a_type_that_no_config_can_hold_is_refused() -> None:
    with pytest.raises(
        TypeError, match="no config can hold a <class 'bytes'>; give its validator a json_schema_input_type"
    ):
        type_schema(bytes)


def test_a_union_is_flat_only_where_errors_stay_right() -> None:
    assert either({"type": "integer"}, {"type": "number"}) == {"anyOf": [{"type": "integer"}, {"type": "number"}]}
    assert either({"enum": ["a"]}, {"type": "null"}) == {"anyOf": [{"enum": ["a"]}, {"type": "null"}]}
    assert either({"type": "null"}, {"type": "null"}) == {"type": "null"}
    nested = either(either({"enum": ["a"]}, {"type": "null"}), {"type": "integer"})
    assert types_of(nested["anyOf"][1]) == ["null", "integer"]


def test_a_field_brings_its_description_and_its_default_as_a_config_writes_it() -> None:
    fields = spec_class("layer", "Conv2D").model_fields
    assert parameter_schema(fields["filters"]) == {**POSITIVE, "description": "Number of output channels."}
    assert default_of(fields["strides"]) == 1
    assert default_of(spec_class("layer", "UpSampling2D").model_fields["size"]) == [2, 2]
    assert default_of(fields["kernel_initializer"]) == "glorot_uniform"
    assert default_of(TrainSpec.model_fields["checkpoint"]) == {
        "every_epochs": 1, "every_steps": None, "every_minutes": None, "keep_last": 2, "keep_best": 1
    }  # fmt: skip
    assert next(iter(default_of(TrainSpec.model_fields["optimizer"]))) == "Adam"


def test_names_of_definitions() -> None:
    assert definition_name(spec_class("layer", "Dense")) == "layer.Dense"
    assert definition_name(spec_class("activation", "relu")) == "activation.relu"
    assert definition_name(ClipSpec) == "part.clip"


SPECS = [(kind, name) for kind in TABLES for name in names(kind)]


@pytest.mark.parametrize(("kind", "name"), SPECS, ids=[f"{kind}.{name}" for kind, name in SPECS])
def test_every_parameter_of_every_spec_has_a_type_and_a_description(kind: str, name: str) -> None:
    """A validator that replaces pydantic's must say what it takes: `PlainValidator(..., json_schema_input_type=...)`."""
    for parameter, field in spec_class(kind, name).model_fields.items():
        assert type_schema(field.annotation, field.metadata) != {}, parameter
        assert field.description, parameter


def test_the_input_type_of_a_validator_goes_before_the_type_of_its_result() -> None:
    class Sized(Spec):
        size: Annotated[int, PlainValidator(len, json_schema_input_type=list[Int])] = Field(description="A list.")

    assert type_schema(Sized.model_fields["size"].annotation, Sized.model_fields["size"].metadata) == {
        "type": "array",
        "items": {"type": "integer"},
    }
