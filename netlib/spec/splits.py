"""How samples are divided into those to train, to validate and to test on; the shares stand in the `data` section."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, PlainValidator, model_validator

from netlib.spec.base import as_validation_error, shown
from netlib.spec.errors import Problem
from netlib.spec.features import SplitSpec


class Random(SplitSpec):
    """By seed; where the only target is a class, so that every split has the classes' proportions."""

    stratifies: ClassVar[bool] = True
    by_number: ClassVar[bool] = True


class Contiguous(SplitSpec):
    """In the order of the source: the first samples are trained on, the next ones validated on, the last ones tested on.

    Fold k is the k-th part of what is not tested on.
    """

    by_number: ClassVar[bool] = True
    keeps_order: ClassVar[bool] = True


class Grouped(SplitSpec):
    """By seed, with all rows that have one value in a column, as those of one patient, in one split.

    In an order that the seed draws, the test split and then the validation split take every group that still fits whole, and then
    the smallest group that is left, if that brings them nearer to their share: they miss it by half of that group at most. Folds
    get the largest groups first, each the fold that has the fewest rows so far.
    """

    shorthand = "by"
    by: str = Field(min_length=1, description="The column of texts or integers that says which rows belong together.")

    @property
    def columns(self) -> tuple[str, ...]:
        """The column of the groups."""
        return (self.by,)


class Time(SplitSpec):
    """By time: the latest rows are tested on, the ones before them validated on, all that are earlier trained on.

    Rows of one time are in one split. Where a share would divide them, it ends before or after them, whichever is nearer.
    """

    shorthand = "by"
    no_folds: ClassVar[str] = "a fold would be validated on by what was trained on later rows"
    by: str = Field(min_length=1, description="The column of times or numbers that says how late a row is.")

    @property
    def columns(self) -> tuple[str, ...]:
        """The column of the times."""
        return (self.by,)


class Hash(SplitSpec):
    """By a hash of the seed and a row's value: whatever rows come or go, and in whatever order, a row stays in its split.

    Rows of one value are in one split. The shares hold on average: of n values, a share p comes out as p, give or take
    sqrt(p (1 - p) / n). The test split stays the same when the share to validate on or the folds change.
    """

    shorthand = "by"
    by: str | None = Field(
        None, min_length=1, description="The column that is hashed; all inputs of the row if none is given."
    )

    @property
    def columns(self) -> tuple[str, ...]:
        """The column that is hashed, if it is one."""
        return () if self.by is None else (self.by,)


def _listed(value: Any) -> tuple[str | int, ...]:
    """One value or a list of them; truth values as the integers as which they are read."""
    items = value if isinstance(value, list | tuple) else [value]
    if not all(isinstance(item, str | int) for item in items):
        raise ValueError(f"expected a text or an integer of the column, or a list of them, got {shown(value)}")
    return tuple(int(item) if isinstance(item, bool) else item for item in items)


_Written = str | int | bool | list[str | int | bool]
ColumnValues = Annotated[tuple[str | int, ...], PlainValidator(_listed, json_schema_input_type=_Written)]


class Column(SplitSpec):
    """By a column that says it: each split lists the values that its rows have there. A row with any other is an error."""

    no_folds: ClassVar[str] = "the column says which rows are validated on"
    column: str = Field(min_length=1, description="The column of texts or integers that says the split of each row.")
    train: ColumnValues = Field(description="Its value, or values, in the rows to train on.", examples=[["train"]])
    validation: ColumnValues = Field((), description="In the rows to validate on; none by default.")
    test: ColumnValues = Field((), description="In the rows to test on; none by default.")

    @model_validator(mode="after")
    def _apart(self) -> Self:
        problems = list(self._overlaps())
        if not self.train:
            problems.append(Problem(("train",), "Column needs a value whose rows are trained on"))
        if problems:
            raise as_validation_error(problems)
        return self

    def _overlaps(self) -> Iterator[Problem]:
        first: dict[str, str] = {}
        for name, values in self.values().items():
            for value in values:
                if first.setdefault(str(value), name) != name:
                    yield Problem((name,), f"{shown(value)} is a value of {first[str(value)]} and of {name}")

    def values(self) -> dict[str, tuple[str | int, ...]]:
        """The column's values by split."""
        return {"train": self.train, "validation": self.validation, "test": self.test}

    @property
    def columns(self) -> tuple[str, ...]:
        """The column that says it."""
        return (self.column,)

    @property
    def says(self) -> tuple[str, ...]:
        """The splits that have values."""
        return tuple(name for name, values in self.values().items() if values)
