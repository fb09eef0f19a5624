"""From what a user gives (arrays, lists, columns, mappings of them, batches of a stream) to samples as the network reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from netlib.data.arrays import Array, Arrays
from netlib.nn.network import Network
from netlib.spec.computed import beside
from netlib.spec.errors import UsageError
from netlib.spec.tensors import TensorSpec

TARGET = "target"
"""Name of a target that is given without one."""

INT32 = np.iinfo(np.int32)


def samples_of(model: Network, x: Any, y: Any = None, weights: Any = None) -> Arrays:
    """Inputs, targets and weights by name, float32 or int32 unless the network says otherwise of an input.

    Args:
        model: whose inputs they are.
        x: an array [samples, ...] or what NumPy makes one of, or a mapping from input to such.
        y: likewise for the targets; None where the loss names an input as its target.
        weights: a number for each sample, or None.

    Raises:
        SpecError: the inputs are not those of the network.
        UsageError: something is no array of numbers, the lengths differ, or there is no sample.
    """
    known = model.graph.inputs if model.built else {}
    inputs = model.inputs_by_name(x)
    targets = {} if y is None else dict(y) if isinstance(y, Mapping) else {TARGET: y}
    samples = Arrays(
        {name: as_read(_array(value, f"input '{name}'"), known.get(name)) for name, value in inputs.items()},
        {name: as_read(_array(value, f"target '{name}'")) for name, value in targets.items()},
        None if weights is None else _weights(weights),
    )
    _need_one_length(model.name, samples)
    return samples


def samples_of_batch(model: Network, batch: Any) -> Arrays:
    """The samples of a stream's batch: inputs alone, or a tuple or list of inputs, targets and, if there are, weights."""
    if not isinstance(batch, tuple | list):
        return samples_of(model, batch)
    if not 1 <= len(batch) <= 3:
        raise UsageError(f"a batch is (x,), (x, y) or (x, y, sample_weight), got {len(batch)} things")
    return samples_of(model, *batch)


def inputs_of_batch(model: Network, batch: Any) -> Arrays:
    """The same without targets and weights, which may be there."""
    return samples_of(model, batch[0] if isinstance(batch, tuple | list) and batch else batch)


def tensors_of(samples: Arrays) -> list[TensorSpec]:
    """What is known of the inputs, in their order."""
    return [tensor_of(array) for array in samples.inputs.values()]


def tensor_of(array: Array) -> TensorSpec:
    """Its shape, the first axis being the samples, and its dtype."""
    return TensorSpec((None, *array.shape[1:]), array.dtype.name)


def tensors_beside(samples: Arrays) -> dict[str, TensorSpec]:
    """The same of all that a loss or a metric can name besides outputs; see `netlib.spec.computed.beside`."""
    inputs, targets = (
        {name: tensor_of(array) for name, array in arrays.items()} for arrays in (samples.inputs, samples.targets)
    )
    return beside(inputs, targets)


def as_read(array: Array, known: TensorSpec | None = None) -> Array:
    """Numbers in the dtype that the network is known to read; else floating-point ones as float32, others as int32."""
    floating = array.dtype.kind not in "iub"
    wanted = np.dtype(known.dtype if known and not floating else "float32" if floating else "int32")
    if wanted.kind in "iu" and array.dtype.kind in "iu" and array.size:
        limits = np.iinfo(wanted)
        least, most = array.min(), array.max()
        if least < limits.min or most > limits.max:
            raise UsageError(f"integers from {least} to {most} do not fit {wanted.name}, which the network reads")
    return array.astype(wanted, copy=False)


def _array(value: Any, name: str) -> Array:
    try:
        array = np.asarray(value)
    except (ValueError, TypeError) as error:
        raise UsageError(f"{name} cannot be made an array: {error}; give rows of one shape") from error
    if array.dtype.kind not in "fiub" and array.dtype.name != "bfloat16":
        raise UsageError(f"{name} is an array of {array.dtype.name}, expected numbers of one shape in every row")
    if not array.ndim:
        raise UsageError(f"{name} is the single value {array}, expected an array whose first axis is the samples")
    return array


def _weights(given: Any) -> Array:
    weights = _array(given, "sample_weight").astype(np.float32)
    if weights.ndim == 2 and weights.shape[1] == 1:
        weights = weights[:, 0]
    if weights.ndim != 1:
        raise UsageError(
            f"sample_weight has the shape {weights.shape}, expected one weight for each sample: (samples,)"
        )
    if not np.isfinite(weights).all() or (weights < 0).any():
        wrong = weights[~(np.isfinite(weights) & (weights >= 0))][0]
        raise UsageError(f"sample_weight has {wrong}, expected finite numbers that are not negative")
    return weights


def _need_one_length(name: str, samples: Arrays) -> None:
    given = [*samples.inputs.items(), *samples.targets.items()]
    given += [] if samples.weights is None else [("sample_weight", samples.weights)]
    if len({len(value) for _, value in given}) > 1:
        shown = ", ".join(f"{each} has {len(value)}" for each, value in given)
        raise UsageError(f"{name} needs as many targets and weights as inputs: {shown} samples")
    if not len(samples):
        raise UsageError(f"{name} needs at least one sample, got none")
