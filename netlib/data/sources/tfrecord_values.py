"""The values of records in arrays: what a feature declares is held against each record, and images are decoded."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from netlib.data.arrays import Array, Values
from netlib.data.sources.images import pixels
from netlib.spec.errors import NetlabError
from netlib.spec.sources.images import UnreadableImage, opened, upright_size
from netlib.spec.sources.tfrecord_examples import BYTES, FLOATS, NotAnExample, features_in, list_in
from netlib.spec.sources.tfrecord_features import FLOAT_TYPES, RecordFeature, limits, misfit, misfit_count
from netlib.spec.sources.tfrecord_samples import unlike_size

_NARROW = ("uint8", "int8", "uint16", "int16")
"""Integers that stay what they are until they are preprocessed."""


class Fault(NetlabError):
    """Why a record is not as declared; the text says it, behind the record's place."""


class Column:
    """The values of a feature, one row for each record.

    Args:
        name: Of the feature.
        declared: What it holds.
        rows: How many records there are.
    """

    def __init__(self, name: str, declared: RecordFeature, rows: int) -> None:
        self.name, self.declared = name, declared
        self._texts: list[str] | None = [""] * rows if declared.dtype == "string" else None
        dtype = "uint8" if declared.is_image or declared.dtype == "bool" else str(declared.dtype)
        held = np.float32 if dtype in FLOAT_TYPES else np.dtype(dtype) if dtype in _NARROW else np.int32
        axes: tuple[int, ...] = () if self._texts is not None else declared.axes or ((1,) if held is np.float32 else ())
        self._array: Array = np.zeros((0 if self._texts is not None else rows, *axes), held)
        if declared.length is not None and declared.default is not None:
            self._array[:] = declared.default
        self._width = math.prod(axes)
        self._flat: Array = self._array.reshape(len(self._array), self._width)
        self._usual = declared.holds, 1 if declared.holds == BYTES else self._width if declared.length is None else -1

    def values(self) -> Values:
        """All of them: numbers as an array, texts as a series."""
        return self._array if self._texts is None else pl.Series(self.name, self._texts, pl.String())

    def number(self, row: int) -> float:
        """The value of a record, of a feature that has one."""
        return float(self._flat[row, 0])

    def put(self, row: int, features: Mapping[str, Any]) -> None:
        """Takes the value of a record.

        Raises:
            Fault: the record has none, or another than is declared.
        """
        declared = self.declared
        values: Any = ()
        kind, values = list_in(features[self.name]) if self.name in features else ("", values)
        if (kind, len(values)) != self._usual and (wrong := misfit(self.name, declared, features)):
            raise Fault(wrong)
        if not len(values):
            self._put_default(row)
        elif kind != BYTES:
            self._put_numbers(row, values)
        elif self._texts is not None:
            self._texts[row] = self._text(values[0])
        elif declared.is_image:
            self._array[row] = self._image(values[0])
        else:
            self._put_numbers(row, self._stored(values[0]))

    def _put_default(self, row: int) -> None:
        """A list of any length is empty, and all that is padding is there already."""
        if self.declared.length is None:
            if self._texts is not None:
                self._texts[row] = str(self.declared.default)
            else:
                self._array[row] = self.declared.default

    def _put_numbers(self, row: int, values: Any) -> None:
        count, width = len(values), self._width
        if count > width:
            values = values[-width:] if self.declared.cut == "start" else values[:width]
            count = width
        self._flat[row, :count] = values if self._usual[0] == FLOATS else self._exact(values)

    def _exact(self, values: Any) -> Any:
        """Numbers that float32 or int32 hold, and their own dtype."""
        if isinstance(values, np.ndarray) and values.dtype.kind == "f":
            with np.errstate(over="ignore"):
                found = values.astype(np.float32)
            if wrong := values[np.isinf(found) & np.isfinite(values)].tolist():
                raise Fault(f"feature '{self.name}' has {wrong[0]}, which float32 cannot hold")
            return found
        low, high = self._limits
        if len(values) == 1 and low <= values[0] <= high:
            return values
        numbers = values if isinstance(values, np.ndarray) else np.fromiter(values, np.int64, len(values))
        if numbers.size and (numbers.min() < low or numbers.max() > high):
            wrong = numbers[(numbers < low) | (numbers > high)].tolist()
            dtype = self.declared.dtype
            holder = "int32, the widest that is read," if dtype in ("int64", "uint32", "uint64") else f"{dtype}"
            raise Fault(f"feature '{self.name}' has {wrong[0]}, which {holder} cannot hold")
        return numbers

    def _stored(self, contents: bytes) -> Array:
        """Numbers of their bytes."""
        dtype = np.dtype("uint8" if self.declared.dtype == "bool" else str(self.declared.dtype)).newbyteorder("<")
        if self.declared.encoding == "zlib":
            contents = self._unpacked(contents)
        count, rest = divmod(len(contents), dtype.itemsize)
        if rest:
            what = f"{len(contents)} bytes, which are no whole number of {self.declared.dtype}"
            raise Fault(f"feature '{self.name}' holds {what} ({dtype.itemsize} bytes each)")
        noun = f"{len(contents)} bytes, {count} values of {self.declared.dtype}"
        if wrong := misfit_count(self.name, self.declared, count, noun):
            raise Fault(wrong)
        return np.frombuffer(contents, dtype)

    def _unpacked(self, contents: bytes) -> bytes:
        engine = zlib.decompressobj()
        try:
            found = engine.decompress(contents)
        except zlib.error as error:
            raise Fault(f"feature '{self.name}' cannot be unpacked with zlib ({error})") from None
        if not engine.eof:
            raise Fault(f"feature '{self.name}' cannot be unpacked with zlib (it is cut off)")
        return found

    def _text(self, contents: bytes) -> str:
        try:
            return contents.decode()
        except UnicodeDecodeError as error:
            what = f"bytes that are no text in UTF-8 (0x{contents[error.start]:02x} at {error.start})"
            raise Fault(
                f"feature '{self.name}' holds {what}; images need encoding: png, numbers encoding: raw"
            ) from None

    def _image(self, contents: bytes) -> Array:
        height, width, _ = self.declared.shape
        try:
            with opened(f"feature '{self.name}'", contents, self.declared.formats) as image:
                if wrong := unlike_size(self.name, self.declared, upright_size(image)):
                    raise Fault(wrong)
                return pixels(image, self._images, (height, width))
        except UnreadableImage as error:
            raise Fault(str(error)) from None

    @cached_property
    def _images(self) -> Any:
        return self.declared.images()

    @cached_property
    def _limits(self) -> tuple[int, int]:
        return limits(str(self.declared.dtype))


class Columns:
    """The values of several features, which are taken out of records.

    Args:
        declared: What they hold, by name.
        rows: How many records there are.
        weights: The feature of which no value may be negative.
    """

    def __init__(self, declared: Mapping[str, RecordFeature], rows: int, weights: str | None) -> None:
        self._columns = [Column(name, each, rows) for name, each in declared.items()]
        self._weights = next((column for column in self._columns if column.name == weights), None)

    def put(self, row: int, record: bytes) -> None:
        """Takes the values of a record; raises `Fault` where it is not as declared."""
        try:
            features = features_in(record)
        except NotAnExample as error:
            raise Fault(f"it {error}") from None
        for column in self._columns:
            column.put(row, features)
        if self._weights is not None and (weight := self._weights.number(row)) < 0:
            raise Fault(f"weight '{self._weights.name}' is {weight:g}, but none may be negative")

    def values(self) -> dict[str, Any]:
        """Of all features, by name."""
        return {column.name: column.values() for column in self._columns}
