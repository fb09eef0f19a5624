from __future__ import annotations

import json
import math
from enum import IntEnum

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlib.runs.plain import NON_FINITE, from_json, to_json

TEXT = st.text().filter(lambda text: text not in NON_FINITE)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def same(a: object, b: object) -> bool:
    """Equal in type and to the bit: -0.0 is not 0.0, and NaN is NaN."""
    if isinstance(a, float) and isinstance(b, float):
        return (math.isnan(a) and math.isnan(b)) or (a == b and math.copysign(1, a) == math.copysign(1, b))
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    return type(a) is type(b) and a == b


@given(PLAIN)
def test_every_plain_value_comes_back_as_it_was(value: object) -> None:
    text = to_json(value)
    assert "\n" not in text
    json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
    assert same(from_json(text), value)


def test_numbers_that_are_not_finite_are_words() -> None:
    assert to_json([math.nan, math.inf, -math.inf]) == '["NaN", "Infinity", "-Infinity"]'


def test_numpy_floats_of_64_bits_and_enumerations_are_plain_numbers() -> None:
    class Level(IntEnum):
        HIGH = 3

    assert to_json({"loss": np.float64(0.1), "bad": np.float64("nan"), "level": Level.HIGH}) == (
        '{"loss": 0.1, "bad": "NaN", "level": 3}'
    )


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": [1, (2,)]}, r"^the value\['a'\]\[1\] is of type tuple, expected None, a bool, an int"),
        (np.float32(1), r"^the value is of type float32, expected None"),
        ({"a": {3: 1}}, r"^the value\['a'\] has the key 3 of type int, expected a str$"),
    ],
)
def test_what_would_not_come_back_is_refused(value: object, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        to_json(value)


def test_a_text_that_stands_for_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match=r"the value\['a'\] is the text 'NaN', which stands for a number that is not"):
        to_json({"a": "NaN"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[NaN]", "the bare word NaN is not JSON"),
        ("[" * 100_000, "it is nested too deeply"),
        ("{", "Expecting property name"),
        (b"\xff\xfe\xff", "codec can't decode"),
        ("9" * 10_000, "Exceeds the limit"),
    ],
)
def test_what_is_not_json_is_a_value_error(text: str | bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        from_json(text)
