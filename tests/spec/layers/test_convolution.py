from __future__ import annotations

import inspect
from typing import Any

import keras
import pytest

from netlib.spec.errors import SpecError
from netlib.spec.layers.convolution import Conv1D, Conv2D, Conv3D
from netlib.spec.layers.depthwise_convolution import DepthwiseConv1D, DepthwiseConv2D
from netlib.spec.layers.separable_convolution import SeparableConv2D
from netlib.spec.layers.transposed_convolution import Conv2DTranspose
from netlib.spec.registry import names, spec_class


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


def test_padding_is_a_rule_or_explicit() -> None:
    with pytest.raises(SpecError, match=r"padding: expected 'valid' or 'same', an integer, a pair .*, got 'full'"):
        conv(padding="full")
    assert conv(padding=2) == conv(padding=[[2, 2], [2, 2]])


def test_the_first_layers_of_torchvision_s_networks() -> None:
    alexnet = conv(filters=64, kernel_size=11, strides=4, padding=2)
    assert alexnet.output_shape((None, 224, 224, 3)) == (None, 55, 55, 64)
    assert alexnet.macs((None, 224, 224, 3)) == 55 * 55 * 11 * 11 * 3 * 64
    resnet = conv(filters=64, kernel_size=7, strides=2, padding=3)
    assert resnet.output_shape((None, 224, 224, 3)) == (None, 112, 112, 64)


def test_xla_is_known_to_be_slow_on_the_cpu() -> None:
    sliding = [spec_class("layer", name) for name in names("layer") if "Conv" in name and "LSTM" not in name]
    assert len(sliding) >= 10
    assert not any(cls.fast_xla_on_cpu for cls in sliding)  # type: ignore[attr-defined]


def test_parameters_come_in_keras_s_order() -> None:
    for name in (each for each in names("layer") if "Conv" in each and "LSTM" not in each):
        theirs = inspect.signature(getattr(keras.layers, name).__init__).parameters
        ours = list(spec_class("layer", name).model_fields)
        assert ours == [each for each in theirs if each in ours]


def test_one_number_stands_for_every_axis() -> None:
    assert Conv1D.parse({"filters": 1, "kernel_size": 3}) == Conv1D.parse({"filters": 1, "kernel_size": [3]})
    assert Conv3D.parse({"filters": 1, "kernel_size": 3}) == Conv3D.parse({"filters": 1, "kernel_size": [3, 3, 3]})
    with pytest.raises(SpecError, match=r"kernel_size: expected a positive integer, got \[1, 2\]"):
        Conv1D.parse({"filters": 1, "kernel_size": [1, 2]})
    with pytest.raises(SpecError, match=r"strides: expected a positive integer or three of them, got \[1, 2\]"):
        Conv3D.parse({"filters": 1, "kernel_size": 1, "strides": [1, 2]})


def test_other_numbers_of_axes_are_refused() -> None:
    with pytest.raises(
        SpecError, match=r"Conv1D needs an input of rank 3, \(batch, time, features\), got \(batch, 8, 8, 1\)"
    ):
        Conv1D.parse({"filters": 1, "kernel_size": 1}).output_shape((None, 8, 8, 1))
    with pytest.raises(
        SpecError, match=r"Conv3D needs an input of rank 5, \(batch, depth, height, width, channels\), got"
    ):
        Conv3D.parse({"filters": 1, "kernel_size": 1}).output_shape((None, 8, 8, 1))


def test_causal_padding_is_for_sequences_and_keeps_their_length() -> None:
    causal = Conv1D.parse({"filters": 2, "kernel_size": 4, "dilation_rate": 8, "padding": "causal"})
    assert causal.around == ((24, 0),)
    assert causal.output_shape((None, 5, 3)) == (None, 5, 2)
    assert Conv1D.parse(causal.to_plain()) == causal
    for cls in (Conv2D, Conv3D, DepthwiseConv1D):
        with pytest.raises(SpecError, match=r"padding: expected 'valid' or 'same', an integer.*, got 'causal'"):
            cls.parse({**({} if cls is DepthwiseConv1D else {"filters": 1}), "kernel_size": 1, "padding": "causal"})
    message = r"padding: expected 'valid', 'same', 'causal', an integer or a pair \(before, behind\), none below 0, got 'full'"
    with pytest.raises(SpecError, match=message):
        Conv1D.parse({"filters": 1, "kernel_size": 1, "padding": "full"})


def test_what_is_larger_than_its_input_is_named_with_all_its_axes() -> None:
    message = r"Conv3D's window of 3 x 1 x 5 is larger than its input \(batch, 4, 4, 4, 1\); make it smaller"
    with pytest.raises(SpecError, match=message):
        Conv3D.parse({"filters": 1, "kernel_size": [3, 1, 5]}).output_shape((None, 4, 4, 4, 1))


def test_the_first_pair_of_mobilenet_s_layers() -> None:
    """Howard et al. 2017, table 1: a depthwise convolution of 3 x 3 x 32, and one of 1 x 1 x 32 x 64, over 112 x 112 places."""
    image = (None, 112, 112, 32)
    depthwise = DepthwiseConv2D.parse({"kernel_size": 3, "padding": 1})
    assert depthwise.macs(image) == 112 * 112 * 9 * 32
    assert [weight.shape for weight in depthwise.weights(image)] == [(3, 3, 32, 1), (32,)]
    separable = SeparableConv2D.parse({"filters": 64, "kernel_size": 3, "padding": "same"})
    assert separable.macs(image) == 112 * 112 * (9 * 32 + 32 * 64)
    assert separable.kept(image) == 112 * 112 * 32
    assert separable.kept((None, None, 112, 32)) is None


def test_each_channel_may_have_strides_beside_a_dilation() -> None:
    """As in Keras, where other convolutions refuse that."""
    both = DepthwiseConv2D.parse({"kernel_size": 3, "strides": 2, "dilation_rate": 2})
    assert both.output_shape((None, 9, 10, 3)) == (None, 3, 3, 3)
    with pytest.raises(SpecError, match="cannot both be greater than 1"):
        Conv2DTranspose.parse({"filters": 1, "kernel_size": 3, "strides": 2, "dilation_rate": 2})
