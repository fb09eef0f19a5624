"""Nodes that are values: Variable, Variables and Constant, which are stored; Random, which is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, PlainSerializer, PlainValidator, model_validator

from netlib.spec.base import as_validation_error, shown
from netlib.spec.choice import Constraint, Initializer, Regularizer
from netlib.spec.errors import Loc, Problem, SpecError
from netlib.spec.fields import limited, penalised, starts_as
from netlib.spec.layer import LayerSpec, Weight
from netlib.spec.literals import Numbers, dtype_of, shape_of
from netlib.spec.names import NAME
from netlib.spec.tensors import DTYPE_BYTES, Shape, TensorSpec
from netlib.spec.types import Float, Lengths, PositiveFloat

_LEAF = ("shape", "value")
MAX_VARIABLES = 1000


class StoredSpec(LayerSpec):
    """Base of what reads nothing and gives what it has stored: tensors without a batch axis."""

    inputs = ()
    source = True
    takes = "any"

    def output_shape(self) -> Shape | dict[str, Shape]:
        """That of what is stored."""
        raise NotImplementedError(f"{type(self).__name__} does not say its shape")


class StoredTensor(StoredSpec):
    """Base of one such tensor, which has a `value`, or a `shape` and an `initializer`."""

    if TYPE_CHECKING:  # each kind has its own words for these, in its own order
        shape: Lengths | None
        initializer: Initializer
        value: Numbers

    @model_validator(mode="after")
    def _has_one_beginning(self) -> Self:
        given = [name for name in _LEAF if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"{self.type_name()} needs either 'shape' or 'value', got {' and '.join(given) or 'neither'}"
            )
        if self.value is not None and "initializer" in self.model_fields_set:
            raise ValueError(f"{self.type_name()} has a 'value': leave out 'initializer'")
        return self

    def to_plain(self) -> dict[str, Any]:
        """Every parameter as plain values; without an initializer where there is a value."""
        plain = super().to_plain()
        if self.value is not None:
            del plain["initializer"]
        return plain

    def stored(self, name: str = "", *, trainable: bool = True) -> Weight:
        """The weight that it is."""
        return Weight(
            name,
            tuple(self.shape if self.shape is not None else shape_of(self.value)),
            initializer=self.initializer if self.value is None else None,
            trainable=trainable,
            value=self.value,
        )

    def output_shape(self) -> Shape:
        """That of the tensor: no batch axis."""
        return self.stored().shape


class Variable(StoredTensor):
    """A trainable tensor without a batch axis. Its path is its node's."""

    shorthand = "shape"
    shape: Lengths | None = Field(None, description="Lengths of its axes; a list without any for a single number.")
    initializer: Initializer = starts_as("glorot_uniform", "variable")
    value: Numbers = Field(None, description="What it begins as, instead of `shape` and `initializer`.")
    regularizer: Regularizer = penalised("variable")
    constraint: Constraint = limited("variable")

    def stored(self, name: str = "", *, trainable: bool = True) -> Weight:
        """The weight that it is."""
        stored = super().stored(name, trainable=trainable)
        return replace(stored, regularizer=self.regularizer, constraint=self.constraint)

    def weights(self) -> list[Weight]:
        """One, called as the node is."""
        return [self.stored()]


class Constant(StoredTensor):
    """A tensor without a batch axis that is saved with the weights and never trained."""

    shorthand = "value"
    refused: ClassVar[dict[str, str]] = {name: why for name, why in LayerSpec.refused.items() if name != "dtype"}
    value: Numbers = Field(None, description="A number, or lists of numbers.")
    shape: Lengths | None = Field(None, description="Lengths of its axes, where it is drawn by `initializer`.")
    initializer: Initializer = starts_as("glorot_uniform", "constant")
    dtype: Literal[tuple(DTYPE_BYTES)] | None = Field(  # type: ignore[valid-type]
        None, description="Its dtype; by default that of computation, or int32 and bool where `value` is such."
    )

    @model_validator(mode="after")
    def _is_drawn_as_float(self) -> Self:
        if self.value is None and self.dtype is not None and "float" not in self.dtype:
            raise ValueError(f"Constant of {self.dtype} cannot be drawn by an initializer: give its 'value'")
        return self

    def output_dtype(self, compute: str, *inputs: str) -> str:
        """Its own; the compute dtype where that is not given and it has fractions, or is drawn."""
        return self._own_dtype() or compute

    def weights(self) -> list[Weight]:
        """One that is not trained, called as the node is."""
        return [replace(self.stored(trainable=False), dtype=self._own_dtype())]

    def _own_dtype(self) -> str | None:
        if self.dtype is None and self.value is not None and dtype_of(self.value) != "float32":
            return dtype_of(self.value)
        return self.dtype


class _Leaf(Variable):
    """One of several variables: also says whether it is trained."""

    trainable: bool = Field(True, description="False for one that is not trained.")

    @classmethod
    def type_name(cls) -> str:
        """As messages call it."""
        return "a variable"


def _flat(value: Any) -> dict[str, _Leaf]:
    """The variables of a nest of lists and mappings, by dotted path.

    Raises:
        SpecError: with every mistake at its place.
    """
    if isinstance(value, Mapping) and all(isinstance(item, _Leaf) for item in value.values()) and value:
        return dict(value)
    problems: list[Problem] = []
    found: dict[str, _Leaf] = {}
    for loc, item in _items(value, (), problems):
        try:
            found[".".join(map(str, loc))] = _Leaf.parse(item)
        except SpecError as error:
            problems += [problem.under(loc) for problem in error.problems]
    if not problems and not 0 < len(found) <= MAX_VARIABLES:
        problems.append(Problem((), f"expected from 1 to {MAX_VARIABLES} variables, got {len(found)}"))
    if problems:
        raise SpecError(problems)
    return found


