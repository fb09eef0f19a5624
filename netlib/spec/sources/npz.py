"""The source `npz`, arrays of a file that `numpy.savez` wrote: here headers are read, in `netlib.data.sources.npz` values."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError
from typing import IO, TYPE_CHECKING, Annotated, Any, ClassVar
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from pydantic import Field, PlainValidator

from netlib.spec.base import as_validation_error, shown
from netlib.spec.errors import Loc, NetlabError, Problem, SpecError, did_you_mean
from netlib.spec.features import DataSignature, Feature, MissingFileError, SourceSpec
from netlib.spec.names import check_name
from netlib.spec.tensors import TensorSpec, show

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

SUFFIX = ".npy"
LARGEST_DEFLATE_RATIO = 1040
"""No deflated byte stands for more bytes than this (the format's limit is 1,032)."""
UNREADABLE = (
    ValueError, TypeError, SyntaxError, TokenError, OSError, EOFError, RuntimeError, RecursionError, MemoryError,
    BadZipFile, zlib.error,
)  # fmt: skip
"""What zipfile, zlib and NumPy raise over bytes that are not what they should be."""


def _arrays(value: Any) -> dict[str, str]:
    """`x`, `[x, y]` or `{name: array}` as the last of these."""
    if isinstance(value, str):
        value = [value]
    if isinstance(value, list | tuple):
        if len(set(map(repr, value))) < len(value):
            raise ValueError("an array is listed twice; give its uses different names, as a mapping from name to array")
        value = {item if isinstance(item, str) else i: item for i, item in enumerate(value)}
    if not isinstance(value, Mapping):
        raise ValueError(
            f"expected an array's name, a list of names or a mapping from name to array, got {shown(value)}"
        )
    problems = [
        Problem((key,), f"expected the name of an array, got {shown(array)}")
        for key, array in value.items()
        if not isinstance(array, str) or not array
    ]
    if not problems:
        problems = [problem for key in value for problem in check_name(key, (key,))]
    if problems:
        raise as_validation_error(problems)
    return dict(value)


_WrittenNames = str | list[str] | dict[str, str]
ArrayNames = Annotated[dict[str, str], PlainValidator(_arrays, json_schema_input_type=_WrittenNames)]


class Npz(SourceSpec):
    """Arrays of an `.npz` file, with one row for each sample. Nothing in it is unpickled.

    Floats become float32, integers and booleans int32 (`Rescale` or `Standardize` make floats of them; an Embedding reads them
    as they are). A float array of one axis becomes a column, `(samples, 1)`.
    """

    paths: ClassVar[tuple[str, ...]] = ("path",)
    path: str = Field(min_length=1, description="The file, as `numpy.savez` writes it.")
    inputs: ArrayNames = Field(
        {"x": "x"},
        description="Arrays to read: a name, a list of names, or a mapping from the input's name to the array's.",
    )
    targets: ArrayNames = Field({"y": "y"}, description="Arrays to learn, written in the same way; [] for none.")

    def signature(self) -> DataSignature:
        """From the headers of the file's arrays."""
        headers = self.headers()
        features = {name: feature(header) for name, header in headers.items()}
        return DataSignature(
            {name: features[array] for name, array in self.inputs.items()},
            {name: features[array] for name, array in self.targets.items()},
            samples=next(iter(headers.values())).shape[0],
        )

    def elsewhere(self, path: str, raw: DataSignature) -> SourceSpec:
        """See `SourceSpec.elsewhere`; an `.npz` file, or where there is one input an `.npy`."""
        from netlib.spec.sources.arrays_elsewhere import arrays_elsewhere

        return arrays_elsewhere(self, path, self.inputs)

    def headers(self) -> dict[str, Header]:
        """Array name -> header, of the arrays that are asked for; they fit the file and each other.

        Raises:
            MissingFileError: there is no such file.
            SpecError: it is no such file, or has not such arrays.
            NetlabError: it is damaged.
        """
        if not self.inputs:
            raise SpecError([Problem(("inputs",), "at least one array is needed as an input")], "npz")
        with open_archive(self.path) as archive:
            found = {
                array: header_of(archive, self._member(archive, parameter, array), self.path, parameter)
                for parameter, arrays in (("inputs", self.inputs), ("targets", self.targets))
                for array in arrays.values()
            }
        self._same_lengths(found)
        return found

    def _member(self, archive: ZipFile, parameter: str, array: str) -> ZipInfo:
        members = {info.filename.removesuffix(SUFFIX): info for info in archive.infolist()}
        if array not in members:
            known = f" (it has: {', '.join(map(repr, list(members)[:20]))})" if members else " (it has none)"
            message = f"{self.path} has no array '{array}'{known}{did_you_mean(array, members)}"
            raise SpecError([Problem((parameter,), message)], "npz")
        return members[array]

    def _same_lengths(self, found: dict[str, Header]) -> None:
        (first, header), *others = found.items()
        for name, other in others:
            if other.shape[0] != header.shape[0]:
                rows = f"'{first}' has {header.shape[0]} rows and '{name}' has {other.shape[0]}"
                parameter = "targets" if name in self.targets.values() else "inputs"
                raise SpecError([Problem((parameter,), f"{self.path}: {rows}: one row is one sample")], "npz")


@dataclass(frozen=True)
class Header:
    """What an array's header declares, and the archive's member that holds it."""

    member: ZipInfo
    shape: tuple[int, ...]
    dtype: np.dtype[Any]


def feature(header: Header) -> Feature:
    """The feature that netlab makes of an array with this header."""
    return feature_of(header.shape, header.dtype)


def feature_of(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Feature:
    """The feature that netlab makes of an array of this shape, samples first, and dtype."""
    name = "float32" if dtype.kind == "f" else "int32"
    return Feature(TensorSpec((None, *(shape[1:] or ((1,) if name == "float32" else ()))), name))


@contextmanager
def open_archive(path: str) -> Iterator[ZipFile]:
    """The file as a zip archive; what is wrong with it is said in our words.

    Raises:
        MissingFileError: there is no such file.
        SpecError: it is no npz file.
        NetlabError: it is damaged.
    """
    try:
        with Path(path).open("rb") as file:
            try:
                archive = ZipFile(file)
            except (BadZipFile, OSError, ValueError, NotImplementedError) as error:
                raise _no_archive(path, file, error) from None
            with archive:
                yield archive
    except FileNotFoundError:
        raise MissingFileError([Problem(("path",), f"there is no file {path}")], "npz") from None
    except OSError as error:
        raise SpecError([Problem(("path",), f"{path} cannot be read: {error.strerror}")], "npz") from None


def damaged(path: str, what: str) -> NetlabError:
    """The exception for a file whose contents contradict themselves."""
    return NetlabError(f"{path} is damaged: {what}")


def _no_archive(path: str, file: IO[bytes], error: Exception) -> NetlabError:
    file.seek(0)
    start = file.read(6)
    if not start:
        return damaged(path, "it is empty")
    if start[:2] == b"PK":
        return damaged(path, f"it begins like an npz file, but has no table of contents: was it cut off? ({error})")
    what = "one array (.npy)" if start == b"\x93NUMPY" else "something else"
    message = f"{path} is not an npz file but {what}; write one with numpy.savez(path, x=..., y=...)"
    return SpecError([Problem(("path",), message)], "npz")


def header_of(archive: ZipFile, member: ZipInfo, path: str, parameter: str) -> Header:
    """The header of one array, held against the number of bytes that are there.

    Raises:
        SpecError: under that parameter: it is no array of samples.
        NetlabError: it is damaged.
    """
    name = member.filename.removesuffix(SUFFIX)
    try:
        with archive.open(member) as file:
            shape, dtype = declared(file)
            start = file.tell()
    except UNREADABLE as error:
        raise damaged(path, f"the header of array '{name}' cannot be read ({str(error) or 'it is cut off'})") from None
    check_array(f"{path}: array '{name}'", shape, dtype, (parameter,), "npz")
    size = math.prod(shape) * dtype.itemsize
    possible = min(_largest(member, Path(path).stat().st_size), member.file_size) - start
    if size != member.file_size - start or size > possible or min(shape) < 0:
        what = f"array '{name}' declares {show(shape)} of {dtype}, {size} bytes, but at most {possible} are there"
        raise damaged(path, what)
    return Header(member, shape, dtype)


def declared(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and dtype by the header at the file's place, which is behind it then; raises one of `UNREADABLE`."""
    from numpy.lib import format as npy

    version = npy.read_magic(file)
    read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(version)
    if read is None:
        raise ValueError(f"its format is version {version[0]}.{version[1]}")
    shape, _, dtype = read(file)
    return shape, dtype


def _largest(member: ZipInfo, file_size: int) -> int:
    """The most bytes that a member of an archive of this size can hold, whatever the archive says."""
    ratio = {ZIP_STORED: 1, ZIP_DEFLATED: LARGEST_DEFLATE_RATIO}.get(member.compress_type, 0)
    return min(member.compress_size, file_size) * ratio


def check_array(where: str, shape: tuple[int, ...], dtype: np.dtype[Any], loc: Loc, title: str) -> None:
    """Refuses what is a proper array, but not one of samples.

    Raises:
        SpecError: at `loc`, about `where` and what is wrong there.
    """
    if dtype.hasobject:
        what = "holds Python objects, which are stored as a pickle, and a pickle can run code; save numbers instead"
    elif dtype.kind not in "fiub":
        what = f"holds {dtype}; numbers are needed (float, integer or boolean)"
    elif not shape:
        what = "is a single value; one row for each sample is needed"
    elif 0 in shape:
        what = f"has the shape {show(shape)}: it has no values"
    else:
        return
    raise SpecError([Problem(loc, f"{where} {what}")], title)
