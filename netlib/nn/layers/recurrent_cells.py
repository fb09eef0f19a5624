"""What happens at a step of SimpleRNN and GRU, and on the way back through it; for LSTM see `lstm_cells`.

Each cell says what it keeps of a step, so that nothing is computed twice, and what the gradients of its sums are; those of the
weights then follow from all steps at once.
"""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import tensorflow as tf

from netlib.nn.keras_objects import activation

States = tuple[tf.Tensor, ...]
Weights = tuple[tf.Tensor, ...]
Kept = tuple[tf.Tensor, ...]


class Gate:
    """A function whose derivative is known by what is kept of it: its value where that is enough, else what it was given."""

    _by_value: ClassVar[dict[str, Any]] = {"sigmoid": tf.raw_ops.SigmoidGrad, "tanh": tf.raw_ops.TanhGrad}

    def __init__(self, spec: Any) -> None:
        self._function = activation(spec)
        self._name = None if spec is None else spec.type_name()
        self._derivative = None if self._name is None else self._by_value.get(self._name)

    def kept(self, given: tf.Tensor) -> tf.Tensor:
        """What is kept, of the same shape."""
        return self._function(given) if self._derivative else given

    def is_a(self, name: str) -> bool:
        """Whether it is the function of that name."""
        return self._name == name

    def value(self, kept: tf.Tensor) -> tf.Tensor:
        """The function's value."""
        return kept if self._derivative else self._function(kept)

    def back(self, kept: tf.Tensor, by_value: tf.Tensor) -> tf.Tensor:
        """The gradient by what it was given, of that by its value."""
        if self._derivative:
            return self._derivative(y=kept, dy=by_value)
        with tf.GradientTape() as tape:
            tape.watch(kept)
            value = self._function(kept)
        return tape.gradient(value, kept, by_value)


