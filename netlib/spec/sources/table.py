"""What all tables have in common: files, columns and their uses; the kinds are in `netlib.spec.sources.tables`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import Field, PrivateAttr

from netlib.spec.errors import Problem, SpecError, did_you_mean
from netlib.spec.features import DataSignature, Feature, SourceSpec, joined
from netlib.spec.sources.columned import ColumnedSpec
from netlib.spec.sources.stamps import stamps
from netlib.spec.sources.table_checks import problems_of
from netlib.spec.sources.table_columns import Column, ColumnUses, clashes, columns_of, common, feature_of, parted
from netlib.spec.sources.table_files import Paths, files_by_split
from netlib.spec.sources.table_types import Form, columns_in, scanned
from netlib.spec.types import Texts

if TYPE_CHECKING:
    import polars as pl

REMEDY = (
    "correct such rows, or leave them out with on_error: skip; what a column holds can be said with"
    " columns: {NAME: string}"
)
FEATURES = "features"
"""The input of all columns for which no use is given."""


class TableSpec(ColumnedSpec):
    """Base of all tables: a row is a sample, columns are inputs and targets."""

    paths: ClassVar[tuple[str, ...]] = ("path",)
    form: ClassVar[Form]
    """What its files are."""
    suffixes: ClassVar[tuple[str, ...]] = ()
    """How those files end that are read of a folder."""
    path: Paths = Field(
        description="The file, a folder, a pattern for many with equal columns (`sales/*.csv`), or a list of these; or files for"
        " each split: `{train: a.csv, validation: b.csv, test: c.csv}`."
    )
    targets: ColumnUses = Field(
        description="Columns to learn: a name, a list, or a mapping from the target's name to column or columns; [] for none."
    )
    inputs: ColumnUses | None = Field(
        None,
        description="Columns to read: a name, a list, or a mapping from the input's name to column or columns; by default"
        " `features`, which is joined of all columns that nothing else uses.",
    )
    weights: str | None = Field(None, description="A column that says how much each row counts.")
    ignore: Texts = Field((), description="Columns that are not read.")
    columns: dict[str, Column] = Field({}, description="Column -> its dtype, where its values do not tell.")
    on_error: Literal["fail", "skip"] = Field(
        "fail",
        description="Whether a row that cannot be read, or whose target or weight is missing, is an error or is left out; how"
        " many were left out is said when the training starts.",
    )

    _remedy: str = PrivateAttr(REMEDY)

    @property
    def remedy(self) -> str:
        """What to do about rows that cannot be used."""
        return self._remedy

    def elsewhere(self, path: str, raw: DataSignature) -> SourceSpec:
        """See `SourceSpec.elsewhere`; CSV, Parquet or JSON lines, by how the file's name ends."""
        from netlib.spec.sources.table_elsewhere import table_elsewhere

        return table_elsewhere(self, path, raw)

    def advising(self, remedy: str) -> Self:
        """The same table, of which errors about rows say that."""
        copy = self.model_copy()
        copy._remedy = remedy
        return copy

    @property
    def parts(self) -> tuple[str, ...]:
        """See `SourceSpec.parts`."""
        return tuple(self.path) if isinstance(self.path, Mapping) else ()

    def signature(self) -> DataSignature:
        """From the names of the columns and the first rows."""
        features = self.features()
        inputs, joins = parted(self.input_columns(features))
        targets = {
            name: features[used] if isinstance(used, str) else joined([features[column] for column in used])
            for name, used in self.targets.items()
        }
        samples = self.rows() if self.on_error == "fail" else None
        return DataSignature({name: features[column] for name, column in inputs.items()}, targets, samples, joins)

    def rows(self) -> int | None:
        """How many there are, where that is known without reading them."""
        return None

    def features(self) -> dict[str, Feature]:
        """Every column of the files that a network or a step can read, and what its values are.

        Raises:
            MissingFileError: there is no such file.
            SpecError: it is no such file, or has no such columns.
            NetlabError: it is damaged.
        """
        held = self.dtypes()
        problems = list(problems_of(self, held))
        if problems:
            raise SpecError(problems, self.type_name())
        return {name: feature for name, each in held.items() if (feature := feature_of(each))}

    def dtypes(self) -> dict[str, str]:
        """Column -> what it holds in all files: `float32`, `int32`, `boolean`, `string`, `datetime`, or what cannot be read."""
        held = self.dtypes_by_file()
        problems = list(clashes(held, self.columns))
        if problems:
            raise SpecError(problems, self.type_name())
        declared = {name: column.dtype for name, column in self.columns.items() if name in held}
        return {name: declared.get(name) or common(held[name]) or "" for name in held}

    def dtypes_by_file(self) -> dict[str, dict[str, str]]:
        """Column -> file -> what it holds there; raises as `features` does."""
        by_file = {file: self.columns_in(file) for file in self.files()}
        names = self._same_columns(by_file)
        return {name: {str(file): found[name] for file, found in by_file.items()} for name in names}

    def used(self) -> dict[str, str]:
        """Column -> what it holds, of those that are read; raises as `features` does."""
        inputs = self.input_columns(self.features())
        weights = [self.weights] if self.weights else []
        names = {*columns_of(inputs), *columns_of(self.targets), *self.beside, *weights}
        return {name: each for name, each in self.dtypes().items() if name in names}

    def columns_in(self, file: Path) -> Mapping[str, str]:
        """Column -> what it holds in a file, in its order."""
        return columns_in(file, self.form_of(file), self.separator_of(file), self.missing_texts())

    def scan(self) -> pl.LazyFrame:
        """The files below one another with values as they are stored, those of CSV as texts; nothing is read yet."""
        import polars as pl

        files = self.files()
        names = list(self.columns_in(files[0]))
        forms = [(file, self.form_of(file), self.separator_of(file)) for file in files]
        return pl.concat(scanned(*form, self.missing_texts()).select(names) for form in forms)

    def form_of(self, file: Path) -> Form:
        """What the file is."""
        return self.form

    def separator_of(self, file: Path) -> str:
        """What stands between the values of a CSV file."""
        return ","

    def missing_texts(self) -> tuple[str, ...]:
        """How a missing value is written in a CSV file, besides nothing at all."""
        return ()

    def files_by_split(self) -> dict[str, list[Path]]:
        """The files that the path stands for, by split; under `train` where it does not say which.

        Raises:
            MissingFileError: there is none.
            SpecError: one is named twice.
        """
        return files_by_split(self.path, self.suffixes, self.type_name())

    def files(self) -> list[Path]:
        """The files that the path stands for; raises as `files_by_split` does."""
        return [file for files in self.files_by_split().values() for file in files]

    def stamp(self) -> tuple[Any, ...]:
        """See `SourceSpec.stamp`."""
        return stamps(self.files())

    def input_columns(self, known: Iterable[str]) -> dict[str, Any]:
        """Input -> column or columns; those that nothing else uses, where that is not said."""
        if self.inputs is not None:
            return self.inputs
        taken = {*columns_of(self.targets), *self.ignore, *self.beside, self.weights}
        return {FEATURES: tuple(name for name in known if name not in taken)}

    def _same_columns(self, by_file: Mapping[Path, Mapping[str, str]]) -> list[str]:
        """The names of the columns, which all files have."""
        (first, names), *others = by_file.items()
        for file, found in others:
            if set(found) != set(names):
                more = [f"'{name}' only in {first}" for name in names if name not in found]
                more += [f"'{name}' only in {file}" for name in found if name not in names]
                what = f"the columns of {first} and {file} differ: {', '.join(more[:6])}; the files of a table need the same"
                raise SpecError([Problem(("path",), what)], self.type_name())
        return list(names)

    def hint(self, name: str, held: Mapping[str, str]) -> str:
        """What to do about a column that the file has not."""
        return did_you_mean(name, held) or f" (it has: {', '.join(list(held)[:20])})"
