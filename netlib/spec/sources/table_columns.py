"""What the columns of a table are used for, what their values are read as, and what netlab makes of that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator

from netlib.spec.base import Spec, as_validation_error, shown
from netlib.spec.errors import Problem
from netlib.spec.features import Feature, text, times
from netlib.spec.names import check_name
from netlib.spec.tensors import TensorSpec

FLOAT, INTEGER, BOOLEAN, STRING, DATETIME, MISSING = "float32", "int32", "boolean", "string", "datetime", "missing"
"""What a column holds; `missing` where nothing is seen of it. Any other word is of what no network can read."""


def _columns(value: Any) -> dict[str, tuple[str, ...] | str]:
    """`price`, `[age, city]` or `{features: [age, city], review: text}` as the last of these."""
    if isinstance(value, str):
        value = [value]
    if isinstance(value, list | tuple):
        if len(set(map(repr, value))) < len(value):
            raise ValueError("a column is listed twice")
        value = {item if isinstance(item, str) else i: item for i, item in enumerate(value)}
    if not isinstance(value, Mapping):
        raise ValueError(
            f"expected a column's name, a list of names or a mapping from name to columns, got {shown(value)}"
        )
    problems = [problem for key, used in value.items() for problem in _use_problems(key, used)]
    if problems:
        raise as_validation_error(problems)
    return {key: used if isinstance(used, str) else tuple(used) for key, used in value.items()}


def _use_problems(key: Any, used: Any) -> list[Problem]:
    names = used if isinstance(used, list | tuple) else [used]
    if not names or any(not isinstance(name, str) or not name for name in names):
        return [Problem((key,), f"expected the name of a column, or a list of them, got {shown(used)}")]
    if len(set(names)) < len(names):
        return [Problem((key,), "a column is listed twice")]
    return list(check_name(key, (key,)))


_Written = str | list[str] | dict[str, str | list[str]]
ColumnUses = Annotated[dict[str, Any], PlainValidator(_columns, json_schema_input_type=_Written)]
"""Input or target -> its column, or the columns that it is joined of."""


class Column(Spec):
    """What is known of a column that its values do not tell."""

    shorthand = "dtype"
    dtype: Literal["float32", "int32", "string", "datetime"] = Field(
        description="What its values are read as, whatever they look like."
    )
    format: str | None = Field(
        None, min_length=1, description="How a date is written, as in `%d.%m.%Y %H:%M`; by default as ISO 8601 says."
    )


def parted(uses: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """The columns that are read, by the name of the only input that each is or by their own; and the inputs that are joined."""
    joins = {name: used for name, used in uses.items() if not isinstance(used, str)}
    single = {name: used for name, used in uses.items() if isinstance(used, str)}
    return {**single, **{column: column for used in joins.values() for column in used}}, joins


def columns_of(uses: Mapping[str, Any]) -> list[str]:
    """The columns that inputs or targets are made of."""
    return [column for used in uses.values() for column in ([used] if isinstance(used, str) else used)]


def feature_of(held: str) -> Feature | None:
    """What netlab makes of a column that holds that, None of what it cannot read."""
    if held == FLOAT:
        return Feature(TensorSpec((None, 1), "float32"))
    if held in (INTEGER, BOOLEAN):
        return Feature(TensorSpec((None,), "int32"))
    return {STRING: text(), DATETIME: times()}.get(held)


def common(held: Mapping[str, str]) -> str | None:
    """What a column holds that holds this in several files, by file; None if that does not go together."""
    found = {each for each in held.values() if each != MISSING}
    if len(found) > 1 and found <= {FLOAT, INTEGER, BOOLEAN}:
        return FLOAT if FLOAT in found else INTEGER
    return next(iter(found), STRING) if len(found) < 2 else None


def clashes(columns: Mapping[str, Mapping[str, str]], declared: Mapping[str, Any]) -> Iterator[Problem]:
    """Columns that hold different things in different files; `columns` has what by column and file."""
    for name, held in columns.items():
        if name in declared or common(held) is not None:
            continue
        one, *others = [(file, each) for file, each in held.items() if each != MISSING]
        other = next(pair for pair in others if pair[1] != one[1])
        what = f"column '{name}' holds {one[1]} in {one[0]}, but {other[1]} in {other[0]}"
        yield Problem(("path",), f"{what}; say what it is to be read as: columns: {{{name}: string}}")
