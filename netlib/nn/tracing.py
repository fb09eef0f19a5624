"""What a layer written in Python gives, and which weights it makes, found by running it once without values."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from netlib.nn.last_operation import end_of
from netlib.nn.tree import Tree
from netlib.spec.errors import NetlabError, UsageError
from netlib.spec.foreign import End, Foreign
from netlib.spec.layer import Weight
from netlib.spec.tensors import TensorSpec


def traced(layer: Any, tensors: Sequence[TensorSpec]) -> Foreign:
    """The static description of a layer for inputs of these shapes and dtypes; the layer itself stays unbuilt, unless a Keras
    layer in it cannot be copied."""
    tried = layer if layer.built else copy_to_try(layer)
    ends: dict[str, End] = {}
    outputs = run_without_values(tried, tensors, ends)
    weights = [
        Weight(
            entry.path,
            tuple(entry.value.shape),
            None,
            trainable=entry.value.trainable,
            dtype=entry.value.dtype.name,
        )
        for entry in Tree(tried).variables
    ]
    return Foreign(given=outputs, made=tuple(weights), ends_in=ends)


def copy_to_try(layer: Any) -> Any:
    """A copy; the layer itself where Keras cannot copy one of its layers, which is then built by being traced."""
    try:
        return copy.deepcopy(layer)
    except UsageError:
        return layer


def run_without_values(
    layer: Any, tensors: Sequence[TensorSpec], ends: dict[str, End] | None = None, *, training: bool = False
) -> dict[str, TensorSpec]:
    """Builds a layer, with all layers that it calls, and returns its outputs by port: `output`, their places, or their names.

    `ends` takes what is known of how they end.
    """
    signature = [tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in tensors]
    found: dict[str, TensorSpec] = {}

    def run(*values: tf.Tensor) -> None:
        given = by_port(layer(*values, training=training))
        found.update({port: _output(layer, port, value) for port, value in given.items()})
        if ends is not None:
            ends.update({port: end for port, value in given.items() if (end := end_of(value))})

    try:
        tf.function(run, autograph=False).get_concrete_function(*signature)
    except NetlabError:
        raise
    except Exception as error:
        given = " and ".join(map(str, tensors))
        error.add_note(f"(netlab was finding out what {layer.path} gives for inputs of {given})")
        raise
    return found


def by_port(given: Any) -> dict[str, Any]:
    """What a call gave, by port."""
    if isinstance(given, Mapping):
        return {str(port): value for port, value in given.items()}
    if isinstance(given, list | tuple):
        return {str(place): value for place, value in enumerate(given)}
    return {"output": given}


def described(tensor: Any, path: str, *, floats: str | None = None, batched: bool = True) -> TensorSpec:
    """Shape and dtype of a tensor that the layer at `path` reads or gives; if it is `batched`, the batch left open.

    `floats` is what floating-point numbers of any width count as, where that is not their own dtype.

    Raises:
        UsageError: not even its rank is known.
    """
    if tensor.shape.rank is None:
        raise UsageError(
            f"{path} has to do with a tensor of unknown rank; say its shape: tf.ensure_shape(x, [None, 8])"
        )
    dtype = floats if floats and tensor.dtype.is_floating else tensor.dtype.name
    return TensorSpec((None, *tensor.shape[1:]) if tensor.shape.rank and batched else tuple(tensor.shape), dtype)


def _output(layer: Any, port: str, value: Any) -> TensorSpec:
    try:
        if isinstance(value, Mapping | list | tuple):
            raise TypeError
        tensor = value if isinstance(value, tf.RaggedTensor | tf.SparseTensor) else tf.convert_to_tensor(value)
    except (TypeError, ValueError):
        kind = type(value).__name__
        raise UsageError(
            f"{layer.path} gives a {kind} as {port}; give a tensor, or a list or mapping of tensors"
        ) from None
    return described(tensor, layer.path)
