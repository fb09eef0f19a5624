"""Losses and metrics that an expression computes from outputs, targets and inputs: what they read, and their value for a sample.

The training loop needs a value for each sample: to weigh it, to leave out masked places, and to join batches. An expression that
is a mean over everything, or a sum of such means with numbers as factors, has one: the means are taken sample by sample.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple, TypeVar

from pydantic import AfterValidator, Field

from netlib.spec.base import Spec
from netlib.spec.computing import expression_of
from netlib.spec.errors import Loc, Problem, SpecError, did_you_mean
from netlib.spec.syntax import syntax_tree
from netlib.spec.tensors import TensorSpec, show

if TYPE_CHECKING:  # the language is imported when something is computed: most losses are not
    from netlib.spec.tensor_expressions import Chain, TensorExpression

Side = Literal["output", "target", "input"]
T = TypeVar("T")


class Summand(NamedTuple):
    """`factor` times what an expression gives, or times its mean over everything."""

    factor: float
    expression: TensorExpression
    is_mean: bool


def _checked(text: str) -> str:
    try:
        expression_of(text)
    except SpecError as error:
        raise ValueError(str(error)) from None
    return text


class ComputedSpec(Spec):
    """Base of the losses and metrics that are computed by an expression."""

    shorthand = "expression"
    expression: Annotated[str, AfterValidator(_checked)] = Field(
        description="What to compute from outputs (logits as they are), targets and inputs, by their names: a value for each"
        " sample, or a number for the batch, such as `mean(abs(digit - label))`."
    )

    @property
    def summands(self) -> tuple[Summand, ...]:
        """What adds up to the value."""
        return _summands(self.expression)


class Read(NamedTuple):
    """What an expression reads: the part of it (`chain`) that says so begins with `text`, which stands for the named thing."""

    chain: Chain
    text: str
    side: Side
    name: str

    @property
    def key(self) -> str:
        """By which `beside` has it, if it is no output."""
        return f"input.{self.name}" if self.side == "input" else self.name


class Derivative(NamedTuple):
    """`gradient(y, x)` in an expression, by its text there: of what, by what."""

    text: str
    of: Read
    by: Read

    @property
    def key(self) -> str:
        """The same for all derivatives of the same by the same, however they are written: by which outputs have it."""
        return f"gradient({self.of.side}.{self.of.name}, {self.by.side}.{self.by.name})"


class RowValue(NamedTuple):
    """What is known of a summand before it runs: its shape and dtype, and whether a sample's value depends on the others."""

    tensor: TensorSpec
    couples_rows: bool


@dataclass(frozen=True)
class BoundCompute:
    """A computed loss or metric with what it reads; a metric's weight is 1. `loc` is its place under `train`."""

    name: str
    spec: ComputedSpec
    reads: tuple[Read, ...]
    loc: Loc
    weight: float = 1.0
    phase: str = ""

    @property
    def outputs(self) -> tuple[str, ...]:
        """The outputs that it reads."""
        return tuple(dict.fromkeys(read.name for read in self.reads if read.side == "output"))

    @property
    def derivatives(self) -> tuple[Derivative, ...]:
        """What it is given besides."""
        reads = {read.chain: read for read in self.reads}
        found = dict.fromkeys(each for summand in self.spec.summands for each in summand.expression.derivatives)
        return tuple(Derivative(each.text, reads[each.of], reads[each.by]) for each in found)

    def given(self, outputs: Mapping[str, T], others: Mapping[str, T]) -> dict[str, T]:
        """What its expression reads, by the names that it uses. `others` are targets and inputs, as `beside` puts them;
        `outputs` has derivatives by their keys too."""
        read = {read.text: (outputs if read.side == "output" else others)[read.key] for read in self.reads}
        return {**read, **{each.text: outputs[each.key] for each in self.derivatives}}

    def described(self, outputs: Mapping[str, TensorSpec], others: Mapping[str, TensorSpec]) -> dict[str, TensorSpec]:
        """The same before the run: a derivative is like that by which it is taken."""
        by = {each.key: (outputs if each.by.side == "output" else others)[each.by.key] for each in self.derivatives}
        return self.given({**outputs, **by}, others)

    def infer(self, given: Mapping[str, TensorSpec]) -> list[RowValue]:
        """What each summand comes to, of what it is `given`.

        Raises:
            SpecError: something cannot be computed, or is neither a value for each sample nor a number; its place is under
                `train`.
        """
        try:
            return [_row_value(summand, given) for summand in self.spec.summands]
        except SpecError as error:
            raise SpecError([Problem((*self.loc, self.spec.type_name()), str(error))]) from None

    def read_by(self, summand: Summand) -> Iterator[Read]:
        """What one of its summands reads."""
        return (read for read in self.reads if read.chain in summand.expression.chains)


