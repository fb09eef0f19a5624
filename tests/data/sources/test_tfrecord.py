"""TFRecord files against TensorFlow's own writer and parser, damaged ones, and the same records as a stream."""

from __future__ import annotations

import gzip
import importlib.util
import io
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from netlib.config.load import load as config
from netlib.data.load import load
from netlib.data.sources.tfrecord import read, reader
from netlib.data.streaming import Streamed
from netlib.spec.data import DataSpec
from netlib.spec.errors import NetlabError
from netlib.spec.sources.tfrecord import Tfrecord

KINDS = {
    "float": lambda values: tf.train.Feature(float_list=tf.train.FloatList(value=values)),
    "int": lambda values: tf.train.Feature(int64_list=tf.train.Int64List(value=values)),
    "bytes": lambda values: tf.train.Feature(bytes_list=tf.train.BytesList(value=values)),
}
FEATURES: dict[str, Any] = {"x": {"dtype": "float32", "shape": [2]}, "y": "int64"}


def example(**features: Any) -> bytes:
    """An Example of lists, each of the kind of its first value; an empty list is a feature that holds nothing."""
    made = {}
    for name, values in features.items():
        kind = {float: "float", int: "int", bytes: "bytes"}.get(type(values[0])) if values else None
        made[name] = KINDS[kind](values) if kind else tf.train.Feature()
    serialized: bytes = tf.train.Example(features=tf.train.Features(feature=made)).SerializeToString()
    return serialized


def written(path: Path, rows: list[bytes], compression: str = "") -> Path:
    with tf.io.TFRecordWriter(str(path), compression) as writer:
        for row in rows:
            writer.write(row)
    return path


def some(path: Path, count: int = 7, start: int = 0) -> Path:
    """Records of which `y` is the number, and `x` that number and half of it."""
    return written(path, [example(x=[float(i), i / 2], y=[i]) for i in range(start, start + count)])


def source(path: object, features: Any = FEATURES, targets: Any = "y", **parameters: Any) -> Tfrecord:
    path = path if isinstance(path, dict) else str(path)
    return Tfrecord.parse({"path": path, "features": features, "targets": targets, **parameters})


def values(path: Path, **declared: Any) -> Any:
    """Of the feature `v`."""
    return read(source(path, {"v": declared}, []), 0).inputs["v"]


finite = st.floats(width=32, allow_nan=False, allow_infinity=False)
numbers = st.integers(-(2**31), 2**31 - 1)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.tuples(
            st.lists(finite, min_size=6, max_size=6), numbers, st.lists(numbers, max_size=5), st.text(max_size=9)
        ),
        min_size=1,
        max_size=5,
    ),
    compression=st.sampled_from(["", "GZIP", "ZLIB"]),
)
def test_values_are_those_that_tensorflow_reads(tmp_path, rows, compression):
    path = written(
        tmp_path / "a.tfrecord",
        [example(m=m, n=[n], r=r, t=[t.encode()]) for m, n, r, t in rows],
        compression,
    )
    spec = {
        "m": tf.io.FixedLenFeature([2, 3], tf.float32),
        "n": tf.io.FixedLenFeature([], tf.int64),
        "r": tf.io.FixedLenSequenceFeature([], tf.int64, allow_missing=True),
        "t": tf.io.FixedLenFeature([], tf.string),
    }
    data = tf.data.TFRecordDataset(str(path), compression).batch(9)
    expected = tf.io.parse_example(next(iter(data)), spec)
    features = {
        "m": {"dtype": "float32", "shape": [2, 3]},
        "n": "int64",
        "r": {"dtype": "int64", "length": 5},
        "t": "string",
    }
    arrays = read(source(path, features, "n", compression=compression.lower() or "none"), 0)
    np.testing.assert_array_equal(arrays.inputs["m"], expected["m"].numpy())
    np.testing.assert_array_equal(arrays.targets["n"], expected["n"].numpy())
    padded = expected["r"].numpy()
    np.testing.assert_array_equal(arrays.inputs["r"][:, : padded.shape[1]], padded)
    assert not arrays.inputs["r"][:, padded.shape[1] :].any()
    assert isinstance(arrays.inputs["t"], pl.Series)
    assert arrays.inputs["t"].to_list() == [text.decode() for text in expected["t"].numpy()]
    assert {arrays.inputs["m"].dtype, arrays.targets["n"].dtype} == {np.dtype("float32"), np.dtype("int32")}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP"])
