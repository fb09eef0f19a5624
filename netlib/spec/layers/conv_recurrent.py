"""Layers that go through a sequence of images with a state: ConvLSTM2D."""

from __future__ import annotations

from math import prod

from netlib.spec.layer import Weight, need_axis, need_rank
from netlib.spec.layers.kernels import EitherStridesOrDilation, Filters
from netlib.spec.layers.recurrent_base import Activated, ForgetBias, Gated, Stepwise
from netlib.spec.tensors import Shape, known_product
from netlib.spec.types import Padding, Pair


class ConvLSTM2D(Stepwise, ForgetBias, Gated, Activated, EitherStridesOrDilation[Pair, Padding], Filters):
    """An LSTM whose state is an image, and whose products are convolutions.

    It goes through a sequence (batch, time, height, width, channels). The state is convolved with steps of 1 and zeros around it.
    Shi and others, *Convolutional LSTM network: a machine learning approach for precipitation nowcasting*, 2015; without that
    paper's peepholes.
    """

    optional_inputs = ("h", "c")
    ports = ("output", "h", "c")
    states = ("h", "c")
    gates = 4
    keeps_output = True

    def state_shape(self, sequence: Shape) -> Shape:
        """(batch, height, width, filters), by the windows that find room."""
        need_rank(self, sequence, 5, "(batch, time, height, width, channels)")
        return (sequence[0], *self.places((sequence[0], *sequence[2:])), self.filters)

    def weights(self, sequence: Shape, *initial: Shape) -> list[Weight]:
        """`kernel` (height, width, channels, 4 * filters), `recurrent_kernel` (height, width, filters, 4 * filters), `bias`, and
        the states kept."""
        columns = self.gates * self.filters
        made = [
            self.weight("kernel", *self.kernel_size, need_axis(self, sequence), columns),
            self.recurrent_weight(*self.kernel_size, self.filters, columns),
        ]
        bias = [self.begun(self.weight("bias", columns), self.filters)] if self.use_bias else []
        return [*made, *bias, *self.kept_states(self.state_shape(sequence))]

    def macs(self, sequence: Shape, *initial: Shape) -> int | None:
        """One for each element of the two kernels, at each place of the state and at each step."""
        channels = need_axis(self, sequence) + self.filters
        columns = prod(self.kernel_size) * channels * self.gates * self.filters
        return known_product((sequence[1], *self.state_shape(sequence)[1:3], columns))
