"""The same columns of other files: a table to predict on, of any kind, read as the table was that was trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from netlib.spec.errors import Problem, SpecError
from netlib.spec.features import DataSignature
from netlib.spec.sources.table import TableSpec
from netlib.spec.sources.table_columns import BOOLEAN, FLOAT, INTEGER, MISSING, STRING, Column, feature_of, parted
from netlib.spec.sources.table_files import ends_in, files_of
from netlib.spec.sources.tables import TABBED, Csv, JsonLines, Parquet

KINDS: tuple[type[TableSpec], ...] = (Csv, Parquet, JsonLines)
SUFFIXES = tuple(suffix for kind in KINDS for suffix in kind.suffixes)
REMEDY = "correct such rows, or leave them out (--on-error skip)"


def table_elsewhere(source: TableSpec, path: str, raw: DataSignature) -> TableSpec:
    """The table of other files, of the kind by which their names end; see `SourceSpec.elsewhere`.

    Raises:
        MissingFileError: there is no such file.
        SpecError: they are of several kinds.
        NetlabError: one is damaged.
    """
    files = files_of(path, SUFFIXES, (), source.type_name())
    kind = _kind_of(files, type(source))
    uses = dict(raw.joins) if source.inputs is None else source.inputs
    plain = {"path": path, "inputs": uses, "targets": [], "on_error": source.on_error, **_written(source, kind, files)}
    return typed(kind.parse(plain), raw, source.columns)


def typed(table: TableSpec, raw: DataSignature, declared: Mapping[str, Column]) -> TableSpec:
    """The table with its columns declared to be what they were to train on, where they do not look like it.

    Args:
        table: of the other files.
        raw: what was given to train on.
        declared: what was said of the columns then; a form in which dates are written is that of texts.
    """
    held = table.dtypes_by_file()
    columns: dict[str, Column] = {}
    inputs, _ = parted(table.input_columns(held))
    for name, column in inputs.items():
        looks = set(held.get(column, {}).values())
        wanted = raw.inputs.get(name)
        if not looks or wanted is None or len(wanted.tensor.shape) > 2:
            continue  # it is not there, which is said elsewhere, or it is an image
        if wanted.is_label and FLOAT in looks <= {FLOAT, INTEGER, BOOLEAN, MISSING}:
            continue  # fractions, which do where they become floats anyway
        if any(feature_of(each) != wanted for each in looks):
            known = declared.get(column)
            form = known.format if known and STRING in looks else None
            columns[column] = Column.parse({"dtype": wanted.tensor.dtype, "format": form})
    others = {name: Column.parse("string") for name in held if name not in inputs.values()}  # whatever they hold
    return table.model_copy(update={"columns": {**columns, **others}}).advising(REMEDY)


def _kind_of(files: Sequence[Path], own: type[TableSpec]) -> type[TableSpec]:
    """By how the names of the files end; that of the source itself, where they do not tell."""
    kinds = {next((kind for kind in KINDS if ends_in(file, kind.suffixes)), own): file for file in files}
    if len(kinds) > 1:
        first, second, *_ = kinds.values()
        message = f"{first} and {second} are tables of different kinds: give files of one kind at a time"
        raise SpecError([Problem((), message)], own.type_name())
    return next(iter(kinds))


def _written(source: TableSpec, kind: type[TableSpec], files: Sequence[Path]) -> dict[str, Any]:
    """How CSV files are written, as far as the source says it and the files do not."""
    if kind is not Csv or not isinstance(source, Csv):
        return {}
    tabbed = any(ends_in(file, TABBED) for file in files)
    return {"missing": list(source.missing), "separator": None if tabbed else source.separator}
