from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from netlib.data.sources.image_files import read
from netlib.spec.errors import NetlabError
from netlib.spec.sources.image_files import ImageFiles


@pytest.fixture
def levels(tmp_path):
    for level in (3, 1, 2):
        Image.new("L", (4, 3), level).save(tmp_path / f"{level}.png")
    return tmp_path


def test_images_come_in_the_order_of_their_names(levels):
    arrays = read(ImageFiles.parse({"path": str(levels), "channels": 1}), 0)
    assert arrays.targets == {}
    assert arrays.inputs["image"].shape == (3, 3, 4, 1)
    assert arrays.inputs["image"][:, 0, 0, 0].tolist() == [1, 2, 3]


def test_those_that_cannot_be_read(levels):
    (levels / "2.png").write_bytes(b"no image")
    plain = {"path": str(levels), "channels": 1}
    with pytest.raises(NetlabError, match=r"2.png is no image of a kind that is read"):
        read(ImageFiles.parse(plain), 0)
    arrays = read(ImageFiles.parse({**plain, "on_error": "skip"}), 0)
    assert arrays.rows is not None
    assert arrays.rows.tolist() == [0, 2]
    assert arrays.inputs["image"][:, 0, 0, 0].tolist() == [1, 3]
    assert arrays.notes[0] == "1 of 3 images are left out (on_error: skip)"
    for name in ("1.png", "3.png"):
        (levels / name).write_bytes(np.random.default_rng(0).bytes(50))
    with pytest.raises(NetlabError, match=r"1.png is no image"):
        read(ImageFiles.parse({**plain, "on_error": "skip", "size": [3, 4]}), 0)
