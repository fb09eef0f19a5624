"""The source `tfrecord` before its records are read: what is declared, and what the first record has to do with it."""

from __future__ import annotations

import gzip
import io
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from netlib.spec.data import DataSpec
from netlib.spec.errors import NetlabError, SpecError
from netlib.spec.features import Feature, MissingFileError, text
from netlib.spec.sources.tfrecord import Tfrecord
from netlib.spec.sources.tfrecord_features import RecordFeature, limits
from netlib.spec.sources.tfrecord_framing import checksum
from netlib.spec.tensors import TensorSpec

ROW: dict[str, list[Any]] = {"x": [1.0, 2.0], "label": [3], "name": [b"ann"]}
FEATURES: dict[str, Any] = {"x": {"dtype": "float32", "shape": [2]}, "label": "int64", "name": "string"}


def source(path: object, **parameters: Any) -> Tfrecord:
    return Tfrecord.parse({"path": str(path), "features": FEATURES, "targets": "label", **parameters})


def png(height: int = 3, width: int = 2, kind: str = "PNG") -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.zeros((height, width), np.uint8)).save(stream, kind)
    return stream.getvalue()


def test_the_checksum_is_that_of_the_castagnoli_polynomial():
    """By its definition, bit by bit."""
    crc = 0xFFFFFFFF
    for byte in b"123456789":
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    assert crc == 0xE3069283
    assert checksum(b"123456789") == ((crc >> 15 | crc << 17 & 0xFFFFFFFF) + 0xA282EAD8) % 2**32


def test_the_signature(records):
    spec = source(records("a.tfrecord", [ROW]))
    assert Tfrecord.parse(spec.to_plain()) == spec
    signature = spec.signature()
    assert signature.inputs == {"x": Feature(TensorSpec((None, 2), "float32")), "name": text()}
    assert signature.targets == {"label": Feature(TensorSpec((None,), "int32"))}
    assert signature.samples is None
    assert [name for name, *_ in spec.stamp()] == [str(spec.files()[0])]


@pytest.mark.parametrize(
    ("declared", "feature"),
    [
        ("float64", Feature(TensorSpec((None, 1), "float32"))),
        ({"dtype": "bool"}, Feature(TensorSpec((None,), "int32"))),
        ({"dtype": "int16", "shape": [2, 3], "encoding": "raw"}, Feature(TensorSpec((None, 2, 3), "int32"))),
        ({"dtype": "float32", "length": 5}, Feature(TensorSpec((None, 5), "float32"))),
        ({"dtype": "int64", "length": 5, "shape": [4]}, Feature(TensorSpec((None, 5, 4), "int32"))),
        (
            {"encoding": "jpeg", "shape": [4, 5, 3]},
            Feature(TensorSpec((None, 4, 5, 3), "int32"), minimum=0, maximum=255),
        ),
        ("uint8", Feature(TensorSpec((None,), "int32"), minimum=0, maximum=255)),
    ],
)
def test_what_is_made_of_a_feature(declared, feature):
    assert (
        RecordFeature.model_validate({"dtype": declared} if isinstance(declared, str) else declared).feature()
        == feature
    )


