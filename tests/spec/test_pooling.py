from __future__ import annotations

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.pooling import AveragePooling2D, GlobalAveragePooling2D, MaxPooling2D


def test_the_window_may_stand_alone_and_its_strides_are_its_size() -> None:
    assert MaxPooling2D.parse(3).output_shape((None, 9, 7, 2)) == (None, 3, 2, 2)
    assert AveragePooling2D.parse([1, 2]).output_shape((None, 9, 7, 2)) == (None, 9, 3, 2)
    assert MaxPooling2D.parse({"pool_size": 3, "strides": 1}).output_shape((None, 9, 7, 2)) == (None, 7, 5, 2)


def test_unknown_axes_stay_unknown() -> None:
    assert MaxPooling2D.parse({}).output_shape((None, None, 8, 2)) == (None, None, 4, 2)


def test_a_window_larger_than_the_image_is_refused() -> None:
    message = r"MaxPooling2D's window of 2 x 2 is larger than its input \(batch, 4, 1, 8\)"
    with pytest.raises(SpecError, match=message):
        MaxPooling2D.parse({}).output_shape((None, 4, 1, 8))


def test_global_average() -> None:
    assert GlobalAveragePooling2D.parse({}).output_shape((None, None, 5, 3)) == (None, 3)
    assert GlobalAveragePooling2D.parse({"keepdims": True}).output_shape((None, 4, 5, 3)) == (None, 1, 1, 3)
    message = r"GlobalAveragePooling2D needs an input of rank 4, \(batch, height, width, channels\), got \(batch, 5\)"
    with pytest.raises(SpecError, match=message):
        GlobalAveragePooling2D.parse({}).output_shape((None, 5))


def test_average_pooling_needs_a_window() -> None:
    with pytest.raises(SpecError, match="AveragePooling2D needs 'pool_size': height and width of the window"):
        AveragePooling2D.parse({})
