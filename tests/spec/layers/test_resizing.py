from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.layers.resizing import Resizing
from netlib.spec.tensors import TensorSpec


def resizing(**options: Any) -> Resizing:
    return Resizing.parse({"height": 4, "width": 6, **options})


def test_height_and_width_are_its_own() -> None:
    assert resizing().output_shape((None, None, 9, 3)) == (None, 4, 6, 3)
    with pytest.raises(
        SpecError, match=r"Resizing needs an input of rank 4, \(batch, height, width, channels\), got \(batch, 9\)"
    ):
        resizing().output_shape((None, 9))


def test_the_dtype() -> None:
    assert resizing().outputs(TensorSpec((None, 2, 2, 1)), compute="bfloat16")["output"].dtype == "bfloat16"
    assert resizing().outputs(TensorSpec((None, 2, 2, 1), "uint8"), compute="bfloat16")["output"].dtype == "uint8"
    with pytest.raises(SpecError, match="Resizing needs numbers, got bool"):
        resizing().outputs(TensorSpec((None, 2, 2, 1), "bool"))


def test_what_excludes_each_other() -> None:
    with pytest.raises(SpecError, match="crop_to_aspect_ratio and pad_to_aspect_ratio exclude each other; choose one"):
        resizing(crop_to_aspect_ratio=True, pad_to_aspect_ratio=True)
    with pytest.raises(SpecError, match="Resizing takes no 'fill_mode': what is put around is always constant"):
        resizing(fill_mode="constant")
