"""The sources of texts: a folder for each class, a line for each text, and a corpus; read in `netlib.data.sources.texts`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, PrivateAttr, model_validator

from netlib.spec.errors import Problem, SpecError, did_you_mean
from netlib.spec.features import DataSignature, MissingFileError, PreprocessingSpec, SourceSpec, labels, text
from netlib.spec.preprocessing.texts import BYTES, Tokenize, Vocabulary, tokens_feature
from netlib.spec.sources.known_classes import among_known
from netlib.spec.sources.stamps import stamps
from netlib.spec.types import PositiveInt

_SIGNS = "*?["
"""What makes a pattern of a path."""


class TextFolder(SourceSpec):
    """Texts in files, which a folder for each class holds: `reviews/good/1.txt`. A text is UTF-8.

    The classes are the names of the folders, in alphabetical order; what stands beside them, and folders and files whose names
    begin with a dot, are not read.
    """

    paths: ClassVar[tuple[str, ...]] = ("path",)
    path: str = Field(min_length=1, description="The folder of the classes' folders.")
    pattern: str = Field("*.txt", min_length=1, description="The files of a class, at any depth of its folder.")

    _known: tuple[str, ...] = PrivateAttr(())

    def signature(self) -> DataSignature:
        """`text` and `label`, from the names of folders and files."""
        files = self.files()
        targets = {"label": labels(len(files), tuple(files))}
        return DataSignature({"text": text()}, targets, sum(map(len, files.values())))

    def elsewhere(self, path: str, raw: DataSignature) -> SourceSpec:
        """See `SourceSpec.elsewhere`; a text of its own in each file, of a folder those that `pattern` matches."""
        return TextFiles.parse({"path": path, "pattern": self.pattern})

    def of_classes(self, names: tuple[str, ...]) -> Self:
        """The same, with classes that are known already, in their order: folders need not be there for all of them."""
        copy = self.model_copy()
        copy._known = names
        return copy

    def files(self) -> dict[str, list[Path]]:
        """Class -> its files, both in sorted order; or the classes that are known, of which some may have none.

        Raises:
            MissingFileError: there is no such folder.
            SpecError: it has fewer than two folders, or one without files or of a class that is not known.
        """
        folder = Path(self.path)
        if not folder.is_dir():
            _check_files([folder], "path", self.type_name())
            raise self._wrong(f"{folder} is a file, expected a folder with a folder for each class")
        folders = [each for each in sorted(folder.iterdir()) if each.is_dir() and not each.name.startswith(".")]
        found = {each.name: self._members(each) for each in folders}
        if len(found) < (1 if self._known else 2):
            named = ", ".join(map(repr, found)) or "none"
            least = "the folder of a class" if self._known else "a folder for each of at least two classes"
            raise self._wrong(f"{folder} needs {least} (it has: {named})")
        without = [name for name, files in found.items() if not files]
        if without:
            raise self._wrong(f"{folder / without[0]} has no file {self.pattern}: a class needs a text")
        return among_known(found, self._known)

    def stamp(self) -> tuple[Any, ...]:
        """See `SourceSpec.stamp`."""
        return stamps(file for files in self.files().values() for file in files)

    def _members(self, folder: Path) -> list[Path]:
        found = _matches(folder, f"**/{self.pattern}", "pattern", self.type_name())
        return [file for file in found if not any(part.startswith(".") for part in file.relative_to(folder).parts)]

    def _wrong(self, message: str) -> SpecError:
        return SpecError([Problem(("path",), message)], self.type_name())


class TextFiles(SourceSpec):
    """Texts in files without classes, to predict on: one, those of a folder at any depth, or those that a pattern matches."""

    paths: ClassVar[tuple[str, ...]] = ("path",)
    path: str = Field(min_length=1, description="The file, the folder or the pattern.")
    pattern: str = Field("*.txt", min_length=1, description="The files of a folder, at any depth.")

    def signature(self) -> DataSignature:
        """`text`, from the names of the files."""
        return DataSignature({"text": text()}, {}, len(self.files()))

    def files(self) -> list[Path]:
        """The files in the order of their names.

        Raises:
            MissingFileError: there is none.
        """
        folder = Path(self.path)
        found = self._below(folder) if folder.is_dir() else _of_path(self.path, self.type_name())
        if not found:
            message = f"the folder {folder} has no file {self.pattern}"
            raise MissingFileError([Problem(("path",), message)], self.type_name())
        return found

    def stamp(self) -> tuple[Any, ...]:
        """See `SourceSpec.stamp`."""
        return stamps(self.files())

    def _below(self, folder: Path) -> list[Path]:
        found = _matches(folder, f"**/{self.pattern}", "pattern", self.type_name())
        return [file for file in found if not any(part.startswith(".") for part in file.relative_to(folder).parts)]


class TextLines(SourceSpec):
    """Texts in the lines of a UTF-8 file, and their classes in those of another.

    An empty line is a text too. Texts with other columns beside them are a table: see `csv`.
    """

    paths: ClassVar[tuple[str, ...]] = ("path", "targets")
    path: str = Field(min_length=1, description="The file of the texts.")
    targets: str | None = Field(
        None, min_length=1, description="The file of their classes, with as many lines; none by default."
    )

    def signature(self) -> DataSignature:
        """`text`, and `label` if there are classes, which the fit makes numbers of."""
        self.files()
        return DataSignature({"text": text()}, {"label": text()} if self.targets else {}, None)

    def elsewhere(self, path: str, raw: DataSignature) -> SourceSpec:
        """See `SourceSpec.elsewhere`; a text in each line of a file."""
        return TextLines.parse({"path": path})

    def files(self) -> list[Path]:
        """The one or two files.

        Raises:
            MissingFileError: one is not there.
        """
        given = {"path": self.path, "targets": self.targets}
        found = {key: Path(path) for key, path in given.items() if path is not None}
        for key, path in found.items():
            _check_files([path], key, self.type_name())
        return [*found.values()]

    def stamp(self) -> tuple[Any, ...]:
        """See `SourceSpec.stamp`."""
        return stamps(self.files())


class Corpus(Vocabulary, SourceSpec):
    """A long text for a language model, in samples of `length` tokens: `tokens`, and in `next` the token that follows each.

    A sample begins every `stride` tokens, and what is left at the end, less than a sample, is not used. By default samples share
    no token but the one that is the last to be told in one and the first that is read in the next: nothing that is validated or
    tested on is trained on. With a smaller stride they overlap: those that share tokens with others that are held out are left
    out, which are few with `split: Contiguous`; a split that would leave out most is refused. The vocabulary is learned of the
    training split.

    The file is UTF-8, and a line's end of two characters (CR LF) is read as one; where bytes are tokens it may be any file.
    """

    paths: ClassVar[tuple[str, ...]] = ("path",)
    path: str = Field(
        min_length=1,
        description="The file, or a pattern for many, `plays/*.txt`, which are read as one text in the order of their names.",
    )
    by: Literal["characters", "words", "bytes"] = Field("characters", description="What a token is, as in `Tokenize`.")
    length: PositiveInt = Field(description="Tokens in a sample.", examples=[100])
    stride: PositiveInt | None = Field(
        None, description="Tokens from a sample's start to that of the next; by default `length`."
    )

    @model_validator(mode="after")
    def _bytes_are_as_they_are(self) -> Self:
        if self.by == "bytes" and (self.lower or self.strip_accents):
            raise ValueError(
                f"{'lower' if self.lower else 'strip_accents'} changes letters, but bytes are read as they are"
            )
        return self

    @property
    def step(self) -> int:
        """Tokens from the start of one sample to that of the next."""
        return self.stride or self.length

    def signature(self) -> DataSignature:
        """`tokens` and `next`: bytes, or texts with the step that makes numbers of them."""
        files = self.files()
        if self.by == "bytes":
            feature = tokens_feature(self.length, BYTES)
            samples = self.samples(sum(file.stat().st_size for file in files))
            return DataSignature({"tokens": feature}, {"next": feature}, samples)
        steps: dict[str, tuple[PreprocessingSpec, ...]]
        steps = {name: (self._tokenize(cut),) for name, cut in (("tokens", "end"), ("next", "start"))}
        return DataSignature({"tokens": text()}, {"next": text()}, None, steps=steps)

    def samples(self, tokens: int) -> int:
        """How many samples there are of that many tokens.

        Raises:
            SpecError: there is none.
        """
        if tokens <= self.length:
            what = f"{self.path} has {tokens} {self.by}, but one sample of length {self.length} takes {self.length + 1}"
            raise SpecError(
                [Problem(("length",), f"{what}: each of its {self.by} has one that follows")], self.type_name()
            )
        return (tokens - self.length - 1) // self.step + 1

    def files(self) -> list[Path]:
        """The files that the path stands for, in sorted order.

        Raises:
            MissingFileError: there is none.
        """
        return _of_path(self.path, self.type_name())

    def elsewhere(self, path: str, raw: DataSignature) -> SourceSpec:
        """See `SourceSpec.elsewhere`; `next` is still cut, and nobody looks at it."""
        return self.model_copy(update={"path": path})

    def stamp(self) -> tuple[Any, ...]:
        """See `SourceSpec.stamp`."""
        return stamps(self.files())

    def _tokenize(self, cut: str) -> Tokenize:
        """A sample is read as length + 1 tokens, of which `tokens` leaves out the last and `next` the first."""
        own = {name: value for name, value in self.to_plain().items() if name in Vocabulary.model_fields}
        return Tokenize.parse({**own, "length": self.length, "cut": cut})


def _of_path(written: str, source: str) -> list[Path]:
    """The file that a path names, or those that a pattern matches, in sorted order."""
    path = Path(written)
    if any(sign in written for sign in _SIGNS) and not path.exists():
        pattern = str(path.relative_to(path.anchor))
        found = _matches(Path(path.anchor or "."), pattern, "path", source) or [path]
    else:
        found = [path]
    _check_files(found, "path", source)
    return found


def _matches(folder: Path, pattern: str, key: str, source: str) -> list[Path]:
    """The files in the folder to which a pattern leads, in sorted order."""
    try:
        return sorted(file for file in folder.glob(pattern) if file.is_file())
    except ValueError as error:
        raise SpecError([Problem((key,), f"{pattern!r} is no pattern of files: {error}")], source) from None


def _check_files(files: Iterable[Path], key: str, source: str) -> None:
    """Refuses a path that leads to no file."""
    for file in files:
        if file.is_dir():
            raise SpecError([Problem((key,), f"{file} is a folder, expected a file")], source)
        if not file.exists():
            siblings = [each.name for each in file.parent.iterdir()] if file.parent.is_dir() else []
            raise MissingFileError(
                [Problem((key,), f"there is no file {file}{did_you_mean(file.name, siblings)}")], source
            )
