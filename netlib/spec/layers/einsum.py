"""The dense layer whose product is written as an equation: EinsumDense."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, Field, PlainValidator, model_validator

from netlib.spec.base import shown
from netlib.spec.choice import Activation, Constraint, Initializer, Regularizer
from netlib.spec.equations import Equation, equation_of
from netlib.spec.errors import SpecError
from netlib.spec.fields import activated, limited, penalised, starts_as
from netlib.spec.initializers import with_fans
from netlib.spec.layer import LayerSpec, Weight, need_activation_axis
from netlib.spec.layers.core import NO_LORA, NO_QUANTIZATION
from netlib.spec.tensors import Shape, known_product, show
from netlib.spec.types import PositiveInt, whole


def _equation(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = "".join(value.split())
    equation_of(text)
    return text


def _lengths(value: Any) -> tuple[int | None, ...] | int:
    single = not isinstance(value, list | tuple)
    items = [whole(item) for item in ([value] if single else value)]
    if not all((type(item) is int and item > 0) or (item is None and not single) for item in items):
        raise ValueError(f"expected a positive integer, or a list of them and nulls, got {shown(value)}")
    return items[0] if single else tuple(items)


EquationText = Annotated[str, BeforeValidator(_equation, json_schema_input_type=str)]
OutputLengths = Annotated[
    int | tuple[int | None, ...],
    PlainValidator(_lengths, json_schema_input_type=PositiveInt | list[PositiveInt | None]),
]


class EinsumDense(LayerSpec):
    """`activation(einsum(equation, input, kernel) + bias)`: a Dense whose product is written as an equation.

    `...x,xy->...y` is a Dense; `abc,cde->abde` makes each feature vector one of several heads, `abde,dec->abc` joins these.
    """

    keeps_output = False
    supports_masking = True
    refused: ClassVar[dict[str, str]] = {
        **LayerSpec.refused,
        "output_shape": "write output_dim, the lengths of the output's axes",
        "lora_rank": NO_LORA,
        "lora_alpha": NO_LORA,
        "gptq_unpacked_column_size": NO_QUANTIZATION,
        "quantization_config": NO_QUANTIZATION,
    }
    equation: EquationText = Field(
        description="`input,kernel->output`, a letter for each axis, as NumPy's einsum; `...` in front or behind for any axes.",
        examples=["...x,xy->...y"],
    )
    output_dim: OutputLengths = Field(
        description="Length of each axis of the output, without the batch and what `...` stands for; null where it is the"
        " input's."
    )
    activation: Activation = activated()
    bias_axes: str | None = Field(
        None, description="Letters of the output's axes along which a bias is added; none if null."
    )
    kernel_initializer: Initializer = starts_as("glorot_uniform", "kernel")
    bias_initializer: Initializer = starts_as("zeros", "bias")
    kernel_regularizer: Regularizer = penalised("kernel")
    bias_regularizer: Regularizer = penalised("bias")
    kernel_constraint: Constraint = limited("kernel")
    bias_constraint: Constraint = limited("bias")

    @property
    def parsed(self) -> Equation:
        """The equation."""
        return equation_of(self.equation)

    @property
    def kernel_outputs(self) -> tuple[int, ...]:
        """The axes whose letters the output has."""
        return tuple(axis for axis, letter in enumerate(self.parsed.kernel) if letter in self.parsed.output)

    @property
    def stated(self) -> dict[str, int | None]:
        """The length of each letter of the output, as `output_dim` has it."""
        lengths = self.output_dim if isinstance(self.output_dim, tuple) else (self.output_dim,)
        return dict(zip(self.parsed.free, lengths, strict=True))

    @model_validator(mode="after")
    def _fits_the_equation(self) -> Self:
        free, lengths = self.parsed.free, self.output_dim
        count = len(lengths) if isinstance(lengths, tuple) else 1
        if count != len(free):
            raise ValueError(f"output_dim has a length for each axis of '{free}', got {count} in {shown(lengths)}")
        for letter, length in self.stated.items():
            if length is None and letter not in self.parsed.input:
                raise ValueError(f"output_dim must say the length of '{letter}', which the input has not, got null")
        axes = self.bias_axes
        if axes is not None and (not axes or len(set(axes)) < len(axes) or not set(axes) <= set(free)):
            raise ValueError(f"bias_axes are letters of '{free}', each once, got {shown(axes)}")
        return self

    def apart(self, shape: Shape) -> tuple[Shape, Shape, Shape]:
        """The input's axes in front of those with letters, these, and those behind.

        Raises:
            SpecError: there are too few or too many of them.
        """
        count, equation = len(self.parsed.input), self.parsed
        dots = equation.front or equation.behind
        least = count + 1 if equation.front else count
        if len(shape) < least or (len(shape) > least and not dots):
            needed = f"{least} or more" if dots else least
            raise SpecError(f"EinsumDense with '{self.equation}' needs an input of rank {needed}, got {show(shape)}")
        if equation.front:
            return shape[:-count], shape[-count:], ()
        return (), shape[:count], shape[count:]

    def lengths(self, shape: Shape) -> dict[str, int | None]:
        """Of every letter.

        Raises:
            SpecError: `output_dim` is not the input's.
        """
        _, lettered, _ = self.apart(shape)
        found = dict(zip(self.parsed.input, lettered, strict=True))
        for letter, stated in self.stated.items():
            length = found.setdefault(letter, stated)
            if stated is not None and stated != length:
                raise SpecError(
                    f"EinsumDense's output_dim has {stated} for '{letter}' of '{self.equation}', but its input {show(shape)} has"
                    f" {'an unknown length' if length is None else length} there; null takes the input's"
                )
        return found

    def output_shape(self, shape: Shape) -> Shape:
        """The axes of the output's letters, between those that `...` stands for."""
        lengths = self.lengths(shape)
        front, _, behind = self.apart(shape)
        output = (*front, *(lengths[letter] for letter in self.parsed.output), *behind)
        self.weights(shape)
        need_activation_axis(self, self.activation, output)
        return output

    def weights(self, shape: Shape) -> list[Weight]:
        """`kernel`, the axes of its letters; with `bias_axes` also `bias`: the output's axes from the first of these on, of
        length 1 where they are none."""
        equation, bias_axes = self.parsed, self.bias_axes
        kernel = self._with_fans(self.weight("kernel", *(self._known(letter, shape) for letter in equation.kernel)))
        if not bias_axes:
            return [kernel]
        _, _, behind = self.apart(shape)
        axes = equation.output[min(map(equation.output.index, bias_axes)) :]
        bias = (self._known(letter, shape) if letter in bias_axes else 1 for letter in axes)
        return [kernel, self.weight("bias", *bias, *[1] * len(behind))]

    def macs(self, shape: Shape) -> int | None:
        """One for each element of the output and each index that is summed over with the kernel."""
        lengths = self.lengths(shape)
        front, _, behind = self.apart(shape)
        letters = {*self.parsed.kernel, *self.parsed.free}
        return known_product((*front[1:], *(lengths[letter] for letter in letters), *behind))

    def keeps_time(self, shape: Shape) -> bool:
        """Whether the axis after the batch is the same in the output, so that a mask holds there."""
        front, _, _ = self.apart(shape)
        axes = ["."] * len(front)
        return [*axes, *self.parsed.input][:2] == [*axes, *self.parsed.output][:2] and len(shape) > 2

    def _known(self, letter: str, shape: Shape) -> int:
        length = self.lengths(shape)[letter]
        if length is None:
            raise SpecError(
                f"EinsumDense with '{self.equation}' needs to know the length of '{letter}' in its input, got {show(shape)}"
            )
        return length

    def _with_fans(self, kernel: Weight) -> Weight:
        """Its letters that are summed over are its inputs."""
        equation = self.parsed
        inputs = [axis for axis, letter in enumerate(equation.kernel) if letter not in equation.output]
        outputs = [axis for axis, letter in enumerate(equation.kernel) if letter in equation.output]
        return replace(kernel, initializer=with_fans(self.kernel_initializer, inputs, outputs))
