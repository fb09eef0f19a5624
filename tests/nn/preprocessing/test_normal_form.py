"""Normal forms in a graph against those of the host, over all that Unicode has assigned and over random texts."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import random
import sys
import unicodedata
from collections.abc import Callable

import polars as pl
import pytest
import tensorflow as tf

from netlib.data.steps.texts import normalised
from netlib.nn.preprocessing.normal_form import NormalForm
from netlib.spec.preprocessing.texts import Vocabulary

NEWER = 0x1171E
"""Of another category in the Unicode of Python 3.11 than in that of polars."""
ASSIGNED = [
    code for code in range(sys.maxunicode) if unicodedata.category(chr(code)) not in ("Cs", "Cn") and code != NEWER
]
BMP = [code for code in ASSIGNED if code < 0x10000]
FORMS = [{"lower": lower, "strip_accents": strip_accents} for lower in (False, True) for strip_accents in (False, True)]
Normalise = Callable[[list[str]], list[str]]


@pytest.fixture(scope="module", params=FORMS, ids=lambda form: "-".join(map(str, form.values())))
def both(request: pytest.FixtureRequest) -> tuple[Normalise, Normalise]:
    """The host's form, and the graph's."""
    signature = [tf.TensorSpec([None], tf.string)]
    graph = tf.function(NormalForm(**request.param), signature, autograph=False)
    vocabulary = Vocabulary(**request.param)
    return (
        lambda texts: normalised(pl.Series(texts, dtype=pl.String()), vocabulary).to_list(),
        lambda texts: [text.decode() for text in graph(tf.constant(texts, tf.string)).numpy()],
    )


@pytest.mark.parametrize("frame", ["{}", "A{}\u0301b"])
def test_every_character_of_the_basic_plane_by_blocks(both, frame):
    host, graph = both
    for block in range(0, 0x10000, 0x1000):
        texts = [frame.format(chr(code)) for code in BMP if block <= code < block + 0x1000]
        if texts:
            assert graph(texts) == host(texts), f"block {block:x}"


def test_characters_beyond_the_basic_plane(both):
    host, graph = both
    texts = [chr(code) for code in ASSIGNED if code >= 0x10000 and unicodedata.category(chr(code)) != "Co"]
    texts = [text for text in texts if unicodedata.category(text) != "Lo"][::3]
    assert len(texts) > 2000
    assert graph(texts) == host(texts)


def test_marks_letters_and_syllables_in_any_order(both):
    host, graph = both
    draw = random.Random(5)
    pools = [
        [code for code in BMP if unicodedata.combining(chr(code)) and code < 0x800],
        [code for code in BMP if unicodedata.decomposition(chr(code))],
        [*range(0x1100, 0x1113), *range(0x1161, 0x1176), *range(0x11A7, 0x11C3)],
        [0x9C7, 0x9BE, 0x9D7, 0xB47, 0xB56, 0xB57, 0x1025, 0x102E, 0xDD9, 0xDCA, 0xDCF],
        [0, 0x3A3, 0x41, 0x61, 0x20, 0xDF, 0x130, 0x200B, 0xAC00, 0xAC01],
    ]
    texts = ["".join(chr(draw.choice(draw.choice(pools))) for _ in range(draw.randint(0, 9))) for _ in range(5000)]
    assert graph(texts) == host(texts)


@pytest.mark.parametrize(
    "texts", [[], [""], ["", "a"], ["\u0301"], ["a", "\u0301"], ["e" + "\u0301" * 300 + "\u0323"], ["ok", "E\0\u0301B"]]
)
def test_texts_at_the_edges(both, texts):
    host, graph = both
    assert graph(texts) == host(texts)


def test_what_is_not_utf_8_becomes_a_sign_for_that():
    form = NormalForm(lower=True, strip_accents=False)
    assert form(tf.constant([b"A\xffB", b"\xc3"])).numpy().tolist() == ["a\ufffdb".encode(), "\ufffd".encode()]
