"""What a feature of TFRecord files is declared to hold, and whether a record's does."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from netlib.spec.base import Spec, as_validation_error, shown
from netlib.spec.errors import Problem, did_you_mean
from netlib.spec.features import Feature, text
from netlib.spec.sources.images import FORMATS, ImagesSpec
from netlib.spec.sources.tfrecord_examples import BYTES, FLOATS, INTEGERS, counted, list_in, listed
from netlib.spec.tensors import TensorSpec
from netlib.spec.types import Lengths, NonNegativeInt, PositiveInt

FLOAT_TYPES = ("float16", "float32", "float64")
INTEGER_TYPES = ("bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")
CHANNELS = (1, 3, 4)


def _fixed(value: Any) -> Any:
    """Points to `length` where an axis has none."""
    if isinstance(value, list) and any(axis in (None, -1) for axis in value):
        inner = [axis for axis in value if axis not in (None, -1)]
        raise ValueError(
            f"an axis of any length is declared by length: N, to which values are padded, and shape: {inner}"
        )
    return value


class RecordFeature(Spec):
    """What a feature of the records holds: numbers, a text, or an image."""

    shorthand = "dtype"
    dtype: (
        Literal[
            "float16", "float32", "float64", "bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64",
            "string",
        ]
        | None
    ) = Field(
        None,
        description="What the values are. Floats become float32, integers int32, and none may be beyond it; a string is a text in"
        " UTF-8. An image needs none.",
    )  # fmt: skip
    shape: Annotated[Lengths, BeforeValidator(_fixed)] = Field(
        (), description="Its axes, none for a single value; of an image height, width and channels (1, 3 or 4)."
    )
    length: PositiveInt | None = Field(
        None,
        description="For lists of any length: values are padded to so many with `default`, or with 0. They are a first axis, in"
        " front of those of `shape`.",
    )
    cut: Literal["end", "start"] | None = Field(
        None, description="Where lists that are longer than `length` are cut off; by default they are an error."
    )
    encoding: Literal["raw", "zlib", "image", "png", "jpeg", "gif", "bmp", "webp"] | None = Field(
        None,
        description="What a byte string holds: the bytes of the numbers, little-endian (`raw`), the same compressed (`zlib`), or"
        " an image, of that kind or of any of these (`image`).",
    )
    fit: Literal["stretch", "crop", "pad"] | None = Field(
        None,
        description="How images of another size are brought to that of `shape`: distorted, cut off or filled up on both sides; by"
        " default they are an error.",
    )
    background: NonNegativeInt = Field(
        0, le=255, description="Grey level behind what an image fills up or shows through."
    )
    default: float | str | None = Field(
        None, description="The value in records that lack the feature; by default that is an error."
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if problems := list(self._problems()):
            raise as_validation_error(problems)
        return self

    def _problems(self) -> Iterator[Problem]:
        if self.is_image:
            if len(self.shape) != 3 or self.shape[-1] not in CHANNELS:
                what = f"got {shown(self.shape)}" if self.shape else "got none"
                yield Problem(
                    ("shape",), f"an image needs the shape [height, width, channels], channels 1, 3 or 4; {what}"
                )
            if self.dtype not in (None, "uint8"):
                yield Problem(("dtype",), f"images are uint8, got {self.dtype}: leave it out")
        elif self.dtype is None:
            yield Problem((), "a feature needs 'dtype', or the 'encoding' of an image")
        yield from (Problem((key,), f"{key} {why}: leave it out") for key, why in self._useless().items())
        if not self._takes_default():
            yield Problem(("default",), f"expected {'a text' if self.dtype == 'string' else 'a number of that dtype'}"
                          f", got {shown(self.default)}")  # fmt: skip

    def _useless(self) -> dict[str, str]:
        """Parameters that mean nothing here -> why."""
        whole = "an image" if self.is_image else "a text" if self.dtype == "string" else ""
        found = {"length": f"is of lists of numbers, and this is {whole}"} if whole and self.length else {}
        if whole == "a text":
            found |= {key: "is not of texts" for key in ("shape", "encoding") if getattr(self, key)}
        if whole == "an image" and self.default is not None:
            found["default"] = "is of numbers and texts: there is no default image"
        if self.cut and not self.length:
            found["cut"] = "says what becomes of lists that are longer than length, which is not given"
        if not self.is_image:
            found |= {key: "is of images" for key in ("fit", "background") if getattr(self, key)}
        return found

    def _takes_default(self) -> bool:
        if self.default is None or self.is_image or self.dtype is None:
            return True
        if isinstance(self.default, str) or self.dtype == "string":
            return isinstance(self.default, str) and self.dtype == "string"
        if self.dtype in FLOAT_TYPES:
            return not math.isinf(self.default)
        low, high = limits(self.dtype)
        return float(self.default).is_integer() and low <= self.default <= high

    @property
    def is_image(self) -> bool:
        """Whether it is decoded to the pixels of an image."""
        return self.encoding not in (None, "raw", "zlib")

    @property
    def holds(self) -> str:
        """Of the list that the records have to hold."""
        if self.encoding or self.dtype == "string":
            return BYTES
        return FLOATS if self.dtype in FLOAT_TYPES else INTEGERS

    @property
    def axes(self) -> tuple[int, ...]:
        """Of the values of a sample."""
        return self.shape if self.length is None else (self.length, *self.shape)

    def feature(self) -> Feature:
        """What netlab makes of it: float32, a single one as a column; int32; a text."""
        if self.dtype == "string":
            return text()
        if self.dtype in FLOAT_TYPES:
            return Feature(TensorSpec((None, *(self.axes or (1,))), "float32"))
        known = {"minimum": 0, "maximum": 255} if self.is_image or self.dtype == "uint8" else {}
        return Feature(TensorSpec((None, *self.axes), "int32"), **known)  # type: ignore[arg-type]

    def images(self) -> ImagesSpec:
        """How its images are decoded."""
        height, width, channels = self.shape
        fit = self.fit or "stretch"
        return ImagesSpec.parse(
            {"size": [height, width], "channels": channels, "fit": fit, "background": self.background}
        )

    @property
    def formats(self) -> tuple[str, ...]:
        """What an image may be, by Pillow's names."""
        return FORMATS if self.encoding == "image" else (str(self.encoding).upper(),)


