"""The source keras_dataset: what each set is said to hold, without a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.sources.keras_sets import SETS, KerasDataset, Name, folder

SHAPES = {
    "mnist": ("(batch, 28, 28, 1) int32", "(batch) int32", 70_000),
    "fashion_mnist": ("(batch, 28, 28, 1) int32", "(batch) int32", 70_000),
    "cifar10": ("(batch, 32, 32, 3) int32", "(batch) int32", 60_000),
    "cifar100": ("(batch, 32, 32, 3) int32", "(batch) int32", 60_000),
    "boston_housing": ("(batch, 13) float32", "(batch, 1) float32", 506),
    "california_housing": ("(batch, 8) float32", "(batch, 1) float32", 20_640),
    "imdb": ("(batch, 200) int32", "(batch) int32", 50_000),
    "reuters": ("(batch, 200) int32", "(batch) int32", 11_228),
}
CLASSES = {"mnist": 10, "fashion_mnist": 10, "cifar10": 10, "cifar100": 100, "imdb": 2, "reuters": 46}


def source(name: str, **parameters: object) -> KerasDataset:
    return KerasDataset.parse({"name": name, **parameters})


def test_every_set_has_a_name_and_what_it_holds():
    assert set(Name.__args__) == set(SETS) == set(SHAPES)


@pytest.mark.parametrize("name", SHAPES)
def test_signatures_are_known_without_the_files(monkeypatch, tmp_path, name):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "nothing"))
    spec = source(name)
    signature = spec.signature()
    (given,), (target,) = signature.inputs.values(), signature.targets.values()
    assert (str(given.tensor), str(target.tensor), signature.samples) == SHAPES[name]
    assert (target.num_classes or 0, len(set(target.class_names))) == (CLASSES.get(name, 0),) * 2
    assert spec.parts == ("train", "test")
    assert spec.stamp() == ()


def test_what_keras_takes_to_test_on():
    """`int(len(x) * (1 - 0.2))` of the samples are to train on, where a set is in one piece."""
    for name in ("boston_housing", "california_housing", "reuters"):
        count = SETS[name].train + SETS[name].test
        assert SETS[name].train == int(count * (1 - 0.2))


def test_parameters():
    assert source("cifar100", label_mode="coarse").signature().targets["label"].num_classes == 20
    tokens = source("imdb", num_words=500, length=80).signature().inputs["tokens"]
    assert (str(tokens.tensor), tokens.minimum, tokens.maximum) == ("(batch, 80) int32", 0, 499)
    image = source("mnist").signature().inputs["image"]
    assert (image.minimum, image.maximum) == (0, 255)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"name": "cifar10", "label_mode": "fine"},
            "label_mode: label_mode is of cifar100; cifar10 has one kind of labels",
        ),
        (
            {"name": "mnist", "length": 3},
            r"length: length is of texts \(imdb, reuters\), and mnist has none: leave it out",
        ),
        ({"name": "mnist", "num_words": 9}, r"num_words: num_words is of texts \(imdb, reuters\), and mnist has none"),
        ({"name": "imdb", "num_words": 3}, "num_words: expected a number not less than 4, got 3"),
        ({"name": "svhn"}, "name: expected 'mnist', 'fashion_mnist', .* or 'reuters', got 'svhn'"),
        ({}, "needs 'name': which set"),
    ],
)
def test_mistakes(parameters, message):
    with pytest.raises(SpecError, match=message):
        KerasDataset.parse(parameters)


def test_the_folder_is_that_of_keras(monkeypatch):
    monkeypatch.setenv("KERAS_HOME", "/somewhere")
    assert folder() == Path("/somewhere/datasets")
    monkeypatch.delenv("KERAS_HOME")
    assert folder() == Path.home() / ".keras/datasets"


def test_the_stamp_changes_with_the_file(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets/mnist.npz").write_bytes(b"1")
    before = source("mnist").stamp()
    (tmp_path / "datasets/mnist.npz").write_bytes(b"12")
    assert len(before) == 1
    assert source("mnist").stamp() != before
