from __future__ import annotations

import pytest
from PIL import Image

from netlib.spec.features import MissingFileError
from netlib.spec.sources.image_files import ImageFiles
from netlib.spec.sources.image_folder import ImageFolder


@pytest.fixture
def photos(tmp_path):
    for name in ("b/2.png", "a/1.JPG", "a/deep/3.png", "a/.hidden.png", "a/notes.txt"):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (5, 4)).save(path, format="PNG")
    return tmp_path / "photos"


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("", ["a/1.JPG", "a/deep/3.png", "b/2.png"]),
        ("a/1.JPG", ["a/1.JPG"]),
        ("*/*.png", ["a/.hidden.png", "b/2.png"]),
    ],
)
def test_a_file_a_folder_and_a_pattern(photos, path, found):
    source = ImageFiles.parse({"path": str(photos / path)})
    assert [str(file.relative_to(photos)) for file in source.files()] == found
    assert source.signature().samples == len(found)
    assert source.signature().targets == {}
    assert len(source.stamp()) == len(found)


def test_nothing_there(photos):
    with pytest.raises(MissingFileError, match=r"there is no file .*c.png; did you mean 'a'|there is no file .*c.png"):
        ImageFiles.parse({"path": str(photos / "c.png")}).signature()
    (photos.parent / "empty").mkdir()
    with pytest.raises(MissingFileError, match=r"the folder .*empty has no file that ends in .bmp"):
        ImageFiles.parse({"path": str(photos.parent / "empty")}).signature()


def test_images_are_read_as_those_to_train_on(photos, tmp_path):
    for name in ("x", "y"):
        (tmp_path / "train" / name).mkdir(parents=True)
        Image.new("L", (3, 3)).save(tmp_path / "train" / name / "1.png")
    own = {"size": [2, 6], "channels": 1, "fit": "pad", "background": 9, "on_error": "skip", "input": "photo"}
    source = ImageFolder.parse({"path": str(tmp_path / "train"), **own})
    found = source.elsewhere(str(photos), source.signature())
    assert found == ImageFiles.parse({**own, "path": str(photos)})
    assert found.signature().inputs == source.signature().inputs
