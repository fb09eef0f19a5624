"""Cuts a part of the samples of a corpus at a time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np

from netlib.data.arrays import Array, Arrays, Values
from netlib.data.sources.corpus_tokens import CorpusTokens, spans_of
from netlib.data.sources.file_reader import FileReader
from netlib.data.sources.opened_files import OpenedFiles
from netlib.data.sources.text_files import mapped_bytes
from netlib.spec.sources.texts import Corpus

NUMBER_BYTES = 4
"""Of a token as the network reads it."""


class Tokens(Protocol):
    """A long text, of which pieces are cut."""

    def __len__(self) -> int: ...

    def pieces(self, starts: Any, length: int) -> Any:
        """So many tokens from each of the starts on: texts, or uint8 (starts, length)."""
        ...


@dataclass(frozen=True)
class CorpusBytes:
    """The bytes of files, one behind the other, which stay there: only pieces are in memory.

    Attributes:
        files: those of the corpus.
        ends: how many bytes there are up to the end of each.
    """

    files: OpenedFiles
    ends: Array

    @classmethod
    def of(cls, source: Corpus) -> Self:
        """Those of the source.

        Raises:
            NetlabError: a file is empty or cannot be read.
        """
        files = source.files()
        return cls(OpenedFiles.of(files), np.cumsum([len(mapped_bytes(file)) for file in files]))

    def __len__(self) -> int:
        return int(self.ends[-1])

    def pieces(self, starts: Array, length: int) -> Array:
        """So many bytes from each of the starts on, uint8 (starts, length)."""
        found = np.empty((len(starts), length), np.uint8)
        for number, file in enumerate(self.files.paths):
            begin, end = int(self.ends[number - 1]) if number else 0, int(self.ends[number])
            touched = np.flatnonzero((starts < end) & (starts + length > begin))
            if not len(touched):
                continue
            mapped = mapped_bytes(Path(file))
            whole = (starts[touched] >= begin) & (starts[touched] + length <= end)
            if whole.any():
                views = np.lib.stride_tricks.sliding_window_view(mapped, length)
                found[touched[whole]] = views[starts[touched[whole]] - begin]
            for row in touched[~whole]:
                first, last = max(int(starts[row]), begin), min(int(starts[row]) + length, end)
                found[row, first - starts[row] : last - starts[row]] = mapped[first - begin : last - begin]
            self.files.need_unchanged([number])
        return found


@dataclass(frozen=True)
class CorpusReader(FileReader[Corpus]):
    """The samples of a corpus, each a piece of it; see `netlib.data.streaming.Reader`.

    Attributes:
        source: the corpus.
        tokens: that it is made of.
        rows: how many samples there are.
    """

    tokens: Tokens
    rows: int

    @classmethod
    def opened(cls, source: Corpus) -> Self:
        """Finds the tokens, unless they are bytes: these are where they are.

        Raises:
            SpecError: the corpus is shorter than a sample.
            NetlabError: a file is empty, not UTF-8 or cannot be read.
        """
        tokens: Tokens = CorpusBytes.of(source) if source.by == "bytes" else CorpusTokens.of(source)
        return cls(source, tokens, source.samples(len(tokens)))

    @property
    def row_bytes(self) -> int:
        """What a sample takes in memory once the network can read it, about."""
        return 2 * NUMBER_BYTES * self.source.length

    @property
    def chunk(self) -> int:
        """A piece is cut by itself."""
        return 1

    def take(self, numbers: Array) -> Arrays:
        """See `Reader.take`."""
        pieces = self._pieces(numbers)
        return Arrays({"tokens": self._shown("tokens", pieces)}, {"next": self._shown("next", pieces)})

    def some(self, name: str, numbers: Array) -> Values:
        """See `Reader.some`."""
        values: Values = self._shown(name, self._pieces(numbers))
        return values

    def row_of(self, numbers: Array) -> Array:
        """See `Numbered.row_of`."""
        return numbers

    def spans(self) -> Array | None:
        """See `Numbered.spans`."""
        return spans_of(self.source, self.rows)

    def _pieces(self, numbers: Array) -> Any:
        """Of a sample's tokens and the one that follows."""
        return self.tokens.pieces(np.asarray(numbers, np.int64) * self.source.step, self.source.length + 1)

    def _shown(self, name: str, pieces: Any) -> Any:
        """Of pieces of bytes the first or the last; texts are cut by the steps of `Corpus`."""
        if self.source.by != "bytes":
            return pieces
        return pieces[:, :-1] if name == "tokens" else pieces[:, 1:]
