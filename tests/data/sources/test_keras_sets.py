"""What becomes of the files of Keras's data sets; they are written here, in Keras's forms and with few samples."""

from __future__ import annotations

import gzip
import hashlib
import io
import pickle
import struct
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from netlib.data.load import load
from netlib.data.sources.keras_sets import read
from netlib.spec.data import DataSpec
from netlib.spec.errors import NetlabError
from netlib.spec.sources.keras_sets import SETS, KerasDataset

TRAIN, TEST = 10, 4
RANDOM = np.random.default_rng(0)


@pytest.fixture
def home(monkeypatch, tmp_path) -> Path:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr("netlib.data.sources.keras_files.urlopen", lambda *_, **__: pytest.fail("went to the network"))
    (tmp_path / "datasets").mkdir()
    return tmp_path / "datasets"


@pytest.fixture
def small(monkeypatch, home):
    """Gives a set few samples, and its file the checksum of what is there."""

    def shrink(name: str, train: int = TRAIN, test: int = TEST) -> KerasDataset:
        files = tuple(
            replace(file, sha256=file.sha256 and hashlib.sha256((home / file.place).read_bytes()).hexdigest())
            if (home / file.place).is_file()
            else file
            for file in SETS[name].files
        )
        monkeypatch.setitem(SETS, name, replace(SETS[name], files=files, train=train, test=test))
        return KerasDataset.parse({"name": name})

    return shrink


def pixels(*shape: int) -> np.ndarray:
    return RANDOM.integers(0, 256, shape, np.uint8)


def digits() -> dict[str, np.ndarray]:
    images = {"x_train": pixels(TRAIN, 28, 28), "x_test": pixels(TEST, 28, 28)}
    return {**images, "y_train": np.arange(TRAIN, dtype=np.uint8), "y_test": np.arange(TEST, dtype=np.uint8)}


class TestMnist:
    def test_values_and_parts(self, home, small):
        arrays = digits()
        np.savez(home / "mnist.npz", **arrays)
        found = read(small("mnist"), 0)
        np.testing.assert_array_equal(found.inputs["image"][:TRAIN, ..., 0], arrays["x_train"])
        np.testing.assert_array_equal(found.inputs["image"][TRAIN:, ..., 0], arrays["x_test"])
        assert found.inputs["image"].dtype == np.uint8
        np.testing.assert_array_equal(found.targets["label"], [*range(TRAIN), *range(TEST)])
        assert found.targets["label"].dtype == np.int32
        np.testing.assert_array_equal(found.parts, [0] * TRAIN + [2] * TEST)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"x_train": None}, "it has no array 'x_train'"),
            (
                {"x_train": pixels(TRAIN, 27, 28)},
                r"array 'x_train' has the shape \(10, 27, 28\), expected \(10, 28, 28\)",
            ),
            ({"y_test": np.zeros(TEST, np.float64)}, r"array 'y_test' has the shape \(4, 1\), expected \(4,\)"),
            ({"y_test": np.full(TEST, 10)}, "it has labels from 0 to 10, expected 0 to 9"),
            ({"x_test": np.zeros((TEST, 28, 28), np.int16)}, "its images are int16, expected bytes"),
        ],
    )
    def test_other_contents(self, home, small, change, message):
        arrays = {name: values for name, values in {**digits(), **change}.items() if values is not None}
        np.savez(home / "mnist.npz", **arrays)
        with pytest.raises(NetlabError, match=rf"mnist\.npz is damaged: {message}") as caught:
            read(small("mnist"), 0)
        assert caught.value.exit_code == 1

    def test_another_file_is_refused_by_its_checksum(self, home):
        np.savez(home / "mnist.npz", **digits())
        with pytest.raises(
            NetlabError, match=r"mnist\.npz is damaged: its SHA-256 is .*, that of Keras's file 731c5ac6"
        ):
            read(KerasDataset.parse({"name": "mnist"}), 0)

    def test_what_keras_tests_on_is_tested_on(self, home, small):
        arrays = digits()
        np.savez(home / "mnist.npz", **{**arrays, "y_train": np.repeat([0, 1], 5)})
        small("mnist")
        splits = load(DataSpec.parse({"source": "keras_dataset", "name": "mnist", "validation": 0.2}), 0)
        assert splits.test is not None
        np.testing.assert_array_equal(splits.test.inputs["image"][..., 0], arrays["x_test"])
        assert (len(splits.train), len(splits.validation or [])) == (8, 2)


