"""The source `keras_dataset`, the sets that `keras.datasets` has: what each holds, and in which files, is stated here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from netlib.spec.base import as_validation_error
from netlib.spec.errors import Problem
from netlib.spec.features import DataSignature, Feature, SourceSpec, labels, numbers
from netlib.spec.sources import keras_classes as classes
from netlib.spec.sources.stamps import stamps
from netlib.spec.tensors import TensorSpec
from netlib.spec.types import PositiveInt

_GOOGLE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
_TORONTO = "https://www.cs.toronto.edu/~kriz/"
NUM_WORDS, LENGTH = 10_000, 200
"""Of texts, where nothing is said."""
MOST_WORDS = 1_000_000
"""Of texts: more indices than any has."""
FIRST_WORD = 4
"""The index of the most frequent word: 0 is padding, 1 begins a text, 2 stands for words that are left out, 3 for none."""


@dataclass(frozen=True)
class KerasFile:
    """A file of a set: its place in Keras's folder `datasets`, where it comes from, and its SHA-256, if Keras knows it."""

    place: str
    url: str
    sha256: str | None = None


@dataclass(frozen=True)
class KerasSet:
    """A set: its files, how many samples there are to train and to test on, the shape of one, and the names of its classes.

    `shape` is None of texts. `unpacked` are the folders in which Keras may have unpacked the file, that are read instead of it.
    """

    files: tuple[KerasFile, ...]
    train: int
    test: int
    shape: tuple[int, ...] | None
    classes: tuple[str, ...] = ()
    unpacked: tuple[str, ...] = ()


def _npz(name: str, sha256: str) -> tuple[KerasFile, ...]:
    return (KerasFile(f"{name}.npz", f"{_GOOGLE}{name}.npz", sha256),)


def _cifar(classes: int, sha256: str) -> tuple[KerasFile, ...]:
    folder = {10: "cifar-10-batches-py", 100: "cifar-100-python"}[classes]
    return (KerasFile(f"{folder}-target_archive", f"{_TORONTO}cifar-{classes}-python.tar.gz", sha256),)


_FASHION_FILES = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
SETS: dict[str, KerasSet] = {
    "mnist": KerasSet(
        _npz("mnist", "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"),
        60_000, 10_000, (28, 28, 1), classes.DIGITS,
    ),
    "fashion_mnist": KerasSet(
        tuple(KerasFile(f"fashion-mnist/{name}-ubyte.gz", f"{_GOOGLE}{name}-ubyte.gz") for name in _FASHION_FILES),
        60_000, 10_000, (28, 28, 1), classes.FASHION,
    ),
    "cifar10": KerasSet(
        _cifar(10, "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"),
        50_000, 10_000, (32, 32, 3), classes.CIFAR10, ("cifar-10-batches-py-target/cifar-10-batches-py", "cifar-10-batches-py"),
    ),
    "cifar100": KerasSet(
        _cifar(100, "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"),
        50_000, 10_000, (32, 32, 3), classes.CIFAR100_FINE, ("cifar-100-python-target/cifar-100-python", "cifar-100-python"),
    ),
    "boston_housing": KerasSet(
        _npz("boston_housing", "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"), 404, 102, (13,),
    ),
    "california_housing": KerasSet(
        _npz("california_housing", "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"), 16_512, 4_128, (8,),
    ),
    "imdb": KerasSet(
        _npz("imdb", "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"),
        25_000, 25_000, None, classes.SENTIMENTS,
    ),
    "reuters": KerasSet(
        _npz("reuters", "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"),
        8_982, 2_246, None, classes.REUTERS,
    ),
}  # fmt: skip
Name = Literal[
    "mnist",
    "fashion_mnist",
    "cifar10",
    "cifar100",
    "boston_housing",
    "california_housing",
    "imdb",
    "reuters",
]


class KerasDataset(SourceSpec):
    """A set of `keras.datasets`, from the file that Keras has downloaded, or would download: that is done where it is missing.

    Images are bytes from 0 to 255 in `image`, (28, 28, 1) or (32, 32, 3), with a `label`. Houses are numbers in `features`, with
    a `price`: dollars in `california_housing`, thousands of dollars of 1978 in `boston_housing`, one of whose columns is of how
    many residents are black: Keras advises against it. Texts are indices of words in `tokens`, as
    Keras's `load_data` gives them: 0 fills up behind a text, 1 begins it, 2 stands for a rarer word; of longer texts the last
    words are kept. Those to test on are Keras's.
    """

    name: Name = Field(description="Which set.")
    label_mode: Literal["fine", "coarse"] | None = Field(
        None, description="Of `cifar100`: the 100 classes (`fine`, by default) or the 20 that they belong to."
    )
    num_words: Annotated[PositiveInt, Field(ge=FIRST_WORD, le=MOST_WORDS)] | None = Field(
        None, description=f"Of texts: indices there are, of the most frequent words; {NUM_WORDS:,} by default."
    )
    length: PositiveInt | None = Field(None, description=f"Of texts: indices in each; {LENGTH} by default.")

    @model_validator(mode="after")
    def _fits_the_set(self) -> Self:
        problems = list(self._misplaced())
        if problems:
            raise as_validation_error(problems)
        return self

    def _misplaced(self) -> Iterator[Problem]:
        """Parameters that the set has no use for."""
        if self.label_mode is not None and self.name != "cifar100":
            yield Problem(
                ("label_mode",), f"label_mode is of cifar100; {self.name} has one kind of labels: leave it out"
            )
        for key, value in (("num_words", self.num_words), ("length", self.length)):
            if value is not None and self.set.shape is not None:
                yield Problem((key,), f"{key} is of texts (imdb, reuters), and {self.name} has none: leave it out")

    @property
    def set(self) -> KerasSet:
        """What the set holds."""
        return SETS[self.name]

    @property
    def parts(self) -> tuple[str, ...]:
        """See `SourceSpec.parts`."""
        return ("train", "test")

    @property
    def words(self) -> tuple[int, int]:
        """Of texts: how many indices there are, and in each text."""
        return self.num_words or NUM_WORDS, self.length or LENGTH

    @property
    def class_names(self) -> tuple[str, ...]:
        """Of the labels, none where there is a price."""
        return classes.CIFAR100_COARSE if self.label_mode == "coarse" else self.set.classes

    def signature(self) -> DataSignature:
        """As the set is known to be."""
        samples, names, shape = self.set.train + self.set.test, self.class_names, self.set.shape
        if not names:
            return DataSignature({"features": numbers(*(shape or ()))}, {"price": numbers(1)}, samples)
        label = labels(len(names), names)
        if shape is None:
            words, length = self.words
            tokens = Feature(TensorSpec((None, length), "int32"), minimum=0, maximum=words - 1)
            return DataSignature({"tokens": tokens}, {"label": label}, samples)
        image = Feature(TensorSpec((None, *shape), "int32"), minimum=0, maximum=255)
        return DataSignature({"image": image}, {"label": label}, samples)

    def stamp(self) -> tuple[Any, ...]:
        """See `SourceSpec.stamp`."""
        return stamps(path for file in self.set.files if (path := folder() / file.place).exists())


def folder() -> Path:
    """Where Keras keeps its data sets: `$KERAS_HOME/datasets`, or `~/.keras/datasets`."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras").expanduser() / "datasets"
