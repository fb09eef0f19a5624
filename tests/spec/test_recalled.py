"""What a source gives survives the form in which a run keeps it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from netlib.spec.features import DataSignature, Feature, labels, numbers, text, times
from netlib.spec.preprocessing.texts import Tokenize
from netlib.spec.recalled import from_plain, to_plain
from netlib.spec.tensors import TensorSpec

SIGNATURE = DataSignature(
    {
        "x": numbers(3, 2, minimum=0, maximum=255),
        "city": text(),
        "when": times(),
        "open": Feature(TensorSpec((None, None), "int32")),
    },
    {"kind": labels(3, ("é", "b", "c")), "free": numbers()},
    None,
    {"x": ("a", "b")},
    {"city": (Tokenize.parse(7),)},
)


def test_it_is_the_same_again():
    assert from_plain(json.loads(json.dumps(to_plain(SIGNATURE)))) == SIGNATURE


@pytest.mark.parametrize(
    "change",
    [
        {"inputs": None},
        {"inputs": {"x": {}}},
        {"samples": "many"},
        {"joins": 3},
        {"joins": {"x": ["city", "None"]}},
        {"steps": {"x": ["Nothing"]}},
        {"steps": {"x": [{"Tokenize": {"length": -1}}]}},
    ],
)
def test_what_is_no_such_form(change: dict[str, Any]):
    with pytest.raises((ValueError, KeyError, TypeError, AttributeError)):
        from_plain({**to_plain(SIGNATURE), **change})
