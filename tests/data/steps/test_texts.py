"""Tokens against a second computation in plain Python, over awkward texts; what a step of texts learned survives its storage."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from unittest.mock import patch

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.data.preprocessing import Preprocessing
from netlib.data.steps import step_of, texts
from netlib.data.steps.texts import normalised
from netlib.spec.errors import NetlabError, UsageError
from netlib.spec.preprocessing.texts import MODEL, TOKENS, Tokenize, Vocabulary

WHITE = frozenset(" \t\n\v\f\r\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000") | {chr(i) for i in range(0x2000, 0x200B)}
JOINERS = "'’\u200c\u200d"
NEWER = "\U0001171e"
"""Of another category in the Unicode of Python 3.11 than in that of polars."""
AWKWARD = [
    *"aAzZ0_.,!-'’\"\\[]",
    *"éÉßİıΣςσΩ你好कि",  # of more bytes, of other length in lower case, with vowel signs
    *"e\u0301\u0327\u20e3",  # marks that go together with the letter in front, or stand alone
    *"\u200b\u200c\u200d\ufeff\u00ad\u2060",  # of no width
    *" \t\n\r\xa0\u2028\u3000\x00\x85",
    *"👩👍🏽❤\ufe0f🇩🇪",
]
CHARACTERS = st.sampled_from(AWKWARD) | st.characters(exclude_categories=("Cs", "Cn"), exclude_characters=NEWER)
TEXTS = st.none() | st.text(CHARACTERS, max_size=40) | st.text("ab ", min_size=300, max_size=900)
SPECS = st.fixed_dictionaries(
    {
        "by": st.sampled_from(["words", "characters", "bytes"]),
        "length": st.integers(1, 50),
        "cut": st.sampled_from(["end", "start"]),
        "lower": st.booleans(),
        "strip_accents": st.booleans(),
    }
)


def read(text: str | None, spec: Vocabulary) -> str:
    """A text as the vocabulary wants it."""
    text = (text or "").lower() if spec.lower else text or ""
    if spec.strip_accents:
        text = "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")
    return unicodedata.normalize("NFC", text)


def words(text: str) -> list[str]:
    found, i = [], 0
    while i < len(text):
        start = i
        i += 1
        if in_word(text[start]):
            while i < len(text) and (
                in_word(text[i]) or (text[i] in JOINERS and i + 1 < len(text) and in_word(text[i + 1]))
            ):
                i += 1
        elif text[start] in WHITE or unicodedata.category(text[start]) in ("Cc", "Cf"):
            continue
        else:
            while i < len(text) and unicodedata.category(text[i])[0] == "M":
                i += 1
        found.append(text[start:i])
    return found


def in_word(character: str) -> bool:
    return character == "_" or unicodedata.category(character)[0] in "LMN"


def parts(text: str | None, spec: Vocabulary) -> list:
    text = read(text, spec)
    return {"words": words, "characters": list, "bytes": lambda each: list(each.encode())}[spec.by](text)


def frequent(samples: list[list[str]]) -> list[str]:
    counts = Counter(token for sample in samples for token in sample)
    return sorted(counts, key=lambda token: (-counts[token], token))


def row(numbers: list[int], spec: Tokenize) -> list[int]:
    kept = numbers[: spec.length] if spec.cut == "end" else numbers[max(len(numbers) - spec.length, 0) :]
    return kept + [0] * (spec.length - len(kept))


def fitted(spec: Tokenize, values: list[str | None]) -> dict:
    return step_of(spec).fit(spec, pl.Series(values, dtype=pl.String()))


def applied(spec: Tokenize, learned: dict, values: list[str | None]) -> list[list[int]]:
    result = step_of(spec).apply(spec, learned, pl.Series(values, dtype=pl.String()))
    assert (result.dtype, result.shape) == (np.int32, (len(values), spec.length))
    return result.tolist()


@settings(max_examples=400)
@given(
    SPECS,
    st.none() | st.integers(3, 12),
    st.lists(TEXTS, min_size=1, max_size=6),
    st.lists(TEXTS, max_size=6),
    st.data(),
)
def test_tokens_are_those_of_plain_python(written, maximum, train, others, data):
    limit = {} if written["by"] == "bytes" or maximum is None else {"maximum": maximum}
    spec = Tokenize.parse({**written, **limit})
    with patch.object(texts, "AT_ONCE", data.draw(st.sampled_from([1, 50, 2**24]))):
        if spec.by == "bytes":
            assert applied(spec, fitted(spec, train), others) == [row(parts(text, spec), spec) for text in others]
            return
        known = frequent([parts(text, spec) for text in train])[: None if maximum is None else maximum - 2]
        if not known:
            with pytest.raises(NetlabError, match=f"no text of the training split has any {spec.by}"):
                fitted(spec, train)
            return
        learned = fitted(spec, train)
        assert learned == {TOKENS: tuple(known), MODEL: ()}
        numbers = {token: i for i, token in enumerate(known, 2)}
        expected = [row([numbers.get(token, 1) for token in parts(text, spec)], spec) for text in [*train, *others]]
        assert applied(spec, learned, [*train, *others]) == expected


@given(st.lists(TEXTS, min_size=1, max_size=6).filter(lambda found: any(words(text or "") for text in found)), SPECS)
def test_what_was_learned_survives_json(train, written):
    spec = Tokenize.parse(written)
    series = pl.Series(train, dtype=pl.String())
    before = Preprocessing.fit({"text": (spec,)}, {"text": series})
    plain, arrays = before.state()
    after = Preprocessing.from_state(json.loads(json.dumps(plain)), arrays)
    assert after == before
    assert not arrays
    np.testing.assert_array_equal(after.apply({"text": series})["text"], before.apply({"text": series})["text"])


def test_every_character_is_normal_once_it_was_made_so():
    """And is so beside any other: a part of a text in the normal form is in it."""
    characters = pl.Series([chr(i) for i in range(0x110000) if not 0xD800 <= i < 0xE000])
    for lower, strip_accents in ((False, False), (True, False), (False, True), (True, True)):
        spec = Vocabulary(lower=lower, strip_accents=strip_accents)
        once = normalised(characters, spec)
        assert (normalised(once, spec) == once).all()
        for text, found in zip(characters[::97], once[::97], strict=True):
            if unicodedata.category(text) != "Cn" and text != NEWER:
                assert read(text, spec) == found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't stop: it's 3.5 km!", ["Don't", "stop", ":", "it's", "3", ".", "5", "km", "!"]),
        ("'quoted' rock'n'roll’s x'", ["'", "quoted", "'", "rock'n'roll’s", "x", "'"]),
        ("snake_case e\u0301te\u0301 naïve", ["snake_case", "été", "naïve"]),
        ("a\u200bb c\xa0d\u3000e\tf\ufeffg\x00h", [*"abcdefgh"]),  # what is not seen parts words
        ("می\u200cخواهم", ["می\u200cخواهم"]),  # but for a joiner inside of one
        ("❤\ufe0f👍🏽 👩\u200d👧", ["❤\ufe0f", "👍", "🏽", "👩", "👧"]),
        ("你好 हिन्दी", ["你好", "हिन्दी"]),
        ("", []),
        (" \t\n\u200b", []),
    ],
)
def test_words(text, expected):
    assert normalised(pl.Series([text]), Vocabulary()).str.extract_all(texts.WORDS).to_list() == [expected]
    assert words(read(text, Vocabulary())) == expected


@pytest.mark.parametrize("by", ["words", "characters", "bytes"])
@pytest.mark.parametrize("nothing", [None, ""])
def test_no_text_is_all_padding(by, nothing):
    spec = Tokenize(length=3, by=by)
    learned = fitted(spec, ["a b", nothing])
    assert applied(spec, learned, [nothing, "a"])[0] == [0, 0, 0]
    assert applied(spec, learned, [nothing]) == [[0, 0, 0]]
    assert applied(spec, learned, []) == []


def test_bytes_are_their_own_numbers_and_are_cut_wherever_it_is():
    spec = Tokenize(length=3, by="bytes", cut="start")
    assert applied(spec, {TOKENS: (), MODEL: ()}, ["aé", "éé", "a"]) == [[97, 195, 169], [169, 195, 169], [97, 0, 0]]


def test_a_vocabulary_of_the_config_is_taken_as_it_is():
    spec = Tokenize(length=4, vocabulary=("sea", "the", "e\u0301te\u0301"))
    learned = fitted(spec, ["the the the other"])
    assert learned[TOKENS] == ("sea", "the", "été")
    assert applied(spec, learned, ["the sea of été"]) == [[3, 2, 1, 4]]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"vocabulary": ("New York",)}, "has 'New York', expected one of the words, but it is 2 words: 'New', 'York'"),
        ({"vocabulary": ("a", " ")}, "has ' ', expected one of the words, but it is 0 words"),
        (
            {"vocabulary": ("ab",), "by": "characters"},
            "has 'ab', expected one of the characters, but it is 2 characters: 'a', 'b'",
        ),
        ({"vocabulary": ("Sea", "sea"), "lower": True}, "has 'Sea' and 'sea', which are both read as 'sea'"),
        (
            {"vocabulary": ("é", "e"), "by": "characters", "strip_accents": True},
            "has 'é' and 'e', which are both read as 'e'",
        ),
    ],
)
def test_a_vocabulary_that_cannot_be_found(parameters, message):
    with pytest.raises(UsageError, match=message):
        fitted(Tokenize(length=4, **parameters), ["a"])


def test_a_column_of_texts_that_hold_no_word_is_named():
    with pytest.raises(NetlabError, match="column 'review': no text of the training split has any words"):
        Preprocessing.fit({"review": (Tokenize(length=3),)}, {"review": pl.Series([" ", None])})


def test_a_very_long_text_takes_no_more_than_its_row():
    spec = Tokenize(length=5, cut="start")
    long = "word " * 400_000 + "last"
    learned = fitted(spec, [long, "a"])
    assert applied(spec, learned, [long, "a"]) == [[2, 2, 2, 2, 4], [3, 0, 0, 0, 0]]


@given(st.lists(st.integers(0, 40), min_size=1, max_size=8))
def test_the_parts_that_are_taken_at_a_time_are_all_of_it(lengths):
    series = pl.Series(["x" * length for length in lengths])
    with patch.object(texts, "AT_ONCE", 20):
        found = list(texts._parts(series))
    assert pl.concat(found).to_list() == series.to_list()
    assert all(len(part) for part in found)
    if len({*lengths}) == 1 and lengths[0]:
        assert [len(part) * lengths[0] <= 20 or len(part) == 1 for part in found] == [True] * len(found)
