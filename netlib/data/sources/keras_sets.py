"""Reads the source `keras_dataset`; what is pickled in Keras's files is read without unpickling."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from netlib.data.arrays import Array, Arrays
from netlib.data.sources.keras_arrays import expect, integers, keras_parts, labels_of, lists_of, numbers_of
from netlib.data.sources.keras_files import obtained
from netlib.data.sources.keras_images import cifar, fashion_mnist, mnist
from netlib.spec.features import SourceSpec
from netlib.spec.sources.keras_sets import FIRST_WORD, KerasDataset
from netlib.spec.sources.npz import damaged, open_archive

SEED = 113
"""Keras shuffles sets that are in one piece by this seed before it takes those to test on from the end."""
BEGIN, OTHER = 1, 2
"""Indices in texts of where they begin, and of a word that is left out."""


def read(source: SourceSpec, _seed: int) -> Arrays:
    """Reads the set, all samples to train on first or in the order of the file; `parts` says which are to test on.

    Raises:
        NetlabError: a file is damaged, or not there and cannot be downloaded.
    """
    assert isinstance(source, KerasDataset)
    return READ[source.name](source)


def _houses(source: KerasDataset) -> Arrays:
    path, count = str(obtained(source.set.files[0])), source.set.train + source.set.test
    with open_archive(path) as archive:
        features, prices = numbers_of(archive, path, "x"), numbers_of(archive, path, "y")
    inputs = {"features": expect(path, "array 'x'", features, (count, *(source.set.shape or ())))}
    return Arrays(inputs, {"price": expect(path, "array 'y'", prices, (count, 1))}, parts=_shuffled_parts(source))


def _texts(source: KerasDataset) -> Arrays:
    path, count = str(obtained(source.set.files[0])), source.set.train + source.set.test
    ends = ("_train", "_test") if source.name == "imdb" else ("",)
    with open_archive(path) as archive:
        texts = [text for end in ends for text in lists_of(archive, path, f"x{end}")]
        labels = np.concatenate([numbers_of(archive, path, f"y{end}") for end in ends])
    if len(texts) != count:
        raise damaged(path, f"it has {len(texts):,} texts, Keras's file {count:,}")
    num_words, length = source.words
    tokens = np.zeros((count, length), np.int32)
    for row, text in zip(tokens, texts, strict=True):
        _fill(row, integers(text, path), num_words)
    if tokens.min() < 0:
        raise damaged(path, f"its text {int((tokens < 0).any(axis=1).argmax())} has an index below 0")
    label = labels_of(source, expect(path, "what it has of labels", labels, (count,)), path)
    parts = keras_parts(source) if source.name == "imdb" else _shuffled_parts(source)
    return Arrays({"tokens": tokens}, {"label": label}, parts=parts)


def _fill(row: Array, words: Array, num_words: int) -> None:
    """The indices of a text as `load_data` of Keras gives them, the last ones if there is no room for all."""
    indices = np.append(BEGIN, words + (FIRST_WORD - 1))
    indices[indices >= num_words] = OTHER
    kept = indices[-len(row) :]
    row[: len(kept)] = np.maximum(kept, -1)


def _shuffled_parts(source: KerasDataset) -> Array:
    """Those to test on are the last ones, once they are shuffled as Keras does it."""
    order = np.arange(source.set.train + source.set.test)
    np.random.RandomState(SEED).shuffle(order)
    parts = np.empty(len(order), np.int8)
    parts[order] = keras_parts(source)
    return parts


READ: dict[str, Callable[[KerasDataset], Arrays]] = {
    "mnist": mnist,
    "fashion_mnist": fashion_mnist,
    "cifar10": cifar,
    "cifar100": cifar,
    "boston_housing": _houses,
    "california_housing": _houses,
    "imdb": _texts,
    "reuters": _texts,
}
