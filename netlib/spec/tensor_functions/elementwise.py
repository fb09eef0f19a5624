"""Functions that work on each element by itself, and the operators."""

from __future__ import annotations

from netlib.spec.tensor_functions.table import (
    Alike,
    AlikeFloat,
    AlikeNumeric,
    Boolean,
    Exponent,
    Flag,
    Float,
    Function,
    Numeric,
    Parameter,
    Real,
    Required,
    Result,
    Rule,
    Table,
    listed,
    parameters,
)
from netlib.spec.tensor_functions.values import Inference, Value, broadcast

FUNCTIONS: Table = {}


def _kept(inference: Inference, x: Float) -> Result:
    return x


def _tested(inference: Inference, x: Float) -> Result:
    return x.of("bool")


def _combined(inference: Inference, x: AlikeNumeric, y: AlikeNumeric) -> Result:
    shape, batch = broadcast(inference, (x, y))
    return Value(shape, x.dtype, batch)


def _compared(inference: Inference, x: Alike, y: Alike) -> Result:
    shape, batch = broadcast(inference, (x, y))
    return Value(shape, "bool", batch)


_OF_FLOATS = {
    "exp": "e to the power of x.",
    "expm1": "`exp(x) - 1`, exact near 0.",
    "log": "Natural logarithm.",
    "log1p": "`log(1 + x)`, exact near 0.",
    "sqrt": "Square root.",
    "rsqrt": "`1 / sqrt(x)`.",
    "reciprocal": "`1 / x`.",
    "sin": "Sine.",
    "cos": "Cosine.",
    "tan": "Tangent.",
    "tanh": "Hyperbolic tangent.",
    "erf": "The error function.",
    "floor": "The next whole number below.",
    "ceil": "The next whole number above.",
    "round": "The nearest whole number, halves to the even one.",
    "sigmoid": "`1 / (1 + exp(-x))`.",
    "log_sigmoid": "Logarithm of `sigmoid`.",
    "hard_sigmoid": "`x / 6 + 0.5`, kept between 0 and 1.",
    "silu": "`x * sigmoid(x)`.",
    "mish": "`x * tanh(softplus(x))`.",
    "selu": "`elu`, scaled so that mean 0 and variance 1 stay.",
    "softplus": "`log(1 + exp(x))`.",
    "softsign": "`x / (1 + abs(x))`.",
}
_OF_NUMBERS = {
    "abs": "Absolute value.",
    "sign": "-1, 0 or 1.",
    "square": "`x * x`.",
    "relu": "`maximum(x, 0)`.",
    "relu6": "x, kept between 0 and 6.",
}
_TESTS = {
    "is_finite": "Whether it is neither infinite nor not a number.",
    "is_nan": "Whether it is not a number.",
}
_PAIRS = {
    "maximum": "The larger of two.",
    "minimum": "The smaller of two.",
}
_COMPARISONS = {
    "equal": "`x == y`.",
    "not_equal": "`x != y`.",
    "less": "`x < y`.",
    "less_equal": "`x <= y`.",
    "greater": "`x > y`.",
    "greater_equal": "`x >= y`.",
}
_LOGIC = {
    "logical_and": "`x and y`: both.",
    "logical_or": "`x or y`: at least one.",
    "logical_xor": "One and not the other.",
}


def _enter(docs: dict[str, str], rule: Rule, kind: str) -> None:
    taken = tuple(Parameter(parameter.name, kind, Required) for parameter in parameters(rule))
    call = f"({', '.join(parameter.name for parameter in taken)})"
    FUNCTIONS.update({name: Function(name, taken, rule, doc, name + call) for name, doc in docs.items()})


_enter(_OF_FLOATS, _kept, "Float")
_enter(_OF_NUMBERS, _kept, "Numeric")
_enter(_TESTS, _tested, "Float")
_enter(_PAIRS, _combined, "AlikeNumeric")
_enter(_COMPARISONS, _compared, "Alike")
_enter(_LOGIC, _compared, "Boolean")


@listed(FUNCTIONS, "logical_not(x > 0)")
def logical_not(inference: Inference, x: Boolean) -> Result:
    """`not x`."""
    return x


@listed(FUNCTIONS, "gelu(x)")
def gelu(inference: Inference, x: Float, approximate: Flag = False) -> Result:
    """x times the normal distribution function of x; `approximate` uses the formula with tanh."""
    return x


@listed(FUNCTIONS, "elu(x)")
def elu(inference: Inference, x: Float, alpha: Real = 1.0) -> Result:
    """x above zero, `alpha * expm1(x)` below."""
    return x


@listed(FUNCTIONS, "leaky_relu(x, 0.1)")
def leaky_relu(inference: Inference, x: Float, negative_slope: Real = 0.2) -> Result:
    """x above zero, `negative_slope * x` below."""
    return x


@listed(FUNCTIONS, "clip(x, -1, 1)")
def clip(inference: Inference, x: AlikeNumeric, x_min: AlikeNumeric, x_max: AlikeNumeric) -> Result:
    """x, kept between two values."""
    shape, batch = broadcast(inference, (x, x_min, x_max))
    return Value(shape, x.dtype, batch)


@listed(FUNCTIONS, "where(x > 0, x, 0.1 * x)")
def where(inference: Inference, condition: Boolean, x: Alike, y: Alike) -> Result:
    """x where the condition holds, y elsewhere; `x if condition else y` is the same."""
    shape, batch = broadcast(inference, (condition, x, y))
    return Value(shape, x.dtype, batch)


OPERATORS: Table = {}


@listed(OPERATORS, "-x", "negative")
def _negative(inference: Inference, x: Numeric) -> Result:
    """The number with the other sign."""
    return x


@listed(OPERATORS, "x / y", "/")
def _divided(inference: Inference, x: AlikeFloat, y: AlikeFloat) -> Result:
    """Division, of integers too with a fraction."""
    return _combined(inference, x, y)


@listed(OPERATORS, "x ** y", "**")
def _power(inference: Inference, x: AlikeNumeric, y: Exponent) -> Result:
    """Power."""
    return _combined(inference, x, y)


for _sign in ("+", "-", "*", "//", "%"):
    listed(OPERATORS, f"x {_sign} y", _sign)(_combined)
