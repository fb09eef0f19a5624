"""The step over texts: how they are brought to one form, taken apart to tokens and numbered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import numpy as np
import polars as pl

from netlib.data.arrays import Array, Values
from netlib.data.portions import Portions
from netlib.data.steps.byte_pairs import encoded, trained
from netlib.data.steps.counting import Counts
from netlib.data.steps.step import Learned, Step
from netlib.spec.errors import NetlabError, UsageError
from netlib.spec.features import PreprocessingSpec
from netlib.spec.preprocessing.texts import FIRST, MODEL, PADDING, TOKENS, UNKNOWN, WORDS, Tokenize, Vocabulary

AT_ONCE = 2**24
"""Bytes of text that are taken apart at a time: characters need four times the memory of their bytes and more."""
_CODE_POINTS = 0x110000


def normalised(texts: pl.Series, spec: Vocabulary) -> pl.Series:
    """Small letters and accents as the vocabulary wants them, and the normal form NFC; a missing text is an empty one.

    To do it twice is to do it once, and a part of what comes out is left as it is.
    """
    texts = texts.fill_null("")
    if spec.lower:
        texts = texts.str.to_lowercase()
    if bool((texts.str.len_bytes() == texts.str.len_chars()).all()):
        return texts
    if spec.strip_accents:
        texts = texts.str.normalize("NFD").str.replace_all(r"\p{Mn}", "")
    return texts.str.normalize("NFC")


def words_of(texts: pl.Series) -> pl.Series:
    """The words of each text, as lists."""
    return texts.str.extract_all(WORDS)


def code_points(texts: pl.Series) -> Array:
    """The characters of all texts, one after the other, as uint32."""
    return np.frombuffer("".join(texts.to_list()).encode("utf-32-le"), np.uint32)


def _parts(texts: pl.Series) -> Iterator[pl.Series]:
    """The texts, a part of them at a time."""
    rows = max(len(texts) * AT_ONCE // (int(texts.str.len_bytes().sum()) or 1), 1)
    for start in range(0, len(texts), rows):
        yield texts[start : start + rows]


def _learn(spec: Tokenize, portions: Portions) -> dict[str, Any]:
    if spec.by == "bytes":
        return {TOKENS: (), MODEL: ()}
    if spec.vocabulary is not None:
        return {TOKENS: _given(spec, spec.vocabulary), MODEL: ()}
    texts = (normalised(_series(values), spec) for values in portions)
    if spec.by == "byte_pairs":
        return {TOKENS: (), MODEL: (trained(texts, (spec.maximum or 0) - FIRST),)}
    found = _frequent_characters(texts) if spec.by == "characters" else _frequent_words(texts)
    if not found:
        raise NetlabError(f"no text of the training split has any {spec.by}")
    return {TOKENS: tuple(found if spec.maximum is None else found[: spec.maximum - FIRST]), MODEL: ()}


def _given(spec: Tokenize, written: tuple[str, ...]) -> tuple[str, ...]:
    """The vocabulary of the config as it is found in texts, where each of it must be one token."""
    tokens = normalised(pl.Series(written, dtype=pl.String()), spec).to_list()
    parts = map(list, tokens) if spec.by == "characters" else words_of(pl.Series(tokens)).to_list()
    known: dict[str, str] = {}
    for given, token, part in zip(written, tokens, parts, strict=True):
        if part != [token]:
            read = f"{len(part)} {spec.by}{': ' if part else ''}{', '.join(map(repr, part))}"
            raise UsageError(f"the vocabulary has {given!r}, expected one of the {spec.by}, but it is {read}")
        if token in known:
            raise UsageError(f"the vocabulary has {known[token]!r} and {given!r}, which are both read as {token!r}")
        known[token] = given
    return tuple(tokens)


def _series(values: Values) -> pl.Series:
    assert isinstance(values, pl.Series)
    return values


def _frequent_characters(portions: Iterable[pl.Series]) -> list[str]:
    counts = np.zeros(_CODE_POINTS, np.int64)
    for part in chain.from_iterable(map(_parts, portions)):
        counts += np.bincount(code_points(part), minlength=_CODE_POINTS)
    order = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
    return list(map(chr, order.tolist()))


def _frequent_words(portions: Iterable[pl.Series]) -> list[str]:
    counts = Counts()
    for part in chain.from_iterable(map(_parts, portions)):
        counts.add(words_of(part).explode())
    return counts.by_frequency().to_list()


def _tokenize(spec: Tokenize, learned: Learned, values: pl.Series) -> Array:
    """The rows, int32."""
    texts = normalised(values, spec)
    rows = np.full((len(texts), spec.length), PADDING, np.int32)
    number = _numbering(spec, learned)
    done = 0
    for part in _parts(texts):
        tokens, lengths = number(part)
        _place(tokens, lengths, rows[done : done + len(part)], spec.cut)
        done += len(part)
    return rows


def _numbering(spec: Tokenize, learned: Learned) -> Any:
    """What gives the tokens of texts, one after the other, and how many each text has."""
    if spec.by == "bytes":
        return _bytes
    if spec.by == "byte_pairs":
        return encoded(learned[MODEL][0], FIRST)
    numbers = np.arange(FIRST, FIRST + len(learned[TOKENS]), dtype=np.int32)
    if spec.by == "words":
        known = pl.Series(learned[TOKENS], dtype=pl.String()), pl.Series(numbers)
        return lambda texts: _words(texts, *known)
    table = np.full(_CODE_POINTS, UNKNOWN, np.int32)
    table[[*map(ord, learned[TOKENS])]] = numbers
    return lambda texts: (table[code_points(texts)], texts.str.len_chars().to_numpy())


def _bytes(texts: pl.Series) -> tuple[Array, Array]:
    return np.frombuffer("".join(texts.to_list()).encode(), np.uint8), texts.str.len_bytes().to_numpy()


def _words(texts: pl.Series, known: pl.Series, numbers: pl.Series) -> tuple[Array, Array]:
    words = words_of(texts)
    flat = words.explode().drop_nulls()
    tokens = flat.replace_strict(known, numbers, default=UNKNOWN, return_dtype=pl.Int32())
    return tokens.to_numpy(), words.list.len().to_numpy()


def _place(tokens: Array, lengths: Array, rows: Array, cut: str) -> None:
    """Puts the tokens of each text into its row."""
    lengths = lengths.astype(np.int64)
    if (lengths == lengths[0]).all():  # as those of a corpus are
        whole = tokens.reshape(len(rows), lengths[0])
        kept = whole[:, : rows.shape[1]] if cut == "end" else whole[:, -rows.shape[1] :]
        rows[:, : kept.shape[1]] = kept
        return
    place = np.arange(rows.shape[1])
    filled = place < lengths[:, None]
    beyond = np.maximum(lengths - rows.shape[1], 0)
    if not beyond.any():
        rows[filled] = tokens
        return
    first = np.cumsum(lengths) - lengths + (beyond if cut == "start" else 0)
    index = np.minimum(first[:, None] + place, len(tokens) - 1)
    rows[:] = np.where(filled, tokens[index], PADDING)


STEPS: dict[type[PreprocessingSpec], Step] = {Tokenize: Step((TOKENS, MODEL), _learn, _tokenize)}
