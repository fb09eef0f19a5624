"""What a function of the language is, and how a rule written in Python becomes one.

A rule's parameters are the function's, after the first, which gathers what the rule finds out. Their annotations are kinds, which
say how an argument is made ready: see `netlib.spec.tensor_functions.arguments`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from netlib.spec.base import shown
from netlib.spec.tensor_functions.values import Value

# Kinds of parameters that are tensors, or Python numbers and lists of numbers that become tensors.
Tensor = Value  # of any dtype
Numeric = Value  # bool becomes int32
Wide = Value  # bool and integers of one or two bytes become int32, so that a sum does not overflow
Float = Value  # what is not floating-point becomes so
Boolean = Value  # bool, nothing else
Alike = Value  # all alike in one call have one dtype
AlikeNumeric = Value
AlikeFloat = Value
Exponent = Value  # alike and numeric, but a negative integer makes the call floating-point
Tensors = list[Value]  # a list of tensors that are alike
Rest = list[Value]  # the same, written as the remaining arguments
# Kinds of parameters that are known without running anything.
Int = int
OptionalInt = int | None
Axes = tuple[int, ...] | None
Ints = tuple[int, ...]
Sizes = tuple[int | None, ...]
Pairs = tuple[tuple[int, int], ...]
Flag = bool
Real = float
Text = str
Dtype = str
Sections = int | tuple[int, ...]
Index = tuple[Any, ...]

Result = Value | list[Value] | int
Rule = Callable[..., Result]


class Required:
    """Stands where a parameter has no default."""


class Parameter(NamedTuple):
    """One parameter; `default` is `Required` if it has none."""

    name: str
    kind: str
    default: Any


@dataclass(frozen=True, eq=False)
class Function:
    """A function of the language. `rule` gives the shape and dtype of its result."""

    name: str
    parameters: tuple[Parameter, ...]
    rule: Rule
    doc: str
    example: str

    @property
    def signature(self) -> str:
        """As a user calls it: `sum(x, axis=null, keepdims=false)`."""
        return f"{self.name}({', '.join(map(_written, self.parameters))})"


Table = dict[str, Function]


def listed(table: Table, example: str, name: str = "") -> Callable[[Rule], Rule]:
    """Enters a rule into a table, under its own name without a final `_`, which keeps Python's names free."""

    def enter(rule: Rule) -> Rule:
        known_as = name or rule.__name__.removesuffix("_")
        table[known_as] = Function(known_as, parameters(rule), rule, rule.__doc__ or "", example)
        return rule

    return enter


def parameters(rule: Any) -> tuple[Parameter, ...]:
    """What a rule takes after its first parameter."""
    names = rule.__code__.co_varnames[1 : rule.__code__.co_argcount]
    defaults = rule.__defaults__ or ()
    padded = (Required,) * (len(names) - len(defaults)) + defaults
    return tuple(Parameter(name, rule.__annotations__[name], value) for name, value in zip(names, padded, strict=True))


def _written(parameter: Parameter) -> str:
    if parameter.kind == "Rest":
        return "..."
    if parameter.default is Required:
        return parameter.name
    return f"{parameter.name}={'null' if parameter.default is None else shown(parameter.default)}"
