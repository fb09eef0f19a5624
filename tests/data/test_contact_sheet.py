from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from PIL import Image

from netlib.data.contact_sheet import SIDE, Chosen, choose, draw, images_among
from netlib.spec.errors import UsageError


def test_as_many_of_each_class_as_there_is_room_for():
    labels = np.array([2] * 500 + [0] * 3 + [1] * 500)
    images = np.arange(len(labels), dtype=np.float32)[:, None, None, None]
    found = choose(images, labels, ("zero", "one"))
    assert found.labels == ["zero"] * 3 + ["one"] * 31 + ["2"] * 30
    assert len({*found.images.reshape(-1).tolist()}) == SIDE * SIDE
    assert [int(labels[int(number)]) for number in found.images.reshape(-1)] == [0] * 3 + [1] * 31 + [2] * 30


def test_without_labels_the_first_ones():
    images = np.arange(70, dtype=np.float32)[:, None, None, None]
    found = choose(images)
    assert (found.images.reshape(-1).tolist(), set(found.labels)) == ([*range(64)], {""})


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        (np.array([0, 51, 255], np.uint8), [0, 51, 255]),
        (np.array([0, 0.2, 1], np.float32), [0, 51, 255]),
        (np.array([0, 51, 200], np.int32), [0, 51, 200]),
        (np.array([-1, 0, 4], np.float32), [0, 51, 255]),
    ],
    ids=["bytes", "shares", "bytes as integers", "any numbers"],
)
def test_pixels_on_the_sheet(tmp_path, pixels, expected):
    images = np.stack([np.full((64, 64, 1), value) for value in pixels]).astype(pixels.dtype)
    draw(Chosen(images, ["a", "b", "c"]), tmp_path / "sheet.png")
    sheet = np.asarray(Image.open(tmp_path / "sheet.png").convert("RGB"))
    assert sheet.shape == (6 + 64 + 6 + 14, 6 + SIDE * 70, 3)
    for i, value in enumerate(expected):
        assert (sheet[6:70, 6 + i * 70 : 70 + i * 70] == value).all()
    assert (sheet[6:70, 6 + 3 * 70 :] == 255).all()
    assert (sheet[70:84, 6:70] < 128).any()  # the label


def test_colours_and_transparency(tmp_path):
    rgba = np.zeros((2, 64, 64, 4), np.uint8)
    rgba[0, ..., 0] = 255
    rgba[0, ..., 3] = 255
    draw(Chosen(rgba, ["red", "nothing"]), tmp_path / "sheet.PNG")
    sheet = np.asarray(Image.open(tmp_path / "sheet.PNG").convert("RGB"))
    assert (sheet[40, 40] == (255, 0, 0)).all()
    assert (sheet[40, 110] == 255).all()


@pytest.mark.parametrize(("size", "expected"), [((8, 8), (64, 64)), ((256, 512), (64, 128)), ((1, 200), (1, 128))])
def test_small_images_are_enlarged_and_large_ones_made_smaller(tmp_path, size, expected):
    draw(
        Chosen(np.zeros((9, *size, 3), np.uint8), ["a label that is far too long for its image"] * 9),
        tmp_path / "s.png",
    )
    height, width = expected
    assert Image.open(tmp_path / "s.png").size == (6 + 8 * (width + 6), 6 + 2 * (height + 20))


def test_which_input_has_images():
    images = np.zeros((2, 4, 4, 3))
    assert images_among({"x": np.zeros((2, 9)), "image": images, "other": images}) is images
    with pytest.raises(
        UsageError, match=r"there are no images to draw: .* the data has 'x' \(9,\), 'film' \(4, 4, 2\), 'a' String"
    ):
        images_among({"x": np.zeros((2, 9)), "film": np.zeros((2, 4, 4, 2)), "a": pl.Series(["b"])})


def test_only_png_is_written(tmp_path):
    with pytest.raises(UsageError, match=r"expected a file that ends in \.png, got '.*sheet\.jpg'"):
        draw(Chosen(np.zeros((1, 4, 4, 1)), ["a"]), tmp_path / "sheet.jpg")
