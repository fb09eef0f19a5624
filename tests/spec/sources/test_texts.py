"""Sources of texts: what is known before they are read, and what is said of files that are not as they should be."""

from __future__ import annotations

from pathlib import Path

import pytest

from netlib.spec.data import DataSpec, MissingFileError
from netlib.spec.errors import SpecError
from netlib.spec.features import Feature, labels, text
from netlib.spec.sources.texts import Corpus, TextFolder, TextLines
from netlib.spec.tensors import TensorSpec


def folders(root: Path, **classes: int) -> Path:
    for name, count in classes.items():
        (root / name).mkdir(parents=True)
        for i in range(count):
            (root / name / f"{i}.txt").write_text(f"{name} {i}")
    return root


def file(folder: Path, name: str = "a.txt", contents: str = "some text") -> str:
    (folder / name).write_text(contents)
    return str(folder / name)


def test_a_folder_for_each_class(tmp_path):
    source = TextFolder(path=str(folders(tmp_path, good=3, bad=2)))
    known = source.signature()
    assert (known.inputs, known.targets, known.samples) == ({"text": text()}, {"label": labels(2, ("bad", "good"))}, 5)
    assert {path.name for path in map(Path, (entry[0] for entry in source.stamp()))} == {"0.txt", "1.txt", "2.txt"}


def test_only_files_of_the_pattern_are_texts(tmp_path):
    folders(tmp_path, good=1, bad=1, **{".git": 1})
    (tmp_path / "good" / "deep").mkdir()
    for name in ("good/deep/x.txt", "good/notes.md", "good/.hidden.txt", "README.txt"):
        (tmp_path / name).write_text("text")
    found = TextFolder(path=str(tmp_path)).files()
    assert {name: [path.name for path in paths] for name, paths in found.items()} == {
        "bad": ["0.txt"],
        "good": ["0.txt", "x.txt"],
    }
    with pytest.raises(SpecError, match=r"text_folder: path: .*bad has no file \*\.md: a class needs a text"):
        TextFolder(path=str(tmp_path), pattern="*.md").signature()


def test_a_corpus(tmp_path):
    path = file(tmp_path)
    tokens = Feature(TensorSpec((None, 4), "int32"), minimum=0)
    assert {each.kind for each in Corpus(path=path, length=4).signature().inputs.values()} == {"text"}
    for parameters, size in (
        ({}, None),
        ({"maximum": 50}, 50),
        ({"vocabulary": ["a", "b"]}, 4),
        ({"by": "bytes"}, 256),
    ):
        known = DataSpec.parse({"source": "corpus", "path": path, "length": 4, **parameters}).signature()
        assert known.inputs["tokens"] == known.targets["next"]
        assert known.inputs["tokens"].tensor == tokens.tensor
        assert (known.inputs["tokens"].num_classes, known.inputs["tokens"].maximum) == (
            size,
            None if size is None else size - 1,
        )
        assert known.settled == (size is not None)


@pytest.mark.parametrize(
    ("length", "stride", "tokens", "samples"),
    [
        (4, None, 5, 1),
        (4, None, 8, 1),
        (4, None, 9, 2),
        (4, 1, 9, 5),
        (4, 2, 9, 3),
        (1, None, 9, 8),
        (4, 20, 24, 1),
        (4, 20, 25, 2),
    ],
)
def test_how_many_samples_a_corpus_has(tmp_path, length, stride, tokens, samples):
    source = Corpus(path=file(tmp_path, contents="x" * tokens), length=length, stride=stride, by="bytes")
    assert source.samples(tokens) == source.signature().samples == samples
    assert samples == len([start for start in range(0, tokens, stride or length) if start + length + 1 <= tokens])


def test_many_files_of_a_corpus(tmp_path):
    for name in ("b.txt", "a.txt", "c.md"):
        file(tmp_path, name)
    (tmp_path / "d.txt").mkdir()
    source = Corpus(path=str(tmp_path / "*.txt"), length=4)
    assert [path.name for path in source.files()] == ["a.txt", "b.txt"]
    assert len(source.stamp()) == 2
    file(tmp_path, "[1].txt")
    assert [path.name for path in Corpus(path=str(tmp_path / "[1].txt"), length=4).files()] == ["[1].txt"]


def test_a_changed_file_changes_the_stamp(tmp_path):
    source = TextLines(path=file(tmp_path), targets=file(tmp_path, "b.txt"))
    before = source.stamp()
    file(tmp_path, "b.txt", "something else")
    assert source.stamp() != before