@pytest.mark.parametrize(
    ("declared", "place", "message"),
    [
        ({}, (), "a feature needs 'dtype', or the 'encoding' of an image"),
        ({"dtype": "flaot32"}, ("dtype",), "expected 'float16'"),
        ({"dtype": "int64", "shape": [None]}, ("shape",), r"declared by length: N, .* and shape: \[\]"),
        ({"dtype": "int64", "shape": [-1, 4]}, ("shape",), r"declared by length: N, .* and shape: \[4\]"),
        ({"encoding": "png"}, ("shape",), r"needs the shape \[height, width, channels\], channels 1, 3 or 4; got none"),
        ({"encoding": "png", "shape": [4, 4, 2]}, ("shape",), r"got \[4, 4, 2\]"),
        ({"encoding": "png", "shape": [4, 4, 1], "dtype": "float32"}, ("dtype",), "images are uint8, got float32"),
        (
            {"encoding": "png", "shape": [4, 4, 1], "length": 3},
            ("length",),
            "is of lists of numbers, and this is an image",
        ),
        ({"encoding": "png", "shape": [4, 4, 1], "default": 0}, ("default",), "there is no default image"),
        ({"dtype": "string", "shape": [3]}, ("shape",), "is not of texts"),
        ({"dtype": "string", "length": 3}, ("length",), "is of lists of numbers, and this is a text"),
        ({"dtype": "string", "encoding": "raw"}, ("encoding",), "is not of texts"),
        ({"dtype": "string", "default": 3}, ("default",), "expected a text, got 3"),
        ({"dtype": "int8", "default": 128}, ("default",), "expected a number of that dtype, got 128"),
        ({"dtype": "int64", "default": 0.5}, ("default",), "expected a number of that dtype, got 0.5"),
        ({"dtype": "float32", "default": "0"}, ("default",), "expected a number of that dtype, got '0'"),
        ({"dtype": "float32", "default": float("inf")}, ("default",), "expected a number of that dtype, got inf"),
        ({"dtype": "int64", "cut": "end"}, ("cut",), "longer than length, which is not given"),
        ({"dtype": "int64", "fit": "crop"}, ("fit",), "is of images"),
    ],
)
def test_declarations_that_mean_nothing(declared, place, message):
    with pytest.raises(SpecError, match=message) as caught:
        Tfrecord.parse({"path": "a", "features": {"x": declared}, "targets": []})
    assert [problem.loc for problem in caught.value.problems] == [("features", "x", *place)]


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        ("bool", (0, 1)),
        ("int8", (-128, 127)),
        ("uint16", (0, 65535)),
        ("uint32", (0, 2**31 - 1)),
        ("int64", (-(2**31), 2**31 - 1)),
    ],
)
def test_limits(dtype, expected):
    assert limits(dtype) == expected


@pytest.mark.parametrize(
    ("parameters", "place", "message"),
    [
        ({"targets": "lable"}, "targets", r"no feature 'lable' is declared in features; did you mean 'label'\?"),
        ({"inputs": ["y"]}, "inputs", r"no feature 'y' is declared in features \(there are: x, label, name\)"),
        ({"inputs": "label"}, "inputs", "feature 'label' is a target: an input of it would say the answer"),
        ({"inputs": []}, "inputs", "no feature is left to be an input"),
        ({"weights": "name"}, "weights", "feature 'name' is looked at as one value, and is not a number"),
        ({"weights": "x"}, "weights", "feature 'x' is looked at as one value, and is not a number"),
        (
            {"targets": {"t": ["label", "name"]}, "inputs": "x"},
            "targets",
            "'t' is joined of 'name', which is no number",
        ),
        ({"inputs": {"x": ["x", "name"]}}, "inputs", "'x' is joined of 'x', and an input has that name"),
    ],
)
def test_uses_that_do_not_fit(records, parameters, place, message):
    with pytest.raises(SpecError, match=message) as caught:
        source(records("a.tfrecord", [ROW]), **parameters).signature()
    assert (place,) in [problem.loc for problem in caught.value.problems]


