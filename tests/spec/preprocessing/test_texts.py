"""`Tokenize`: its parameters, and what is known of its result."""

from __future__ import annotations

import pytest

from netlib.spec.choice import parse_choice
from netlib.spec.errors import SpecError
from netlib.spec.features import text
from netlib.spec.preprocessing.texts import BYTES, MODEL, TOKENS, Tokenize, Vocabulary
from netlib.spec.tensors import TensorSpec


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ({"Tokenize": 100}, Tokenize(length=100)),
        ({"tokenize": {"length": 5, "by": "characters"}}, Tokenize(length=5, by="characters")),
        ({"Tokenize": {"length": 5, "vocabulary": ["a", "b"]}}, Tokenize(length=5, vocabulary=("a", "b"))),
    ],
)
def test_forms(written, meant):
    assert parse_choice("preprocessing", written) == meant
    assert parse_choice("preprocessing", meant.to_choice()) == meant


@pytest.mark.parametrize(
    ("parameters", "before", "after"),
    [
        ({}, None, 5),
        ({"maximum": 100}, 100, 100),
        ({"vocabulary": ("a", "b", "c", "d")}, 6, 6),
        ({"by": "bytes"}, BYTES, BYTES),
        ({"by": "byte_pairs", "maximum": 300}, 300, 300),
    ],
)
def test_what_is_known_of_the_result(parameters, before, after):
    spec = Tokenize(length=7, **parameters)
    learned = {TOKENS: ("x", "y", "z"), MODEL: ()}
    for size, feature in ((before, spec.feature(text())), (after, spec.feature(text(), learned))):
        assert feature.tensor == TensorSpec((None, 7), "int32")
        assert (feature.minimum, feature.maximum) == (0, None if size is None else size - 1)
        assert feature.num_classes == size


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "Tokenize needs 'length': tokens in a row"),
        ({"length": 0}, "length: expected a number greater than 0, got 0"),
        ({"length": 3, "by": "letters"}, "by: expected 'words', 'characters', 'bytes' or 'byte_pairs', got 'letters'"),
        ({"length": 3, "cut": "middle"}, "cut: expected 'end' or 'start', got 'middle'"),
        ({"length": 3, "maximum": 2}, r"maximum \(=2\) must be at least 3: padding and unknown are two of them"),
        ({"length": 3, "maximum": 5, "vocabulary": ["a"]}, "give vocabulary or maximum, not both"),
        ({"length": 3, "vocabulary": []}, "vocabulary needs at least one token"),
        ({"length": 3, "vocabulary": ["a", "b", "a"]}, "vocabulary has 'a' twice"),
        ({"length": 3, "by": "bytes", "maximum": 5}, "bytes take no maximum: there are 256 of them"),
        ({"length": 3, "by": "bytes", "vocabulary": ["a"]}, "bytes take no vocabulary: there are 256 of them"),
        ({"length": 3, "by": "byte_pairs"}, "byte_pairs needs maximum, the size of its vocabulary, of at least 259"),
        ({"length": 3, "by": "byte_pairs", "maximum": 258}, "byte_pairs needs maximum, .* of at least 259"),
        ({"length": 3, "by": "byte_pairs", "vocabulary": ["a"]}, "byte_pairs takes no vocabulary: it learns its own"),
        ({"length": 3, "lenght": 4}, "did you mean 'length'"),
    ],
)
def test_mistakes(parameters, message):
    with pytest.raises(SpecError, match=message):
        Tokenize.parse(parameters)


def test_the_least_that_byte_pairs_can_have():
    assert Tokenize(length=3, by="byte_pairs", maximum=259).size() == 259
    assert Vocabulary(maximum=3).size() == 3
