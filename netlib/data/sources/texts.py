"""Reads texts: files in folders, lines, and the samples of a corpus."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from netlib.data.arrays import Arrays
from netlib.data.sources.corpus_tokens import CorpusTokens, spans_of
from netlib.data.sources.text_files import contents_of, text_of
from netlib.data.sources.text_lines import read_lines
from netlib.data.streaming import Reader
from netlib.data.unconverted import Unconverted
from netlib.spec.features import SourceSpec
from netlib.spec.sources.texts import Corpus, TextFiles, TextFolder, TextLines


def read(source: SourceSpec, _seed: int) -> Arrays:
    """Texts as series; labels of folders, and a corpus of bytes, as integers.

    Raises:
        SpecError: the corpus is shorter than a sample, or there are not as many lines in both files.
        NetlabError: a file is empty, not UTF-8 or cannot be read, or a line has no class.
    """
    if isinstance(source, TextFolder):
        return _folder(source)
    if isinstance(source, TextLines):
        return read_lines(source)
    if isinstance(source, TextFiles):
        return Arrays({"text": pl.Series([text_of(file) for file in source.files()], dtype=pl.String())}, {})  # type: ignore[dict-item]
    assert isinstance(source, Corpus)
    return _bytes(source) if source.by == "bytes" else _windows(source)


def reader(source: SourceSpec) -> Reader | Unconverted | None:
    """Reads the files of folders, and cuts the samples of a corpus, when they are wanted; see `netlib.data.streaming`."""
    if isinstance(source, TextFolder):
        from netlib.data.sources.text_folder_stream import TextFolderReader

        return TextFolderReader.opened(source)
    if isinstance(source, Corpus):
        from netlib.data.sources.corpus_stream import CorpusReader

        return CorpusReader.opened(source)
    if isinstance(source, TextLines):
        from netlib.data.sources.text_lines_stream import unconverted

        return unconverted(source)
    return None


def _folder(source: TextFolder) -> Arrays:
    files = source.files()
    texts: Any = pl.Series([text_of(file) for members in files.values() for file in members], dtype=pl.String())
    numbers = np.repeat(np.arange(len(files), dtype=np.int32), [*map(len, files.values())])
    return Arrays({"text": texts}, {"label": numbers})


def _windows(source: Corpus) -> Arrays:
    """Texts of `length` + 1 tokens, in both input and target: the steps take from each what it needs."""
    tokens = CorpusTokens.of(source)
    samples = source.samples(len(tokens))
    windows: Any = tokens.pieces(range(0, samples * source.step, source.step), source.length + 1)
    return Arrays({"tokens": windows}, {"next": windows}, spans=spans_of(source, samples))


def _bytes(source: Corpus) -> Arrays:
    """As they are in the files, uint8."""
    whole = np.frombuffer(b"".join(map(contents_of, source.files())), np.uint8)
    samples = source.samples(len(whole))
    windows = np.lib.stride_tricks.sliding_window_view(whole, source.length + 1)[:: source.step]
    return Arrays({"tokens": windows[:, :-1]}, {"next": windows[:, 1:]}, spans=spans_of(source, samples))
