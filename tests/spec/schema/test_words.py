from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from netlib.spec.callbacks import Seconds
from netlib.spec.choice import Activation, Regularizer
from netlib.spec.learning_rate import Rate
from netlib.spec.schema.parameter_schema import type_schema
from netlib.spec.schema.words import in_words, value_in_words
from netlib.spec.types import Axes, Float, Fraction, Int, NonNegativeInt, Pair, PositiveFloat, PositiveInt


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (bool, "true or false"),
        (str, "text"),
        (Int, "integer"),
        (PositiveInt | None, "positive integer or null"),
        (NonNegativeInt, "integer not less than 0"),
        (Fraction, "number not less than 0 and less than 1"),
        (Annotated[PositiveFloat, Field(le=1)], "positive number not greater than 1"),
        (Annotated[Float, Field(ge=0, le=1)], "number from 0 to 1"),
        (Annotated[PositiveInt, Field(gt=1)], "integer greater than 1"),
        (Literal["valid", "same"], "valid or same"),
        (Pair, "positive integer or list of 2 positive integers"),
        (Axes, "integer or list of integers"),
        (list[PositiveInt | None], "list of (positive integer or null)"),
        (dict[str, str], "mapping from names to texts"),
        (tuple[Int, str], "list of integer and text"),
        (list[list[Float]], "list of lists of numbers"),
        (Activation, "activation or null"),
        (list[Regularizer], "list of (regularizer or null)"),
        (Rate, "positive number or schedule"),
        (Seconds, "positive number or text"),
        (Any, "any value"),
        (list[Any], "list"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_types_in_words(annotation: Any, words: str) -> None:
    assert in_words(type_schema(annotation)) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "null"),
        (True, "true"),
        (0.5, "0.5"),
        ("relu", "relu"),
        ("", "''"),
        ([1, 1], "[1, 1]"),
        ({"L2": {"l2": 0.1}}, "{L2: {l2: 0.1}}"),
        ({}, "{}"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_values_as_a_config_writes_them(value: Any, words: str) -> None:
    assert value_in_words(value) == words
