"""Images whose paths stand in a table: what is known before and after reading, and what is wrong with a table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from netlib.data.load import load
from netlib.data.sources.image_table import read
from netlib.spec.data import DataSpec
from netlib.spec.errors import NetlabError, SpecError
from netlib.spec.features import Feature, MissingFileError
from netlib.spec.sources.image_table import ImageTable
from netlib.spec.tensors import TensorSpec


def table(folder: Path, name: str = "table.csv", rows: int = 5, **columns: list[object]) -> Path:
    """A table of images in `pictures`, each of one grey, that of its number; and the number as price."""
    (folder / "pictures").mkdir(parents=True)
    for number in range(rows):
        Image.fromarray(np.full((3, 2), number, np.uint8)).save(folder / "pictures" / f"{number}.png")
    paths = [f"pictures/{number}.png" for number in reversed(range(rows))]
    frame = pl.DataFrame({"image": paths, "price": [float(n) for n in reversed(range(rows))], **columns})
    frame.write_parquet(folder / name) if name.endswith("parquet") else frame.write_csv(folder / name)
    return folder / name


def source(path: Path, **parameters: object) -> ImageTable:
    return ImageTable.parse({"path": str(path), "targets": "price", **parameters})


@pytest.mark.parametrize("name", ["table.csv", "table.parquet"])
def test_images_and_targets(tmp_path, name):
    spec = source(table(tmp_path, name))
    signature = spec.signature()
    assert signature.inputs == {"image": Feature(TensorSpec((None, 3, 2, 3), "int32"), minimum=0, maximum=255)}
    assert signature.targets == {"price": Feature(TensorSpec((None, 1), "float32"))}
    arrays = read(spec, 0)
    np.testing.assert_array_equal(arrays.inputs["image"][:, 2, 1, 0], [4, 3, 2, 1, 0])
    np.testing.assert_array_equal(arrays.targets["price"], [[4], [3], [2], [1], [0]])
    assert arrays.inputs["image"].dtype == np.uint8


def test_columns_beside_the_image(tmp_path):
    path = table(tmp_path, kind=list("ababa"), age=[1, 2, 3, 4, 5], count=[9, 8, 7, 6, 5])
    spec = source(path, input="photo", size=[4, 4], channels=1, inputs={"facts": ["age", "count"]})
    assert ImageTable.parse(spec.to_plain()) == spec
    splits = load(DataSpec.parse({"source": "image_table", **spec.to_plain(), "targets": "kind", "validation": 0.2}), 0)
    assert splits.train.inputs["photo"].shape == (4, 4, 4, 1)
    assert splits.train.inputs["facts"].shape == (4, 2)
    assert splits.signature.targets["kind"].class_names == ("a", "b")
    np.testing.assert_array_equal(splits.train.inputs["facts"].sum(axis=1), np.full(4, 10))
    assert splits.train.targets["kind"].dtype == np.int32


def test_left_out_where_the_config_says_so(tmp_path):
    path = table(tmp_path)
    (tmp_path / "pictures" / "3.png").write_text("a text")
    with pytest.raises(NetlabError, match=r"3\.png is no image"):
        read(source(path), 0)
    arrays = read(source(path, on_error="skip"), 0)
    np.testing.assert_array_equal(arrays.targets["price"][:, 0], [4, 2, 1, 0])
    np.testing.assert_array_equal(arrays.inputs["image"][:, 0, 0, 0], [4, 2, 1, 0])
    for number in range(5):
        (tmp_path / "pictures" / f"{number}.png").write_text("a text")
    with pytest.raises(NetlabError, match=r"no image can be read: .*4\.png is no image"):
        read(source(path, on_error="skip", size=2), 0)


def test_a_file_that_is_not_there(tmp_path):
    path = table(tmp_path)
    (tmp_path / "pictures" / "2.png").unlink()
    with pytest.raises(NetlabError, match=r"pictures/2\.png cannot be read: No such file"):
        read(source(path), 0)


def test_no_such_table(tmp_path):
    with pytest.raises(MissingFileError, match=r"there is no file .*t\.csv"):
        source(tmp_path / "t.csv").signature()


@pytest.mark.parametrize(
    ("parameters", "place", "message"),
    [
        ({"images": "imag"}, "images", r"table\.csv has no column 'imag'; did you mean 'image'\?"),
        (
            {"images": "price", "targets": []},
            "images",
            r"column 'price' holds float32, but paths are needed; .*price: string",
        ),
        ({"inputs": {"image": "price"}, "targets": []}, "inputs", "the image is the input 'image' already"),
        ({"inputs": {"a": "image"}}, "inputs", "column 'image' is the input 'image' already"),
        ({"targets": "image"}, "inputs", "column 'image' is a target"),
        ({"targets": "cost"}, "targets", r"table\.csv has no column 'cost'"),
    ],
)
def test_mistakes(tmp_path, parameters, place, message):
    with pytest.raises(SpecError, match=message) as caught:
        source(table(tmp_path), **parameters).signature()
    assert [problem.loc for problem in caught.value.problems] == [(place,)]


def test_rows_without_a_path(tmp_path):
    path = table(tmp_path)
    path.write_text(path.read_text().replace("pictures/3.png", ""))
    with pytest.raises(NetlabError, match=r"table\.csv: row 1 has no path in column 'image'"):
        read(source(path), 0)
    (tmp_path / "pictures" / "1.png").write_text("a text")
    arrays = read(source(path, on_error="skip"), 0)
    np.testing.assert_array_equal(arrays.targets["price"][:, 0], [4, 2, 0])
    np.testing.assert_array_equal(arrays.inputs["image"][:, 0, 0, 0], [4, 2, 0])
    assert [arrays.row(index) for index in range(3)] == [0, 2, 4]
    missing, unreadable, why = arrays.notes
    assert missing == "1 of 5 rows have no path and are left out (on_error: skip)"
    assert unreadable == "1 of 4 images are left out (on_error: skip)"
    assert why.endswith("pictures/1.png is no image of a kind that is read (PNG, JPEG, GIF, BMP or WebP)")


@pytest.mark.parametrize("text", ["image,price\n", "image,price\n,1\n"])
def test_tables_without_a_path(tmp_path, text):
    (tmp_path / "a.csv").write_text(text)
    for read_of in (ImageTable.signature, ImageTable.stamp):
        with pytest.raises(NetlabError, match=r"a\.csv"):
            read_of(source(tmp_path / "a.csv", columns={"image": "string"}))


def test_rows_that_cannot_be_read_are_left_out_as_of_any_table(tmp_path):
    path = table(tmp_path)
    path.write_text(path.read_text().replace("pictures/3.png,3.0", "pictures/3.png,3.0,7,8"))
    with pytest.raises(NetlabError, match=r"table\.csv"):
        read(source(path), 0)
    splits = load(DataSpec.parse({"source": "image_table", **source(path, on_error="skip").to_plain()}), 0)
    np.testing.assert_array_equal(splits.train.targets["price"][:, 0], [4, 2, 1, 0])
    np.testing.assert_array_equal(splits.train.inputs["image"][:, 0, 0, 0], [4, 2, 1, 0])
    assert any("left out" in note for note in splits.notes)


def test_files_for_each_split(tmp_path):
    path = table(tmp_path)
    header, *lines = path.read_text().splitlines()
    for name, part in (("a", lines[:3]), ("b", lines[3:])):
        (tmp_path / f"{name}.csv").write_text("\n".join([header, *part]))
    spec = source(path).to_plain() | {"path": {"train": str(tmp_path / "a.csv"), "test": str(tmp_path / "b.csv")}}
    splits = load(DataSpec.parse({"source": "image_table", **spec}), 0)
    assert splits.test is not None
    np.testing.assert_array_equal(splits.train.inputs["image"][:, 0, 0, 0], [4, 3, 2])
    np.testing.assert_array_equal(splits.test.inputs["image"][:, 0, 0, 0], [1, 0])


def test_tables_in_several_folders(tmp_path):
    for folder in ("a", "b"):
        table(tmp_path / folder)
    with pytest.raises(SpecError, match=r"files are in .*a and .*b: paths are seen from one folder"):
        source(tmp_path / "*" / "table.csv").signature()


def test_the_stamp_changes_with_the_images(tmp_path):
    path = table(tmp_path)
    before = source(path).stamp()
    assert source(path).stamp() == before
    (tmp_path / "pictures" / "1.png").write_bytes(b"another")
    changed = source(path).stamp()
    (tmp_path / "pictures" / "2.png").unlink()
    assert len({before, changed, source(path).stamp()}) == 3