def _items(value: Any, loc: Loc, problems: list[Problem]) -> Iterator[tuple[Loc, Any]]:
    """The innermost entries of a nest, each with its place."""
    if isinstance(value, Mapping) and not any(key in _LEAF for key in value):
        for key, item in value.items():
            if not isinstance(key, str) or not NAME.fullmatch(key):
                problems.append(
                    Problem((*loc, key), f"expected a name of letters, digits and '_', got {shown(key)}", "key")
                )
            else:
                yield from _items(item, (*loc, key), problems)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _items(item, (*loc, index), problems)
    elif isinstance(value, Mapping):
        yield loc, value
    else:
        form = "expected a variable such as '{shape: [3]}' or '{value: 0.5}', or a list or mapping of them"
        problems.append(Problem(loc, f"{form}, got {shown(value)}"))


def _validated(value: Any) -> dict[str, _Leaf]:
    try:
        return _flat(value)
    except SpecError as error:
        raise as_validation_error(error.problems) from None


def _nested(found: dict[str, _Leaf]) -> Any:
    """Back to lists and mappings."""
    if list(found) == [""]:
        return found[""].to_plain()
    heads: dict[str, dict[str, _Leaf]] = {}
    for path, leaf in found.items():
        head, _, rest = path.partition(".")
        heads.setdefault(head, {})[rest] = leaf
    items = {head: _nested(inner) for head, inner in heads.items()}
    return list(items.values()) if all(head.isdigit() for head in items) else items


class Variables(StoredSpec):
    """Trainable tensors in lists and mappings, nested in any way: `{A: [{shape: [3]}, {shape: [], trainable: false}], B: {...}}`.

    Each is a port called by its place, `A.0`, and read in an expression as `name.A[0]`; its path is the node's with that.
    """

    also_written = list[Any] | dict[str, Any]
    refused: ClassVar[dict[str, str]] = {}  # any key may be the name of a variable
    variables: Annotated[
        dict[str, _Leaf],
        PlainValidator(_validated, json_schema_input_type=list[Any] | dict[str, Any]),
        PlainSerializer(_nested, return_type=Any),
    ] = Field(
        description="Lists and mappings of variables, each `{shape: [...]}` or `{value: ...}` with Variable's parameters."
    )

    @classmethod
    def parse(cls, values: object) -> Self:
        """The spec from plain values.

        Raises:
            SpecError: with every problem in `values`, each with its place.
        """
        try:
            return super().parse(values)
        except SpecError as error:
            if isinstance(values, Mapping) and list(values) == ["variables"]:
                raise
            problems = [replace(problem, loc=problem.loc[1:]) for problem in error.problems]
            raise SpecError(problems, cls.type_name()) from None

    @model_validator(mode="before")
    @classmethod
    def _nest_alone(cls, values: Any) -> Any:
        """The nest stands where other layers have their parameters."""
        if isinstance(values, Mapping) and list(values) == ["variables"]:
            return values
        return {"variables": values}

    def output_shape(self) -> dict[str, Shape]:
        """The shape of each, by its place."""
        return {path: leaf.output_shape() for path, leaf in self.variables.items()}

    def weights(self) -> list[Weight]:
        """Each, by its place."""
        return [leaf.stored(path, trainable=leaf.trainable) for path, leaf in self.variables.items()]


class Random(LayerSpec):
    """Random numbers of the shape of what it reads, or of `shape` for each sample of the batch: new ones in every step of
    training; evaluation and prediction draw the same for a sample each time."""

    shorthand = "distribution"
    takes = "any"
    random = True
    distribution: Literal["normal", "uniform"] = Field("normal", description="What they are drawn from.")
    shape: Lengths | None = Field(
        None, description="Lengths of the axes without the batch; those of the input if null."
    )
    mean: Float = Field(0.0, description="Mean of the normal distribution.")
    stddev: PositiveFloat = Field(1.0, description="Standard deviation of the normal distribution.")
    minimum: Float = Field(0.0, description="Least value of the uniform distribution.")
    maximum: Float = Field(1.0, description="What the values of the uniform distribution stay below.")

    @model_validator(mode="after")
    def _fits_its_distribution(self) -> Self:
        for name in self._others():
            if name in self.model_fields_set:
                raise ValueError(f"a {self.distribution} distribution has no '{name}'")
        if self.minimum >= self.maximum:
            raise ValueError(f"minimum (= {self.minimum:g}) must be less than maximum (= {self.maximum:g})")
        return self

    def _others(self) -> tuple[str, str]:
        """Parameters of the other distribution."""
        return ("minimum", "maximum") if self.distribution == "normal" else ("mean", "stddev")

    def to_plain(self) -> dict[str, Any]:
        """Every parameter of its distribution as plain values."""
        return {name: value for name, value in super().to_plain().items() if name not in self._others()}

    def output_shape(self, shape: Shape) -> Shape:
        """The input's, or the batch with `shape`."""
        if not TensorSpec(shape).batched:
            raise SpecError("Random needs an input with a batch axis, which says how many samples there are")
        return shape if self.shape is None else (shape[0], *self.shape)
