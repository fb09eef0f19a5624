"""What the layers that go through a sequence step by step share: the states that they begin and end with, masks, dropout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import tensorflow as tf

from netlib.nn.layer import Layer
from netlib.nn.layers.recurrent_cells import Cell, States, Weights
from netlib.nn.layers.recurrent_scan import Pass, fitting, scan, swapped
from netlib.spec.errors import UsageError
from netlib.spec.layers import recurrent_base as spec

SpecType = TypeVar("SpecType", bound=spec.Stepwise)


class Stepwise(Layer[SpecType]):
    """Goes through a sequence with a state. A layer derived from it says what a step gets of the sequence, and what it does.

    States have the compute dtype, as the outputs; those that stay from batch to batch are kept in float32.
    """

    recurrent_kernel: tf.Variable

    def call(self, sequence: tf.Tensor, *initial: tf.Tensor, training: Any = False, mask: Any = None) -> Any:
        """The `output` (batch, *state), with return_sequences (batch, time, *state), and the last state by its parts' names.

        `mask` is that of the sequence, bool [batch, time]. At a place that it leaves out the state stays, and the output is that
        of the step before, 0 before the first place that is real.
        """
        self._check_rows(sequence)
        seen = self._in_order(mask[0] if isinstance(mask, tuple) else mask)
        steps = self.projected(self._kept_features(self._in_order(sequence), training))
        begin = self._begin(steps, initial)
        way = Pass(self.cell, self._kept_state(begin[0], training), seen)
        outputs, last = scan(way, steps, begin, self.read_by_steps(), every=self.spec.return_sequences)
        if self.spec.stateful:
            for variable, state in zip(self._states(), last, strict=True):
                variable.assign(tf.cast(state, variable.dtype))
        shown = self._shown(outputs, last[0], seen, begins_at_zero=not initial and not self.spec.stateful)
        return {"output": shown, **dict(zip(self.spec.states, last, strict=True))}

    def projected(self, steps: tf.Tensor) -> tf.Tensor:
        """What the gates get of a sequence [time, batch, ...], for all steps at once."""
        raise NotImplementedError

    @property
    def cell(self) -> Cell:
        """What happens at a step."""
        raise NotImplementedError

    def read_by_steps(self) -> Weights:
        """The weights that the cell reads."""
        return (self.cast(self.recurrent_kernel),)

    def reset_states(self) -> None:
        """Lets the next batch begin with zeros.

        Raises:
            UsageError: it is not stateful.
        """
        if not self.spec.stateful:
            raise UsageError(f"{self.path} keeps no states, so there are none to reset: it is not stateful")
        if self.built:
            for variable in self._states():
                variable.assign(tf.zeros_like(variable))

    @property
    def couples_rows(self) -> bool:  # type: ignore[override]
        """Whether a batch must have the rows that it has: each begins where the one before it ended."""
        return self.spec.stateful

    def masks_by_port(self, inputs: Sequence[Any], outputs: Mapping[str, Any], mask: Any) -> dict[str, Any]:
        """That of the output; a state has none."""
        found = self.compute_mask(*inputs, mask=mask)
        return {} if found is None else {"output": found}

    def compute_mask(self, *inputs: tf.Tensor, mask: Any = None) -> Any:
        """With return_sequences the sequence's, in the order of the outputs."""
        own = mask[0] if isinstance(mask, tuple) else mask
        if own is None or not self.spec.return_sequences:
            return None
        return tf.reverse(own, [1]) if self.spec.go_backwards else own

    def _check_rows(self, sequence: tf.Tensor) -> None:
        rows = sequence.shape[0]
        if self.spec.stateful and rows not in (None, self.spec.batch_size):
            raise UsageError(
                f"{self.path} is stateful with batch_size (= {self.spec.batch_size}), but got a batch of {rows}; all batches must"
                " have that many rows, also the last"
            )

    def _states(self) -> list[tf.Variable]:
        return [self.weight_called(f"state_{name}") for name in self.spec.states]

    def _in_order(self, values: Any) -> Any:
        """Time first, in the order of the steps."""
        if values is None:
            return None
        steps = swapped(values)
        return tf.reverse(steps, [0]) if self.spec.go_backwards else steps

    def _begin(self, steps: tf.Tensor, initial: tuple[tf.Tensor, ...]) -> States:
        """What the first step finds, as known as the steps are."""
        if self.spec.stateful:
            initial = tuple(self.cast(state) for state in self._states())
        known = [*steps.shape[1:-1], self.recurrent_kernel.shape[-2]]
        if not initial:
            shape = known if None not in known else tf.concat([tf.shape(steps)[1:-1], known[-1:]], 0)
            initial = (tf.zeros(shape, steps.dtype),) * len(self.spec.states)
        return tuple(tf.ensure_shape(state, known) for state in initial)

    def _kept_features(self, steps: tf.Tensor, training: Any) -> tf.Tensor:
        keep = self._factors("dropout", self.spec.dropout, steps.shape[1:], tf.shape(steps)[1:], training)
        return steps if keep is None else steps * keep

    def _kept_state(self, state: tf.Tensor, training: Any) -> tf.Tensor | None:
        return self._factors("recurrent_dropout", self.spec.recurrent_dropout, state.shape, tf.shape(state), training)

    def _factors(self, purpose: str, rate: float, known: Any, shape: Any, training: Any) -> tf.Tensor | None:
        """For each row 0 at a share of the places, and such a factor at the others that the mean stays; None for 1."""
        if not training or rate == 0:
            return None
        drawn = self.random_uniform(purpose, tuple(known) if known.is_fully_defined() else shape)
        return self.cast(tf.ensure_shape(tf.where(drawn >= rate, 1 / (1 - rate), 0.0), known))

    def _shown(self, outputs: Any, last: tf.Tensor, seen: Any, *, begins_at_zero: bool) -> tf.Tensor:
        """The outputs; 0 where no place was real yet."""
        if not self.spec.return_sequences:
            real = None if seen is None or begins_at_zero else fitting(tf.reduce_any(seen, 0), last)
            return last if real is None else tf.where(real, last, 0)
        if seen is not None and not begins_at_zero:
            real = tf.cumsum(tf.cast(seen, tf.int32)) > 0
            outputs = tf.where(fitting(real, last), outputs, 0)
        return swapped(outputs)
