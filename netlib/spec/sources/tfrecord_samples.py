"""What the sources of `tf.train.Example` have in common: features and their uses; read in `netlib.data.sources.tfrecord`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from netlib.spec.errors import NetlabError, Problem, SpecError, UsageError, did_you_mean
from netlib.spec.features import DataSignature, Feature, joined
from netlib.spec.names import check_name
from netlib.spec.sources.columned import ColumnedSpec
from netlib.spec.sources.images import UnreadableImage, opened, said, upright_size
from netlib.spec.sources.stamps import stamps
from netlib.spec.sources.table_columns import ColumnUses, columns_of, parted
from netlib.spec.sources.tfrecord_examples import NotAnExample, features_in, list_in
from netlib.spec.sources.tfrecord_features import RecordFeature, misfit
from netlib.spec.sources.tfrecord_framing import Compression


class ExamplesSpec(ColumnedSpec):
    """Base of the sources whose samples are records of `tf.train.Example`."""

    suffixes: ClassVar[tuple[str, ...]] = ()
    """How those files end that are read of a folder."""
    inputs: ColumnUses | None = Field(
        None,
        description="Features to read: a name, a list, or a mapping from the input's name to a feature, or to several that are"
        " joined to one; by default all for which no other use is given.",
    )
    weights: str | None = Field(None, description="A feature that says how much each record counts.")
    on_error: Literal["fail", "skip"] = Field(
        "fail",
        description="Whether a record that cannot be read, or that holds something else than is declared, is an error or is left"
        " out; how many were left out is said when the training starts.",
    )

    def files_by_split(self) -> Mapping[str, list[Path]]:
        """The files by split; under `train` where it is not said which.

        Raises:
            MissingFileError: there is none.
            SpecError: one is named twice.
        """
        raise NotImplementedError(f"source '{self.type_name()}' does not say its files")

    def files(self) -> list[Path]:
        """All of them; raises as `files_by_split` does."""
        return [file for files in self.files_by_split().values() for file in files]

    def compression_of(self, file: Path) -> Compression:
        """How a file is compressed as a whole."""
        return "none"

    def first(self) -> tuple[Path, bytes]:
        """The first record, and the file that has it.

        Raises:
            SpecError: the file is none of records.
            NetlabError: it is damaged, or no file has a record.
        """
        raise NotImplementedError(f"source '{self.type_name()}' does not say its first record")

    def declared(self) -> Mapping[str, RecordFeature]:
        """All features that can be read, and what they hold."""
        raise NotImplementedError(f"source '{self.type_name()}' does not say its features")

    def learned(self) -> Mapping[str, Any]:
        """Target -> feature or features."""
        raise NotImplementedError(f"source '{self.type_name()}' does not say its targets")

    def undeclared(self, name: str) -> str:
        """Why a feature is not declared, and what to do."""
        declared = self.declared()
        hint = did_you_mean(name, declared) or f" (there are: {', '.join(list(declared)[:20]) or 'none'})"
        return f"no feature '{name}' is declared in features{hint}"

    def known(self, name: str) -> Feature:
        """What netlab makes of a feature that is declared."""
        return self.declared()[name].feature()

    def uses(self) -> dict[str, Any]:
        """Input -> feature or features."""
        if self.inputs is not None:
            return self.inputs
        taken = {*columns_of(self.learned()), self.weights, *self.beside}
        return {name: name for name in self.declared() if name not in taken}

    def used(self) -> dict[str, RecordFeature]:
        """The features that are read, and what they hold.

        Raises:
            SpecError: their uses do not fit them, or each other.
        """
        if problems := list(self._problems()):
            raise SpecError(problems, self.type_name())
        declared = self.declared()
        weights = [self.weights] if self.weights else []
        names = {*columns_of(self.uses()), *columns_of(self.learned()), *weights, *self.beside}
        return {name: each for name, each in declared.items() if name in names}

    def signature(self) -> DataSignature:
        """As declared; the first record is held against that."""
        used = self.used()
        self._check_first(used)
        features = {name: self.known(name) for name in used}
        inputs, joins = parted(self.uses())
        targets = {
            name: features[use] if isinstance(use, str) else joined([features[each] for each in use])
            for name, use in self.learned().items()
        }
        return DataSignature({name: features[use] for name, use in inputs.items()}, targets, self.samples(), joins)

    def samples(self) -> int | None:
        """How many there are, where that is known without reading them."""
        return None

    def stamp(self) -> tuple[Any, ...]:
        """See `SourceSpec.stamp`."""
        return stamps(self.files())

    def _check_first(self, used: Mapping[str, RecordFeature]) -> None:
        try:
            file, record = self.first()
            features = self._features_in(file, record)
        except NetlabError as error:
            if self.on_error == "skip" and not isinstance(error, UsageError):
                return  # it is left out, and said so when all are read
            raise
        wrong = {name: misfit(name, each, features) or _unlike(each, features, name) for name, each in used.items()}
        if self.on_error == "skip":  # a record may be of another form, but not one without the features
            wrong = {name: why for name, why in wrong.items() if name not in features}
        problems = [Problem(("features", name), f"{said(file)}, record 0: {why}") for name, why in wrong.items() if why]
        if problems:
            raise SpecError(problems, self.type_name())

    def _features_in(self, file: Path, record: bytes) -> Mapping[str, Any]:
        try:
            return features_in(record)
        except NotAnExample as error:
            message = f"{said(file)}, record 0 {error}"
            if self.on_error == "skip":
                raise NetlabError(message) from None
            raise SpecError([Problem(self.paths[:1], message)], self.type_name()) from None

    def _problems(self) -> Iterator[Problem]:
        declared, inputs = self.declared(), self.uses()
        named = {"inputs": columns_of(inputs), "targets": columns_of(self.learned()), "split": list(self.beside)}
        named["weights"] = [self.weights] if self.weights else []
        unknown = {(key, name) for key, names in named.items() for name in names if name not in declared}
        for key, name in sorted(unknown):
            yield Problem((key,), self.undeclared(name))
        if unknown:
            return
        if not columns_of(inputs):
            yield Problem(("inputs",), "no feature is left to be an input")
        for name in sorted({*named["targets"]} & {*named["inputs"]}):
            yield Problem(("inputs",), f"feature '{name}' is a target: an input of it would say the answer")
        for key, given in (("inputs", inputs), ("targets", self.learned())):
            yield from _of_uses(key, given, declared)
        for key in ("weights", "split"):
            for name in named[key]:
                each = declared[name]
                if each.is_image or each.axes or (key == "weights" and each.dtype == "string"):
                    what = "a number" if key == "weights" else "a number or a text"
                    yield Problem((key,), f"feature '{name}' is looked at as one value, and is not {what}")


def _of_uses(key: str, uses: Mapping[str, Any], declared: Mapping[str, RecordFeature]) -> Iterator[Problem]:
    """What is wrong with the names of inputs or targets, and with features that are joined to one."""
    for name, use in uses.items():
        for problem in check_name(name, (key,)):
            remedy = f"name the {key[:-1]}: {key}: {{NAME: {use if isinstance(use, str) else list(use)}}}"
            yield Problem((key,), f"{problem.message}; {remedy}")
    _, joins = parted(uses)
    for name, parts in joins.items():
        for part in parts:
            if (
                declared[part].is_image
                or len(declared[part].axes) > 1
                or (key == "targets" and declared[part].dtype == "string")
            ):
                yield Problem((key,), f"'{name}' is joined of '{part}', which is no number and no list of numbers")
        for clash in sorted({*parts} & {*uses}) if key == "inputs" else ():
            yield Problem((key,), f"'{name}' is joined of '{clash}', and an input has that name: give it another")


def _unlike(declared: RecordFeature, features: Mapping[str, Any], name: str) -> str | None:
    """Why an image is not the one that is declared, seen from its header."""
    if not declared.is_image:
        return None
    contents = list_in(features[name])[1][0]
    try:
        with opened(f"feature '{name}'", contents, declared.formats) as image:
            return unlike_size(name, declared, upright_size(image))
    except UnreadableImage as error:
        return str(error)


def unlike_size(name: str, declared: RecordFeature, found: tuple[int, int]) -> str | None:
    """Why an image of that height and width does not do, if so."""
    height, width, channels = declared.shape
    if declared.fit is not None or found == (height, width):
        return None
    what = f"feature '{name}' is an image of {found[0]} x {found[1]} pixels (height x width), declared are {height} x {width}"
    remedy = f"say shape: [{found[0]}, {found[1]}, {channels}], or how images are brought to one size (fit: stretch)"
    return f"{what}; {remedy}"