def limits(dtype: str) -> tuple[int, int]:
    """The least and the largest of integers of that dtype that netlab holds: int32 is the widest."""
    if dtype == "bool":
        return 0, 1
    bits = int(dtype.strip("uint"))
    if dtype[0] == "u":
        return 0, min(2**bits, 2**31) - 1
    return -(2 ** (min(bits, 32) - 1)), 2 ** (min(bits, 32) - 1) - 1


def misfit(name: str, declared: RecordFeature, features: Mapping[str, Any]) -> str | None:
    """What is wrong with a feature of a record, seen from its kind and from how many values there are; None if nothing is."""
    kind, values = list_in(features[name]) if name in features else ("", ())
    if name not in features or not (len(values) or declared.length):
        if declared.default is not None:
            return None
        empty = f"feature '{name}' is empty" if name in features else f"there is no feature '{name}'"
        return f"{empty}{did_you_mean(name, [each for each in features if each != name])} (it has: {listed(features)})"
    if kind != declared.holds:
        if not kind and declared.length:
            return None
        what = f"{counted(declared.holds, 2).removeprefix('2 ')} are needed for {_declaration(declared)}"
        return f"feature '{name}' holds {counted(kind, len(values))}, but {what}{_remedy(declared, kind)}"
    if declared.holds == BYTES:
        return None if len(values) == 1 else f"feature '{name}' holds {counted(kind, len(values))}, but one is declared"
    return misfit_count(name, declared, len(values), counted(kind, len(values)))


def misfit_count(name: str, declared: RecordFeature, count: int, found: str) -> str | None:
    """What is wrong with the number of values; `found` says it with its noun."""
    each = math.prod(declared.shape)
    if declared.length is None:
        if count == each:
            return None
        several = "" if declared.shape else f"; say shape: [{count}], or length: N for lists of any length"
        return f"feature '{name}' holds {found}, but shape {[*declared.shape]} takes {each}{several}"
    if count % each:
        return f"feature '{name}' holds {found}, which are no multiple of {each}, that shape {[*declared.shape]} takes"
    if count > declared.length * each and declared.cut is None:
        remedy = "raise length, or say where longer lists are cut off (cut: end or start)"
        return f"feature '{name}' holds {found}, but length {declared.length} takes {declared.length * each}; {remedy}"
    return None


def _declaration(declared: RecordFeature) -> str:
    return f"encoding: {declared.encoding}" if declared.encoding else f"dtype: {declared.dtype}"


def _remedy(declared: RecordFeature, kind: str) -> str:
    """How to declare a feature that holds a list of another kind."""
    if kind == BYTES:
        return "; a text is dtype: string, numbers as bytes are encoding: raw, images encoding: png"
    return f"; say dtype: {'float32' if kind == FLOATS else 'int64'}" + (
        " without encoding" if declared.encoding else ""
    )
