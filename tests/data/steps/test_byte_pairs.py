"""Tokens of pairs of bytes: every text can be told, the same vocabulary comes of the same texts, and without the package."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlib.data.preprocessing import Preprocessing
from netlib.data.steps import step_of
from netlib.data.steps.byte_pairs import encoded
from netlib.spec.errors import NetlabError, UsageError
from netlib.spec.preprocessing.texts import MODEL, TOKENS, Tokenize

SPEC = Tokenize(length=400, by="byte_pairs", maximum=300)
TRAIN = pl.Series(["the sea and the sand", "the end of the sea", "thé [PAD] [UNK]", None, ""])


@pytest.fixture(scope="module", autouse=True)
def _package():
    pytest.importorskip("tokenizers")


@pytest.fixture(scope="module")
def learned():
    return step_of(SPEC).fit(SPEC, TRAIN)


def bytes_of(learned) -> dict[int, bytes]:
    """Token -> its bytes, by the table that GPT-2 writes bytes with."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in shown]
    table = {chr(byte): byte for byte in shown} | {chr(256 + i): byte for i, byte in enumerate(others)}
    vocabulary = json.loads(learned[MODEL][0])["model"]["vocab"]
    return {number + 2: bytes(table[sign] for sign in token) for token, number in vocabulary.items()}


@given(st.lists(st.none() | st.text(max_size=90), max_size=5))
def test_tokens_spell_the_text(learned, texts):
    rows = step_of(SPEC).apply(SPEC, learned, pl.Series(texts, dtype=pl.String()))
    assert rows.dtype == np.int32
    spelt = bytes_of(learned)
    normal = pl.Series(texts, dtype=pl.String()).fill_null("").str.normalize("NFC")
    for tokens, text in zip(rows, normal, strict=True):
        told = [int(token) for token in tokens if token]
        assert 1 not in told
        assert b"".join(spelt[token] for token in told) == text.encode()
        assert (tokens[len(told) :] == 0).all()


def test_frequent_pairs_are_one_token(learned):
    assert len(bytes_of(learned)) <= 298
    assert set(bytes_of(learned).values()) >= {bytes([byte]) for byte in range(256)} | {b" the", b" sea"}
    row = step_of(SPEC).apply(SPEC, learned, pl.Series([" the the"]))[0]
    assert row[0] == row[1] > 257
    assert row[2] == 0


def test_the_same_vocabulary_comes_of_the_same_texts_in_another_process(learned):
    code = (
        "import polars as pl; from netlib.data.steps.byte_pairs import trained; import sys;"
        f"sys.stdout.write(trained([pl.Series({TRAIN.fill_null('').to_list()!r})], 298))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout == learned[MODEL][0]


def test_it_survives_json(learned):
    before = Preprocessing.fit({"text": (SPEC,)}, {"text": TRAIN})
    assert before.steps["text"][0].learned == learned
    plain, arrays = before.state()
    after = Preprocessing.from_state(json.loads(json.dumps(plain)), arrays)
    assert after == before
    np.testing.assert_array_equal(after.apply({"text": TRAIN})["text"], before.apply({"text": TRAIN})["text"])


def test_pairs_that_are_none():
    with pytest.raises(NetlabError, match="the package tokenizers cannot read the pairs of bytes that were learned"):
        encoded("{}", 2)


def test_without_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(UsageError, match=r'byte_pairs needs the package tokenizers, .*: pip install "netlab\[text\]"'):
        step_of(SPEC).fit(SPEC, TRAIN)


def test_nothing_else_asks_for_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    spec = Tokenize(length=3)
    assert step_of(spec).fit(spec, TRAIN)[TOKENS][0] == "the"