class Product:
    """What gates get of a state by a kernel; and the gradients by both."""

    def __call__(self, state: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        """The sums."""
        return tf.matmul(state, kernel)

    def by_state(self, by_sums: tf.Tensor, kernel: tf.Tensor, state: tf.Tensor) -> tf.Tensor:
        """By the state, of that by the product."""
        return tf.matmul(by_sums, kernel, transpose_b=True)

    def by_kernel(self, by_sums: tf.Tensor, kernel: tf.Tensor, states: tf.Tensor) -> tf.Tensor:
        """By the kernel, of those by the products of all steps, [time, batch, ...]."""
        return tf.matmul(folded(states), folded(by_sums), transpose_a=True)


class Back(NamedTuple):
    """The gradients of a step.

    Attributes:
        by_sums: by what it got of the sequence; and more that the gradients of the weights need.
        by_read: by the first part of the state as the kernels read it.
        by_states: by the parts of the state otherwise; None for 0.
    """

    by_sums: Kept
    by_read: tf.Tensor
    by_states: tuple[Any, ...]


class Cell:
    """A step. `read` is the first part of the state as the kernels read it: dropout may have gone over it.

    Args:
        function: gives the new state.
        gate: gives the gates.
        product: that of the state and a kernel.
    """

    kept_more: ClassVar[int] = 0
    """How many tensors of the state's shape are kept beside the one that is as wide as what a step gets of the sequence."""
    back_more: ClassVar[int] = 0
    """The same for the gradients."""
    states_back: ClassVar[int | None] = None
    """How many of the first parts of the state the way back reads; None for all."""

    def __init__(self, function: Gate, gate: Gate | None = None, product: Product | None = None) -> None:
        self.function = function
        self.gate = gate or function
        self.product = product or Product()

    def forward(self, given: tf.Tensor, read: tf.Tensor, states: States, weights: Weights) -> tuple[States, Kept]:
        """The new state, and what is kept for the way back."""
        raise NotImplementedError

    def backward(self, by_new: States, kept: Kept, read: tf.Tensor, states: States, weights: Weights) -> Back:
        """The gradients of a step, of those by its new state."""
        raise NotImplementedError

    def by_weights(self, by_sums: Kept, kept: Kept, reads: tf.Tensor, weights: Weights) -> Weights:
        """The gradients of the weights, of what all steps gave and kept, [time, batch, ...]."""
        return (self.product.by_kernel(by_sums[0], weights[0], reads),)


class SimpleCell(Cell):
    """`h = function(x + h @ kernel)`."""

    def forward(self, given: tf.Tensor, read: tf.Tensor, states: States, weights: Weights) -> tuple[States, Kept]:
        """Keeps the function's value."""
        kept = self.function.kept(given + self.product(read, weights[0]))
        return (self.function.value(kept),), (kept,)

    def backward(self, by_new: States, kept: Kept, read: tf.Tensor, states: States, weights: Weights) -> Back:
        """Through the function and the product."""
        by_sum = self.function.back(kept[0], by_new[0])
        return Back((by_sum,), self.product.by_state(by_sum, weights[0], read), (None,))


class GRUCell(Cell):
    """Sums of the gates stay, reset, new; the reset is applied to the state's product. Weights: a kernel, and maybe a bias."""

    kept_more = 1
    back_more = 1

    def forward(self, given: tf.Tensor, read: tf.Tensor, states: States, weights: Weights) -> tuple[States, Kept]:
        """Keeps the gates and what is reset."""
        product = self.product(read, weights[0])
        h_z, h_r, h_h = tf.split(product + weights[1] if len(weights) > 1 else product, 3, -1)
        x_z, x_r, x_h = tf.split(given, 3, -1)
        kept_z, kept_r = self.gate.kept(x_z + h_z), self.gate.kept(x_r + h_r)
        kept = self.function.kept(x_h + self.gate.value(kept_r) * h_h)
        return (_mixed(self, kept_z, kept, states[0]),), (tf.concat([kept_z, kept_r, kept], -1), h_h)

    def backward(self, by_new: States, kept: Kept, read: tf.Tensor, states: States, weights: Weights) -> Back:
        """Through the mixture, the gates and the product."""
        kept_z, kept_r, kept_h = tf.split(kept[0], 3, -1)
        by_z, by_h, by_state = _unmixed(self, kept_z, kept_h, by_new[0], states[0])
        by_r = self.gate.back(kept_r, by_h * kept[1])
        by_reset = by_h * self.gate.value(kept_r)
        by_read = self.product.by_state(tf.concat([by_z, by_r, by_reset], -1), weights[0], read)
        return Back((tf.concat([by_z, by_r, by_h], -1), by_reset), by_read, (by_state,))

    def by_weights(self, by_sums: Kept, kept: Kept, reads: tf.Tensor, weights: Weights) -> Weights:
        """Of the kernel, and of the bias that is added to the product."""
        by_gates = by_sums[0][..., : 2 * by_sums[1].shape[-1]]
        by_product = tf.concat([by_gates, by_sums[1]], -1)
        by_kernel = self.product.by_kernel(by_product, weights[0], reads)
        return (by_kernel, tf.reduce_sum(by_product, [0, 1]))[: len(weights)]


class EarlyResetCell(Cell):
    """As `GRUCell`, with the reset applied to the state before its product. Weights: the kernels of the gates and of the new."""

    def forward(self, given: tf.Tensor, read: tf.Tensor, states: States, weights: Weights) -> tuple[States, Kept]:
        """Keeps the gates."""
        (h_z, h_r), (x_z, x_r, x_h) = tf.split(self.product(read, weights[0]), 2, -1), tf.split(given, 3, -1)
        kept_z, kept_r = self.gate.kept(x_z + h_z), self.gate.kept(x_r + h_r)
        kept = self.function.kept(x_h + self.product(self.gate.value(kept_r) * read, weights[1]))
        return (_mixed(self, kept_z, kept, states[0]),), (tf.concat([kept_z, kept_r, kept], -1),)

    def backward(self, by_new: States, kept: Kept, read: tf.Tensor, states: States, weights: Weights) -> Back:
        """Through the mixture, the second product, the gates and the first product."""
        kept_z, kept_r, kept_h = tf.split(kept[0], 3, -1)
        by_z, by_h, by_state = _unmixed(self, kept_z, kept_h, by_new[0], states[0])
        by_reset = self.product.by_state(by_h, weights[1], read)
        by_r = self.gate.back(kept_r, by_reset * read)
        by_read = self.product.by_state(tf.concat([by_z, by_r], -1), weights[0], read)
        by_read += by_reset * self.gate.value(kept_r)
        return Back((tf.concat([by_z, by_r, by_h], -1),), by_read, (by_state,))

    def by_weights(self, by_sums: Kept, kept: Kept, reads: tf.Tensor, weights: Weights) -> Weights:
        """Of both kernels."""
        units = reads.shape[-1]
        by_gates, by_new = by_sums[0][..., : 2 * units], by_sums[0][..., 2 * units :]
        reset = self.gate.value(kept[0][..., units : 2 * units]) * reads
        return self.product.by_kernel(by_gates, weights[0], reads), self.product.by_kernel(by_new, weights[1], reset)


def _mixed(cell: Cell, kept_z: tf.Tensor, kept: tf.Tensor, state: tf.Tensor) -> tf.Tensor:
    """`z * state + (1 - z) * new`."""
    new = cell.function.value(kept)
    return new + cell.gate.value(kept_z) * (state - new)


def _unmixed(
    cell: Cell, kept_z: tf.Tensor, kept: tf.Tensor, by_mixed: tf.Tensor, state: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Gradients by the sums of the gate and of the new state, and by the old one."""
    by_state = by_mixed * cell.gate.value(kept_z)
    by_z = cell.gate.back(kept_z, by_mixed * (state - cell.function.value(kept)))
    return by_z, cell.function.back(kept, by_mixed - by_state), by_state


def folded(values: tf.Tensor) -> tf.Tensor:
    """[time, batch, ...] as [time * batch, ...]."""
    length, batch = values.shape[:2]
    rows = length * batch if length is not None and batch is not None else tf.reduce_prod(tf.shape(values)[:2])
    known = values.shape[2:].is_fully_defined()
    return tf.reshape(values, [rows, *values.shape[2:]] if known else tf.concat([[rows], tf.shape(values)[2:]], 0))
