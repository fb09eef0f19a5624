"""Other files that have targets, too, to measure on: the same kind of source as the one that was trained on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from netlib.spec.errors import UsageError
from netlib.spec.features import DataSignature, SourceSpec
from netlib.spec.sources.image_folder import ImageFolder
from netlib.spec.sources.npy import Npy
from netlib.spec.sources.npz import Npz
from netlib.spec.sources.table import TableSpec
from netlib.spec.sources.table_columns import Column, columns_of
from netlib.spec.sources.table_elsewhere import KINDS
from netlib.spec.sources.table_files import ends_in
from netlib.spec.sources.texts import TextFolder, TextLines
from netlib.spec.sources.tfrecord import Tfrecord
from netlib.spec.sources.time_series import TimeSeries


def with_targets(source: SourceSpec, path: str, raw: DataSignature) -> SourceSpec:
    """The source over other files, with targets and weights; where it differs from `SourceSpec.elsewhere` it is said here.

    Args:
        source: that was trained on.
        path: a file, and where the source can read them, a folder or a pattern for many.
        raw: what the source gave to train on.

    Raises:
        MissingFileError: there is no such file.
        SpecError: this source reads no files, or none of that kind.
        UsageError: inputs and targets cannot be in such a file together.
    """
    if isinstance(source, TextLines) and source.targets:
        return _lines(path)
    found = source.elsewhere(path, raw)  # refuses what is no such file
    if isinstance(found, Npz | Npy):
        return _arrays(source, found, path, raw)
    if isinstance(source, TableSpec) and isinstance(found, TableSpec):
        return _table(source, found, raw)
    if isinstance(source, ImageFolder | TextFolder):
        ((_, target),) = raw.targets.items()
        return source.model_copy(update={"path": path}).of_classes(target.class_names)
    if isinstance(source, Tfrecord):
        return source.model_copy(update={"path": path})
    if isinstance(source, TimeSeries):
        assert isinstance(found, TimeSeries)
        return found.model_copy(update={"targets": source.targets, "columns": source.columns})
    return found


def _arrays(source: SourceSpec, found: Npz | Npy, path: str, raw: DataSignature) -> SourceSpec:
    """With an array for each target, by its name where the source does not say it."""
    if not isinstance(found, Npz):
        raise UsageError(f"{path} must be an .npz file to have targets too: write both with numpy.savez")
    targets = source.targets if isinstance(source, Npz) else {name: name for name in raw.targets}
    return Npz.parse({"path": path, "inputs": found.inputs, "targets": targets})


def _table(source: TableSpec, found: TableSpec, raw: DataSignature) -> TableSpec:
    """With the columns of targets and weights, which are what they were to train on."""
    dtypes = {used: raw.targets[name].tensor.dtype for name, used in source.targets.items() if isinstance(used, str)}
    dtypes |= {column: "float32" for column in columns_of(source.targets) if column not in dtypes}
    dtypes |= {source.weights: "float32"} if source.weights else {}
    columns: dict[str, Any] = {name: source.columns.get(name) or Column.parse(dtype) for name, dtype in dtypes.items()}
    held = found.dtypes_by_file()
    known = {name: column for name, column in {**found.columns, **columns}.items() if name in held}
    return found.model_copy(update={"targets": source.targets, "weights": source.weights, "columns": known})


def _lines(path: str) -> TableSpec:
    """A table in place of two files, one of texts and one of their classes."""
    kind = next((kind for kind in KINDS if ends_in(Path(path), kind.suffixes)), None)
    if kind is None:
        raise UsageError(
            f"source 'text_lines' has texts and their classes in two files, and --data takes one: write both into a table with"
            f" the columns 'text' and 'label' (.csv, .parquet or .jsonl), got {path}"
        )
    return kind.parse(
        {
            "path": path,
            "inputs": {"text": "text"},
            "targets": "label",
            "columns": {"text": "string", "label": "string"},
        }
    )
