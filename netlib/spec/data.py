"""The `data` section of a config: a source with its own parameters, splits, batches and preprocessing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    Field,
    PrivateAttr,
    SerializerFunctionWrapHandler,
    ValidationError,
    ValidatorFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from netlib.spec.base import Spec, as_validation_error, problems_of, shown
from netlib.spec.buckets import Bucketed, BucketsField, bucketed
from netlib.spec.choice import Choice
from netlib.spec.class_weights import ClassWeights
from netlib.spec.errors import Problem, SpecError, closest, did_you_mean
from netlib.spec.features import DataSignature, Feature, MissingFileError, SourceSpec, SplitSpec
from netlib.spec.pipeline import Pipeline, Preprocess
from netlib.spec.registry import names, spec_class
from netlib.spec.shares import HELD_OUT, Shares
from netlib.spec.sizes import Bytes
from netlib.spec.types import Fraction, PositiveInt

__all__ = ["DataSignature", "DataSpec", "Feature", "MissingFileError"]


class DataSpec(Spec):
    """The `data` section. It is flat: the source's own parameters stand beside the keys that all sources share."""

    source: Annotated[SourceSpec, Choice("source")] = Field(description="Where the samples come from.")
    validation: Fraction = Field(0.0, description="Share of the samples that is held out to validate on.")
    test: Fraction = Field(0.0, description="Share of the samples that is held out for the final test.")
    folds: Annotated[PositiveInt, Field(ge=2)] | None = Field(
        None, description="Into how many folds the samples that are not tested on are divided; one is validated on."
    )
    fold: PositiveInt | None = Field(None, description="The fold that is validated on, from 1.")
    stratify: bool | None = Field(
        None,
        description="Keep the classes' proportions in every split; by default where the only target is a class: a text, or an"
        " integer with less than one value for every four samples.",
    )
    split: Annotated[SplitSpec, Choice("split")] = Field(
        "Random", validate_default=True, description="Which samples are held out."
    )
    memory: Bytes | None = Field(
        None,
        description="Most memory for samples, `512MB`: where those of files take more, they are read anew in each epoch, a part"
        " at a time; those of npz files, and of what is no file, must fit.",
    )
    cache: Literal["disk", "none"] | None = Field(
        None,
        description="`disk` keeps samples that are read anew in each epoch (memory) as they are decoded, in a temporary file"
        " (texts are not); `none` keeps none. By default images, Parquet and TFRecord are kept if they take no more than 8 GB"
        " and half of the room that the disk has.",
    )
    batch_size: PositiveInt = Field(32, description="Samples in a batch.")
    shuffle: bool = Field(True, description="Draw a new order of the training samples for every epoch.")
    drop_remainder: bool = Field(False, description="Leave out the last training batch of an epoch if it is smaller.")
    buckets: BucketsField = Field(
        None,
        description="Lengths, such as [32, 64, 128], at most eight: a training batch has samples of one bucket, the smallest that"
        " holds them without their padding, and is cut to its length; or `{of: [tokens], lengths: [32, 64]}`.",
    )
    class_weights: ClassWeights = Field(
        None,
        description="How much the training samples of each class count: a mapping from class (its name, where it has one) to"
        " weight, 1 for the others; `balanced` lets all classes count alike: samples / (classes * samples of the class).",
    )
    preprocess: Preprocess = Field(
        {},
        description="Input or column -> the step, or the list of steps, that it goes through, fitted on the training split;"
        " `auto` chooses them, '*' stands for all that are not named.",
    )

    _recalled: DataSignature | None = PrivateAttr(None)

    @classmethod
    def type_name(cls) -> str:
        """The section's name."""
        return "data"

    @model_validator(mode="wrap")
    @classmethod
    def _flat(cls, values: Any, handler: ValidatorFunctionWrapHandler) -> Self:
        values = {} if values is None else values
        if isinstance(values, DataSpec) or not isinstance(values, Mapping):
            unchanged: Self = handler(values)
            return unchanged
        problems: list[Problem] = []
        own = {key: value for key, value in values.items() if key in cls.model_fields}
        others = {key: value for key, value in values.items() if key not in cls.model_fields}
        # Without a source of its own the section is still checked, for its other problems.
        own["source"] = _source(own, others, problems) or SourceSpec()
        try:
            checked: Self = handler(own)
        except ValidationError as error:
            problems += problems_of(error)
        if problems:
            raise as_validation_error(problems)
        return checked

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        problems = [*self.shares.problems(), *self._unfit_for_split(), *self._unfit_for_parts()]
        if self.cache == "disk" and self.memory is None:
            message = (
                "what is in memory is decoded once: leave cache out, or say how much samples may take (memory: 512MB)"
            )
            problems.append(Problem(("cache",), message))
        if problems:
            raise as_validation_error(problems)
        return self

    def _unfit_for_split(self) -> Iterable[Problem]:
        """What is set beside `split` that its kind does not take."""
        name = self.split.type_name()
        for share in HELD_OUT if self.split.says is not None else ():
            if given := getattr(self, share):
                message = f"{share} (={given:g}) cannot be given with split: {name}, which says itself what is held out"
                yield Problem((share,), message)
        if self.folds is not None and self.split.no_folds:
            yield Problem(("folds",), f"there are no folds with split: {name}: {self.split.no_folds}")
        if self.stratify and not self.split.stratifies:
            message = f"split: {name} cannot keep the classes' proportions; leave stratify out, or set split: Random"
            yield Problem(("stratify",), message)

    def _unfit_for_parts(self) -> Iterable[Problem]:
        """What is set to be held out that the source says itself."""
        parts = self.source.parts
        for share in HELD_OUT:
            if share in parts and (given := getattr(self, share)):
                yield Problem(
                    (share,), f"{share} (={given:g}) cannot be given: the source has samples of its own for that"
                )
        if self.folds is not None and "validation" in parts:
            yield Problem(
                ("folds",), f"folds (={self.folds}) cannot be given: the source has samples of its own to validate on"
            )
        if parts and self.split.says is not None:
            message = (
                f"split: {self.split.type_name()} says what is held out, and so do the files (path): leave one out"
            )
            yield Problem(("split",), message)

    @model_serializer(mode="wrap")
    def _as_flat(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {**handler(self), "source": self.source.type_name(), **self.source.to_plain()}

    @staticmethod
    def path_keys(values: Mapping[str, Any]) -> tuple[str, ...]:
        """Which keys of a flat mapping, that may be wrong in any way, are paths of files."""
        source = values.get("source")
        try:
            found = spec_class("source", source) if isinstance(source, str) else None
        except SpecError:
            return ()
        return tuple(key for key in found.paths if key in values) if found and issubclass(found, SourceSpec) else ()

    def signature(self) -> DataSignature:
        """Inputs (after preprocessing), targets and the number of samples. Reads a file's header at most.

        Raises:
            MissingFileError: the source's file is not there.
            SpecError: the section does not fit what the source gives.
            NetlabError: the source's file is damaged.
        """
        return self.pipeline().signature()

    def pipeline(self) -> Pipeline:
        """What the source's columns go through; raises as `signature` does."""
        pipeline = Pipeline.of(self.preprocess, self.raw())
        problems = [*pipeline.problems(self.source.type_name()), *self._split_problems(pipeline.raw)]
        if problems:
            raise SpecError(problems, self.type_name())
        if self.buckets is not None:
            bucketed(self.buckets, pipeline)
        return pipeline

    def bucketed(self) -> Bucketed | None:
        """What training batches are cut to, None if they are not; raises as `signature` does."""
        return None if self.buckets is None else bucketed(self.buckets, self.pipeline())

    def raw(self) -> DataSignature:
        """What the source gives, before preprocessing, or gave, where its files are gone; raises as `signature` does."""
        try:
            return self.apart().signature()
        except MissingFileError:
            if self.recalled is None:
                raise
            return self.recalled

    @property
    def recalled(self) -> DataSignature | None:
        """What the source gave when it was looked at before, if that is known."""
        return self._recalled

    def recalling(self, raw: DataSignature | None) -> Self:
        """The same section, which knows what its source gave."""
        copy = self.model_copy()
        copy._recalled = raw
        return copy

    def seeded(self, seed: int) -> Self:
        """The same section, for an experiment of that seed."""
        source = self.source.seeded(seed)
        return self if source is self.source else self.model_copy(update={"source": source})

    def apart(self) -> SourceSpec:
        """The source, which gives the columns that the split looks at beside inputs and targets.

        Raises:
            SpecError: it has none.
        """
        return self.source.apart(self.split.columns)

    @property
    def shares(self) -> Shares:
        """How much is held out, where the split does not say that itself."""
        return Shares(self.validation, self.test, self.folds, self.fold)

    def has(self, split: str) -> bool:
        """Whether there is a split of that name: `train`, `validation` or `test`."""
        return split in (
            "train",
            *self.source.parts,
            *(self.shares.held_out if self.split.says is None else self.split.says),
        )

    def sizes(self, samples: int | None) -> dict[str, int] | None:
        """Number of samples in each split; None where that is not known, or depends on their values.

        Raises:
            SpecError: a split would be empty.
        """
        if samples is None or self.source.parts or not self.split.by_number:
            return None
        return self.shares.sizes(samples)

    def stratified(self, raw: DataSignature) -> bool:
        """Whether the splits keep the proportions of the classes."""
        by_default = self.split.stratifies and self._class_target(raw) is not None
        return by_default if self.stratify is None else self.stratify

    def _class_target(self, raw: DataSignature) -> str | None:
        """The only target, if it is a class: an integer, or a text that is made one."""
        if len(raw.targets) != 1:
            return None
        ((name, feature),) = raw.targets.items()
        made = [step.type_name() for step in Pipeline.of(self.preprocess, raw).steps.get(name, ())]
        return name if feature.is_label or (feature.kind == "text" and made == ["Labels"]) else None

    def _split_problems(self, raw: DataSignature) -> Iterable[Problem]:
        if self.stratify and self._class_target(raw) is None:
            targets = ", ".join(f"'{name}' {feature.tensor}" for name, feature in raw.targets.items()) or "none"
            yield Problem(
                ("stratify",), f"stratify needs one target, of classes: integers or texts; the targets are: {targets}"
            )
        try:
            sizes = self.sizes(raw.samples)
        except SpecError as error:
            yield from error.problems
            return
        if sizes and self.drop_remainder and sizes["train"] < self.batch_size:
            message = (
                f"{sizes['train']} training samples do not fill one batch of {self.batch_size}, "
                "and drop_remainder leaves smaller ones out"
            )
            yield Problem(("drop_remainder",), message)


def _source(own: dict[str, Any], others: dict[Any, Any], problems: list[Problem]) -> SourceSpec | None:
    """The source that a flat section names, made with the keys that are not the section's own."""
    if "source" not in own:
        problems += _without_source(others)
        return None
    named = own["source"]
    if isinstance(named, SourceSpec):
        cls: type[Spec] = type(named)
        others = {**named.to_plain(), **others}
    elif isinstance(named, str):
        try:
            cls = spec_class("source", named)
        except SpecError as error:
            problems += [problem.under(("source",)) for problem in error.problems]
            return None
    else:
        form = "its parameters stand beside it (source: npz, path: samples.npz)"
        problems.append(Problem(("source",), f"expected the name of a source, {form}, got {shown(named)}"))
        return None
    unknown = [key for key in others if key not in cls.model_fields]
    problems += [_unknown(cls, key) for key in unknown]
    misspelt = tuple(f"'{closest(str(key), cls.model_fields)}'" for key in unknown)
    try:
        source = cls.parse({key: value for key, value in others.items() if key in cls.model_fields})
    except SpecError as error:
        problems += (each for each in error.problems if each.loc or not any(word in each.message for word in misspelt))
        return None
    assert isinstance(source, SourceSpec)
    return source


def _without_source(others: Iterable[Any]) -> Iterable[Problem]:
    hints = {key: did_you_mean(str(key), DataSpec.model_fields) for key in others}
    yield from (Problem((key,), f"data has no key '{key}'{hint}", at="key") for key, hint in hints.items() if hint)
    yield Problem((), f"data needs 'source': where the samples come from ({', '.join(names('source'))})")


def _unknown(source: type[Spec], key: Any) -> Problem:
    name, common = source.type_name(), list(DataSpec.model_fields)
    hint = did_you_mean(str(key), [*source.model_fields, *common])
    known = f" ({name} has: {', '.join(source.model_fields) or 'none'}; data has: {', '.join(common)})"
    return Problem((key,), f"source '{name}' has no parameter '{key}'{hint or known}", at="key")