def test_images_are_those_that_tensorflow_decodes(tmp_path, kind):
    rows = []
    for number in range(200):
        stream = io.BytesIO()
        # Flat colours: decoders of JPEG may differ by one elsewhere.
        pixels = (
            np.full((4, 5, 3), number, np.uint8)
            if kind == "JPEG"
            else np.random.default_rng(number).integers(0, 256, (4, 5, 3))
        )
        Image.fromarray(pixels.astype(np.uint8)).save(stream, kind)
        rows.append(stream.getvalue())
    path = written(tmp_path / "a.tfrecord", [example(v=[row]) for row in rows])
    expected = np.stack([tf.io.decode_image(row, expand_animations=False).numpy() for row in rows])
    for encoding in (kind.lower(), "image"):
        found = values(path, encoding=encoding, shape=[4, 5, 3])
        np.testing.assert_array_equal(found, expected)
        assert found.dtype == np.uint8
    grey = values(path, encoding="image", shape=[2, 2, 1], fit="crop")
    assert grey.shape == (200, 2, 2, 1)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "uint8", "int16", "int64", "bool"])
def test_raw_numbers_are_those_that_tensorflow_decodes(tmp_path, dtype):
    wanted = np.arange(24).reshape(4, 2, 3) % (2 if dtype == "bool" else 24)
    path = written(tmp_path / "a.tfrecord", [example(v=[each.astype(dtype).tobytes()]) for each in wanted])
    packed = written(
        tmp_path / "b.tfrecord", [example(v=[zlib.compress(each.astype(dtype).tobytes())]) for each in wanted]
    )
    decoded = [tf.io.decode_raw(each.astype(dtype).tobytes(), dtype).numpy() for each in wanted]
    found = values(path, dtype=dtype, shape=[2, 3], encoding="raw")
    np.testing.assert_array_equal(found, np.stack(decoded).reshape(4, 2, 3))
    np.testing.assert_array_equal(found, values(packed, dtype=dtype, shape=[2, 3], encoding="zlib"))
    np.testing.assert_array_equal(found.reshape(4, 6), values(path, dtype=dtype, length=6, encoding="raw"))
    assert found.dtype.name in ("float32", "uint8", "int16", "int32")


def test_lists_of_any_length(tmp_path):
    rows: list[list[int]] = [[1, 2, 3, 4, 5, 6], [7, 8], []]
    path = written(tmp_path / "a.tfrecord", [example(v=row, f=[1.0]) for row in rows])
    assert values(path, dtype="int64", length=6).tolist() == [[1, 2, 3, 4, 5, 6], [7, 8, 0, 0, 0, 0], [0] * 6]
    assert values(path, dtype="int64", length=3, cut="end").tolist() == [[1, 2, 3], [7, 8, 0], [0, 0, 0]]
    assert values(path, dtype="int64", length=3, cut="start").tolist() == [[4, 5, 6], [7, 8, 0], [0, 0, 0]]
    assert values(path, dtype="int64", length=2, shape=[2], cut="start").tolist() == [
        [[3, 4], [5, 6]],
        [[7, 8], [0, 0]],
        [[0, 0]] * 2,
    ]
    assert values(path, dtype="int64", length=3, cut="end", default=-1).tolist() == [
        [1, 2, 3],
        [7, 8, -1],
        [-1, -1, -1],
    ]
    with pytest.raises(
        NetlabError, match=r"record 0 \(at byte 0\): feature 'v' holds 6 integers, but length 5 takes 5"
    ):
        values(path, dtype="int64", length=5)


