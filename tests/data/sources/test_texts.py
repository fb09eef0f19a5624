"""What becomes of text files, and what is said of those that cannot be read."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.data.load import Splits, load
from netlib.data.sources.texts import read
from netlib.data.steps import step_of
from netlib.spec.data import DataSpec
from netlib.spec.errors import NetlabError, SpecError
from netlib.spec.preprocessing.texts import TOKENS, Tokenize
from netlib.spec.sources.texts import Corpus, TextFolder, TextLines


def file(folder: Path, contents: str | bytes, name: str = "a.txt") -> str:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(contents if isinstance(contents, bytes) else contents.encode())
    return str(path)


def loaded(path: str, **parameters: object) -> Splits:
    return load(DataSpec.parse({"source": "corpus", "path": path, **parameters}), seed=1)


def test_a_folder_for_each_class(tmp_path):
    for name, contents in {"b/2": "two\r\nlines\n", "b/1": "\ufeffone", "a/x": "é"}.items():
        file(tmp_path, contents, f"{name}.txt")
    arrays = read(TextFolder(path=str(tmp_path)), 0)
    assert arrays.inputs["text"].to_list() == ["é", "one", "two\nlines\n"]
    np.testing.assert_array_equal(arrays.targets["label"], np.array([0, 1, 1], np.int32), strict=True)


def test_a_line_for_each_text(tmp_path):
    path, labels = file(tmp_path, "one\n\ntwo \tthree\r\n\u2028four"), file(tmp_path, "x\n y\r\nx\nz\n", "b.txt")
    assert read(TextLines(path=path), 0).inputs["text"].to_list() == ["one", "", "two \tthree", "\u2028four"]
    arrays = read(TextLines(path=path, targets=labels), 0)
    assert arrays.targets["label"].to_list() == ["x", "y", "x", "z"]
    assert len(arrays) == 4


def test_classes_are_numbered_in_alphabetical_order(tmp_path):
    path, labels = file(tmp_path, "a\nb\nc"), file(tmp_path, "no\nyes\nno", "b.txt")
    written = {"source": "text_lines", "path": path, "targets": labels, "preprocess": {"text": {"Tokenize": 2}}}
    splits = load(DataSpec.parse(written), seed=0)
    assert splits.train.targets["label"].tolist() == [0, 1, 0]
    assert splits.signature.targets["label"].class_names == ("no", "yes")


@settings(max_examples=200)
@given(
    text=st.text(st.sampled_from([*"aAbΣİ\r\n \t.'’é\u0301e\u200d❤\ufe0f👍"]), min_size=1, max_size=80),
    by=st.sampled_from(["characters", "words"]),
    length=st.integers(1, 6),
    stride=st.none() | st.integers(1, 9),
    lower=st.booleans(),
    strip_accents=st.booleans(),
)
def test_samples_of_a_corpus_are_parts_of_its_tokens(text, by, length, stride, lower, strip_accents):
    """The tokens of a window that was cut out are those that the whole text has at that place."""
    form = {"by": by, "lower": lower, "strip_accents": strip_accents}
    with tempfile.TemporaryDirectory() as folder:
        path = file(Path(folder), text)
        whole = text.replace("\r\n", "\n")
        count = np.count_nonzero(numbered(whole, form, None))
        if count <= length:
            with pytest.raises(
                SpecError, match=f"has {count} {by}, but one sample of length {length} takes {length + 1}"
            ):
                loaded(path, length=length, **form)
            return
        splits = loaded(path, length=length, stride=stride, **form)
    (first,), (second,) = splits.preprocessing.learned().values()
    assert first == second
    tokens = numbered(whole, form, first)[:count]
    starts = [start for start in range(0, count, stride or length) if start + length < count]
    assert splits.train.inputs["tokens"].tolist() == [tokens[start : start + length] for start in starts]
    assert splits.train.targets["next"].tolist() == [tokens[start + 1 : start + length + 1] for start in starts]
    assert splits.signature.targets["next"].num_classes == len(first[TOKENS]) + 2


def numbered(text: str, form: dict, learned: dict | None) -> list[int]:
    """The tokens of a whole text, of a vocabulary that was learned, or of its own."""
    spec, series = Tokenize(length=3 * len(text), **form), pl.Series([text])
    try:
        learned = learned or step_of(spec).fit(spec, series)
    except NetlabError:
        return []
    return step_of(spec).apply(spec, learned, series)[0].tolist()


def test_bytes_of_a_corpus_are_as_they_are(tmp_path):
    contents = b"\xff\r\n\x00\xfe\x01abc"
    splits = loaded(file(tmp_path, contents), length=2, stride=3, by="bytes")
    np.testing.assert_array_equal(
        splits.train.inputs["tokens"], np.array([[255, 13], [0, 254], [97, 98]], np.int32), strict=True
    )
    np.testing.assert_array_equal(
        splits.train.targets["next"], np.array([[13, 10], [254, 1], [98, 99]], np.int32), strict=True
    )


def test_files_of_a_corpus_follow_one_another(tmp_path):
    for name, contents in {"b.txt": "cd\n", "a.txt": "ab", "c.txt": "e"}.items():
        file(tmp_path, contents, name)
    windows = read(Corpus(path=str(tmp_path / "?.txt"), length=6), 0).inputs["tokens"]
    assert windows.to_list() == ["ab\ncd\ne"]


def test_no_text_is_in_two_splits(tmp_path):
    """Each character stands once in the corpus; the only one in two samples is read in one and told in the other."""
    path = file(tmp_path, "".join(map(chr, range(0x4E00, 0x4E00 + 901))))
    parts = read(Corpus(path=path, length=9), 0).inputs["tokens"].to_list()
    told = [character for part in parts for character in part[1:]]
    assert len(told) == len({*told}) == 900
    splits = loaded(path, length=9, validation=0.2, test=0.2)
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (60, 20, 20)
    first, second = splits.preprocessing.learned().values()
    assert first == second
    known = {*first[0][TOKENS]}
    assert len(known) == len(
        {character for row in splits.train.rows for character in parts[row]}
    )  # of the training split alone
    share = (splits.validation.targets["next"] == 1).mean()
    assert share > 0.8  # characters that were not trained on


def test_a_contiguous_split_with_overlapping_samples(tmp_path):
    path = file(tmp_path, "".join(map(chr, range(0x4E00, 0x4E00 + 1000))))
    splits = loaded(path, length=10, stride=1, validation=0.2, split="Contiguous")
    known = splits.validation.inputs["tokens"] != 1
    assert (known.sum(), known[0, 0]) == (1, True)  # the last character that was told in training is the first one here
    assert splits.notes == ("9 of 792 windows to train on are left out: they share rows with windows held out",)


@pytest.mark.parametrize("by", ["characters", "bytes"])
def test_a_random_split_of_overlapping_samples_is_refused(tmp_path, by):
    path = file(tmp_path, "abcdefgh" * 200)
    with pytest.raises(
        SpecError, match=r"share rows with windows that are held out: hold out a stretch .* stride at least 10"
    ):
        loaded(path, by=by, length=10, stride=2, validation=0.2)
    assert loaded(path, by=by, length=10, stride=10, validation=0.2).notes == ()


def test_one_vocabulary_for_both_with_a_maximum(tmp_path):
    splits = loaded(file(tmp_path, "aaaaabbbbccd" * 20), length=5, maximum=4)
    tokens, follow = splits.train.inputs["tokens"], splits.train.targets["next"]
    assert {*np.unique(tokens)} == {*np.unique(follow)} == {1, 2, 3}
    np.testing.assert_array_equal(tokens[:, 1:], follow[:, :-1])
    assert splits.signature.inputs["tokens"].maximum == 3


def test_what_a_run_learned_is_used_for_another_text(tmp_path):
    first = loaded(file(tmp_path, "abcabcabd"), length=2)
    spec = DataSpec.parse({"source": "corpus", "path": file(tmp_path, "cxa", "b.txt"), "length": 2})
    again = load(spec, 1, first.preprocessing)
    assert again.train.inputs["tokens"].tolist() == [[4, 1]]
    assert again.train.targets["next"].tolist() == [[1, 2]]


def test_steps_of_the_config_follow_those_of_the_source(tmp_path):
    path = file(tmp_path, "abcd" * 9)
    splits = loaded(path, length=3, preprocess={"tokens": {"Rescale": 0.5}})
    np.testing.assert_array_equal(
        splits.train.inputs["tokens"], splits.train.inputs["tokens"].astype(np.float32), strict=True
    )
    assert [type(step).__name__ for step in splits.preprocessing.specs()["tokens"]] == ["Tokenize", "Rescale"]
    chosen = loaded(path, length=3, preprocess="auto")
    assert [type(step).__name__ for step in chosen.preprocessing.specs()["tokens"]] == ["Tokenize"]


def test_a_target_of_texts_can_be_tokens(tmp_path):
    path = file(tmp_path, "one two\none", "b.txt")
    steps = {"text": {"Tokenize": 3}, "label": {"Tokenize": 3}}
    spec = DataSpec.parse(
        {"source": "text_lines", "path": file(tmp_path, "a\nb"), "targets": path, "preprocess": steps}
    )
    splits = load(spec, 0)
    assert splits.train.targets["label"].tolist() == [[2, 3, 0], [2, 0, 0]]
    assert splits.preprocessing.apply({"text": pl.Series(["b"])})["text"].tolist() == [[3, 0, 0]]


SOURCES = {
    "text_folder": lambda folder: TextFolder(path=str(folder)),
    "text_lines": lambda folder: TextLines(path=str(folder / "x" / "a.txt")),
    "corpus": lambda folder: Corpus(path=str(folder / "x" / "*.txt"), length=2),
}


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (b"", r"x/a\.txt is empty: a text is needed"),
        (
            b"first\nsecond \xe9t\xe9\n",
            r"x/a\.txt, line 2 has the byte 0xe9, which is no UTF-8 there; save the file as UTF-8",
        ),
        (b"\xef\xbb\xbfone\r\n\n\xf0\x9f\x91", r"x/a\.txt, line 3 has the byte 0xf0"),
        ("é".encode("utf-16"), r"x/a\.txt, line 1 has the byte 0xff"),
    ],
)
def test_files_that_are_no_text(tmp_path, kind, contents, message):
    file(tmp_path, contents, "x/a.txt")
    file(tmp_path, "fine", "y/a.txt")
    with pytest.raises(NetlabError, match=message) as caught:
        read(SOURCES[kind](tmp_path), 0)
    assert caught.value.exit_code == 1


def test_an_empty_corpus_of_bytes(tmp_path):
    with pytest.raises(NetlabError, match=r"a\.txt is empty"):
        read(Corpus(path=file(tmp_path, ""), length=2, by="bytes"), 0)


def test_a_file_that_cannot_be_read(tmp_path, monkeypatch):
    def refused(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refused)
    with pytest.raises(NetlabError, match=r"a\.txt cannot be read: Permission denied"):
        read(TextLines(path=file(tmp_path, "a")), 0)


@pytest.mark.parametrize(
    ("labels", "kind", "message"),
    [
        (
            "x\ny",
            SpecError,
            r"targets: .*a\.txt has 3 lines, .*b\.txt has 2: each text needs a class, and each class a text",
        ),
        ("x\ny\nx\n\n", SpecError, r"a\.txt has 3 lines, .*b\.txt has 4"),
        ("x\n \ny\n", NetlabError, r"b\.txt, line 2 is empty: a class is needed"),
    ],
)
def test_labels_that_do_not_fit(tmp_path, labels, kind, message):
    source = TextLines(path=file(tmp_path, "1\n2\n3\n"), targets=file(tmp_path, labels, "b.txt"))
    with pytest.raises(kind, match=message):
        read(source, 0)


@given(st.binary(max_size=60))
def test_no_bytes_give_anything_but_a_message_or_texts(contents):
    with tempfile.TemporaryDirectory() as folder:
        source = TextLines(path=file(Path(folder), contents))
        try:
            whole = contents.decode()
        except UnicodeDecodeError:
            whole = ""
        if not whole:
            with pytest.raises(NetlabError, match=r"is empty|is no UTF-8 there"):
                read(source, 0)
            return
        texts = read(source, 0).inputs["text"].to_list()
    assert "\n".join(texts) == whole.removeprefix("\ufeff").replace("\r\n", "\n").removesuffix("\n")
