"""The loop on the device that predicts: all batches of a piece of samples in one call.

A piece is a whole number of batches, so that each is a slice of a static shape, and what the model gives for all of them has a
static shape too; how many of them are samples is a tensor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod

import tensorflow as tf

from netlib.data.arrays import Array, Arrays
from netlib.nn.network import Network
from netlib.spec.tensors import DTYPE_BYTES, TensorSpec, elements
from netlib.training.batch import row_slice
from netlib.training.captured import Guard
from netlib.training.inference import couples_rows
from netlib.training.loop import ByRows
from netlib.training.streamed import filled

PIECE_BYTES = 4 * 2**20
"""Of samples, and of what is predicted of them, in one call at most (but one batch in any case)."""

PIECE_BATCHES = 512
"""Batches of a piece, at most: a call then costs little beside them, and few samples need not be filled up to many."""

Tensors = dict[str, tf.Tensor]
Forward = Callable[[Tensors, tf.Tensor, tf.Tensor], Tensors]


class PredictLoop:
    """Predicts pieces of samples; what is compiled serves all pieces of one form.

    Args:
        model: a built model.
        forward: takes (inputs by name, place of the first row among all samples, number of the draw) and gives every output
            by name.
        execution: the mode.
    """

    def __init__(self, model: Network, forward: Forward, execution: str) -> None:
        self.pads = not couples_rows(model)
        """Whether the last batch may be filled up, so that there is one trace."""
        self._outputs = model.graph.output_tensors()
        self._forward = forward
        self._execution = execution
        self._run = ByRows(self._batches_of, execution, Guard("prediction", model))

    def batches(self, samples: Arrays, rows: int) -> int:
        """How many batches of such samples make a piece at most.

        One, where samples depend on the others of their batch, or it is not known how large an output is.
        """
        sizes = [_row_bytes(tensor) for tensor in self._outputs.values()]
        if not self.pads or None in sizes:
            return 1
        inputs = sum(array[:1].nbytes for array in samples.inputs.values())
        size = rows * (inputs + sum(size or 0 for size in sizes))
        return min(PIECE_BATCHES, max(1, PIECE_BYTES // max(size, 1)))

    def run(self, samples: Arrays, rows: int, room: int, first: int, draw: int = 0) -> dict[str, Array]:
        """Every output of the samples by name.

        Args:
            samples: of one piece.
            rows: of a batch.
            room: rows of the piece, in whole batches; it is compiled in, if anything is.
            first: place of the first of the samples among all.
            draw: number of the draw; layers that are random at prediction draw other numbers in each.
        """
        steps = -(-len(samples) // rows)
        room = steps * rows if self._execution == "eager" else room
        inputs = {name: tf.constant(array) for name, array in filled(samples, room).inputs.items()}
        begin = (tf.constant(steps), tf.constant(first, tf.int64), tf.constant(draw))
        stacked = self._run[rows](inputs, *begin)
        return {name: _joined(value.numpy())[: len(samples)] for name, value in stacked.items()}

    def _batches_of(self, rows: int) -> Callable[..., Tensors]:
        def run(inputs: Tensors, steps: tf.Tensor, first: tf.Tensor, draw: tf.Tensor) -> Tensors:
            def body(
                index: tf.Tensor, done: Mapping[str, tf.TensorArray]
            ) -> tuple[tf.Tensor, dict[str, tf.TensorArray]]:
                start = index * rows
                batch = {name: tf.slice(array, *row_slice(array, start, rows)) for name, array in inputs.items()}
                outputs = self._forward(batch, first + tf.cast(start, tf.int64), draw)
                return index + 1, {name: array.write(index, outputs[name]) for name, array in done.items()}

            slots = next(iter(inputs.values())).shape[0] // rows
            begin = (tf.constant(0), {name: _table(tensor, slots, rows) for name, tensor in self._outputs.items()})
            _, done = tf.while_loop(lambda index, _: index < steps, body, begin, parallel_iterations=1)
            return {name: array.stack() for name, array in done.items()}

        return run


def _row_bytes(tensor: TensorSpec) -> int | None:
    """Of what is given for a sample; None where that is not known, or it is not given for each sample."""
    count = elements(tensor.shape) if tensor.batched else None
    return None if count is None else count * DTYPE_BYTES[_dtype(tensor)]


def _table(tensor: TensorSpec, slots: int, rows: int) -> tf.TensorArray:
    """Room for an output of each batch: faster in a graph than a tensor that is updated, and as fast in XLA."""
    shape = None if _row_bytes(tensor) is None or slots == 1 else (rows, *tensor.shape[1:])
    return tf.TensorArray(_dtype(tensor), slots, element_shape=shape)


def _dtype(tensor: TensorSpec) -> str:
    """As `Network.forward` gives it."""
    return "float32" if tensor.dtype in ("float16", "bfloat16") else tensor.dtype


def _joined(stacked: Array) -> Array:
    """From [batches, rows, ...] to [samples, ...]."""
    return stacked.reshape(prod(stacked.shape[:2]), *stacked.shape[2:])
