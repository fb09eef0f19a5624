from __future__ import annotations

from typing import Annotated, Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import Field

from netlib.spec.base import Spec
from netlib.spec.registry import spec_class
from netlib.spec.schema.json_schema import definitions, open_to_expressions, spec_schema, spellings, with_nested
from netlib.spec.training import TrainSpec
from netlib.spec.types import PositiveInt


class Sized(Spec):
    """A thing with a size.

    And more about it.
    """

    shorthand = "size"
    size: PositiveInt = Field(description="Its size.")
    names: tuple[str, ...] = Field((), description="Its names.")


class Optional(Spec):
    """Nothing is needed."""

    lengths: dict[str, Annotated[float, Field(gt=0)]] = Field({}, description="By name.")


def takes(schema: dict[str, Any], value: Any) -> bool:
    return Draft202012Validator(schema).is_valid(value)


@pytest.mark.parametrize(
    "value", [{"size": 3}, {"size": 3, "names": ["a"]}, 3, "$n", {"size": "$(n + 1)", "names": "$n"}]
)
def test_a_spec_is_taken_as_a_mapping_alone_and_as_an_expression(value: Any) -> None:
    assert takes(spec_schema(Sized), value)


@pytest.mark.parametrize("value", [{}, None, "n", 0, {"size": "n"}, {"size": 3, "name": []}, {"size": None}, [3]])
def test_anything_else_is_refused(value: Any) -> None:
    assert not takes(spec_schema(Sized), value)


def test_nothing_stands_for_a_spec_that_needs_nothing() -> None:
    assert takes(spec_schema(Optional), None)
    assert takes(spec_schema(Optional), {"lengths": {"a": "$b", "c": 1}})
    assert not takes(spec_schema(Optional), {"lengths": {"a": -1}})


def test_it_says_what_the_docstring_says() -> None:
    assert spec_schema(Sized)["description"] == "A thing with a size.\n\nAnd more about it."


def test_a_choice_takes_a_name_only_of_what_needs_nothing() -> None:
    found = {**definitions(["schedule", "activation"])}
    schedule = {"$defs": found, "$ref": "#/$defs/schedule"}
    activation = {"$defs": found, "$ref": "#/$defs/activation"}
    assert not takes(schedule, "CosineDecay")
    assert takes(schedule, {"cosine_decay": {"initial_learning_rate": 0.1, "decay_steps": 5}})
    assert takes(activation, "swish")
    assert takes(activation, {"leaky_relu": 0.1})
    assert takes(activation, "$which")
    assert not takes(activation, {"leaky_relu": 0.1, "relu": {}})
    assert not takes(activation, {})


def test_what_stands_alone_is_no_mapping() -> None:
    found = {**definitions(["optimizer", "schedule"])}
    adam = {"$defs": found, "$ref": "#/$defs/optimizer.Adam"}
    assert takes(adam, 0.1)
    assert takes(adam, {"learning_rate": {"CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": 5}}})
    assert not takes(adam, {"CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": 5}})


def test_spellings() -> None:
    assert spellings("initializer", "GlorotUniform") == ["GlorotUniform", "glorot_uniform", "glorotuniform"]
    assert spellings("loss", "MeanSquaredError")[-1] == "mse"
    assert spellings("optimizer", "RMSprop")[-1] == "rmsprop"
    assert spellings("layer", "Dense") == ["Dense"]


def test_specs_inside_of_specs_are_defined_too() -> None:
    assert {"part.train", "part.clip", "part.checkpoint", "part.monitor"} <= with_nested(TrainSpec).keys()
    assert "part.noise" in with_nested(spec_class("source", "noise"))


@pytest.mark.parametrize(
    "schema",
    [{"$ref": "#/$defs/loss"}, {"type": "string"}, {}, {"anyOf": [{"$ref": "#/$defs/loss"}, {"type": "null"}]}],
    ids=str,
)
def test_what_takes_an_expression_already_stays_as_it_is(schema: dict[str, Any]) -> None:
    assert open_to_expressions(schema) == schema
