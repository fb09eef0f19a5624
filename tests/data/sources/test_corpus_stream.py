"""Pieces of a corpus whose bytes stay in their files. Its samples: test_file_streams.py."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.data.sources.corpus_stream import CorpusBytes
from netlib.data.sources.texts import reader
from netlib.spec.errors import NetlabError, SpecError
from netlib.spec.sources.texts import Corpus


def corpus(folder: Path, contents: list[bytes], length: int = 3, by: str = "bytes") -> Corpus:
    for number, each in enumerate(contents):
        (folder / f"{number}.txt").write_bytes(each)
    return Corpus.parse({"path": f"{folder}/*.txt", "by": by, "length": length})


@settings(max_examples=60)
@given(contents=st.lists(st.binary(min_size=1, max_size=12), min_size=1, max_size=5), data=st.data())
def test_pieces_are_those_of_all_files_one_behind_the_other(tmp_path_factory, contents, data):
    found = CorpusBytes.of(corpus(tmp_path_factory.mktemp("corpus"), contents))
    whole = b"".join(contents)
    assert len(found) == len(whole)
    length = data.draw(st.integers(1, len(whole)))
    starts = data.draw(st.lists(st.integers(0, len(whole) - length), max_size=9))
    pieces = found.pieces(np.array(starts, np.int64), length)
    assert [row.tobytes() for row in pieces] == [whole[start : start + length] for start in starts]


@pytest.mark.parametrize("by", ["bytes", "characters", "words"])
def test_what_cannot_be_cut(tmp_path, by):
    with pytest.raises(SpecError, match=rf"has 2 {by}, but one sample of length 3 takes 4"):
        reader(corpus(tmp_path, [b"ab" if by != "words" else b"a b"], by=by))
    with pytest.raises(NetlabError, match=r"1\.txt is empty: a text is needed"):
        reader(corpus(tmp_path, [b"a b c d e f", b""], by=by))
