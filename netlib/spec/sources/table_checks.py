"""What can be wrong with the uses of a table's columns, told by what the columns hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from netlib.spec.errors import Problem
from netlib.spec.sources.table_columns import (
    BOOLEAN,
    DATETIME,
    FLOAT,
    INTEGER,
    STRING,
    columns_of,
    feature_of,
    parted,
)

if TYPE_CHECKING:
    from netlib.spec.sources.table import TableSpec


def problems_of(source: TableSpec, held: Mapping[str, str]) -> Iterator[Problem]:
    """Columns that are not there, that hold what their use cannot take, or that are used twice; `held` has all of the files."""
    inputs, file = source.input_columns(held), source.files()[0]
    yield from _of_columns(source, inputs, held)
    if not columns_of(inputs):
        yield Problem(("inputs",), f"{file} has no column that is left to be an input")
    if "" in columns_of(inputs):
        what = f"column {list(held).index('') + 1} has no name (is it an index?)"
        yield Problem(("inputs",), f'{file}: {what}: leave it out with ignore: [""], or give it one')
    for name in sorted({*columns_of(source.targets)} & {*columns_of(inputs)}):
        yield Problem(("inputs",), f"column '{name}' is a target: an input of it would say the answer")
    yield from _of_targets(source.targets, held)
    yield from _of_names(inputs)
    if source.weights is not None and held.get(source.weights, FLOAT) not in (FLOAT, INTEGER, BOOLEAN):
        yield Problem(("weights",), f"column '{source.weights}' holds {held[source.weights]}; weights are numbers")


def _of_columns(source: TableSpec, inputs: Mapping[str, Any], held: Mapping[str, str]) -> Iterator[Problem]:
    file = source.files()[0]
    uses = {"targets": columns_of(source.targets), "inputs": columns_of(inputs)}
    uses |= {"weights": [] if source.weights is None else [source.weights], "ignore": list(source.ignore)}
    uses |= {"columns": list(source.columns), "split": list(source.beside)}
    for key, names in uses.items():
        for name in dict.fromkeys(names):
            place = ("columns", name) if key == "columns" else (key,)
            if name not in held:
                yield Problem(place, f"{file} has no column '{name}'{source.hint(name, held)}")
            elif key in ("targets", "inputs") and feature_of(held[name]) is None:
                what = f"column '{name}' holds {held[name]}; numbers, texts or times are needed"
                yield Problem(place, f"{file}: {what}; leave it out with ignore: [{name}]")


def _of_targets(targets: Mapping[str, Any], held: Mapping[str, str]) -> Iterator[Problem]:
    for name, used in targets.items():
        refused = (DATETIME,) if isinstance(used, str) else (DATETIME, STRING)
        for column in columns_of({name: used}):
            if held.get(column) in refused:
                what = (
                    f"target '{name}' is" if isinstance(used, str) else f"target '{name}' is joined of columns, one is"
                )
                yield Problem(
                    ("targets",), f"{what} '{column}', which holds {held[column]}; only numbers can be learned"
                )


def _of_names(inputs: Mapping[str, Any]) -> Iterator[Problem]:
    """Inputs that have the name of a column that one is joined of: steps could not tell which is meant."""
    _, joins = parted(inputs)
    for join, columns in joins.items():
        for name in sorted({*columns} & {*inputs}):
            what = f"input '{join}' is joined of column '{name}', and an input has that name"
            yield Problem(("inputs",), f"{what}: give one of the inputs another")