def test_defaults(tmp_path):
    path = written(
        tmp_path / "a.tfrecord", [example(y=[1]), example(x=[], y=[2], t=[b"u"]), example(x=[1.0, 2.0], y=[3])]
    )
    features = {
        "x": {"dtype": "float32", "shape": [2], "default": 0.5},
        "y": "int64",
        "t": {"dtype": "string", "default": "none"},
    }
    arrays = read(source(path, features), 0)
    assert arrays.inputs["x"].tolist() == [[0.5, 0.5], [0.5, 0.5], [1, 2]]
    assert arrays.inputs["t"].to_list() == ["none", "u", "none"]  # type: ignore[attr-defined]
    missing = {"x": {"dtype": "float32", "shape": [2], "default": float("nan")}, "y": "int64"}
    section = {
        "source": "tfrecord",
        "path": str(path),
        "features": missing,
        "targets": "y",
        "preprocess": {"x": "Impute"},
    }
    assert load(DataSpec.parse(section), 0).train.inputs["x"].tolist() == [[1, 2]] * 3  # type: ignore[union-attr]


def test_joined_features_weights_and_what_a_split_looks_at(tmp_path):
    rows = [example(a=[float(i)], b=[i, 2 * i], y=[i % 2], w=[i + 0.5], who=[b"p%d" % (i // 2)]) for i in range(8)]
    path = written(tmp_path / "a.tfrecord", rows)
    section = {
        "source": "tfrecord", "path": str(path), "validation": 0.25, "split": {"Grouped": "who"},
        "features": {"a": "float32", "b": {"dtype": "int64", "shape": [2]}, "y": "int64", "w": "float32", "who": "string"},
        "inputs": {"facts": ["a", "b"]}, "targets": {"y": "y", "both": ["y", "w"]}, "weights": "w",
    }  # fmt: skip
    splits = load(DataSpec.parse(section), 0)
    train, validation = splits.train, splits.validation
    assert validation is not None
    assert not {row // 2 for row in train.rows} & {row // 2 for row in validation.rows}  # type: ignore[union-attr]
    rows_of = np.asarray(train.rows)  # type: ignore[union-attr]
    np.testing.assert_array_equal(train.inputs["facts"], np.stack([rows_of, rows_of, 2 * rows_of], 1))  # type: ignore[union-attr]
    np.testing.assert_array_equal(train.targets["both"], np.stack([rows_of % 2, rows_of + 0.5], 1))  # type: ignore[union-attr]
    np.testing.assert_array_equal(train.weights, rows_of + 0.5)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("declared", "row", "message"),
    [
        ({"dtype": "int64"}, [2**31], "feature 'v' has 2147483648, which int32, the widest that is read, cannot hold"),
        ({"dtype": "uint8"}, [256], "feature 'v' has 256, which uint8 cannot hold"),
        ({"dtype": "bool"}, [2], "feature 'v' has 2, which bool cannot hold"),
        ({"dtype": "float32"}, [1, 2], "holds 2 integers, but floats are needed"),
        ({"dtype": "string"}, [b"\xff"], r"bytes that are no text in UTF-8 \(0xff at 0\)"),
        ({"dtype": "string"}, [b"a", b"b"], "holds 2 byte strings, but one is declared"),
        ({"dtype": "float64", "encoding": "raw"}, [np.float64(1e300).tobytes()], r"has 1e\+300, which float32 cannot hold"),
        ({"dtype": "float64", "encoding": "raw"}, [b"123"], r"3 bytes, which are no whole number of float64 \(8 bytes each\)"),
        ({"dtype": "int16", "encoding": "raw"}, [b"1234"], r"4 bytes, 2 values of int16, but shape \[\] takes 1"),
        ({"dtype": "int16", "encoding": "zlib"}, [b"1234"], r"cannot be unpacked with zlib \(Error"),
        ({"dtype": "int16", "encoding": "zlib"}, [zlib.compress(b"12")[:-2]], r"cannot be unpacked with zlib \(it is cut off\)"),
        ({"encoding": "png", "shape": [1, 1, 1]}, [b"text"], "feature 'v' is no image in PNG"),
        ({"encoding": "png", "shape": [1, 1, 1]}, [b""], "feature 'v' is empty"),
    ],
)  # fmt: skip
def test_records_that_are_not_as_declared(tmp_path, declared, row, message):
    """As the second of two: the first is as declared, so that it is found while records are read."""
    stream = io.BytesIO()
    Image.fromarray(np.zeros((1, 1), np.uint8)).save(stream, "PNG")
    zeros = np.zeros(1, declared.get("dtype", "uint8") if declared.get("dtype") != "string" else "uint8").tobytes()
    good: Any = {"raw": [zeros], "zlib": [zlib.compress(zeros)], "png": [stream.getvalue()]}.get(
        declared.get("encoding", "")
    )
    good = good or {"string": [b"a"], "float32": [1.0]}.get(declared["dtype"], [1])
    path = written(tmp_path / "a.tfrecord", [example(v=good), example(v=row)])
    spec = source(path, {"v": declared}, [])
    assert spec.signature().inputs
    with pytest.raises(NetlabError, match=r"a\.tfrecord, record 1 \(at byte \d+\): .*" + message):
        read(spec, 0)
    arrays = read(source(path, {"v": declared}, [], on_error="skip"), 0)
    assert len(arrays) == 1
    assert arrays.notes[0] == "1 of 2 records are left out (on_error: skip)"


def test_left_out_where_the_config_says_so(tmp_path):
    rows = [example(x=[1.0, 2.0], y=[i]) if i % 3 else example(x=[1.0], y=[i]) for i in range(50)]
    path = written(tmp_path / "a.tfrecord", rows)
    contents = bytearray(path.read_bytes())
    contents[len(contents) // 50 + 14] ^= 1  # in the data of record 1
    path.write_bytes(contents[:-3])
    arrays = read(source({"train": str(path), "test": str(some(tmp_path / "b.tfrecord"))}, on_error="skip"), 0)
    kept = [i for i in range(49) if i % 3 and i != 1]
    assert arrays.targets["y"].tolist() == [*kept, *range(7)]
    assert arrays.rows is not None
    assert arrays.rows.tolist() == [*kept, *range(49, 56)]
    assert arrays.parts is not None
    assert arrays.parts.tolist() == [0] * len(kept) + [2] * 7
    assert arrays.notes[0] == f"{50 - len(kept)} of 57 records are left out (on_error: skip)"
    assert "record 0 (at byte 0): feature 'x' holds 1 float" in arrays.notes[1]
    assert "record 1 (at byte" in arrays.notes[2]
    assert "the checksum of its data is wrong" in arrays.notes[2]
    assert arrays.notes[-1] == f"left out: {50 - len(kept) - 10} more"
    with pytest.raises(
        NetlabError, match=r"record 49 \(at byte \d+\): it is cut off.*leave them out with on_error: skip"
    ):
        read(source(path), 0)
    bad = written(tmp_path / "c.tfrecord", [example(x=[1.0], y=[1])] * 3)
    with pytest.raises(
        NetlabError, match=r"no record can be used; .*c\.tfrecord, record 0 \(at byte 0\): feature 'x' holds 1"
    ):
        read(source(bad, on_error="skip"), 0)


def test_negative_weights(tmp_path):
    path = written(tmp_path / "a.tfrecord", [example(x=[1.0], w=[1.0]), example(x=[1.0], w=[-2.0])])
    spec = source(path, {"x": "float32", "w": "float32"}, [], weights="w")
    with pytest.raises(NetlabError, match=r"record 1 .*: weight 'w' is -2, but none may be negative"):
        read(spec, 0)


def test_a_length_with_a_wrong_checksum_is_the_end_of_what_can_be_read(tmp_path):
    path = some(tmp_path / "a.tfrecord")
    contents = bytearray(path.read_bytes())
    second = len(contents) // 7
    contents[second] ^= 1
    path.write_bytes(contents)
    for how in ("fail", "skip"):
        with pytest.raises(NetlabError, match=rf"record 1 \(at byte {second}\): the checksum of its length is wrong"):
            read(source(path, on_error=how), 0)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), packed=st.booleans(), skip=st.booleans())
def test_damaged_files_never_give_a_traceback(tmp_path, data, packed, skip):
    path = some(tmp_path / "a.tfrecord", 3)
    contents = bytearray(gzip.compress(path.read_bytes()) if packed else path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        contents[data.draw(st.integers(0, len(contents) - 1))] = data.draw(st.integers(0, 255))
    del contents[data.draw(st.integers(0, len(contents))) :]
    path.write_bytes(contents)
    spec = source(path, compression="gzip" if packed else "none", on_error="skip" if skip else "fail")
    for use in (spec.signature, lambda: read(spec, 0)):
        try:
            use()
        except NetlabError as error:
            assert "a.tfrecord" in str(error)  # noqa: PT017  # it may as well be undamaged


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_records_of_any_bytes_never_give_a_traceback(tmp_path, data):
    """With right checksums, so that the message itself is read."""
    record = bytearray(example(x=[1.0, 2.0], y=[3], v=[b"\x89PNG\r\n\x1a\n", b"b"]))
    for _ in range(data.draw(st.integers(0, 4))):
        record[data.draw(st.integers(0, len(record) - 1))] = data.draw(st.integers(0, 255))
    record = record if data.draw(st.booleans()) else bytearray(data.draw(st.binary(max_size=30)))
    path = written(tmp_path / "a.tfrecord", [bytes(record)])
    for declared in ({"dtype": "float32", "shape": [2]}, {"encoding": "image", "shape": [1, 1, 1]}):
        spec = source(path, {"x": declared, "v": {"dtype": "int64", "length": 2}}, [])
        for use in (spec.signature, lambda spec=spec: read(spec, 0)):
            try:
                use()
            except NetlabError as error:
                assert "a.tfrecord, record 0" in str(error)  # noqa: PT017


def test_a_stream_has_the_values_that_memory_has(tmp_path):
    for part in range(3):
        some(tmp_path / f"a-{part}.tfrecord", 50 - 20 * part, 100 * part)
    (tmp_path / "a-3.tfrecord").write_bytes(b"")
    section = {"source": "tfrecord", "path": str(tmp_path), "features": FEATURES, "targets": "y"}
    section |= {"validation": 0.2, "stratify": False, "preprocess": {"x": "Standardize"}}
    whole, parts = load(DataSpec.parse(section), 3), load(DataSpec.parse({**section, "memory": "1KB"}), 3)
    for split in ("train", "validation"):
        held, streamed = getattr(whole, split), getattr(parts, split)
        assert isinstance(streamed, Streamed)
        found = streamed.read(np.arange(len(streamed)))
        np.testing.assert_array_equal(found.inputs["x"], held.inputs["x"])
        np.testing.assert_array_equal(found.targets["y"], held.targets["y"])
    opened = reader(source(tmp_path))
    assert opened is not None
    assert (opened.rows, opened.row_bytes, opened.parts(), len(opened.fingerprint())) == (90, 12, None, 64)
    order = np.random.default_rng(0).permutation(90)
    np.testing.assert_array_equal(opened.take(order).targets["y"], read(source(tmp_path), 0).targets["y"][order])
    np.testing.assert_array_equal(opened.some("y", np.array([1, 60, 89])), [1, 110, 209])


def test_a_stream_of_files_for_each_split(tmp_path):
    files = {"train": str(some(tmp_path / "a.tfrecord", 5)), "test": str(some(tmp_path / "b.tfrecord", 3))}
    opened = reader(source(files))
    assert opened is not None
    np.testing.assert_array_equal(opened.parts(), [0] * 5 + [2] * 3)


def test_what_is_no_stream(tmp_path):
    path = some(tmp_path / "a.tfrecord")
    assert reader(source(path, on_error="skip")) is None
    (tmp_path / "a.tfrecord.gz").write_bytes(gzip.compress(path.read_bytes()))
    packed = source(tmp_path / "a.tfrecord.gz")
    assert reader(packed) is None
    assert read(packed, 0).targets["y"].tolist() == list(range(7))


def test_the_records_of_the_example_are_made_again_to_the_bit(tmp_path):
    folder = Path(__file__).parents[3] / "configs" / "data"
    made = importlib.util.spec_from_file_location("records", folder / "records.py")
    assert made is not None
    assert made.loader is not None
    module = importlib.util.module_from_spec(made)
    made.loader.exec_module(module)
    module.write(tmp_path / "made.tfrecord")
    assert (tmp_path / "made.tfrecord").read_bytes() == (folder / "digits.tfrecord").read_bytes()
    signature = config(folder / "digits_records.yaml").signature
    assert signature is not None
    assert signature.inputs["image"].tensor.shape == (None, 8, 8, 1)
