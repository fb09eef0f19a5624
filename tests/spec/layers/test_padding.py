from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.layers.convolution import Conv1D, Conv2D, Conv3D
from netlib.spec.layers.transposed_convolution import Conv2DTranspose
from netlib.spec.layers.zero_padding import ZeroPadding2D


def sides(written: Any) -> Any:
    return ZeroPadding2D.parse({"padding": written}).padding


def test_a_number_or_a_pair_stands_for_more() -> None:
    assert sides(2) == sides(2.0) == ((2, 2), (2, 2))
    assert sides([1, 2]) == ((1, 1), (2, 2))
    assert sides([[1, 2], [0, 3]]) == ((1, 2), (0, 3))
    assert sides([1, [0, 3]]) == ((1, 1), (0, 3))
    assert ZeroPadding2D.parse(3) == ZeroPadding2D.parse({"padding": 3})
    assert ZeroPadding2D.parse({}).padding == ((1, 1), (1, 1))


@pytest.mark.parametrize("wrong", [-1, 1.5, "1", True, [1], [1, 2, 3], [[1, 2, 3], 1], [-1, 0], [[1], [2]], None, {}])
def test_other_forms_are_refused(wrong: Any) -> None:
    message = r"padding: expected an integer, a pair \(height, width\) or a pair of pairs \(\(top, bottom\), \(left, right\)\)"
    with pytest.raises(SpecError, match=message + ", none below 0, got "):
        sides(wrong)
    with pytest.raises(
        SpecError, match=r"padding: expected 'valid' or 'same', an integer, a pair .* none below 0, got "
    ):
        Conv2D.parse({"filters": 1, "kernel_size": 1, "padding": wrong})


@pytest.mark.parametrize("written", ["valid", "same", 0, [1, 2], [[1, 2], [0, 3]]])
def test_plain_values_make_the_same_padding(written: Any) -> None:
    conv = Conv2D.parse({"filters": 1, "kernel_size": 4, "padding": written})
    assert Conv2D.parse(conv.to_plain()) == conv


def test_a_pair_from_zero_on() -> None:
    made = Conv2DTranspose.parse({"filters": 1, "kernel_size": 3, "strides": 2, "output_padding": 1})
    assert made.output_padding == (1, 1)


def around(cls: Any, padding: Any) -> Any:
    return cls.parse({"filters": 1, "kernel_size": 1, "padding": padding}).padding


def test_padding_of_one_axis_and_of_three() -> None:
    assert around(Conv1D, 2) == around(Conv1D, [2, 2]) == around(Conv1D, [[2, 2]]) == around(Conv1D, [2]) == ((2, 2),)
    assert around(Conv1D, [0, 3]) == around(Conv1D, [[0, 3]]) == ((0, 3),)
    assert around(Conv3D, 1) == around(Conv3D, [1, 1, [1, 1]]) == ((1, 1), (1, 1), (1, 1))


@pytest.mark.parametrize("wrong", [-1, [1, 2, 3], [[1, 2], [1, 2]], [[1, 2, 3]], [], None, True])
def test_other_forms_for_one_axis_are_refused(wrong: Any) -> None:
    message = r"expected 'valid', 'same', 'causal', an integer or a pair \(before, behind\), none below 0, got "
    with pytest.raises(SpecError, match=message):
        around(Conv1D, wrong)


@pytest.mark.parametrize("wrong", [-1, [1, 2], [[1, 2], [1, 2]], [1, 2, [1, 2, 3]], None])
def test_other_forms_for_three_axes_are_refused(wrong: Any) -> None:
    message = (
        r"expected 'valid' or 'same', an integer, three of them \(depth, height, width\) or three pairs"
        r" \(\(front, back\), \(top, bottom\), \(left, right\)\), none below 0, got "
    )
    with pytest.raises(SpecError, match=message):
        around(Conv3D, wrong)
