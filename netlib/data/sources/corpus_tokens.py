"""Takes a long text apart to tokens: once, so that any of them are found at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl

from netlib.data.arrays import Array
from netlib.data.sources.text_files import text_of
from netlib.data.steps.texts import normalised, words_of
from netlib.spec.sources.texts import Corpus


@dataclass(frozen=True)
class CorpusTokens:
    """The characters or words of a text.

    A text that is in its normal form has parts that are in theirs, and words that a space parts are the same words again: so the
    steps find in a piece the tokens by which it was cut.

    Attributes:
        text: the characters; of words, with a space behind each but the last.
        begins: where each word begins, and would begin behind the last; None where each character is a token.
    """

    text: str
    begins: Array | None

    @classmethod
    def of(cls, source: Corpus) -> CorpusTokens:
        """Those of all files, as one text.

        Raises:
            NetlabError: a file is empty, not UTF-8 or cannot be read.
        """
        whole = normalised(pl.Series([_joined(map(text_of, source.files()))]), source)
        if source.by == "characters":
            return cls(whole[0], None)
        words = words_of(whole)[0]
        return cls(" ".join(words), np.append(0, np.cumsum(words.str.len_chars().to_numpy().astype(np.int64) + 1)))

    def __len__(self) -> int:
        return len(self.text if self.begins is None else self.begins[1:])

    def pieces(self, starts: Iterable[int], length: int) -> pl.Series:
        """So many tokens from each of the starts on, as texts."""
        if self.begins is None:
            return pl.Series([self.text[start : start + length] for start in starts], dtype=pl.String())
        begins = self.begins
        found = [self.text[begins[start] : begins[start + length] - 1] for start in starts]
        return pl.Series(found, dtype=pl.String())


def _joined(texts: Iterable[str]) -> str:
    """One text, in which each begins a line."""
    *others, last = texts
    return "".join(text if text.endswith("\n") else f"{text}\n" for text in others) + last


def spans_of(source: Corpus, samples: int) -> Array | None:
    """The first and last token that each sample reads, where samples share some; see `Arrays.spans`."""
    if source.step >= source.length:
        return None
    starts = np.arange(samples) * source.step
    return np.stack([starts, starts + source.length - 1], axis=1)
