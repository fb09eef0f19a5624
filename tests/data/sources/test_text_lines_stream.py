"""Lines that are converted block by block are those that are read at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.data.load import load
from netlib.data.sources import text_lines_stream
from netlib.data.sources.texts import read, reader
from netlib.data.streaming import Streamed
from netlib.spec.data import DataSpec
from netlib.spec.errors import NetlabError
from netlib.spec.sources.texts import TextLines


def opened(source: TextLines, block: int = 20) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_lines_stream, "BLOCK", block)
        found: Any = reader(source)
        return found.converted()


@settings(max_examples=200)
@given(
    text=st.lists(st.sampled_from([*"aé \t\r\n\u2028\ufeff", "\r\n", "long "]), min_size=1, max_size=60).map("".join),
    block=st.integers(1, 30),
)
def test_lines(tmp_path_factory, text, block):
    path = tmp_path_factory.mktemp("lines") / "a.txt"
    path.write_bytes(text.encode())
    source = TextLines(path=str(path))
    expected = read(source, 0).inputs["text"].to_list()
    made = opened(source, block)
    assert made.rows == len(expected)
    assert made.take(np.arange(made.rows)).inputs["text"].to_list() == expected


def files(folder: Path, texts: bytes, classes: bytes) -> TextLines:
    for name, contents in (("a.txt", texts), ("b.txt", classes)):
        (folder / name).write_bytes(contents)
    return TextLines(path=str(folder / "a.txt"), targets=str(folder / "b.txt"))


def test_lines_and_their_classes(tmp_path):
    texts = [f"text {i} " + "and more " * (i % 7) for i in range(200)]
    source = files(tmp_path, "\r\n".join(texts).encode(), "".join(f" {'xyz'[i % 3]}\n" for i in range(200)).encode())
    made = opened(source, 300)
    assert len(made.files) > 3
    numbers = np.random.default_rng(0).permutation(200)
    found, expected = made.take(numbers), read(source, 0).take(numbers)
    assert list(found.inputs) == ["text"]
    assert found.inputs["text"].to_list() == expected.inputs["text"].to_list()
    assert found.targets["label"].to_list() == expected.targets["label"].to_list()
    assert made.some("label", np.array([3, 4])).to_list() == ["x", "y"]
    assert made.take(numbers).inputs["text"].estimated_size() / 200 < made.row_bytes < 100
    assert "200 samples of " in made.notes()[0]
    before = made.fingerprint()
    assert opened(source).fingerprint() == before
    files(tmp_path, b"other", b"x")
    assert opened(source).fingerprint() != before


@pytest.mark.parametrize(
    ("texts", "classes"),
    [
        (b"", b"x"),
        (b"one\ntwo", b"x\n"),
        (b"one\n" * 30 + b"caf\xe9\n", b"x\n" * 31),
        (b"one\n" * 30, b"x\n" * 20 + b" \n" * 10),
    ],
)
def test_what_is_said_is_what_is_said_of_all_at_once(tmp_path, texts, classes):
    source = files(tmp_path, texts, classes)
    with pytest.raises(NetlabError) as expected:
        read(source, 0)
    with pytest.raises(NetlabError) as found:
        opened(source)
    assert str(found.value) == str(expected.value)


def test_the_splits_are_those_in_memory(tmp_path):
    source = files(tmp_path, b"".join(b"text %d is\n" % i for i in range(300)), b"x\ny\n" * 150)
    section = {**source.to_plain(), "source": "text_lines", "preprocess": {"text": {"Tokenize": 4}}, "validation": 0.2}
    memory, streamed = (load(DataSpec.parse({**section, **more}), 3) for more in ({}, {"memory": "4KB"}))
    for name in ("train", "validation"):
        ours, theirs = getattr(streamed, name), getattr(memory, name)
        assert isinstance(ours, Streamed)
        parts = [*ours.windows(7)]
        np.testing.assert_array_equal(np.concatenate([part.inputs["text"] for part in parts]), theirs.inputs["text"])
        np.testing.assert_array_equal(
            np.concatenate([part.targets["label"] for part in parts]), theirs.targets["label"]
        )
