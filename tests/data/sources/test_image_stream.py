"""Which images of a stream are decoded, when, and what is said of those that cannot be. What they are: test_file_streams.py."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from netlib.data.arrays import Arrays
from netlib.data.load import load
from netlib.data.sources import image_folder, image_stream, image_table
from netlib.data.sources.image_stream import ImageReader
from netlib.data.streaming import Reader
from netlib.spec.data import DataSpec
from netlib.spec.errors import NetlabError, SpecError
from netlib.spec.sources.image_folder import ImageFolder
from netlib.spec.sources.image_table import ImageTable


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six images of one grey each, that of their number; two classes."""
    for number in range(6):
        (tmp_path / "ab"[number // 3]).mkdir(exist_ok=True)
        Image.fromarray(np.full((2, 3), number, np.uint8)).save(tmp_path / "ab"[number // 3] / f"{number}.png")
    return tmp_path


def opened(folder: Path, **section: Any) -> Reader:
    found = image_folder.reader(ImageFolder(path=str(folder), **section))
    assert isinstance(found, ImageReader)
    return found


def break_(file: Path) -> None:
    file.write_bytes(b"nothing of that kind")


def test_only_what_is_wanted_is_decoded(folder):
    reader = opened(folder)
    break_(folder / "a" / "1.png")
    taken = reader.take(np.array([4, 0]))
    np.testing.assert_array_equal(taken.inputs["image"][:, 0, 0, 0], [4, 0])
    np.testing.assert_array_equal(taken.targets["label"], [1, 0])
    np.testing.assert_array_equal(reader.some("image", np.array([2, 3]))[:, 1, 2, 2], [2, 3])
    np.testing.assert_array_equal(reader.some("label", np.arange(6)), [0, 0, 0, 1, 1, 1])
    with pytest.raises(NetlabError, match=r"1\.png is no image of a kind that is read"):
        reader.take(np.array([0, 1]))


def test_a_row_takes_what_the_network_reads(folder):
    assert opened(folder).row_bytes == 2 * 3 * 3 * 4
    assert opened(folder, size=[5, 5], channels=1).row_bytes == 5 * 5 * 4


def test_what_cannot_be_read_is_left_out_before_anything_is_split(folder, monkeypatch):
    monkeypatch.setattr(image_stream, "LOOKED_AT", 2 * 2 * 3 * 3)
    break_(folder / "a" / "1.png")
    break_(folder / "b" / "5.png")
    reader = opened(folder, on_error="skip")
    assert reader.rows == 4
    np.testing.assert_array_equal(reader.some("image", np.arange(4))[:, 0, 0, 0], [0, 2, 3, 4])
    assert isinstance(reader, ImageReader)
    np.testing.assert_array_equal(reader.row_of(np.arange(4)), [0, 2, 3, 4])
    told = list(reader.notes())
    assert told[0] == "2 of 6 images are left out (on_error: skip)"
    assert "1.png is no image" in told[1]
    assert told[-1] == "all images were decoded once to find those that cannot be read (on_error: skip)"


def test_what_cannot_be_read_any_more_is_an_error(folder):
    reader = opened(folder, on_error="skip")
    break_(folder / "b" / "3.png")
    with pytest.raises(NetlabError, match=r"3\.png is no image"):
        reader.take(np.arange(6))


def test_a_class_of_which_nothing_is_left(folder):
    for number in range(3):
        break_(folder / "a" / f"{number}.png")
    with pytest.raises(NetlabError, match=r"no file of class 'a' can be read: .*0\.png is no image"):
        opened(folder, on_error="skip")


def test_another_size_than_that_of_the_first_of_all(folder):
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(folder / "b" / "5.png")
    reader = opened(folder)
    reader.take(np.array([3, 4]))
    with pytest.raises(SpecError, match=r"5\.png has 4 x 4 pixels .*, .*a.0\.png has 2 x 3; .* size: \[2, 3\]"):
        reader.take(np.array([5]))
    with pytest.raises(SpecError, match=r"5\.png has 4 x 4 pixels"):
        opened(folder, on_error="skip")


def test_a_table_of_which_no_image_can_be_read(folder):
    table = folder / "t.csv"
    table.write_text("image,y\na/0.png,1\nb/3.png,2\n")
    source = ImageTable.parse({"path": str(table), "targets": "y", "on_error": "skip", "size": [2, 3]})
    found = image_table.reader(source)
    assert found is not None
    np.testing.assert_array_equal(found.take(np.array([1, 0])).targets["y"], [2, 1])
    for name in ("a/0.png", "b/3.png"):
        break_(folder / name)
    with pytest.raises(NetlabError, match=r"t\.csv: no image can be read: .*0\.png is no image"):
        image_table.reader(source)


def test_images_that_fit_the_memory_are_in_memory(folder):
    section = {"source": "image_folder", "path": str(folder), "memory": "1MB"}
    assert isinstance(load(DataSpec.parse(section), 1).train, Arrays)


def test_a_copy_of_the_folder_has_the_same_fingerprint(folder, tmp_path_factory):
    copy = tmp_path_factory.mktemp("copy") / "photos"
    shutil.copytree(folder, copy)
    first = opened(folder).fingerprint()
    assert opened(copy).fingerprint() == first
    assert opened(folder, channels=1).fingerprint() != first
