from __future__ import annotations

import math

import pytest

from netlib.config.scalars import scalar, tagged

CORE_SCHEMA = [
    # text, value: YAML 1.2.2, section 10.3.2
    ("", None), ("~", None), ("null", None), ("Null", None), ("NULL", None), ("nULL", "nULL"), ("None", "None"),
    ("true", True), ("True", True), ("TRUE", True), ("false", False), ("False", False), ("FALSE", False),
    ("yes", "yes"), ("no", "no"), ("on", "on"), ("off", "off"), ("y", "y"), ("n", "n"),
    ("0", 0), ("-19", -19), ("+12", 12), ("010", 10), ("-010", -10), ("0o14", 12), ("0xC", 12), ("0x1F", 31), ("0o17", 15),
    ("0b11", "0b11"), ("0o8", "0o8"), ("0O7", "0O7"), ("0X1", "0X1"), ("-0x1", "-0x1"), ("0x", "0x"),
    ("1_000", "1_000"), ("1:30", "1:30"), ("190:20:30", "190:20:30"), ("2024-01-01", "2024-01-01"), ("1,000", "1,000"),
    ("0.", 0.0), ("-0.0", -0.0), (".5", 0.5), ("+12e03", 12000.0), ("-2E+05", -200000.0), ("1e-3", 0.001), ("1e3", 1000.0),
    ("12.5", 12.5), (".", "."), ("1.2.3", "1.2.3"), ("e3", "e3"), ("1e", "1e"), ("-", "-"), ("1e-3x", "1e-3x"),
    (".inf", math.inf), ("-.Inf", -math.inf), ("+.INF", math.inf), ("inf", "inf"), ("nan", "nan"), (".iNF", ".iNF"),
    ("-.nan", "-.nan"), ("١", "١"), ("<<", "<<"), ("=", "="),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), CORE_SCHEMA)
def test_words_mean_what_the_core_schema_says(text, value):
    found = scalar(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("text", [".nan", ".NaN", ".NAN"])
def test_not_a_number(text):
    assert math.isnan(scalar(text))


@pytest.mark.parametrize("text", ["18446744073709551615", "-9223372036854775808"])
def test_the_largest_integers(text):
    assert scalar(text) == int(text)


@pytest.mark.parametrize("text", ["18446744073709551616", "-9223372036854775809", "9" * 5000, "0x" + "f" * 17])
def test_an_integer_beyond_64_bits_is_refused(text):
    with pytest.raises(ValueError, match=r"an integer has at most 64 bits; quote it if it is text"):
        scalar(text)


def test_a_float_that_overflows_is_refused():
    with pytest.raises(ValueError, match=r"the number 1e999 is too large; infinity is written '\.inf'"):
        scalar("1e999")


@pytest.mark.parametrize(
    ("tag", "text", "value"),
    [("str", "12", "12"), ("int", "12", 12), ("float", "12", 12.0), ("bool", "true", True), ("null", "", None)],
)
def test_tags_of_the_core_schema(tag, text, value):
    found = tagged(f"tag:yaml.org,2002:{tag}", text)
    assert found == value
    assert type(found) is type(value)


def test_a_tag_that_the_text_does_not_fit():
    with pytest.raises(ValueError, match="'x' is no value of the type '!!int'"):
        tagged("tag:yaml.org,2002:int", "x")


def test_the_tag_of_a_plain_text():
    assert tagged("!", "12") == "12"