class TestFashion:
    def write(self, home: Path, **changes: bytes) -> dict[str, np.ndarray]:
        (home / "fashion-mnist").mkdir()
        arrays = digits()
        names = {
            "x_train": "train-images-idx3",
            "y_train": "train-labels-idx1",
            "x_test": "t10k-images-idx3",
            "y_test": "t10k-labels-idx1",
        }
        for name, values in arrays.items():
            start = struct.pack(f">{1 + values.ndim}i", 0x800 + values.ndim, *values.shape)
            packed = gzip.compress(start + values.tobytes())
            (home / f"fashion-mnist/{names[name]}-ubyte.gz").write_bytes(changes.get(name, packed))
        return arrays

    def test_values(self, home, small):
        arrays = self.write(home)
        found = read(small("fashion_mnist"), 0)
        np.testing.assert_array_equal(
            found.inputs["image"][..., 0], np.concatenate([arrays["x_train"], arrays["x_test"]])
        )
        np.testing.assert_array_equal(found.targets["label"], [*range(TRAIN), *range(TEST)])

    @pytest.mark.parametrize(
        ("contents", "message"),
        [
            (b"", "it does not hold the 10 samples of Keras's file"),
            (gzip.compress(b"123"), "it does not hold the 10 samples of Keras's file"),
            (gzip.compress(struct.pack(">2i", 0x801, TRAIN) + bytes(TRAIN + 1)), "it does not hold the 10 samples"),
            (gzip.compress(struct.pack(">2i", 0x803, TRAIN) + bytes(TRAIN)), "it does not hold the 10 samples"),
            (b"no gzip", r"it cannot be unpacked \(Not a gzipped file"),
            (
                gzip.compress(struct.pack(">2i", 0x801, TRAIN) + bytes(TRAIN))[:-9],
                r"it cannot be unpacked \(Compressed file ended",
            ),
            (gzip.compress(bytes(100))[:12] + b"\xff" * 9, "it cannot be unpacked"),
        ],
        ids=["empty", "short", "of more", "of another kind", "not packed", "cut off", "overwritten"],
    )
    def test_damage(self, home, small, contents, message):
        self.write(home, y_train=contents)
        with pytest.raises(NetlabError, match=rf"train-labels-idx1-ubyte\.gz is damaged: {message}"):
            read(small("fashion_mnist"), 0)


def batch(images: np.ndarray, labels: list[int], key: str) -> bytes:
    """As Python 2 wrote it, but for the protocol: keys of bytes, colours first."""
    return pickle.dumps({b"data": images.transpose(0, 3, 1, 2).reshape(len(images), -1), key.encode(): labels}, 3)


def batches(count: int) -> tuple[dict[str, bytes], np.ndarray, list[int]]:
    """CIFAR-10 of 5 * `count` images to train on and 4 to test on."""
    images, labels = (
        pixels(5 * count + TEST, 32, 32, 3),
        [int(label) for label in RANDOM.integers(0, 10, 5 * count + TEST)],
    )
    ends = [*range(count, 5 * count + 1, count), len(images)]
    names = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
    files = {}
    for name, start, end in zip(names, [0, *ends], ends, strict=False):
        files[name] = batch(images[start:end], labels[start:end], "labels")
    return files, images, labels


