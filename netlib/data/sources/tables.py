"""Reads tables: CSV, Parquet and JSON lines."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from netlib.data.arrays import Array, Arrays
from netlib.spec.errors import NetlabError
from netlib.spec.features import SourceSpec
from netlib.spec.sources.table import TableSpec, columns_of, parted, unreadable


def read(source: SourceSpec, _seed: int) -> Arrays:
    """Reads the columns that the source uses: floats as float32 (rows, 1), integers as int32, texts and times as series.

    A missing number is NaN, a column of integers with one is float32 (rows,); missing texts and times are null.

    Raises:
        SpecError: the files have no such columns.
        NetlabError: they are damaged, have no rows, or numbers that float32 or int32 cannot hold.
    """
    assert isinstance(source, TableSpec)
    inputs, _ = parted(source.input_columns(source.features()))
    uses = [
        *inputs.values(),
        *columns_of(source.targets),
        *source.beside,
        *([source.weights] if source.weights else []),
    ]
    try:
        table = source.scan().select(list(dict.fromkeys(uses))).collect()
    except pl.exceptions.PolarsError as error:
        raise unreadable(source.path, error) from None
    if not table.height:
        raise NetlabError(f"{source.path} has no rows")
    values = {name: _values(table[name], source.path) for name in table.columns}
    return Arrays(
        {name: values[column] for name, column in inputs.items()},
        {name: _target(used, values) for name, used in source.targets.items()},
        None if source.weights is None else _weights(values[source.weights], source),
        beside={name: values[name] for name in source.beside},
    )


def _values(column: pl.Series, path: str) -> Any:
    if column.dtype in (pl.String(), pl.Categorical(), pl.Enum) or column.dtype.is_temporal():
        return column.cast(pl.Datetime("us")) if column.dtype.is_temporal() else column.cast(pl.String())
    where = f"{path}: column '{column.name}'"
    if column.dtype.is_integer():
        limits = np.iinfo(np.int32)
        outside = column.filter((column < limits.min) | (column > limits.max))
        if len(outside):
            raise NetlabError(f"{where} has {outside[0]}, which int32 cannot hold; read it as float32 or string")
    if column.dtype.is_integer() or column.dtype == pl.Boolean():
        return column.cast(pl.Float32() if column.null_count() else pl.Int32()).to_numpy()
    exact = column.cast(pl.Float64())
    with np.errstate(over="ignore"):
        values: Array = exact.to_numpy().astype(np.float32)
    if np.isinf(values).any() and (wrong := exact.filter(exact.is_finite() & pl.Series(np.isinf(values)))).len():
        raise NetlabError(f"{where} has {wrong[0]}, which float32 cannot hold")
    return values[:, None]


def _target(used: Any, values: dict[str, Any]) -> Any:
    if isinstance(used, str):
        return values[used]
    return np.concatenate([np.asarray(values[name], np.float32).reshape(-1, 1) for name in used], axis=1)


def _weights(values: Any, source: TableSpec) -> Array:
    if not isinstance(values, np.ndarray) or not (np.isfinite(values) & (values >= 0)).all():
        raise NetlabError(f"{source.path}: weights '{source.weights}' must be numbers that are not negative")
    return values.reshape(-1).astype(np.float32)
