"""The source `tfds`, a set that TensorFlow Datasets has prepared; records are read in `netlib.data.sources.tfrecord`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field, PlainValidator

from netlib.spec.base import as_validation_error, shown
from netlib.spec.errors import NetlabError, Problem, SpecError, did_you_mean
from netlib.spec.features import SPLITS, Feature, MissingFileError, labels
from netlib.spec.sources.images import said
from netlib.spec.sources.table_columns import ColumnUses, columns_of
from netlib.spec.sources.tfds_folder import Prepared, data_dir, prepared
from netlib.spec.sources.tfds_records import first_of
from netlib.spec.sources.tfrecord_features import RecordFeature
from netlib.spec.sources.tfrecord_samples import ExamplesSpec


def _subsets(value: Any) -> dict[str, tuple[str, ...]]:
    """`{train: [a, b], test: c}` with a tuple for each."""
    if not isinstance(value, Mapping):
        raise ValueError(f"expected a mapping from split (train, validation, test) to the set's, got {shown(value)}")
    problems = list(_subset_problems(value))
    if problems:
        raise as_validation_error(problems)
    return {
        split: (value[split],) if isinstance(value[split], str) else tuple(value[split])
        for split in SPLITS
        if split in value
    }


def _subset_problems(value: Mapping[Any, Any]) -> Iterator[Problem]:
    for split, names in value.items():
        listed = [names] if isinstance(names, str) else names
        if split not in SPLITS:
            hint = did_you_mean(str(split), SPLITS) or f" (there are: {', '.join(SPLITS)})"
            yield Problem((split,), f"there is no split '{split}'{hint}", at="key")
        elif not isinstance(listed, list | tuple) or not listed or not all(isinstance(each, str) for each in listed):
            yield Problem((split,), f"expected the name of a split of the set, or a list of them, got {shown(names)}")
    if "train" not in value:
        yield Problem((), "samples to train on are needed: train")


_Written = dict[str, str | list[str]]
Subsets = Annotated[dict[str, tuple[str, ...]], PlainValidator(_subsets, json_schema_input_type=_Written)]


class Tfds(ExamplesSpec):
    """A set that TensorFlow Datasets has prepared, read from its folder without TensorFlow; nothing is downloaded or unpickled.

    A set is prepared once, by `tfds.builder(NAME).download_and_prepare()`, as TFRecord (the default) or ArrayRecord. What its
    features hold is stated there: images become bytes from 0 to 255, labels numbers of their classes, texts texts.
    """

    paths: ClassVar[tuple[str, ...]] = ("data_dir",)
    name: str = Field(
        min_length=1,
        description="The set, with its configuration and version where there are several: `mnist`, `imdb_reviews/plain_text`,"
        " `mnist:3.0.1`; by default the newest version.",
        examples=["mnist"],
    )
    data_dir: str | None = Field(
        None, description="Where sets are prepared; by default `$TFDS_DATA_DIR`, or `~/tensorflow_datasets`."
    )
    subsets: Subsets | None = Field(
        None,
        description="Split -> the set's split, or a list of them, `{train: [train, extra], test: test}`; by default those of its"
        " splits that are called train, validation and test.",
    )
    features: dict[str, RecordFeature] = Field(
        {}, description="What features hold whose size or length the set leaves open, as in source `tfrecord`."
    )
    targets: ColumnUses | None = Field(
        None, description="Features to learn, written in the same way, [] for none; by default what the set says."
    )

    @cached_property
    def set(self) -> Prepared:
        """What the folder states.

        Raises:
            MissingFileError: it is not there.
            SpecError: the name does not tell one set, or its files are not read.
            NetlabError: it is damaged.
        """
        return prepared(self.name, data_dir(self.data_dir))

    @property
    def parts(self) -> tuple[str, ...]:
        """See `SourceSpec.parts`; none while the set is not there."""
        try:
            found = tuple(self._names())
        except NetlabError:
            return ()
        return found if len(found) > 1 else ()

    def files_by_split(self) -> Mapping[str, list[Path]]:
        """See `ExamplesSpec.files_by_split`; those that have records."""
        found = {split: [*self.lengths(split)] for split in self._names()}
        for files in found.values():
            for file in files:
                if not file.is_file():
                    what = f"{said(file.parent)} has no file {said(file.name)}: delete the folder, and prepare the set again"
                    raise MissingFileError([Problem(("name",), what)], "tfds")
        return found

    def lengths(self, split: str) -> dict[Path, int]:
        """How many records there are in each file of `train`, `validation` or `test`."""
        return {
            file: length for name in self._names()[split] for file, length in self.set.lengths[name].items() if length
        }

    def samples(self) -> int | None:
        """As the folder states it, if none is to be left out."""
        if self.on_error == "skip":
            return None
        return sum(sum(self.lengths(split).values()) for split in self._names())

    def first(self) -> tuple[Path, bytes]:
        """See `ExamplesSpec.first`."""
        files = self.files()
        if not files:
            raise NetlabError(f"{said(self.set.folder)} has no records")
        return files[0], first_of(files[0], self.set.format)

    def declared(self) -> Mapping[str, RecordFeature]:
        """What the folder states and what the config says in its place."""
        stated = {name: stored for name, leaf in self.set.leaves.items() if (stored := leaf.stored)}
        return {**stated, **self.features}

    def known(self, name: str) -> Feature:
        """See `ExamplesSpec.known`; of labels with the classes."""
        leaf = self.set.leaves[name]
        if leaf.classes is None or leaf.wanting or name in self.features:
            return super().known(name)
        names = self.set.class_names(leaf)
        return labels(leaf.classes, names)

    def learned(self) -> Mapping[str, Any]:
        """See `ExamplesSpec.learned`."""
        if self.targets is not None:
            return self.targets
        return {name: name for name in self.set.supervised[1:]}

    def uses(self) -> dict[str, Any]:
        """Input -> feature or features; what the set says, where the config does not."""
        if self.inputs is not None:
            return self.inputs
        taken = columns_of(self.learned())
        return {name: name for name in self.set.supervised[:1] if name not in taken}

    def undeclared(self, name: str) -> str:
        """See `ExamplesSpec.undeclared`."""
        leaf = self.set.leaves.get(name)
        if leaf is not None:
            return f"feature '{name}' of {self.name} {leaf.wanting.replace('NAME', name)}"
        return f"{self.name} has no feature '{name}'{self._hint(name)}"

    def used(self) -> dict[str, RecordFeature]:
        """See `ExamplesSpec.used`."""
        if problems := list(self._misnamed()):
            raise SpecError(problems, "tfds")
        return super().used()

    def _misnamed(self) -> Iterator[Problem]:
        for name in self.features:
            if name not in self.set.leaves:
                yield Problem(("features", name), f"{self.name} has no feature '{name}'{self._hint(name)}", at="key")
        if self.inputs is None and not self.uses():
            known = ", ".join(list(self.set.leaves)[:20])
            yield Problem(
                ("inputs",), f"{self.name} does not say what is an input: say inputs and targets (it has: {known})"
            )

    def _hint(self, name: str) -> str:
        known = self.set.leaves
        return did_you_mean(name, known) or f" (it has: {', '.join(list(known)[:20])})"

    def _names(self) -> dict[str, tuple[str, ...]]:
        """Split -> the set's splits."""
        known = self.set.lengths
        there = f"{self.name} has: {', '.join(known) or 'none'}"
        if self.subsets is None:
            if "train" not in known:
                raise SpecError(
                    [Problem(("subsets",), f"no split is called train ({there}): say subsets: {{train: ...}}")], "tfds"
                )
            return {split: (split,) for split in SPLITS if split in known}
        named = [(split, name) for split, names in self.subsets.items() for name in names]
        for number, (split, name) in enumerate(named):
            if name not in known:
                what = f"there is no split '{name}'{did_you_mean(name, known)} ({there})"
            elif name in [other for _, other in named[:number]]:
                what = f"split '{name}' is named twice: what is learned would be tested, or count twice"
            else:
                continue
            raise SpecError([Problem(("subsets", split), what)], "tfds")
        return self.subsets
