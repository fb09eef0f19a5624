"""Samples that are there in Python, as a file that is read as any other: checked alike, and made ready by the same steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl

from netlib.config.experiment import Experiment
from netlib.spec.errors import NetlabError, UsageError
from netlib.spec.features import SourceSpec
from netlib.spec.sources.table import TableSpec
from netlib.spec.sources.time_series import TimeSeries

_SAID = "what was given"


@contextmanager
def as_file(given: Any, config: Experiment) -> Iterator[str | None]:
    """The path of a file, folder or pattern as it is, None as well; else that of a file with what is given.

    Inside, errors call that file `what was given`.

    Args:
        given: a table for runs on tables; for others an array, or a mapping from input to array.
        config: of the run that is to predict on them.

    Raises:
        UsageError: it is none of these.
    """
    if given is None or isinstance(given, str | Path):
        yield None if given is None else str(given)
        return
    with TemporaryDirectory(prefix="netlab-") as folder:
        path = _written(given, config, Path(folder))
        try:
            yield str(path)
        except NetlabError as error:
            error.args = tuple(str(each).replace(str(path), _SAID) for each in error.args)
            raise


def _written(given: Any, config: Experiment, folder: Path) -> Path:
    data = config.data
    assert data  # a run has some
    if isinstance(data.source, TableSpec | TimeSeries):
        path = folder / "samples.parquet"
        _table(given, data.source).write_parquet(path)
        return path
    path = folder / "samples.npz"
    np.savez(path, **_arrays(given, list(data.raw().inputs)))
    return path


def _table(given: Any, source: SourceSpec) -> pl.DataFrame:
    if isinstance(given, pl.DataFrame):
        return given
    names = given if isinstance(given, Mapping) else getattr(given, "columns", None)
    if names is None:
        raise UsageError(
            f"this run reads a table ({source.type_name()}): give one, or a mapping from column to values, got"
            f" {type(given).__name__}"
        )
    try:
        return pl.DataFrame({str(name): _column(given[name]) for name in names}, strict=False)
    except (pl.exceptions.PolarsError, TypeError, ValueError) as error:
        raise UsageError(f"{_SAID} is no table: {str(error).splitlines()[0]}") from None


def _column(values: Any) -> Any:
    return values if isinstance(values, pl.Series | np.ndarray) else list(values)


def _arrays(given: Any, inputs: list[str]) -> dict[str, Any]:
    if isinstance(given, Mapping):
        return {str(name): np.asarray(values) for name, values in given.items()}
    if len(inputs) > 1:
        raise UsageError(f"this run reads several inputs: give a mapping with an array for each of {', '.join(inputs)}")
    return {inputs[0]: np.asarray(given)}
