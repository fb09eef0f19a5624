"""How the axes of weights change between ours and torch's, and back: NumPy arrays in, NumPy arrays out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]
Shapes = Sequence[tuple[int, ...]]


class Change(NamedTuple):
    """`to_torch(weights, count)` gives that many tensors; `back(tensors, shapes)` gives weights of these shapes."""

    to_torch: Callable[[Sequence[Array], int], list[Array]]
    back: Callable[[Sequence[Array], Shapes], list[Array]]


def _moved(kernel: Array) -> Array:
    """(*places, in, out) to (out, in, *places); also (*places, out, in) of a transposed convolution to (in, out, *places)."""
    return np.transpose(kernel, (kernel.ndim - 1, kernel.ndim - 2, *range(kernel.ndim - 2)))


def _moved_back(weight: Array) -> Array:
    return np.transpose(weight, (*range(2, weight.ndim), 1, 0))


def _depthwise(kernels: Sequence[Array], count: int) -> list[Array]:
    """(*places, in, multiplier) to (in * multiplier, 1, *places)."""
    (kernel,) = kernels
    return [_moved(kernel.reshape(*kernel.shape[:-2], 1, -1))]


def _summed_bias(biases: Sequence[Array], count: int) -> list[Array]:
    """torch adds two biases where there is one here: the other one is zero."""
    (bias,) = biases
    return [bias, np.zeros_like(bias)]


def _swapped(gates: Array) -> Array:
    """The first two of three gates change places: update, reset, new here; reset, update, new in torch."""
    update, reset, new = np.split(gates, 3, axis=-1)
    return np.concatenate([reset, update, new], axis=-1)


def _gru_bias(biases: Sequence[Array], count: int) -> list[Array]:
    (bias,) = biases
    return list(_swapped(bias))


def _attention_input(kernels: Sequence[Array], count: int) -> list[Array]:
    """Each (features, heads, size) to (heads * size, features); one below the other where they make one tensor."""
    flat = [kernel.reshape(kernel.shape[0], -1).T for kernel in kernels]
    return [np.concatenate(flat)] if count == 1 else flat


def _attention_input_back(tensors: Sequence[Array], shapes: Shapes) -> list[Array]:
    flat = np.split(tensors[0], 3) if len(tensors) == 1 else tensors
    return [tensor.T.reshape(shape) for tensor, shape in zip(flat, shapes, strict=True)]


def _attention_bias_back(tensors: Sequence[Array], shapes: Shapes) -> list[Array]:
    return [part.reshape(shape) for part, shape in zip(np.split(tensors[0], 3), shapes, strict=True)]


CHANGES: dict[str, Change] = {
    "same": Change(lambda weights, _: list(weights), lambda tensors, _: list(tensors)),
    "kernel": Change(lambda kernels, _: [_moved(kernels[0])], lambda tensors, _: [_moved_back(tensors[0])]),
    "depthwise": Change(_depthwise, lambda tensors, shapes: [_moved_back(tensors[0]).reshape(shapes[0])]),
    "summed_bias": Change(_summed_bias, lambda tensors, _: [tensors[0] + tensors[1]]),
    "gru_kernel": Change(
        lambda kernels, _: [_swapped(kernels[0]).T],
        lambda tensors, _: [_swapped(tensors[0].T)],
    ),
    "gru_bias": Change(_gru_bias, lambda tensors, _: [_swapped(np.stack(tensors))]),
    "attention_input": Change(_attention_input, _attention_input_back),
    "attention_bias": Change(
        lambda biases, _: [np.concatenate([bias.reshape(-1) for bias in biases])], _attention_bias_back
    ),
    "attention_output": Change(
        lambda kernels, _: [kernels[0].reshape(-1, kernels[0].shape[-1]).T],
        lambda tensors, shapes: [tensors[0].T.reshape(shapes[0])],
    ),
}
"""By the layout's name in `netlib.spec.torch_names`."""


def channels_first(kernel: Array, places: Sequence[int]) -> Array:
    """The kernel (height * width * channels, out) of a Dense behind a Flatten, for places that are flattened channels first."""
    return np.moveaxis(kernel.reshape(*places, -1), -2, 0).reshape(kernel.shape)


def channels_last(kernel: Array, places: Sequence[int]) -> Array:
    """The other way."""
    *sizes, channels = places
    return np.moveaxis(kernel.reshape(channels, *sizes, -1), 0, -2).reshape(kernel.shape)
