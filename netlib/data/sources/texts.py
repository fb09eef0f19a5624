"""Reads texts: files in folders, lines, and the samples of a corpus."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from netlib.data.arrays import Arrays
from netlib.data.steps.texts import normalised, words_of
from netlib.spec.errors import NetlabError, Problem, SpecError
from netlib.spec.features import SourceSpec
from netlib.spec.sources.texts import Corpus, TextFolder, TextLines

_BOM = b"\xef\xbb\xbf"


def read(source: SourceSpec, _seed: int) -> Arrays:
    """Texts as series; labels of folders, and a corpus of bytes, as integers.

    Raises:
        SpecError: the corpus is shorter than a sample, or there are not as many lines in both files.
        NetlabError: a file is empty, not UTF-8 or cannot be read, or a line has no class.
    """
    if isinstance(source, TextFolder):
        return _folder(source)
    if isinstance(source, TextLines):
        return _lines(source)
    assert isinstance(source, Corpus)
    return _bytes(source) if source.by == "bytes" else _windows(source)


def _folder(source: TextFolder) -> Arrays:
    files = source.files()
    texts: Any = pl.Series([_text(file) for members in files.values() for file in members], dtype=pl.String())
    numbers = np.repeat(np.arange(len(files), dtype=np.int32), [*map(len, files.values())])
    return Arrays({"text": texts}, {"label": numbers})


def _lines(source: TextLines) -> Arrays:
    found = [_text(file).removesuffix("\n").split("\n") for file in source.files()]
    texts: dict[str, Any] = {"text": pl.Series(found[0], dtype=pl.String())}
    if source.targets is None:
        return Arrays(texts, {})
    classes = found[1]
    if len(classes) != len(found[0]):
        counts = f"{source.path} has {len(found[0])} lines, {source.targets} has {len(classes)}"
        message = f"{counts}: each text needs a class, and each class a text"
        raise SpecError([Problem(("targets",), message)], source.type_name())
    without = next((i for i, name in enumerate(classes) if not name.strip()), None)
    if without is not None:
        raise NetlabError(f"{source.targets}, line {without + 1} is empty: a class is needed")
    labels: Any = pl.Series([name.strip() for name in classes], dtype=pl.String())
    return Arrays(texts, {"label": labels})


def _windows(source: Corpus) -> Arrays:
    """Texts of `length` + 1 tokens, in both input and target: the steps take from each what it needs.

    A text that is in its normal form has parts that are in theirs, and words that a space parts are the same words again: so the
    steps find in a window the tokens by which it was cut.
    """
    whole = normalised(pl.Series([_joined(map(_text, source.files()))]), source)
    wide = source.length + 1
    tokens = whole[0] if source.by == "characters" else words_of(whole)[0].to_list()
    between = "" if source.by == "characters" else " "
    starts = range(0, source.samples(len(tokens)) * source.step, source.step)
    windows: Any = pl.Series([between.join(tokens[start : start + wide]) for start in starts], dtype=pl.String())
    return Arrays({"tokens": windows}, {"next": windows})


def _joined(texts: Iterable[str]) -> str:
    """One text, in which each begins a line."""
    *others, last = texts
    return "".join(text if text.endswith("\n") else f"{text}\n" for text in others) + last


def _bytes(source: Corpus) -> Arrays:
    """As they are in the files, uint8."""
    whole = np.frombuffer(b"".join(map(_contents, source.files())), np.uint8)
    source.samples(len(whole))
    windows = np.lib.stride_tricks.sliding_window_view(whole, source.length + 1)[:: source.step]
    return Arrays({"tokens": windows[:, :-1]}, {"next": windows[:, 1:]})


def _text(file: Path) -> str:
    """What the file holds, with every line's end as one character."""
    contents = _contents(file).removeprefix(_BOM)
    try:
        return contents.decode().replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = contents.count(b"\n", 0, error.start) + 1
        wrong = f"has the byte 0x{contents[error.start]:02x}, which is no UTF-8 there; save the file as UTF-8"
        raise NetlabError(f"{file}, line {line} {wrong}") from None


def _contents(file: Path) -> bytes:
    try:
        contents = file.read_bytes()
    except OSError as error:
        raise NetlabError(f"{file} cannot be read: {error.strerror}") from None
    if not contents:
        raise NetlabError(f"{file} is empty: a text is needed")
    return contents
