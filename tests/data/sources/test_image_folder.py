"""Images and labels of class folders, through splits and preprocessing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from netlib.data.load import load
from netlib.data.sources.image_folder import read
from netlib.data.sources.npz import read as read_npz
from netlib.spec.data import DataSpec
from netlib.spec.errors import NetlabError, SpecError
from netlib.spec.sources.image_folder import ImageFolder
from netlib.spec.sources.npz import Npz

DIGITS = Path(__file__).parents[3] / "netlib" / "data" / "bundled" / "digits.npz"


def written(folder: Path, images: np.ndarray, labels: object) -> Path:
    """Each image in the folder of its label, in their order."""
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        (folder / str(label)).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / str(label) / f"{number:05}.png")
    return folder


def grey(count: int) -> np.ndarray:
    """Images of one grey each, that of their number."""
    return np.broadcast_to(np.arange(count, dtype=np.uint8)[:, None, None], (count, 3, 2))


def test_rows_are_in_the_order_of_classes_and_names(tmp_path):
    written(tmp_path, grey(6), ["dog", "cat", "ant", "cat", "dog", "ant"])
    arrays = read(ImageFolder(path=str(tmp_path)), 0)
    np.testing.assert_array_equal(arrays.inputs["image"][:, 1, 1, 2], [2, 5, 1, 3, 0, 4])
    np.testing.assert_array_equal(arrays.targets["label"], [0, 0, 1, 1, 2, 2])
    assert (arrays.inputs["image"].dtype, arrays.targets["label"].dtype) == (np.uint8, np.int32)
    assert arrays.inputs["image"].flags.c_contiguous


def test_digits_as_png_are_the_digits(tmp_path):
    with np.load(DIGITS) as digits:
        values, labels = digits["x"], digits["y"]
    images = np.round(values * (255 / 16)).astype(np.uint8)
    written(tmp_path / "digits", images, labels)
    order = np.argsort(labels, kind="stable")
    np.savez(tmp_path / "a.npz", x=images[order, ..., None], y=labels[order])
    found, stored = (
        read(ImageFolder(path=str(tmp_path / "digits"), channels=1), 0),
        read_npz(Npz(path=str(tmp_path / "a.npz")), 0),
    )
    np.testing.assert_array_equal(found.inputs["image"], stored.inputs["x"])
    np.testing.assert_array_equal(found.targets["label"], stored.targets["y"])
    original = values[order].astype(np.float64) / 16
    np.testing.assert_allclose(found.inputs["image"][..., 0] / 255, original, atol=0.5 / 255)


def test_left_out_where_the_config_says_so(tmp_path):
    written(tmp_path, grey(6), ["cat", "cat", "dog", "dog", "cat", "dog"])
    (tmp_path / "cat" / "00001.png").write_text("a text")
    (tmp_path / "dog" / "notes.txt").write_text("another")
    with pytest.raises(NetlabError, match=r"cat/00001\.png is no image"):
        read(ImageFolder(path=str(tmp_path)), 0)
    arrays = read(ImageFolder(path=str(tmp_path), on_error="skip"), 0)
    np.testing.assert_array_equal(arrays.inputs["image"][:, 0, 0, 0], [0, 4, 2, 3, 5])
    np.testing.assert_array_equal(arrays.targets["label"], [0, 0, 1, 1, 1])
    assert [arrays.row(index) for index in range(5)] == [0, 2, 3, 4, 5]
    what, _, last = arrays.notes
    assert what == "2 of 7 images are left out (on_error: skip)"
    assert last.startswith("left out: ")
    assert last.endswith("notes.txt is no image of a kind that is read (PNG, JPEG, GIF, BMP or WebP)")


def test_a_class_of_which_nothing_is_left(tmp_path):
    written(tmp_path, grey(3), ["cat", "cat", "dog"])
    (tmp_path / "dog" / "00002.png").write_text("a text")
    with pytest.raises(NetlabError, match=r"no file of class 'dog' can be read: .*dog/00002\.png is no image"):
        read(ImageFolder(path=str(tmp_path), on_error="skip"), 0)


def section(folder: Path, **others: object) -> DataSpec:
    return DataSpec.parse({"source": "image_folder", "path": str(folder), **others})


def test_a_class_of_one_image_is_only_trained_on(tmp_path):
    written(tmp_path, grey(21), ["many"] * 20 + ["one"])
    splits = load(section(tmp_path, validation=0.2, test=0.2), 3)
    assert splits.validation is not None
    assert splits.test is not None
    assert (splits.train.targets["label"] == 1).sum() == 1
    assert not splits.validation.targets["label"].any()
    assert not splits.test.targets["label"].any()


def test_classes_that_are_too_small_to_be_split(tmp_path):
    written(tmp_path, grey(4), ["a", "b", "c", "d"])
    with pytest.raises(SpecError, match="cannot be stratified"):
        load(section(tmp_path, validation=0.25), 3)
    assert len(load(section(tmp_path, validation=0.25, stratify=False), 3).train) == 3


def test_bytes_are_preprocessed_as_those_of_an_npz_file_are(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (30, 4, 4, 3), dtype=np.uint8)
    labels = np.repeat([0, 1, 2], 10)
    written(tmp_path / "photos", images, labels)
    np.savez(tmp_path / "a.npz", x=images, y=labels)
    steps = {"image": [{"Rescale": 1 / 255}, "Standardize"]}
    found = load(section(tmp_path / "photos", test=0.2, preprocess=steps), 7)
    stored = DataSpec.parse({"source": "npz", "path": str(tmp_path / "a.npz"), "inputs": {"image": "x"}, "test": 0.2})
    stored = DataSpec.parse({**stored.to_plain(), "preprocess": steps})
    expected = load(stored, 7)
    assert found.signature.inputs["image"].tensor == expected.signature.inputs["image"].tensor
    np.testing.assert_array_equal(found.train.inputs["image"], expected.train.inputs["image"])
    np.testing.assert_array_equal(found.train.targets["label"], expected.train.targets["y"])


def test_steps_over_images(tmp_path):
    written(tmp_path, grey(8), ["a", "b"] * 4)
    steps = {"image": [{"Resize": {"height": 6, "width": 4}}, {"CenterCrop": [2, 4]}]}
    splits = load(section(tmp_path, preprocess=steps), 0)
    assert splits.train.inputs["image"].shape == (8, 2, 4, 3)
    assert splits.signature.inputs["image"].tensor.shape == (None, 2, 4, 3)
    np.testing.assert_allclose(splits.train.inputs["image"][:, 0, 0, 0], [0, 2, 4, 6, 1, 3, 5, 7], atol=1e-5)
