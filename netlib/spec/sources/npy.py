"""The source `npy`, a file of `numpy.save` for each array: here headers are read, in `netlib.data.sources.npy` values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, PlainValidator

from netlib.spec.base import as_validation_error, shown
from netlib.spec.errors import Loc, Problem, SpecError
from netlib.spec.features import DataSignature, MissingFileError, SourceSpec
from netlib.spec.names import check_name
from netlib.spec.sources.npz import UNREADABLE, check_array, damaged, declared, feature_of
from netlib.spec.sources.stamps import stamps
from netlib.spec.tensors import show

if TYPE_CHECKING:
    import numpy as np


def _files(value: Any) -> dict[str, str]:
    """`features.npy`, `[features.npy, ages.npy]` or `{x: features.npy}` as the last of these."""
    if isinstance(value, str):
        value = [value]
    if isinstance(value, list | tuple):
        names = [Path(item).stem if isinstance(item, str) else i for i, item in enumerate(value)]
        if len(set(names)) < len(names):
            raise ValueError("two files have one name; name their arrays, as a mapping from name to file")
        value = dict(zip(names, value, strict=True))
    if not isinstance(value, Mapping):
        raise ValueError(f"expected a file, a list of files or a mapping from name to file, got {shown(value)}")
    problems = [
        Problem((key,), f"expected the path of an .npy file, got {shown(path)}")
        for key, path in value.items()
        if not isinstance(path, str) or not path
    ]
    if not problems:
        problems = [problem for key in value for problem in check_name(key, (key,))]
    if problems:
        raise as_validation_error(problems)
    return dict(value)


ArrayFiles = Annotated[dict[str, str], PlainValidator(_files, json_schema_input_type=str | list[str] | dict[str, str])]


class Npy(SourceSpec):
    """Arrays of `.npy` files, one in each, with one row for each sample. Nothing in them is unpickled.

    Floats become float32, integers and booleans int32. A float array of one axis becomes a column, `(samples, 1)`. Files are
    mapped into memory: arrays of float32, and of integers up to int32, are never read as a whole.
    """

    paths: ClassVar[tuple[str, ...]] = ("inputs", "targets")
    inputs: ArrayFiles = Field(
        description="Files to read, as `numpy.save` writes them: a path, a list, or a mapping from the input's name to the path.",
        examples=[{"x": "features.npy"}],
    )
    targets: ArrayFiles = Field(
        description="Files to learn, written in the same way; [] for none.", examples=[{"y": "labels.npy"}]
    )

    def signature(self) -> DataSignature:
        """From the headers of the files."""
        headers = self.headers()
        features = {path: feature_of(header.shape, header.dtype) for path, header in headers.items()}
        return DataSignature(
            {name: features[path] for name, path in self.inputs.items()},
            {name: features[path] for name, path in self.targets.items()},
            samples=next(iter(headers.values())).shape[0],
        )

    def stamp(self) -> tuple[Any, ...]:
        """See `SourceSpec.stamp`."""
        return stamps(Path(path) for _, path in self._uses() if Path(path).exists())

    def elsewhere(self, path: str, raw: DataSignature) -> SourceSpec:
        """See `SourceSpec.elsewhere`; where there is one input an `.npy` file, or an `.npz` with an array for each input."""
        from netlib.spec.sources.arrays_elsewhere import arrays_elsewhere

        return arrays_elsewhere(self, path, {name: name for name in self.inputs})

    def headers(self) -> dict[str, Header]:
        """Path -> header of each file; they fit the files and each other.

        Raises:
            MissingFileError: one is not there.
            SpecError: one is no such file, or they have different numbers of rows.
            NetlabError: one is damaged.
        """
        if not self.inputs:
            raise SpecError([Problem(("inputs",), "at least one file is needed as an input")], "npy")
        found: dict[str, Header] = {}
        for loc, path in self._uses():
            found[path] = found.get(path) or _header(path, loc)
            first, header = next(iter(found.items()))
            if found[path].shape[0] != header.shape[0]:
                rows = f"{first} has {header.shape[0]} rows and {path} has {found[path].shape[0]}"
                raise SpecError([Problem(loc, f"{rows}: one row is one sample")], "npy")
        return found

    def _uses(self) -> Iterator[tuple[Loc, str]]:
        """Where in the section each file stands, and its path."""
        for parameter, files in (("inputs", self.inputs), ("targets", self.targets)):
            yield from (((parameter, name), path) for name, path in files.items())


@dataclass(frozen=True)
class Header:
    """What a file's header declares."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]


def _header(path: str, loc: Loc) -> Header:
    """The header of a file, held against the number of bytes that are there."""
    try:
        with Path(path).open("rb") as file:
            start = file.read(6)
            if start != b"\x93NUMPY":
                raise _no_array(path, start, loc)
            file.seek(0)
            try:
                shape, dtype = declared(file)
            except UNREADABLE as error:
                raise damaged(path, f"its header cannot be read ({str(error) or 'it is cut off'})") from None
            there = Path(path).stat().st_size - file.tell()
    except FileNotFoundError:
        raise MissingFileError([Problem(loc, f"there is no file {path}")], "npy") from None
    except OSError as error:
        raise SpecError([Problem(loc, f"{path} cannot be read: {error.strerror}")], "npy") from None
    check_array(path, shape, dtype, loc, "npy")
    size = math.prod(shape) * dtype.itemsize
    if size != there or min(shape) < 0:
        raise damaged(path, f"it declares {show(shape)} of {dtype}, {size} bytes, but {there} are there")
    return Header(shape, dtype)


def _no_array(path: str, start: bytes, loc: Loc) -> Exception:
    if not start:
        return damaged(path, "it is empty")
    what = "an archive of arrays (source: npz reads those)" if start[:2] == b"PK" else "something else"
    message = f"{path} is not an npy file but {what}; write one with numpy.save(path, array)"
    return SpecError([Problem(loc, message)], "npy")