def test_lines(tmp_path):
    path = file(tmp_path)
    assert TextLines(path=path).signature().targets == {}
    assert TextLines(path=path, targets=path).signature().targets == {"label": text()}
    written = {"source": "text_lines", "path": path, "targets": path, "preprocess": {"text": {"Tokenize": 5}}}
    assert DataSpec.parse(written).signature().inputs["text"].tensor == TensorSpec((None, 5), "int32")
    assert DataSpec.path_keys(written) == ("path", "targets")


@pytest.mark.parametrize(
    ("source", "place", "message"),
    [
        (TextLines(path="poem.txt"), "path", r"there is no file .*poem\.txt; did you mean 'poems\.txt'\?"),
        (
            TextLines(path="poems.txt", targets="label.txt"),
            "targets",
            r"there is no file .*; did you mean 'labels\.txt'\?",
        ),
        (Corpus(path="poem.txt", length=4), "path", r"there is no file .*; did you mean 'poems\.txt'\?"),
        (Corpus(path="none/*.txt", length=4), "path", r"there is no file .*none/\*\.txt"),
        (TextFolder(path="folder"), "path", r"there is no file .*folder; did you mean 'folders'\?"),
    ],
)
def test_files_that_are_not_there(tmp_path, monkeypatch, source, place, message):
    monkeypatch.chdir(tmp_path)
    for name in ("poems.txt", "labels.txt"):
        file(tmp_path, name)
    (tmp_path / "folders").mkdir()
    with pytest.raises(MissingFileError, match=message) as caught:
        source.signature()
    assert [problem.loc for problem in caught.value.problems] == [(place,)]


def test_paths_that_lead_to_something_else(tmp_path):
    path = file(tmp_path)
    with pytest.raises(SpecError, match=r"path: .* is a folder, expected a file"):
        TextLines(path=str(tmp_path)).signature()
    with pytest.raises(SpecError, match=r"path: .* is a folder, expected a file"):
        Corpus(path=str(tmp_path), length=4).signature()
    with pytest.raises(SpecError, match=r"path: .*a\.txt is a file, expected a folder with a folder for each class"):
        TextFolder(path=path).signature()
    with pytest.raises(SpecError, match=r"at least two classes \(it has: none\)"):
        TextFolder(path=str(tmp_path)).signature()
    folders(tmp_path, good=1)
    with pytest.raises(SpecError, match=r"at least two classes \(it has: 'good'\)"):
        TextFolder(path=str(tmp_path)).signature()
    folders(tmp_path, bad=0)
    with pytest.raises(SpecError, match=r"path: .*bad has no file \*\.txt"):
        TextFolder(path=str(tmp_path)).signature()


def test_patterns_that_are_none(tmp_path):
    folders(tmp_path, good=1, bad=1)
    with pytest.raises(SpecError, match=r"pattern: '\*\*/a\*\*' is no pattern of files"):
        TextFolder(path=str(tmp_path), pattern="a**").signature()
    with pytest.raises(SpecError, match=r"path: 'a\*\*' is no pattern of files"):
        Corpus(path="a**", length=4).signature()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"length": 0}, "length: expected a number greater than 0, got 0"),
        ({"length": 4, "stride": 0}, "stride: expected a number greater than 0, got 0"),
        ({"length": 4, "by": "byte_pairs"}, "by: expected 'characters', 'words' or 'bytes', got 'byte_pairs'"),
        ({"length": 4, "by": "bytes", "lower": True}, "lower changes letters, but bytes are read as they are"),
        ({"length": 4, "by": "bytes", "strip_accents": True}, "strip_accents changes letters"),
        ({"length": 4, "by": "bytes", "maximum": 9}, "bytes take no maximum"),
    ],
)
def test_mistakes(parameters, message):
    with pytest.raises(SpecError, match=message):
        Corpus.parse({"path": "a.txt", **parameters})


def test_a_corpus_of_bytes_that_is_too_short(tmp_path):
    with pytest.raises(SpecError, match=r"length: .*a\.txt has 4 bytes, but one sample of length 4 takes 5") as caught:
        Corpus(path=file(tmp_path, contents="1234"), length=4, by="bytes").signature()
    assert caught.value.problems[0].loc == ("length",)


def test_a_text_without_a_step_is_said_to_need_one(tmp_path):
    data = DataSpec.parse({"source": "text_folder", "path": str(folders(tmp_path, good=1, bad=1))})
    with pytest.raises(SpecError, match=r"preprocess: \{text: \{Tokenize: 100\}\}"):
        data.signature()
