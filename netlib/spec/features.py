"""What is known of data before it is read, and the bases of the specs that know it: sources, splits and preprocessing steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, Self

from netlib.spec.base import Spec
from netlib.spec.errors import Problem, SpecError, one_of
from netlib.spec.registry import snake_case
from netlib.spec.tensors import TensorSpec

Kind = Literal["numbers", "text", "times"]
"""Of what values are: only numbers can be read by a network, the others need a step that makes numbers of them."""

SPLITS = ("train", "validation", "test")
TEXT, TIMES = "string", "datetime"
_KINDS: dict[str, Kind] = {TEXT: "text", TIMES: "times"}


@dataclass(frozen=True)
class Feature:
    """One column, input or target: shape (batch first), dtype, and what is known of its values.

    `num_classes`, `class_names`, `minimum` and `maximum` are None or empty where nothing is known. An axis other than the batch
    that is None is known as soon as the preprocessing is fitted.
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

    @property
    def kind(self) -> Kind:
        """What its values are."""
        return _KINDS.get(self.tensor.dtype, "numbers")

    @property
    def read(self) -> TensorSpec:
        """What a network reads of it: of indices with the largest one, where that is known."""
        known = self.maximum is not None and self.tensor.dtype == "int32"
        return replace(self.tensor, maximum=int(self.maximum)) if known and self.maximum is not None else self.tensor

    def as_column(self) -> Feature:
        """As a part of an input that is joined of several columns: float32 in one axis behind the batch."""
        shape = self.tensor.shape if len(self.tensor.shape) > 1 else (None, 1)
        return replace(self, tensor=TensorSpec(shape, "float32"), num_classes=None, class_names=())


def numbers(*axes: int, minimum: float | None = None, maximum: float | None = None) -> Feature:
    """A float32 feature; `axes` leave the batch out."""
    return Feature(TensorSpec((None, *axes), "float32"), minimum=minimum, maximum=maximum)


def labels(num_classes: int, class_names: tuple[str, ...] = ()) -> Feature:
    """A class target: one int32 a sample, from 0 to `num_classes - 1`."""
    return Feature(TensorSpec((None,), "int32"), num_classes, class_names, minimum=0, maximum=num_classes - 1)


def text() -> Feature:
    """A text for each sample."""
    return Feature(TensorSpec((None,), TEXT))


def times() -> Feature:
    """A date, with or without the time of day, for each sample."""
    return Feature(TensorSpec((None,), TIMES))


def joined(features: Sequence[Feature]) -> Feature:
    """Columns side by side in one input: their widths add up, unknown where that of one is."""
    widths = [feature.as_column().tensor.shape[-1] for feature in features]
    known = [width for width in widths if width is not None]
    return Feature(TensorSpec((None, sum(known) if len(known) == len(widths) else None), "float32"))


@dataclass(frozen=True)
class DataSignature:
    """What one sample holds, and how many there are before the splits (None where that takes reading them all).

    `joins` has the inputs that are made of several columns, name -> columns, which then stand among the inputs by their own
    names; it is empty once they are joined. `steps` has those that the source brings along;
    what a config gives follows them.
    """

    inputs: dict[str, Feature]
    targets: dict[str, Feature]
    samples: int | None
    joins: dict[str, tuple[str, ...]] = field(default_factory=dict)
    steps: dict[str, tuple[PreprocessingSpec, ...]] = field(default_factory=dict)

    @property
    def settled(self) -> bool:
        """Whether nothing of it waits for the preprocessing to be fitted."""
        features = (*self.inputs.values(), *self.targets.values())
        return all(feature.kind == "numbers" for feature in features) and not any(
            _waits(feature) for feature in self.inputs.values()
        )


def _waits(feature: Feature) -> bool:
    """Whether its last axis is not known, or the largest of the indices that a step makes, by which layers are built."""
    tensor = feature.tensor
    if tensor.dtype == "int32":
        return feature.minimum is not None and feature.maximum is None
    return len(tensor.shape) == 2 and tensor.shape[-1] is None and tensor.dtype == "float32"


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
        """Columns, or inputs, and targets as the source gives them. Reads a file's header at most.

        Raises:
            MissingFileError: its file is not there.
            SpecError: the parameters do not fit the file.
            NetlabError: the file is damaged.
        """
        raise NotImplementedError(f"source '{self.type_name()}' does not say its signature")

    def stamp(self) -> tuple[Any, ...]:
        """Name, size and time of each file that it reads; it changes where they do."""
        return ()

    @property
    def parts(self) -> tuple[str, ...]:
        """The splits that it says itself, as where there is a file for each."""
        return ()

    def seeded(self, seed: int) -> Self:
        """The same source, for an experiment of that seed, where what it gives depends on it."""
        return self

    def apart(self, columns: tuple[str, ...]) -> Self:
        """The same source, which gives these columns beside inputs and targets, for the split to look at.

        Raises:
            SpecError: it has no columns, or none of that name.
        """
        if columns:
            message = f"the split looks at column '{columns[0]}', but source '{self.type_name()}' has no columns"
            raise SpecError([Problem(("split",), message)])
        return self

    def elsewhere(self, path: str, raw: DataSignature) -> SourceSpec:
        """The same source over other files, to predict: without targets, weights and what only a training looks at.

        Args:
            path: a file, and where the source can read them, a folder or a pattern for many.
            raw: what this source gave to train on; columns are read as what they were then.

        Raises:
            MissingFileError: there is no such file.
            SpecError: this source reads no files, or none of that kind.
        """
        from netlib.spec.sources.arrays_elsewhere import ARRAYS, arrays_elsewhere

        if path.lower().endswith(ARRAYS):
            return arrays_elsewhere(self, path, {name: name for name in raw.inputs})
        message = f"source '{self.type_name()}' has samples of its own: other ones are read from {one_of(ARRAYS)} files"
        raise SpecError(f"{message}, with an array for each input; or predict on a split of its own: --split test")


class SplitSpec(Spec):
    """Base of the ways in which samples are divided into those to train, to validate and to test on."""

    kind = "split"
    stratifies: ClassVar[bool] = False
    """Whether it can keep the classes' proportions."""
    by_number: ClassVar[bool] = False
    """Whether the number of samples alone tells how many there are in each split."""
    keeps_order: ClassVar[bool] = False
    """Whether the samples of a split follow one another in the source."""
    no_folds: ClassVar[str] = ""
    """Why there are no folds of it, if so."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it looks at; they are no inputs."""
        return ()

    @property
    def says(self) -> tuple[str, ...] | None:
        """The splits that there are, where that is not said by shares."""
        return None


class PreprocessingSpec(Spec):
    """Base of all preprocessing steps, of one column or input."""

    kind = "preprocessing"
    takes: ClassVar[tuple[Kind, ...]] = ("numbers",)
    """What it makes something of."""
    fills: ClassVar[bool] = False
    """Whether missing values are none behind it."""
    of_targets: ClassVar[bool | None] = False
    """Whether it is for targets, rather than for inputs; None for both."""
    single: ClassVar[bool] = False
    """Whether it takes one value a sample, rather than an array of them."""
    pads: ClassVar[bool] = False
    """Whether it makes rows of one length of shorter ones, with zeros at their end."""

    def feature(self, feature: Feature, learned: Mapping[str, Any] | None = None) -> Feature:
        """What the step makes of a column or input; what only the fit can tell is None without what it learned."""
        raise NotImplementedError(f"{self.type_name()} does not say what it makes of an input")

    def no_graph(self, feature: Feature) -> str:
        """Why there is no TensorFlow graph that computes it of such a feature; empty where `netlib.nn.preprocessing` has one."""
        return ""
