from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.convolution import Conv2D
from netlib.spec.errors import SpecError


def conv(**parameters: Any) -> Conv2D:
    return Conv2D.parse({"filters": 6, "kernel_size": 3, **parameters})


def test_one_number_stands_for_both_sides() -> None:
    assert conv(kernel_size=3, strides=2.0) == conv(kernel_size=[3, 3], strides=[2, 2])
    for wrong in (0, [3], [3, 0], [1, 2, 3], True, "3", 1.5):
        with pytest.raises(SpecError, match=r"kernel_size: expected a positive integer or a pair of them, got"):
            conv(kernel_size=wrong)


def test_weights() -> None:
    kernel, bias = conv(kernel_size=[3, 5], groups=2).weights((None, 9, 9, 4))
    assert (kernel.name, kernel.shape) == ("kernel", (3, 5, 2, 6))
    assert (bias.name, bias.shape) == ("bias", (6,))
    assert [weight.name for weight in conv(use_bias=False).weights((None, 9, 9, 4))] == ["kernel"]


def test_multiply_accumulates() -> None:
    # AlexNet's first layer: 55 x 55 places, 11 x 11 x 3 elements, 64 filters.
    first = conv(filters=64, kernel_size=11, strides=4)
    assert first.macs((None, 227, 227, 3)) == 55 * 55 * 11 * 11 * 3 * 64
    assert conv(groups=3).macs((None, 5, 5, 3)) == 3 * 3 * 9 * 1 * 6
    assert conv().macs((None, None, 5, 3)) is None


def test_groups_must_divide_filters_and_channels() -> None:
    with pytest.raises(SpecError, match=r"filters \(= 6\) must be divisible by groups \(= 4\)"):
        conv(groups=4)
    message = r"Conv2D's groups \(= 3\) must divide the channels \(= 4\) of its input \(batch, 8, 8, 4\)"
    with pytest.raises(SpecError, match=message):
        conv(groups=3).weights((None, 8, 8, 4))


def test_strides_and_dilation_exclude_each_other() -> None:
    message = r"strides \(= \[1, 2\]\) and dilation_rate \(= \[3, 3\]\) cannot both be greater than 1"
    with pytest.raises(SpecError, match=message):
        conv(strides=[1, 2], dilation_rate=3)


def test_the_channels_must_be_known() -> None:
    message = r"Conv2D needs to know the length of axis -1 of its input, got \(batch, 8, 8, \?\)"
    with pytest.raises(SpecError, match=message):
        conv().weights((None, 8, 8, None))


def test_padding_is_one_of_two() -> None:
    with pytest.raises(SpecError, match="padding: expected 'valid' or 'same', got 'full'"):
        conv(padding="full")


def test_xla_is_known_to_be_slow_on_the_cpu() -> None:
    assert not Conv2D.fast_xla_on_cpu