def archive(files: dict[str, bytes], folder: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, contents in {"readme.html": b"hello", **files}.items():
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(contents)
            tar.addfile(member, io.BytesIO(contents))
    return packed.getvalue()


class TestCifar:
    @pytest.mark.parametrize(
        "unpacked", ["cifar-10-batches-py-target/cifar-10-batches-py", "cifar-10-batches-py", None]
    )
    def test_values(self, home, small, unpacked):
        files, images, labels = batches(2)
        if unpacked:
            (home / unpacked).mkdir(parents=True)
            for name, contents in files.items():
                (home / unpacked / name).write_bytes(contents)
        else:
            turned = dict(reversed(files.items()))
            (home / "cifar-10-batches-py-target_archive").write_bytes(archive(turned, "cifar-10-batches-py"))
        found = read(small("cifar10", 10), 0)
        np.testing.assert_array_equal(found.inputs["image"], images)
        np.testing.assert_array_equal(found.targets["label"], labels)
        np.testing.assert_array_equal(found.parts, [0] * 10 + [2] * TEST)
        assert found.inputs["image"].flags.c_contiguous

    @pytest.mark.parametrize(("mode", "most"), [("fine", 99), ("coarse", 19), (None, 99)])
    def test_kinds_of_labels(self, home, small, mode, most):
        images = pixels(TRAIN + TEST, 32, 32, 3)
        folder = home / "cifar-100-python-target/cifar-100-python"
        folder.mkdir(parents=True)
        for name, part in (("train", images[:TRAIN]), ("test", images[TRAIN:])):
            held = pickle.loads(batch(part, [99] * len(part), "fine_labels"))
            (folder / name).write_bytes(pickle.dumps({**held, b"coarse_labels": [19] * len(part)}, 3))
        spec = small("cifar100").model_copy(update={"label_mode": mode})
        assert set(read(spec, 0).targets["label"]) == {most}

    def test_a_batch_that_asks_for_more_than_arrays_is_refused(self, home, small, tmp_path):
        class Trap:
            def __reduce__(self):
                return (Path.touch, (tmp_path / "ran",))

        files, *_ = batches(2)
        folder = home / "cifar-10-batches-py"
        folder.mkdir()
        for name, contents in files.items():
            (folder / name).write_bytes(contents)
        (folder / "data_batch_3").write_bytes(pickle.dumps({b"data": Trap(), b"labels": []}, 3))
        with pytest.raises(
            NetlabError, match=r"data_batch_3 is damaged: it asks for pathlib\.Path\.touch|asks for builtins.getattr"
        ):
            read(small("cifar10", 10), 0)
        assert not (tmp_path / "ran").exists()

    @pytest.mark.parametrize(
        ("held", "message"),
        [
            ([1], "it holds no mapping"),
            ({}, "'data' has no shape, expected"),
            ({b"data": [1]}, "'data' has no shape, expected"),
            ({b"data": np.zeros((2, 3), np.uint8)}, r"'data' has the shape \(2, 3\), expected \(2, 3072\)"),
            ({b"data": np.zeros((2, 3072), np.int16)}, "its images are int16, expected bytes"),
            ({b"data": np.zeros((2, 3072), np.uint8)}, "it has no list of integers where one is expected"),
            ({b"data": np.zeros((2, 3072), np.uint8), b"labels": [1.5, 2]}, "it has no list of integers"),
            ({b"data": np.zeros((2, 3072), np.uint8), b"labels": b"12345678"}, "it has no list of integers"),
            ({b"data": np.zeros((2, 3072), np.uint8), b"labels": [2**70, 2]}, "it has no list of integers"),
            (
                {b"data": np.zeros((2, 3072), np.uint8), b"labels": [1]},
                r"'labels' has the shape \(1,\), expected \(2,\)",
            ),
            (
                {b"data": np.zeros((2, 3072), np.uint8), b"labels": [1, 10]},
                "it has labels from 1 to 10, expected 0 to 9",
            ),
        ],
    )
    def test_other_contents(self, home, small, held, message):
        files, *_ = batches(2)
        (home / "cifar-10-batches-py").mkdir()
        for name, contents in {**files, "data_batch_1": pickle.dumps(held, 3)}.items():
            (home / "cifar-10-batches-py" / name).write_bytes(contents)
        with pytest.raises(NetlabError, match=rf"data_batch_1 is damaged: {message}"):
            read(small("cifar10", 10), 0)

    @pytest.mark.parametrize(
        ("contents", "message"),
        [
            (archive({"data_batch_1": batches(2)[0]["data_batch_1"]}, "cifar"), "it has no file 'data_batch_2'"),
            (b"no archive", "it cannot be unpacked"),
            (archive(batches(2)[0], "cifar")[:300], "it cannot be unpacked"),
        ],
    )
    def test_a_broken_archive(self, home, small, contents, message):
        (home / "cifar-10-batches-py-target_archive").write_bytes(contents)
        with pytest.raises(NetlabError, match=f"_archive is damaged: {message}"):
            read(small("cifar10", 10), 0)


class TestHouses:
    @pytest.mark.parametrize(
        ("name", "columns", "train", "test"),
        [("boston_housing", 13, 404, 102), ("california_housing", 8, 16_512, 4_128)],
    )
    def test_those_to_test_on_are_keras_s(self, home, small, name, columns, train, test):
        x, y = RANDOM.normal(size=(train + test, columns)), RANDOM.normal(size=train + test)
        np.savez(home / f"{name}.npz", x=x, y=y)
        found = read(small(name, train, test), 0)
        np.testing.assert_array_equal(found.inputs["features"], x.astype(np.float32))
        np.testing.assert_array_equal(found.targets["price"][:, 0], y.astype(np.float32))
        # As in keras.datasets: shuffled by the seed 113, the last fifth is to test on.
        random, indices = np.random.RandomState(113), np.arange(train + test)
        random.shuffle(indices)
        expected = y[indices][int((train + test) * (1 - 0.2)) :].astype(np.float32)
        np.testing.assert_array_equal(np.sort(found.targets["price"][found.parts == 2, 0]), np.sort(expected))


def lists(*texts: list[int]) -> np.ndarray:
    array = np.empty(len(texts), object)
    array[:] = texts
    return array


class TestTexts:
    def test_imdb(self, home, small):
        train = {"x_train": lists([1, 2, 9_000], [5]), "y_train": np.array([0, 1])}
        test = {"x_test": lists([1, 2, 3, 4, 5, 6], []), "y_test": np.array([1, 0])}
        np.savez(home / "imdb.npz", **train, **test)
        spec = small("imdb", 2, 2).model_copy(update={"num_words": 9, "length": 5})
        found = read(spec, 0)
        np.testing.assert_array_equal(
            found.inputs["tokens"], [[1, 4, 5, 2, 0], [1, 8, 0, 0, 0], [5, 6, 7, 8, 2], [1, 0, 0, 0, 0]]
        )
        assert found.inputs["tokens"].dtype == np.int32
        np.testing.assert_array_equal(found.targets["label"], [0, 1, 1, 0])
        np.testing.assert_array_equal(found.parts, [0, 0, 2, 2])

    def test_reuters(self, home, small):
        texts = [[int(word) for word in RANDOM.integers(1, 30_000, length)] for length in RANDOM.integers(1, 300, 20)]
        labels = RANDOM.integers(0, 46, 20)
        np.savez(home / "reuters.npz", x=lists(*texts), y=labels)
        found = read(small("reuters", 16, 4), 0)
        for row, text in zip(found.inputs["tokens"], texts, strict=True):
            expected = [1, *(word + 3 if word + 3 < 10_000 else 2 for word in text)][-200:]
            assert row.tolist() == expected + [0] * (200 - len(expected))
        indices = np.arange(20)
        np.random.RandomState(113).shuffle(indices)
        assert set(np.flatnonzero(found.parts == 2)) == set(indices[16:])
        np.testing.assert_array_equal(found.targets["label"], labels)

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"x": lists([1], [2])}, "it has 2 texts, Keras's file 3"),
            ({"x": lists([1], [2], [-9])}, "its text 2 has an index below 0"),
            ({"x": lists([1], [2], ["a"])}, "it has no list of integers where one is expected"),
            ({"x": np.zeros(3)}, "array 'x' cannot be read"),
            ({"x": lists([1], [2], [1j])}, r"array 'x' cannot be read: it asks for builtins\.complex"),
            ({"y": np.array([0, 1])}, r"what it has of labels has the shape \(2,\), expected \(3,\)"),
            ({"y": np.array([0, 1, 46])}, "it has labels from 0 to 46, expected 0 to 45"),
        ],
    )
    def test_other_contents(self, home, small, changes, message):
        np.savez(home / "reuters.npz", **{"x": lists([1], [2], [3]), "y": np.array([0, 1, 2]), **changes})
        with pytest.raises(NetlabError, match=rf"reuters\.npz is damaged: {message}"):
            read(small("reuters", 2, 1), 0)


def test_no_keras_and_no_pickle_is_imported_for_it():
    code = """
import sys
import netlib.data.sources.keras_sets
found = {"keras", "tensorflow"} & set(sys.modules)
assert not found, found
"""
    subprocess.run([sys.executable, "-c", code], check=True)
