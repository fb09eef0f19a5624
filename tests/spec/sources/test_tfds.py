"""The source `tfds` by a folder that is made by hand: how it is found, what is stated in it, and what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from netlib.spec.data import DataSpec
from netlib.spec.errors import NetlabError, SpecError
from netlib.spec.features import Feature, MissingFileError, labels, text
from netlib.spec.sources import tfds_folder
from netlib.spec.sources.tfds import Tfds
from netlib.spec.tensors import TensorSpec

PACKAGE = "tensorflow_datasets.core.features"


def tensor(dtype: str, *axes: int, encoding: str = "none") -> dict[str, Any]:
    shape = {"dimensions": [str(axis) for axis in axes]} if axes else {}
    return {"pythonClassName": f"{PACKAGE}.Tensor", "tensor": {"dtype": dtype, "encoding": encoding, "shape": shape}}


def image(*axes: int, **more: str) -> dict[str, Any]:
    return {"image": {"dtype": "uint8", "shape": {"dimensions": [str(axis) for axis in axes]}, **more}}


def sequence(feature: Any, length: int = -1) -> dict[str, Any]:
    return {"sequence": {"feature": feature, "length": str(length)}}


def several(**features: Any) -> dict[str, Any]:
    return {"featuresDict": {"features": features}, "pythonClassName": f"{PACKAGE}.FeaturesDict"}


FEATURES = {
    "x": tensor("float32", 2),
    "y": {"classLabel": {"numClasses": "2"}},
    "text": {"text": {}},
    "flag": tensor("bool"),
    "packed": tensor("int16", 2, encoding="zlib"),
    "half": tensor("bfloat16"),
    "open": tensor("float32", -1, -1),
    "ids": sequence(tensor("int64")),
    "pairs": sequence(tensor("float32", 2), 3),
    "rows": tensor("float64", -1, 4),
    "texts": sequence({"text": {}}),
    "image": image(3, 2, 1, encodingFormat="png"),
    "photo": image(-1, -1, 3),
    "deep": {"image": {"dtype": "float32", "shape": {"dimensions": ["2", "2", "1"]}}},
    "video": {"pythonClassName": f"{PACKAGE}.video_feature.Video", "video": {}},
    "objects": sequence(several(box={"boundingBox": {"dtype": "float32", "shape": {"dimensions": ["4"]}}}), 2),
}
ROW: dict[str, list[Any]] = {"x": [1.0, 2.0], "y": [1], "text": [b"a"]}
INFO: dict[str, Any] = {
    "name": "tiny",
    "version": "1.0.0",
    "fileFormat": "tfrecord",
    "splits": [{"name": "train", "shardLengths": ["2", "0", "1"]}, {"name": "test", "shardLengths": ["1"]}],
    "supervisedKeys": {"tuple": {"items": [{"featureKey": "x"}, {"featureKey": "y"}]}},
}
Made = Callable[..., Path]


@pytest.fixture
def made(records, tmp_path) -> Made:
    """Makes a prepared folder `tiny/1.0.0`, or another; `info` and `features` stand in the place of what they are else."""

    def make(place: str = "tiny/1.0.0", features: Any = None, **info: Any) -> Path:
        records(f"{place}/tiny-train.tfrecord-00000-of-00003", [ROW, ROW])
        records(f"{place}/tiny-train.tfrecord-00001-of-00003", [])
        records(f"{place}/tiny-train.tfrecord-00002-of-00003", [ROW])
        records(f"{place}/tiny-test.tfrecord-00000-of-00001", [ROW])
        folder: Path = tmp_path / place
        (folder / "dataset_info.json").write_text(json.dumps({**INFO, **info}))
        (folder / "features.json").write_text(json.dumps(several(**FEATURES) if features is None else features))
        (folder / "y.labels.txt").write_text("no\nyes\n")
        return tmp_path

    return make


def source(folder: Path, **parameters: Any) -> Tfds:
    return Tfds.parse({"name": "tiny", "data_dir": str(folder), **parameters})


def test_the_signature_is_what_the_folder_states(made):
    spec = source(made())
    assert Tfds.parse(spec.to_plain()) == spec
    signature = spec.signature()
    assert signature.inputs == {"x": Feature(TensorSpec((None, 2), "float32"))}
    assert signature.targets == {"y": labels(2, ("no", "yes"))}
    assert signature.samples == 4
    assert spec.parts == ("train", "test")
    assert [Path(name).name[:10] for name, *_ in spec.stamp()] == ["tiny-train", "tiny-train", "tiny-test."]
    assert source(made(), on_error="skip").signature().samples is None


def test_what_features_hold(made):
    stored = {name: (each.dtype, each.encoding, each.axes) for name, each in source(made()).declared().items()}
    assert stored == {
        "x": ("float32", None, (2,)),
        "y": ("int64", None, ()),
        "text": ("string", None, ()),
        "flag": ("bool", None, ()),
        "packed": ("int16", "zlib", (2,)),
        "pairs": ("float32", None, (3, 2)),
        "image": (None, "png", (3, 2, 1)),
        "objects/box": ("float32", None, (2, 4)),
    }


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ids", r"has lists of any length: .* features: {ids: {dtype: int64, length: 100, cut: end}}"),
        ("rows", r"features: {rows: {dtype: float64, shape: \[4\], length: 100, cut: end}}"),
        ("photo", r"has images of any size: .*{photo: {encoding: image, shape: \[64, 64, 3\], fit: crop}}"),
        ("half", "feature 'half' of tiny holds bfloat16, which is not read"),
        ("open", r"has the shape \[-1, -1\], and only the first axis may differ"),
        ("texts", "is a list of something else than numbers of one shape"),
        ("deep", "has images of float32, which are not read"),
        ("video", "is a Video, which is not read"),
        ("lable", r"tiny has no feature 'lable' \(it has: deep, flag"),
        ("imag", r"tiny has no feature 'imag'; did you mean 'image'\?"),
    ],
)
def test_features_that_cannot_be_read_as_they_are(made, name, message):
    with pytest.raises(SpecError, match=message):
        source(made(), inputs=[name]).signature()


def test_what_the_config_says_stands_in_the_place_of_what_is_stated(made, records):
    row = {**ROW, "ids": [1, 2]}
    folder = made()
    records("tiny/1.0.0/tiny-train.tfrecord-00000-of-00003", [row, row])
    spec = source(folder, inputs=["text", "ids"], targets=[], features={"ids": {"dtype": "int64", "length": 3}})
    assert spec.signature().inputs == {"text": text(), "ids": Feature(TensorSpec((None, 3), "int32"))}
    with pytest.raises(SpecError, match=r"tiny has no feature 'idd'; did you mean 'ids'\?"):
        source(folder, features={"idd": "int64"}).signature()
    spec = source(folder, inputs="x", features={"y": "int64"})
    assert spec.signature().targets == {"y": Feature(TensorSpec((None,), "int32"))}


def test_without_what_is_input_by_default(made):
    with pytest.raises(SpecError, match="tiny does not say what is an input: say inputs and targets"):
        source(made(supervisedKeys={})).signature()
    with pytest.raises(SpecError, match="'x' is a target"):
        source(made(), inputs="x", targets="x").signature()


@pytest.mark.parametrize(
    ("subsets", "place", "message"),
    [
        ({"trian": "train"}, ("trian",), r"there is no split 'trian'; did you mean 'train'\?"),
        ({"test": "test"}, (), "samples to train on are needed: train"),
        ({"train": 3}, ("train",), "expected the name of a split of the set, or a list of them, got 3"),
        ("train", (), "expected a mapping from split"),
    ],
)
def test_subsets_that_are_none(subsets, place, message):
    with pytest.raises(SpecError, match=message) as caught:
        Tfds.parse({"name": "tiny", "subsets": subsets})
    assert ("subsets", *place) in [problem.loc for problem in caught.value.problems]


def test_subsets(made):
    folder = made()
    spec = source(folder, subsets={"train": ["train", "test"]})
    assert (spec.parts, spec.signature().samples) == ((), 4)
    for subsets, message in (
        ({"train": "trian"}, r"no split 'trian'; did you mean 'train'\? \(tiny has: train, test\)"),
        ({"train": "train", "test": "train"}, "split 'train' is named twice"),
    ):
        with pytest.raises(SpecError, match=message):
            source(folder, subsets=subsets).signature()
    only = made(splits=[{"name": "all", "shardLengths": ["0"]}])
    with pytest.raises(SpecError, match=r"no split is called train \(tiny has: all\)"):
        source(only).signature()
    with pytest.raises(NetlabError, match="has no records"):
        source(only, subsets={"train": "all"}).signature()
    section = {"source": "tfds", "name": "tiny", "data_dir": str(made()), "validation": 0.5}
    assert DataSpec.parse(section).has("test")


def test_the_newest_version_and_the_only_configuration(made):
    made("tiny/plain/2.0.0"), made("tiny/plain/10.0.0")
    folder = made("tiny/plain/2.0.1")
    for name, version in (
        ("tiny", "10.0.0"),
        ("tiny/plain", "10.0.0"),
        ("tiny:2.0.1", "2.0.1"),
        ("tiny/plain:2.0.0", "2.0.0"),
    ):
        assert source(folder, name=name).set.folder == folder / "tiny" / "plain" / version
    made("tiny/other/1.0.0")
    with pytest.raises(SpecError, match=r"several configurations: name one \(tiny/other or tiny/plain\)"):
        source(folder).signature()
    with pytest.raises(SpecError, match="expected the name of a set"):
        source(folder, name="tiny:new").signature()


def test_a_set_that_is_not_prepared(made, monkeypatch, tmp_path):
    monkeypatch.setattr(tfds_folder, "find_spec", lambda name: None)
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    expected = (
        rf"no {tmp_path}/mnist/VERSION/dataset_info.json; prepare it once: pip install 'netlab\[tfds\]', then python"
    )
    with pytest.raises(MissingFileError, match=expected) as caught:
        Tfds.parse({"name": "mnist"}).signature()
    assert caught.value.problems[0].loc == ("name",)
    assert Tfds.parse({"name": "mnist"}).parts == ()
    monkeypatch.setattr(tfds_folder, "find_spec", lambda name: name)
    made()
    with pytest.raises(
        MissingFileError, match=r"did you mean 'tiny'\?; prepare it once: python -c .*tfds\.builder\('tinny'"
    ):
        Tfds.parse({"name": "tinny"}).signature()
    with pytest.raises(MissingFileError, match=r"tiny/2\.0\.0/dataset_info\.json \(there: 1\.0\.0\)"):
        Tfds.parse({"name": "tiny:2.0.0"}).signature()
    monkeypatch.delenv("TFDS_DATA_DIR")
    assert tfds_folder.data_dir(None) == Path.home() / "tensorflow_datasets"


@pytest.mark.parametrize(
    ("name", "contents", "message"),
    [
        ("dataset_info.json", "{", r"dataset_info\.json is damaged: it is no JSON"),
        ("dataset_info.json", "[]", r"dataset_info\.json is damaged: it is no mapping"),
        ("dataset_info.json", "{}", r"dataset_info\.json is not of the form .*: no 'splits'"),
        ("dataset_info.json", json.dumps({**INFO, "splits": [3]}), r"dataset_info\.json is not of the form"),
        ("dataset_info.json", json.dumps({**INFO, "splits": {"train": 3}}), r"dataset_info\.json is not of the form"),
        (
            "dataset_info.json",
            json.dumps({**INFO, "splits": [{"name": "../train", "shardLengths": ["1"]}]}),
            r"split '\.\./train' has a file",
        ),
        ("features.json", "[1]", r"features\.json is damaged: it is no mapping"),
        ("features.json", '{"type": "old"}', r"features\.json is not of the form .*: no 'pythonClassName'"),
        ("features.json", '{"featuresDict": {"features": {"x": 3}}}', r"features\.json is not of the form"),
        ("features.json", json.dumps(several(x=image(3, -1))), r"features\.json is not of the form"),
        ("y.labels.txt", "no", r"y\.labels\.txt is damaged: 1 names of classes, 2 are expected"),
        ("tiny-train.tfrecord-00000-of-00003", "", r"tiny-train\.tfrecord-00000-of-00003 is empty"),
        (
            "tiny-train.tfrecord-00000-of-00003",
            None,
            r"has no file tiny-train\.tfrecord-00000-of-00003: delete the folder",
        ),
        ("features.json", None, r"1\.0\.0 has no features\.json: delete the folder"),
    ],
)
def test_folders_that_are_damaged(made, name, contents, message):
    folder = made()
    file = folder / "tiny" / "1.0.0" / name
    file.unlink() if contents is None else file.write_text(contents)
    with pytest.raises(NetlabError, match=message):
        source(folder).signature()


def test_files_that_are_not_read(made):
    with pytest.raises(SpecError, match=r"has files of riegeli, which is not read .* file_format='tfrecord'"):
        source(made(fileFormat="riegeli")).signature()


def test_labels_without_names(made):
    folder = made()
    (folder / "tiny" / "1.0.0" / "y.labels.txt").unlink()
    assert source(folder).signature().targets == {"y": labels(2)}
