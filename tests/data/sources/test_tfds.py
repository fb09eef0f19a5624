"""Prepared sets against what TensorFlow Datasets itself reads of them, where that is installed; one is made by hand."""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path
from shutil import copytree
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib.data.load import load
from netlib.data.sources.tfds import read, reader
from netlib.data.streaming import Streamed
from netlib.spec.data import DataSpec
from netlib.spec.errors import NetlabError, UsageError
from netlib.spec.sources.tfds import Tfds

SPLITS = {"train": (4, 3), "validation": (2,), "test": (3,)}


def by_hand(folder: Path) -> Path:
    """A set of which `x` is the number of the row, counted through all splits, and `y` whether it is odd."""
    place, row = folder / "tiny" / "1.0.0", 0
    place.mkdir(parents=True)
    for split, counts in SPLITS.items():
        for number, count in enumerate(counts):
            with tf.io.TFRecordWriter(
                str(place / f"tiny-{split}.tfrecord-{number:05d}-of-{len(counts):05d}")
            ) as writer:
                for _ in range(count):
                    x = tf.train.Feature(float_list=tf.train.FloatList(value=[row]))
                    y = tf.train.Feature(int64_list=tf.train.Int64List(value=[row % 2]))
                    features = tf.train.Features(feature={"x": x, "y": y})
                    writer.write(tf.train.Example(features=features).SerializeToString())
                    row += 1
    keys = {"tuple": {"items": [{"featureKey": "x"}, {"featureKey": "y"}]}}
    splits = [{"name": split, "shardLengths": [str(count) for count in counts]} for split, counts in SPLITS.items()]
    (place / "dataset_info.json").write_text(json.dumps({"name": "tiny", "splits": splits, "supervisedKeys": keys}))
    features = {
        "x": {"tensor": {"dtype": "float32", "encoding": "none", "shape": {}}},
        "y": {"classLabel": {"numClasses": "2"}},
    }
    (place / "features.json").write_text(json.dumps({"featuresDict": {"features": features}}))
    return folder


def section(folder: Path, **parameters: Any) -> dict[str, Any]:
    return {"source": "tfds", "name": "tiny", "data_dir": str(folder), **parameters}


def test_splits_are_those_of_the_set(tmp_path):
    splits = load(DataSpec.parse(section(by_hand(tmp_path))), 0)
    found = {name: getattr(splits, name) for name in SPLITS}
    assert {name: part.inputs["x"][:, 0].tolist() for name, part in found.items()} == {
        "train": [0, 1, 2, 3, 4, 5, 6],
        "validation": [7, 8],
        "test": [9, 10, 11],
    }
    assert all(part.targets["y"].tolist() == (part.inputs["x"][:, 0] % 2).tolist() for part in found.values())
    chosen = load(DataSpec.parse(section(tmp_path, subsets={"train": ["test", "validation"]}, test=0.4)), 0)
    assert chosen.test is not None
    assert chosen.validation is None
    rows = {*chosen.train.inputs["x"][:, 0].tolist(), *chosen.test.inputs["x"][:, 0].tolist()}  # type: ignore[union-attr]
    assert rows == {7, 8, 9, 10, 11}


def test_a_stream_has_the_values_that_memory_has(tmp_path, monkeypatch):
    by_hand(tmp_path)
    source = Tfds.parse({"name": "tiny", "data_dir": str(tmp_path)})
    opened, whole = reader(source), read(source, 0)
    assert opened is not None
    order = np.random.default_rng(0).permutation(12)
    np.testing.assert_array_equal(opened.take(order).inputs["x"], whole.inputs["x"][order])
    np.testing.assert_array_equal(opened.parts(), whole.parts)
    assert reader(Tfds.parse({"name": "tiny", "data_dir": str(tmp_path), "on_error": "skip"})) is None
    monkeypatch.setattr("netlib.data.sources.tfrecord_reader.ExamplesReader.row_bytes", 1000)
    streamed = load(DataSpec.parse(section(tmp_path, memory="10KB")), 0).validation
    assert isinstance(streamed, Streamed)
    assert streamed.read(np.arange(2)).inputs["x"].tolist() == [[7], [8]]