def test_names_that_are_no_names_are_to_be_given_others(records):
    path = records("a.tfrecord", [{"a/b": [1.0], "y": [1]}])
    spec = {"path": str(path), "features": {"a/b": "float32", "y": "int64"}, "targets": "y"}
    with pytest.raises(SpecError, match=r"expected a name .* name the input: inputs: {NAME: a/b}"):
        Tfrecord.parse(spec).signature()
    assert list(Tfrecord.parse({**spec, "inputs": {"ab": "a/b"}}).signature().inputs) == ["ab"]


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ({"x1": "float32"}, r"record 0: there is no feature 'x1'; did you mean 'x'\? \(it has: label \(1 integer\), name \("),
        ({"x": "float32"}, r"feature 'x' holds 2 floats, but shape \[\] takes 1; say shape: \[2\], or length: N"),
        ({"x": {"dtype": "float32", "shape": [3]}}, r"feature 'x' holds 2 floats, but shape \[3\] takes 3"),
        ({"x": "int64"}, r"feature 'x' holds 2 floats, but integers are needed for dtype: int64; say dtype: float32"),
        ({"x": "string"}, r"holds 2 floats, but byte strings are needed for dtype: string; say dtype: float32"),
        ({"x": {"dtype": "float32", "shape": [2], "encoding": "raw"}}, "encoding: raw; say .*float32 without encoding"),
        ({"name": "int32"}, "holds 1 byte string, but integers .* a text is dtype: string"),
        ({"name": {"encoding": "png", "shape": [1, 1, 1]}}, "feature 'name' is no image in PNG"),
        ({"x": {"dtype": "float32", "length": 1}}, "2 floats, but length 1 takes 1; raise length, or say .*cut: end or start"),
        ({"x": {"dtype": "float32", "length": 4, "shape": [3]}}, r"which are no multiple of 3, that shape \[3\] takes"),
    ],
)  # fmt: skip
def test_a_first_record_that_is_not_as_declared(records, features, message):
    with pytest.raises(SpecError, match=message) as caught:
        source(records("a.tfrecord", [ROW]), features={**FEATURES, **features}, inputs=[*features]).signature()
    assert [problem.loc for problem in caught.value.problems] == [("features", next(iter(features)))]


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        (
            {"encoding": "png", "shape": [3, 3, 1]},
            r"an image of 3 x 2 pixels .* declared are 3 x 3; say shape: \[3, 2, 1\], or",
        ),
        ({"encoding": "jpeg", "shape": [3, 2, 1]}, "feature 'i' is no image in JPEG"),
    ],
)
def test_the_first_image(records, declared, message):
    path = records("a.tfrecord", [{"i": [png()], "y": [1]}])
    parameters = {"path": str(path), "targets": "y"}
    with pytest.raises(SpecError, match=message):
        Tfrecord.parse({**parameters, "features": {"i": declared, "y": "int64"}}).signature()
    for each in ({"encoding": "png", "shape": [3, 2, 1]}, {"encoding": "image", "shape": [9, 9, 3], "fit": "pad"}):
        signature = Tfrecord.parse({**parameters, "features": {"i": each, "y": "int64"}}).signature()
        assert signature.inputs["i"].tensor.shape == (None, *each["shape"])


def test_where_records_may_be_left_out_only_a_feature_of_another_name_is_an_error(records):
    path = records("a.tfrecord", [b"\x07no example", ROW])
    assert source(path, on_error="skip").signature().inputs
    path.write_bytes(path.read_bytes()[:14] + b"!" + path.read_bytes()[15:])
    assert source(path, on_error="skip").signature().inputs
    path.write_bytes(b"something else")
    with pytest.raises(SpecError, match="is no TFRecord file"):
        source(path, on_error="skip").signature()
    path = records("b.tfrecord", [ROW])
    assert source(path, on_error="skip", features={**FEATURES, "x": "float32"}).signature().inputs
    with pytest.raises(SpecError, match="there is no feature 'z'"):
        source(path, on_error="skip", features={**FEATURES, "z": "float32"}).signature()


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (b"\x07no example", "record 0 is no tf.train.Example"),
        (b"", "record 0 is no tf.train.Example: it has no features"),
        (b"\x12\x00\x12\x02ab", "record 0 is a tf.train.SequenceExample, and only"),
    ],
)
def test_records_of_something_else(records, record, message):
    with pytest.raises(SpecError, match=message) as caught:
        source(records("a.tfrecord", [record])).signature()
    assert caught.value.problems[0].loc == ("path",)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data[:-20], r"a\.tfrecord, record 0 \(at byte 0\): it is cut off: .*: the file is damaged"),
        (lambda data: data[:14] + b"!" + data[15:], r"record 0 \(at byte 0\): the checksum of its data is wrong"),
        (lambda data: b"", r"a\.tfrecord is empty: it has no record"),
    ],
)
def test_a_first_record_that_is_damaged(records, change, message):
    path = records("a.tfrecord", [ROW])
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(NetlabError, match=message) as caught:
        source(path).signature()
    assert not isinstance(caught.value, SpecError)


