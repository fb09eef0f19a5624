"""How Keras's calls become a module's: inputs, training flag and masks as Keras gives them, and back."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import keras
import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.nn.network import Network


def run(module: Any, inputs: Any, training: Any, mask: Any) -> Any:
    """What a module computes: from a tensor, a list of them, or for a network a mapping; it is told what its call names."""
    known = inspect.signature(module.__call__).parameters
    options = {"training": training} if "training" in known else {}
    if "mask" in known and any(each is not None for each in keras.tree.flatten(mask)):
        options["mask"] = _mask_of(module, mask)
    return module(*inputs, **options) if isinstance(inputs, list | tuple) else module(inputs, **options)


def _mask_of(module: Any, mask: Any) -> Any:
    """A mapping for a network of several inputs, a tuple for other layers."""
    if isinstance(module, Network) and isinstance(mask, list | tuple):
        mask = dict(zip(module.input_names, mask, strict=True))
    if isinstance(mask, Mapping):
        return {name: each for name, each in mask.items() if each is not None}
    return tuple(mask) if isinstance(mask, list) else mask


def keeps_masks(module: tf.Module) -> bool:
    """Whether its outputs may have masks."""
    if not isinstance(module, Layer):
        return False
    known = module if module.spec_type is None else module.spec
    return isinstance(module, Network) or bool(known.supports_masking)


def output_mask(module: tf.Module, inputs: Any, mask: Any) -> Any:
    """The masks of what a layer gave last, in the structure of its outputs; None where there are none."""
    if isinstance(module, Network):
        return _network_mask(module, inputs)
    if not isinstance(module, Layer):
        return None
    if isinstance(inputs, list | tuple):
        return module.compute_mask(*inputs, mask=None if mask is None else tuple(mask))
    return module.compute_mask(inputs, mask=mask)


def _network_mask(network: Network, inputs: Any) -> Any:
    if any(isinstance(each, keras.KerasTensor) for each in keras.tree.flatten(inputs)):
        return None  # a functional model asks again when it runs
    masks, names = network.output_masks, list(network.graph.outputs)
    return {name: masks.get(name) for name in names} if len(names) > 1 else masks.get(names[0])


def zipped(make: Callable[[Any, str], Any], shape: Any, dtype: Any) -> Any:
    """`make(shape, dtype)` for each input of a nested structure of them."""
    if isinstance(dtype, Mapping):
        return {name: zipped(make, shape[name], each) for name, each in dtype.items()}
    if isinstance(dtype, list | tuple):
        return [zipped(make, each, of) for each, of in zip(shape, dtype, strict=True)]
    return make(tuple(shape), dtype)


def plain(value: Any) -> Any:
    """Shapes as a file has them: lists, in mappings and lists."""
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list | tuple) else value