def beside(inputs: Mapping[str, T], targets: Mapping[str, T]) -> dict[str, T]:
    """What a loss or a metric can name besides outputs: targets and inputs, and each input by `input.name` too, for a target may
    have the same name."""
    return {**{f"input.{name}": each for name, each in inputs.items()}, **inputs, **targets}


def reads_of(
    spec: ComputedSpec, outputs: Collection[str], targets: Collection[str] | None, inputs: Collection[str]
) -> tuple[Read, ...]:
    """What the names in an expression stand for: an output, else a target, else an input; `output.name`, `target.name` and
    `input.name` say which. `targets` is None where they are not known: what is nothing else is one.

    Raises:
        SpecError: there is nothing of that name.
    """
    sides: dict[Side, Collection[str] | None] = {"output": outputs, "target": targets, "input": inputs}
    chains = dict.fromkeys(chain for summand in spec.summands for chain in summand.expression.chains)
    return tuple(_read(chain, sides) for chain in chains)


def _read(chain: Chain, sides: Mapping[Side, Collection[str] | None]) -> Read:
    first, second = str(chain[0]), chain[1] if len(chain) > 1 else None
    for side, names in sides.items():
        if first == side and isinstance(second, str) and (names is None or second in names):
            return Read(chain, f"{side}.{second}", side, second)
    for side, names in sides.items():
        if names is not None and first in names:
            return Read(chain, first, side, first)
    wanted = second if first in sides and isinstance(second, str) else first
    if sides["target"] is None and wanted == first:
        return Read(chain, first, "target", first)
    known = [name for names in sides.values() for name in names or ()]
    listed = "; ".join(f"{side}s: {', '.join(names or ()) or 'none'}" for side, names in sides.items())
    raise SpecError(f"there is nothing called '{'.'.join(map(str, chain))}'{did_you_mean(wanted, known)} ({listed})")


def _row_value(summand: Summand, given: Mapping[str, TensorSpec]) -> RowValue:
    expression = summand.expression
    inferred = expression.infer(given)
    if len(inferred.outputs) > 1:
        raise SpecError(f"expected one result, got {len(inferred.outputs)}")
    (tensor,) = inferred.outputs
    if not tensor.batched and tensor.shape and not summand.is_mean:
        raise SpecError(
            f"expected a value for each sample, or a number, got {show(tensor.shape)}; reduce it, as by mean(...)"
        )
    if tensor.shape.count(None) > 1 and not any(None in each.shape[1:] for each in given.values()):
        raise SpecError(
            f"'{expression.text}' is {show(tensor.shape)}: it combines every sample with every other, as (batch, 1) and (batch)"
            " do; write name[:, 0] of what has one column, or reduce the second axis, as by mean(..., axis=1)"
        )
    whole = not tensor.batched and bool(expression.chains)
    return RowValue(tensor, inferred.couples_rows or whole)


@lru_cache(maxsize=256)
def _summands(text: str) -> tuple[Summand, ...]:
    means = list(_means(syntax_tree(text).body, 1.0))
    if any(node is None for _, node, _ in means):
        return (Summand(1.0, expression_of(text), is_mean=False),)
    return tuple(
        Summand(factor, expression_of(ast.unparse(node)), is_mean)
        for factor, node, is_mean in means
        if node is not None
    )


def _means(node: ast.expr, factor: float) -> Iterator[tuple[float, ast.expr | None, bool]]:
    """Means over everything and numbers, with their factors, that add up to the expression; None for anything else."""
    match node:
        case ast.Call(func=ast.Name("mean"), args=[inside], keywords=[]) if not isinstance(inside, ast.Starred):
            yield factor, inside, True
        case ast.BinOp(left, ast.Add(), right):
            yield from _means(left, factor)
            yield from _means(right, factor)
        case ast.BinOp(left, ast.Sub(), right):
            yield from _means(left, factor)
            yield from _means(right, -factor)
        case ast.BinOp(ast.Constant(int() | float() as number), ast.Mult(), right):
            yield from _means(right, factor * number)
        case ast.BinOp(left, ast.Mult(), ast.Constant(int() | float() as number)):
            yield from _means(left, factor * number)
        case ast.BinOp(left, ast.Div(), ast.Constant(int() | float() as number)) if number:
            yield from _means(left, factor / number)
        case ast.UnaryOp(ast.USub(), operand):
            yield from _means(operand, -factor)
        case ast.Constant(int() | float()):
            yield factor, node, False
        case _:
            yield factor, None, False
