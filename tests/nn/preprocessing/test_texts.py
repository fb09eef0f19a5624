"""Tokens in a graph against those of the host, over awkward texts."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import random
import sys
import unicodedata

import numpy as np
import polars as pl
import pytest
import tensorflow as tf

from netlib.data.preprocessing import Preprocessing
from netlib.nn.preprocessing import graph_form, no_graph
from netlib.spec.features import text
from netlib.spec.preprocessing.texts import Tokenize

PIECES = [
    *"aAzZ0_.,!-'’\"\\[]() ",
    *"éÉßİıΣςσΩ你好कि",
    *"e\u0301\u0327\u20e3",
    *"\u200b\u200c\u200d\ufeff\u00ad\u2060",
    *" \t\n\r\xa0\u2028\u3000\x00\x85",
    *"👩👍🏽❤\ufe0f🇩🇪",
    *("don't", "A", "good food", "日本", "x" * 50),
]
DRAW = random.Random(2)
TEXTS = ["", "   ", *("".join(DRAW.choices(PIECES, k=DRAW.randint(0, 25))) for _ in range(400))]
TRAIN, APPLIED = pl.Series(TEXTS[:200]), pl.Series([None, *TEXTS], dtype=pl.String())


@pytest.mark.parametrize("cut", ["end", "start"])
@pytest.mark.parametrize("by", ["words", "characters", "bytes"])
@pytest.mark.parametrize("form", [{}, {"lower": True, "strip_accents": True}])
def test_the_tokens_are_those_of_the_host(by, cut, form):
    spec = Tokenize.parse({"by": by, "length": 12, "cut": cut, **form})
    preprocessing = Preprocessing.fit({"x": (spec,)}, {"x": TRAIN})
    learned = preprocessing.learned()["x"][0]
    tokenize = tf.function(graph_form(spec, learned, text()), [tf.TensorSpec([None], tf.string)], autograph=False)
    found = tokenize(tf.constant(APPLIED.fill_null("").to_list()))
    np.testing.assert_array_equal(found.numpy(), preprocessing.apply({"x": APPLIED})["x"])
    assert found.dtype == tf.int32
    assert tokenize(tf.constant([], tf.string)).shape == (0, 12)
    assert tokenize.get_concrete_function().output_shapes == (None, 12)


def test_words_of_every_character():
    codes = [code for code in range(sys.maxunicode) if unicodedata.category(chr(code)) not in ("Cs", "Cn", "Co")]
    texts = pl.Series([f"a{chr(code)}b {chr(code)}" for code in codes[::2]])
    spec = Tokenize.parse({"length": 6, "vocabulary": ["a", "b", "_"]})
    preprocessing = Preprocessing.fit({"x": (spec,)}, {"x": texts})
    form = graph_form(spec, preprocessing.learned()["x"][0], text())
    np.testing.assert_array_equal(form(tf.constant(texts.to_list())).numpy(), preprocessing.apply({"x": texts})["x"])


def test_byte_pairs_have_no_graph():
    spec = Tokenize.parse({"by": "byte_pairs", "maximum": 300, "length": 4})
    assert no_graph(spec, text()) == "TensorFlow has no operation that joins pairs of bytes"
