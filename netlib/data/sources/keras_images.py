"""Reads the images among Keras's data sets: mnist, fashion_mnist, cifar10 and cifar100."""

from __future__ import annotations

import gzip
import struct
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from netlib.data.arrays import Array, Arrays
from netlib.data.sources.keras_arrays import expect, integers, keras_parts, labels_of, numbers_of
from netlib.data.sources.keras_files import obtained
from netlib.data.sources.pickled_arrays import PickleProblem
from netlib.data.sources.plain_pickles import load
from netlib.spec.sources.keras_sets import KerasDataset, folder
from netlib.spec.sources.npz import damaged, open_archive

_BROKEN = (OSError, EOFError, zlib.error, tarfile.TarError)
_SIDES = (3, 32, 32)
"""How cifar stores an image: colours first."""


def mnist(source: KerasDataset) -> Arrays:
    """Of an npz file."""
    path = str(obtained(source.set.files[0]))
    counts = {"train": source.set.train, "test": source.set.test}
    with open_archive(path) as archive:
        images, labels = (
            np.concatenate(
                [
                    expect(path, f"array '{kind}_{end}'", numbers_of(archive, path, f"{kind}_{end}"), (count, *shape))
                    for end, count in counts.items()
                ]
            )
            for kind, shape in (("x", (28, 28)), ("y", ()))
        )
    return _images(source, images, labels, path)


def fashion_mnist(source: KerasDataset) -> Arrays:
    """Of four packed idx files."""
    paths = [obtained(file) for file in source.set.files]
    counts = (source.set.train, source.set.test)
    images = np.concatenate([_idx(path, (count, 28, 28)) for path, count in zip(paths[::2], counts, strict=True)])
    labels = np.concatenate([_idx(path, (count,)) for path, count in zip(paths[1::2], counts, strict=True)])
    return _images(source, images, labels, str(paths[1].parent))


def cifar(source: KerasDataset) -> Arrays:
    """Of batches that are pickled, each on its own."""
    names, key = ["train", "test"], f"{source.label_mode or 'fine'}_labels"
    if source.name == "cifar10":
        names, key = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"], "labels"
    counts = [*[source.set.train // (len(names) - 1)] * (len(names) - 1), source.set.test]
    ends = np.cumsum(counts)
    images = np.empty((ends[-1], 32, 32, 3), np.uint8)
    labels = np.empty(ends[-1], np.int32)
    for name, where, contents in _batches(source, names):
        count, end = counts[names.index(name)], ends[names.index(name)]
        pixels, found = _batch(contents, key, where, count)
        images[end - count : end] = pixels.reshape(-1, *_SIDES).transpose(0, 2, 3, 1)
        labels[end - count : end] = labels_of(source, found, where)
    return Arrays({"image": images}, {"label": labels}, parts=keras_parts(source))


def _images(source: KerasDataset, images: Array, labels: Array, where: str) -> Arrays:
    if images.dtype != np.uint8:
        raise damaged(where, f"its images are {images.dtype}, expected bytes")
    return Arrays({"image": images[..., None]}, {"label": labels_of(source, labels, where)}, parts=keras_parts(source))


def _idx(path: Path, shape: tuple[int, ...]) -> Array:
    """The bytes of a packed idx file, which begins with their kind, the number of axes and the lengths of these."""
    start = struct.pack(f">4B{len(shape)}i", 0, 0, 8, len(shape), *shape)
    size = len(start) + int(np.prod(shape))
    try:
        with gzip.open(path) as file:
            contents = file.read(size + 1)
    except _BROKEN as error:
        raise damaged(str(path), f"it cannot be unpacked ({error})") from None
    if len(contents) != size or not contents.startswith(start):
        raise damaged(str(path), f"it does not hold the {shape[0]:,} samples of Keras's file")
    return np.frombuffer(contents, np.uint8, offset=len(start)).reshape(shape)


def _batches(source: KerasDataset, names: list[str]) -> Iterator[tuple[str, str, bytes]]:
    """Name, place and contents of each batch, unpacked by Keras or from the archive that it was in."""
    for unpacked in source.set.unpacked:
        files = [folder() / unpacked / name for name in names]
        if all(file.is_file() for file in files):
            yield from ((file.name, str(file), _contents(file)) for file in files)
            return
    path = obtained(source.set.files[0])
    missing = dict.fromkeys(names)
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                name = Path(member.name).name
                if name in missing and (file := archive.extractfile(member)):
                    del missing[name]
                    yield name, f"{path}: {member.name}", file.read()
    except _BROKEN as error:
        raise damaged(str(path), f"it cannot be unpacked ({error})") from None
    if missing:
        raise damaged(str(path), f"it has no file '{next(iter(missing))}'")


def _contents(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise damaged(str(file), f"it cannot be read ({error.strerror})") from None


def _batch(contents: bytes, key: str, where: str, count: int) -> tuple[Array, Array]:
    """Pixels and labels."""
    try:
        held = load(contents)
    except PickleProblem as error:
        raise damaged(where, str(error)) from None
    if not isinstance(held, dict):
        raise damaged(where, "it holds no mapping")
    named = {name.decode("ascii", "replace") if isinstance(name, bytes) else name: each for name, each in held.items()}
    pixels = expect(where, "'data'", named.get("data"), (count, int(np.prod(_SIDES))))
    if pixels.dtype != np.uint8:
        raise damaged(where, f"its images are {pixels.dtype}, expected bytes")
    return pixels, expect(where, f"'{key}'", integers(named.get(key), where), (count,))