def test_a_file_of_more_or_fewer_records_than_are_stated(tmp_path):
    place = by_hand(tmp_path) / "tiny" / "1.0.0"
    (place / "tiny-train.tfrecord-00001-of-00002").write_bytes(
        (place / "tiny-test.tfrecord-00000-of-00001").read_bytes()[:-1]
    )
    (place / "tiny-train.tfrecord-00000-of-00002").write_bytes(
        (place / "tiny-test.tfrecord-00000-of-00001").read_bytes()
    )
    source = Tfds.parse({"name": "tiny", "data_dir": str(tmp_path)})
    with pytest.raises(NetlabError, match=r"00000-of-00002 has 3 records, where 4 are stated in dataset_info\.json"):
        read(source, 0)
    (place / "tiny-train.tfrecord-00000-of-00002").write_bytes(
        (place / "tiny-test.tfrecord-00000-of-00001").read_bytes()[:0]
    )
    with pytest.raises(NetlabError, match=r"00000-of-00002 is empty"):
        source.signature()


def test_array_record_without_its_package(tmp_path, monkeypatch):
    place = by_hand(tmp_path) / "tiny" / "1.0.0"
    info = json.loads((place / "dataset_info.json").read_text())
    (place / "dataset_info.json").write_text(json.dumps({**info, "fileFormat": "array_record"}))
    for file in place.glob("*.tfrecord*"):
        file.rename(file.with_name(file.name.replace("tfrecord", "array_record")))
    source = Tfds.parse({"name": "tiny", "data_dir": str(tmp_path)})
    monkeypatch.setitem(__import__("sys").modules, "array_record.python.array_record_module", None)
    with pytest.raises(UsageError, match=r"is an ArrayRecord file, which .* reads: pip install 'netlab\[tfds\]'"):
        source.signature()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A set as the package itself prepares it, as TFRecord and as ArrayRecord."""
    if importlib.util.find_spec("tensorflow_datasets") is None:
        pytest.skip("tensorflow-datasets is not installed")
    os.environ["TFDS_DISABLE_TELEMETRY"] = "1"
    import tensorflow_datasets as tfds

    feature, folder = tfds.features, tmp_path_factory.mktemp("sets")

    class Tiny(tfds.core.GeneratorBasedBuilder):
        """Rows of every kind of feature that is read."""

        VERSION = tfds.core.Version("1.2.3")
        pkg_dir_path = folder
        code_path = None

        def _info(self) -> Any:
            features = {
                "image": feature.Image(shape=(6, 5, 3)),
                "photo": feature.Image(shape=(None, None, 1), encoding_format="png"),
                "label": feature.ClassLabel(names=["cat", "dog"]),
                "text": feature.Text(),
                "x": feature.Tensor(shape=(3, 2), dtype=np.float32),
                "flag": feature.Scalar(dtype=np.bool_),
                "packed": feature.Tensor(shape=(2,), dtype=np.int64, encoding="zlib"),
                "raw": feature.Tensor(shape=(2,), dtype=np.int16, encoding="bytes"),
                "ids": feature.Sequence(np.int64),
                "pairs": feature.Sequence(feature.Tensor(shape=(2,), dtype=np.float32), length=3),
                "inner": {"a": np.float64, "kind": feature.ClassLabel(names=["u", "v", "w"])},
            }
            return self.dataset_info_from_configs(
                features=feature.FeaturesDict(features), supervised_keys=("image", "label")
            )

        def _split_generators(self, _: Any) -> Any:
            return {"train": self._generate_examples(25), "test": self._generate_examples(4)}

        def _generate_examples(self, count: int) -> Any:
            draw = np.random.default_rng(count)
            for row in range(count):
                yield (
                    row,
                    {
                        "image": draw.integers(0, 256, (6, 5, 3), dtype=np.uint8),
                        "photo": draw.integers(0, 256, (4, 4, 1), dtype=np.uint8),
                        "label": row % 2,
                        "text": f"é{row}",
                        "x": draw.normal(size=(3, 2)).astype(np.float32),
                        "flag": bool(row % 3),
                        "packed": draw.integers(-(2**31), 2**31, 2),
                        "raw": np.array([row, -row], np.int16),
                        "ids": list(range(row % 4)),
                        "pairs": draw.normal(size=(3, 2)).astype(np.float32),
                        "inner": {"a": 1.5 * row, "kind": row % 3},
                    },
                )

    builders = {}
    for form in ("tfrecord", "array_record"):
        builders[form] = Tiny(data_dir=folder / form, file_format=form)
        builders[form].download_and_prepare()
    return builders


def _rows(builder: Any, split: str) -> Any:
    """Of a split, as the package gives them: the two kinds of files have different ways in."""
    of_records = builder.info.file_format.value == "tfrecord"
    return builder.as_dataset(split).as_numpy_iterator() if of_records else builder.as_data_source(split)


@pytest.mark.parametrize("form", ["tfrecord", "array_record"])
def test_values_are_those_that_the_package_reads(prepared, form):
    names = ("image", "photo", "text", "x", "flag", "packed", "raw", "ids", "pairs")
    source = Tfds.parse({
        "name": "tiny",
        "data_dir": str(Path(prepared[form].data_dir).parent.parent),
        "inputs": {**{name: name for name in names}, "a": "inner/a"},
        "targets": {"label": "label", "kind": "inner/kind"},
        "features": {"ids": {"dtype": "int64", "length": 3}, "photo": {"encoding": "png", "shape": [4, 4, 1]}},
    })  # fmt: skip
    signature = source.signature()
    assert signature.samples == 29
    assert {name: each.class_names for name, each in signature.targets.items()} == {
        "label": ("cat", "dog"),
        "kind": ("u", "v", "w"),
    }
    arrays = read(source, 0)
    place = 0
    for split in ("train", "test"):
        for row in _rows(prepared[form], split):
            for name in ("image", "photo", "x", "flag", "packed", "raw", "pairs"):
                np.testing.assert_array_equal(arrays.inputs[name][place], row[name])
            np.testing.assert_array_equal(arrays.inputs["ids"][place], np.pad(row["ids"], (0, 3 - len(row["ids"]))))
            assert arrays.inputs["text"][place] == row["text"].decode()
            assert arrays.inputs["a"][place, 0] == row["inner"]["a"]
            assert arrays.targets["label"][place] == row["label"]
            assert arrays.targets["kind"][place] == row["inner"]["kind"]
            place += 1
    assert place == len(arrays) == 29
    order = np.random.default_rng(0).permutation(29)
    opened = reader(source)
    assert opened is not None
    np.testing.assert_array_equal(opened.take(order).inputs["image"], arrays.inputs["image"][order])


def test_array_record_files_that_are_damaged(prepared, tmp_path):
    copytree(Path(prepared["array_record"].data_dir).parent.parent, tmp_path / "sets")
    source = Tfds.parse({"name": "tiny", "data_dir": str(tmp_path / "sets"), "inputs": "x", "targets": "label"})
    file = source.files()[0]
    contents = file.read_bytes()
    for damaged in (b"", contents[:-300]):
        file.write_bytes(damaged)
        for use in (source.signature, lambda: read(source, 0)):
            with pytest.raises(NetlabError, match=r"tiny-train\.array_record-00000-of-00001 is damaged: "):
                use()
    file.write_bytes(contents[:2000] + bytes([contents[2000] ^ 1]) + contents[2001:])
    with pytest.raises(NetlabError, match=r"array_record-00000-of-00001, record \d+: .*cannot be read.*on_error: skip"):
        read(source, 0)
