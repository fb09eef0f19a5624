"""What a sweep may choose for a key of the config between two ends: an integer or a number."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from math import floor
from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, Field, model_validator

from netlib.spec.base import as_validation_error, shown
from netlib.spec.errors import Problem
from netlib.spec.search_space import Distribution
from netlib.spec.types import Float, Int, PositiveFloat, PositiveInt

_LARGE = 1e15
"""Whole numbers from here on are written with an exponent."""


class Numbers(Distribution):
    """Base of what lies between two ends."""

    whole: ClassVar[bool] = False
    """Whether they are integers."""
    step: Any = None
    """The distance of two values that follow one another; None where any number between the ends will do."""

    @property
    def low(self) -> Any:
        """The lower end, which is one of the values."""
        return getattr(self, self.key())[0]

    @property
    def high(self) -> Any:
        """The upper end, which is one of the values, too."""
        return getattr(self, self.key())[1]

    @property
    def logarithmic(self) -> bool:
        """Whether each factor of ten is as likely as the others."""
        return bool(getattr(self, "log", False))

    @property
    def count(self) -> int | None:
        """How many there are, where there is a step."""
        return None if self.step is None else self._steps() + 1

    def point(self, index: int) -> Any:
        """The lower end and so many steps."""
        value = _decimal(self.low) + _decimal(self.step) * index
        return int(value) if self.whole else float(value)

    def tried(self) -> Iterator[Any]:
        """Both ends, and something between: what takes 1.0 may not take 1.5."""
        inner = self.low + (self.high - self.low) * 0.38 if self.count is None else self.point(self.count // 2)
        return iter(dict.fromkeys((self.low, inner, self.high)))

    @model_validator(mode="after")
    def _lies_between_its_ends(self) -> Self:
        low, high = _shown(self.low), _shown(self.high)
        text = None
        if self.low > self.high:
            text = f"expected the lower end first, got [{low}, {high}]: write [{high}, {low}]"
        elif self.low == self.high:
            text = f"both ends are {low}, which leaves nothing to choose: put it into 'set'"
        elif self.logarithmic and self.low <= 0:
            text = f"no logarithm begins at {low}: the lower end is a number greater than 0, such as 1e-5"
        if text:
            raise as_validation_error([Problem((self.key(),), text)])
        return self._by_its_step()

    def _by_its_step(self) -> Self:
        if self.step is None or (self.whole and self.step == 1):
            return self
        text = None
        if self.logarithmic:
            text = "equal steps are not what 'log' draws: leave out one of the two"
        elif (last := self.point(self._steps())) != self.high:
            step, low, high = _shown(self.step), _shown(self.low), _shown(self.high)
            text = f"steps of {step} from {low} do not meet {high}: the last is {_shown(last)}"
        if text:
            raise as_validation_error([Problem(("step",), text)])
        return self

    def _steps(self) -> int:
        """From one end to the other, as decimal numbers: 0.1 is a tenth."""
        return floor((_decimal(self.high) - _decimal(self.low)) / _decimal(self.step))


def _shown(number: float) -> str:
    """A number as it would be written: 0, and not 0.0."""
    return str(int(number)) if number == int(number) and abs(number) < _LARGE else str(number)


def _decimal(number: float) -> Decimal:
    return Decimal(str(number))


def _pair(value: Any) -> Any:
    if isinstance(value, list | tuple) and len(value) == 2:
        return tuple(value)
    raise ValueError(f"expected a list of two ends, such as [1, 10], got {shown(value)}")


_Whole = Annotated[tuple[Int, Int], BeforeValidator(_pair)]
_Real = Annotated[tuple[Float, Float], BeforeValidator(_pair)]


class Integers(Numbers):
    """An integer, both ends among them."""

    whole = True
    int: _Whole = Field(description="The least and the greatest.")
    step: PositiveInt = Field(1, description="The distance of two that follow one another.")
    log: bool = Field(False, description="Whether each factor of ten is as likely as the others.")

    @classmethod
    def key(cls) -> str:
        """The key by which a sweep file says that it is this one."""
        return "int"


class Range(Numbers):
    """A number."""

    range: _Real = Field(description="The least and the greatest.")
    step: PositiveFloat | None = Field(
        None, description="The distance of two that follow one another; any number if null."
    )
    log: bool = Field(False, description="Whether each factor of ten is as likely as the others.")


class Log(Numbers):
    """A number, each factor of ten as likely as the others."""

    log: _Real = Field(description="The least and the greatest, both greater than 0.")

    @property
    def logarithmic(self) -> bool:
        """It is."""
        return True
