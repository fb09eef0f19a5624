"""Nodes that are computed by an expression: Compute, AddLoss and AddMetric; and StopGradient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, Field

from netlib.spec.base import shown
from netlib.spec.errors import SpecError
from netlib.spec.layer import LayerSpec, ShapeLayerSpec
from netlib.spec.precision import at_least_float32
from netlib.spec.tensors import Shape, TensorSpec, show
from netlib.spec.types import Texts

if TYPE_CHECKING:  # the language is imported when something is computed: most networks compute nothing
    from netlib.spec.tensor_expressions import Inferred, TensorExpression

ONLY = ("x",)
"""What an expression calls the one thing that it reads, where nothing else is said."""


def expression_of(text: str) -> TensorExpression:
    """The expression of a text.

    Raises:
        SpecError: it is none.
    """
    from netlib.spec.tensor_expressions import TensorExpression

    return TensorExpression.parse(text)


def _expression(value: Any) -> Any:
    """A number is an expression too; several in a list are one with several results."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | list | tuple):
        raise ValueError(f"expected an expression, such as 'relu(x @ w + 1)', got {shown(value)}")
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    try:
        derivatives = expression_of(text).derivatives
    except SpecError as error:
        raise ValueError(str(error)) from None
    if derivatives:
        raise ValueError(
            f"'{derivatives[0].text}' cannot stand in a node: derivatives are known once the whole network has run; write it"
            " in a loss or a metric of 'train', as Compute"
        )
    return text


_WrittenExpression = str | float | list[str | float]
Expression = Annotated[str, BeforeValidator(_expression, json_schema_input_type=_WrittenExpression)]
Condition = Annotated[str, BeforeValidator(_expression, json_schema_input_type=str)]
"""An expression that is a truth value."""


class ExpressionSpec(LayerSpec):
    """Base of what computes an expression. `names` says how the expression calls what the node reads, in that order."""

    inputs = ()
    variadic = True
    takes = "any"
    expression_field: ClassVar[str] = "expression"
    names: Texts = Field(ONLY, description="What the expression calls its inputs; follows from `from` in a config.")

    @property
    def parsed(self) -> TensorExpression:
        """The expression."""
        return expression_of(getattr(self, self.expression_field))

    def reading(self, names: tuple[str, ...]) -> Self:
        """The same, with other names of what it reads."""
        return self.model_copy(update={"names": names})

    def inferred(self, *tensors: TensorSpec, compute: str = "float32") -> Inferred:
        """What follows from what it reads; floating-point numbers are cast to the compute dtype.

        Raises:
            SpecError: it cannot be computed of these; or not as many as it has names for.
        """
        if len(tensors) != len(self.names):
            raise SpecError(f"{self.type_name()} reads {', '.join(self.names) or 'nothing'}, got {len(tensors)} inputs")
        cast = [TensorSpec(each.shape, compute) if "float" in each.dtype else each for each in tensors]
        return self.parsed.infer(dict(zip(self.names, cast, strict=True)), compute)

    def outputs(self, *tensors: TensorSpec, compute: str = "float32") -> dict[str, TensorSpec]:
        """What it gives, by port.

        Raises:
            SpecError: it cannot be computed of these.
        """
        return self.given(self.inferred(*tensors, compute=compute))

    def given(self, inferred: Inferred) -> dict[str, TensorSpec]:
        """What it gives, by port, of what is inferred of its expression.

        Raises:
            SpecError: the expression gives something else than it needs.
        """
        raise NotImplementedError

    def macs(self, *shapes: Shape) -> int | None:
        """Those of the matrix products in it."""
        return self.inferred(*map(TensorSpec, shapes)).macs


class Compute(ExpressionSpec):
    """What an expression gives. `x` is what `from` gives (`previous` by default); with a mapping its keys are the names; nodes
    and inputs of the scope can be read by theirs. Several results, `[a, b]`, are the ports `0` and `1`."""

    shorthand = "expression"
    expression: Expression = Field(description="What to compute, or a list of that.")

    def given(self, inferred: Inferred) -> dict[str, TensorSpec]:
        """What the expression gives: `output`, or `0`, `1`, ... where it has several results."""
        given = inferred.outputs
        return {"output": given[0]} if len(given) == 1 else {str(place): each for place, each in enumerate(given)}

    def output_shape(self, *shapes: Shape) -> Shape | dict[str, Shape]:
        """What follows from the operations of the expression."""
        given = {port: tensor.shape for port, tensor in self.outputs(*map(TensorSpec, shapes)).items()}
        return given if len(given) > 1 else next(iter(given.values()))


class _AddedSpec(ExpressionSpec):
    """Base of what is added besides the outputs: a number for the whole batch."""

    expression_field = "value"
    ports = ()

    def inferred(self, *tensors: TensorSpec, compute: str = "float32") -> Inferred:
        """As of any expression, at least in float32.

        Raises:
            SpecError: it cannot be computed of these.
        """
        return super().inferred(*tensors, compute=at_least_float32(compute))

    def given(self, inferred: Inferred) -> dict[str, TensorSpec]:
        """None.

        Raises:
            SpecError: the expression is no number.
        """
        if len(inferred.outputs) > 1:
            raise SpecError(f"{self.type_name()} needs one number, got {len(inferred.outputs)} results")
        return {}

    def output_shape(self, *shapes: Shape) -> dict[str, Shape]:
        """None: what it computes is not passed on."""
        return {}


class AddLoss(_AddedSpec):
    """Adds a term to the loss: a number for the whole batch. Nothing reads it, and it is nobody's `previous`."""

    shorthand = "value"
    adds_loss = True
    value: Expression = Field(description="The term, such as `mean(square(x))`.")

    def given(self, inferred: Inferred) -> dict[str, TensorSpec]:
        """None.

        Raises:
            SpecError: the expression is no floating-point number for the whole batch.
        """
        nothing = super().given(inferred)
        (value,) = inferred.outputs
        if value.shape != () or "float" not in value.dtype:
            raise SpecError(
                f"AddLoss needs one floating-point number for the whole batch, got {show(value.shape)} {value.dtype};"
                " reduce it, as by mean(...)"
            )
        return nothing


class AddMetric(_AddedSpec):
    """Logs the mean of a value over all samples, under the node's name. Nothing reads it, and it is nobody's `previous`."""

    shorthand = "value"
    value: Expression = Field(description="The value, such as `mean(abs(x))`; its mean is logged.")


class StopGradient(ShapeLayerSpec):
    """Gives its input as it is; no gradient goes back through it."""

    supports_masking = True

    def output_shape(self, shape: Shape) -> Shape:
        """The input's."""
        return shape
