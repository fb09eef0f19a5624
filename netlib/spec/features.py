"""What is known of data before it is read, and the bases of the specs that know it: sources and preprocessing steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from netlib.spec.base import Spec
from netlib.spec.errors import SpecError
from netlib.spec.registry import snake_case
from netlib.spec.tensors import TensorSpec


@dataclass(frozen=True)
class Feature:
    """One input or target: shape (batch first), dtype, and what is known of its values.

    `num_classes`, `class_names`, `minimum` and `maximum` are None or empty where nothing is known.
    """

    tensor: TensorSpec
    num_classes: int | None = None
    class_names: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None

    @property
    def is_label(self) -> bool:
        """Whether it is one integer a sample: the number of a class, when it is a target."""
        return len(self.tensor.shape) == 1 and self.tensor.dtype == "int32"


def numbers(*axes: int, minimum: float | None = None, maximum: float | None = None) -> Feature:
    """A float32 feature; `axes` leave the batch out."""
    return Feature(TensorSpec((None, *axes), "float32"), minimum=minimum, maximum=maximum)


def labels(num_classes: int, class_names: tuple[str, ...] = ()) -> Feature:
    """A class target: one int32 a sample, from 0 to `num_classes - 1`."""
    return Feature(TensorSpec((None,), "int32"), num_classes, class_names, minimum=0, maximum=num_classes - 1)


@dataclass(frozen=True)
class DataSignature:
    """What one sample holds, and how many there are before the splits (None where that takes reading them all)."""

    inputs: dict[str, Feature]
    targets: dict[str, Feature]
    samples: int | None


class MissingFileError(SpecError):
    """A file that the config names is not there (yet)."""


class SourceSpec(Spec):
    """Base of all sources: where the samples come from, before splits and preprocessing."""

    kind = "source"
    paths: ClassVar[tuple[str, ...]] = ()
    """Its parameters that are paths of files."""

    @classmethod
    def type_name(cls) -> str:
        """The name by which a config calls it, in lower case."""
        return snake_case(cls.__name__)

    def signature(self) -> DataSignature:
        """Inputs and targets as the source gives them. Reads a file's header at most.

        Raises:
            MissingFileError: its file is not there.
            SpecError: the parameters do not fit the file.
            NetlabError: the file is damaged.
        """
        raise NotImplementedError(f"source '{self.type_name()}' does not say its signature")


class PreprocessingSpec(Spec):
    """Base of all preprocessing steps of one input."""

    kind = "preprocessing"

    def feature(self, feature: Feature) -> Feature:
        """What the step makes of an input."""
        raise NotImplementedError(f"{self.type_name()} does not say what it makes of an input")