@pytest.mark.parametrize(
    ("contents", "parameters", "place", "message"),
    [
        (b"x,y\n1,2\n" * 9, {}, "path", "is no TFRecord file: it does not begin with a length and the checksum"),
        (b"PK\x03\x04" + b"0" * 99, {}, "path", "is no TFRecord file, but a zip archive"),
        (b"abc", {}, "path", "is no TFRecord file"),
        (gzip.compress(b"anything", mtime=0), {}, "compression", "is compressed with gzip; say so: compression: gzip"),
        (zlib.compress(b"anything"), {}, "compression", "seems to be compressed with zlib; say so: compression: zlib"),
        (b"x" * 99, {"compression": "gzip"}, "compression", "is not compressed with gzip; say how it is"),
        (gzip.compress(b"x" * 99, mtime=0), {"compression": "gzip"}, "path", "is no TFRecord file"),
    ],
)
def test_files_of_something_else(tmp_path, contents, parameters, place, message):
    (tmp_path / "a.tfrecord").write_bytes(contents)
    with pytest.raises(SpecError, match=message) as caught:
        source(tmp_path / "a.tfrecord", **parameters).signature()
    assert caught.value.problems[0].loc == (place,)


def test_compressed_files(records, tmp_path):
    plain = records("a.tfrecord", [ROW]).read_bytes()
    for name, contents, parameters in (
        ("a.tfrecord.gz", gzip.compress(plain), {}),
        ("b.tfrecord", gzip.compress(plain[:30]) + gzip.compress(plain[30:]), {"compression": "gzip"}),
        ("a.tfrecord.zlib", zlib.compress(plain), {}),
        ("c.tfrecord", zlib.compress(plain), {"compression": "zlib"}),
        ("d.tfrecord.gz", plain, {"compression": "none"}),
    ):
        (tmp_path / name).write_bytes(contents)
        assert list(source(tmp_path / name, **parameters).signature().inputs) == ["x", "name"]
    (tmp_path / "a.tfrecord.gz").write_bytes(gzip.compress(plain)[:-9])
    with pytest.raises(NetlabError, match="what is compressed with gzip is cut off"):
        source(tmp_path / "a.tfrecord.gz").signature()


def test_files_that_are_not_there(tmp_path):
    with pytest.raises(MissingFileError, match=r"there is no file .*a\.tfrecord"):
        source(tmp_path / "a.tfrecord").signature()
    with pytest.raises(MissingFileError, match=r"has no file that ends in \.tfrecord or"):
        source(tmp_path).signature()


def test_empty_files_beside_others_are_files_without_records(records, tmp_path):
    records("a-1.tfrecord", [])
    records("a-2.tfrecord", [ROW])
    assert source(tmp_path / "a-*.tfrecord").signature().inputs
    records("a-2.tfrecord", [])
    with pytest.raises(NetlabError, match=r"a-1\.tfrecord and 1 more are empty"):
        source(tmp_path).signature()


def test_the_section_takes_it(records):
    path = records("a.tfrecord", [ROW])
    section = {"source": "tfrecord", "features": FEATURES, "targets": "label", "validation": 0.5}
    files = {"train": str(path), "validation": str(records("b.tfrecord", [ROW]))}
    with pytest.raises(SpecError, match="cannot be given: the source has samples of its own for that"):
        DataSpec.parse({**section, "path": files})
    with pytest.raises(SpecError, match=r"a\.tfrecord is named for train and for validation"):
        DataSpec.parse({**section, "validation": 0, "path": {**files, "validation": str(path)}}).raw()
    grouped = {**section, "path": str(path), "split": {"Grouped": "name"}}
    assert list(DataSpec.parse(grouped).raw().inputs) == ["x"]
    with pytest.raises(SpecError, match="no feature 'person' is declared"):
        DataSpec.parse({**grouped, "split": {"Grouped": "person"}}).raw()


def test_the_same_source_over_other_files(records):
    spec = source(records("a.tfrecord", [ROW]), weights="label", targets=[])
    other = spec.elsewhere(str(records("b.tfrecord", [{"x": [1.0, 2.0], "name": [b"eve"]}])), spec.signature())
    signature = other.signature()
    assert (list(signature.inputs), signature.targets) == (["x", "name"], {})
    with pytest.raises(MissingFileError, match=r"there is no file .*c\.tfrecord"):
        spec.elsewhere(spec.path.replace("a.tf", "c.tf"), spec.signature())  # type: ignore[union-attr]
