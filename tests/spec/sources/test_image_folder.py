"""What a folder of class folders tells before an image is decoded, and what is wrong with one."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from netlib.spec.data import DataSpec
from netlib.spec.errors import NetlabError, SpecError
from netlib.spec.features import Feature, MissingFileError, labels
from netlib.spec.sources.image_folder import ImageFolder
from netlib.spec.tensors import TensorSpec


def photos(folder: Path, **classes: int) -> Path:
    """A folder with so many images of each class, 5 high and 4 wide."""
    for name, count in classes.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            Image.fromarray(np.full((5, 4), number, np.uint8)).save(folder / name / f"{number}.png")
    return folder


def source(folder: Path, **parameters: object) -> ImageFolder:
    return ImageFolder.parse({"path": str(folder), **parameters})


def test_classes_sizes_and_counts_are_known(tmp_path):
    signature = source(photos(tmp_path, dog=2, cat=3, b10=1, b2=1)).signature()
    assert signature.inputs == {"image": Feature(TensorSpec((None, 5, 4, 3), "int32"), minimum=0, maximum=255)}
    assert signature.targets == {"label": labels(4, ("b10", "b2", "cat", "dog"))}
    assert signature.samples == 7


def test_names_and_parameters(tmp_path):
    spec = source(photos(tmp_path, cat=1), size=32, channels=1, target="animal", input="photo")
    signature = spec.signature()
    assert signature.inputs["photo"].tensor.shape == (None, 32, 32, 1)
    assert list(signature.targets) == ["animal"]
    assert ImageFolder.parse(spec.to_plain()) == spec
    assert DataSpec.path_keys({"source": "image_folder", "path": "a"}) == ("path",)


def test_how_many_can_be_read_is_not_known_where_some_may_not(tmp_path):
    assert source(photos(tmp_path, cat=2), on_error="skip").signature().samples is None


def test_a_size_needs_no_file_to_be_opened(tmp_path):
    photos(tmp_path, cat=1)
    (tmp_path / "cat" / "0.png").write_bytes(b"")
    assert source(tmp_path, size=[3, 2]).signature().inputs["image"].tensor.shape == (None, 3, 2, 3)
    with pytest.raises(NetlabError, match=r"0\.png is empty"):
        source(tmp_path).signature()


def test_the_size_is_that_of_the_first_that_can_be_read_where_others_are_left_out(tmp_path):
    photos(tmp_path, cat=2)
    (tmp_path / "cat" / "0.png").write_text("no image")
    assert source(tmp_path, on_error="skip").signature().inputs["image"].tensor.shape == (None, 5, 4, 3)


def test_hidden_files_and_what_is_no_image_beside_the_class_folders(tmp_path):
    photos(tmp_path, cat=1)
    for name in (".DS_Store", "cat/.DS_Store", "cat/Thumbs.db", "cat/desktop.ini", "LICENSE.txt", ".git/x.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    assert [file.name for file in source(tmp_path).classes()["cat"]] == ["0.png"]
    assert list(source(tmp_path).classes()) == ["cat"]


def test_links_are_followed(tmp_path):
    photos(tmp_path / "real", cat=2)
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "cat").symlink_to(tmp_path / "real" / "cat")
    assert source(tmp_path / "linked").signature().samples == 2


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"channels": 2}, "channels: expected 1, 3 or 4, got 2"),
        ({"size": [2, 3, 4]}, r"size: expected a positive integer or a pair of them, got \[2, 3, 4\]"),
        ({"size": 0}, "size: expected a positive integer or a pair of them, got 0"),
        ({"fit": "squeeze"}, "fit: expected 'stretch', 'crop' or 'pad', got 'squeeze'"),
        ({"fit": "crop"}, "fit: crop needs the size to bring images to"),
        ({"background": 256}, "background: expected .* 255, got 256"),
        ({"on_error": "ignore"}, "on_error: expected 'fail' or 'skip', got 'ignore'"),
        ({"target": "a b"}, "target: expected a name of letters, digits and '_'"),
        ({"input": "previous"}, "input: 'previous' has a meaning of its own"),
        ({"path": ""}, "path"),
    ],
)
def test_mistakes_in_parameters(values, message):
    with pytest.raises(SpecError, match=message):
        ImageFolder.parse({"path": "photos", **values})


def test_no_such_folder(tmp_path):
    for read in (ImageFolder.signature, ImageFolder.stamp):
        with pytest.raises(MissingFileError, match=r"path: there is no folder .*photos") as caught:
            read(source(tmp_path / "photos"))
        assert [problem.loc for problem in caught.value.problems] == [("path",)]


def empty(_folder: Path) -> None:
    return None


def a_file(folder: Path) -> None:
    folder.rmdir()
    folder.write_text("")


def flat(folder: Path) -> None:
    photos(folder / "cat", cat=1)
    (folder / "cat" / "cat" / "0.png").rename(folder / "7.JPG")
    (folder / "cat" / "cat").rmdir()
    (folder / "cat").rmdir()


def an_image_beside(folder: Path) -> None:
    photos(folder, cat=1, dog=1)
    (folder / "cat" / "0.png").rename(folder / "0.png")


def other_files(folder: Path) -> None:
    (folder / "labels.csv").write_text("")


def no_images(folder: Path) -> None:
    photos(folder, cat=1, dog=0)
    (folder / "dog" / ".DS_Store").write_text("")


def splits(folder: Path) -> None:
    photos(folder / "train", cat=1, dog=1)
    photos(folder / "test", cat=1, dog=1)


def broken_link(folder: Path) -> None:
    photos(folder, cat=1)
    (folder / "cat" / "1.png").symlink_to(folder / "gone.png")


def a_pipe(folder: Path) -> None:
    photos(folder, cat=1)
    os.mkfifo(folder / "cat" / "1.png")


def no_text(folder: Path) -> None:
    photos(folder, cat=1)
    (folder / "cat").rename(os.fsdecode(os.fsencode(folder) + b"/\xff"))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (empty, "photos is empty: an image belongs into the folder of its class, as in photos/cat/1.png"),
        (a_file, "photos is a file; the folder that has the class folders is needed"),
        (flat, r"photos has images and no class folders \(7\.JPG\): an image belongs into the folder of its class"),
        (an_image_beside, r"photos has images beside its class folders \(0\.png\): an image belongs into"),
        (other_files, "photos has no class folders: an image belongs into"),
        (no_images, "class folder .*photos/dog has no images; remove it, or put some there"),
        (splits, r"photos/test has folders \(cat, dog\), .*; is .*photos/test the folder that path should name\?"),
        (broken_link, r"cat/1\.png is no file, or a link to nothing"),
        (a_pipe, r"cat/1\.png is no file, or a link to nothing"),
        (no_text, r"the name of class folder \\xff is no UTF-8"),
    ],
)
def test_what_is_no_folder_of_class_folders(tmp_path, make, message):
    (tmp_path / "photos").mkdir()
    try:
        make(tmp_path / "photos")
    except (OSError, AttributeError):
        pytest.skip("the system has no such files")
    for read in (ImageFolder.signature, ImageFolder.stamp):
        with pytest.raises(SpecError, match=message) as caught:
            read(source(tmp_path / "photos"))
        assert [problem.loc for problem in caught.value.problems] == [("path",)]
        assert str(caught.value).encode()


def test_a_folder_that_may_not_be_listed(tmp_path, monkeypatch):
    photos(tmp_path, cat=1)

    def refused(_folder: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refused)
    with pytest.raises(SpecError, match="cannot be read: Permission denied"):
        source(tmp_path).signature()


def test_the_stamp_changes_with_the_files(tmp_path):
    photos(tmp_path, cat=2)
    before = source(tmp_path).stamp()
    assert source(tmp_path).stamp() == before
    (tmp_path / "cat" / "0.png").write_bytes(b"another")
    changed = source(tmp_path).stamp()
    (tmp_path / "cat" / "1.png").unlink()
    assert len({before, changed, source(tmp_path).stamp()}) == 3
