"""The source `image_table`: images whose paths a table has; they are read in `netlib.data.sources.image_table`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from netlib.spec.errors import NetlabError, Problem, SpecError
from netlib.spec.features import DataSignature, Feature, SourceSpec
from netlib.spec.sources.images import ImagesSpec, said
from netlib.spec.sources.stamps import stamps
from netlib.spec.sources.table_columns import STRING, ColumnUses, columns_of
from netlib.spec.sources.table_files import ends_in
from netlib.spec.sources.table_types import Form, polars_errors
from netlib.spec.sources.tables import Csv, JsonLines, Parquet

FORMS: dict[Form, tuple[str, ...]] = {"parquet": Parquet.suffixes, "json_lines": JsonLines.suffixes}
"""How the files end that are not CSV."""


class ImageTable(ImagesSpec, Csv):
    """Images whose paths are a column of a table (CSV, Parquet or JSON lines, by the file's ending), and other columns.

    A path is seen from the folder of the table. The images are read as those of `image_folder` are.
    """

    suffixes: ClassVar[tuple[str, ...]] = (*Csv.suffixes, *Parquet.suffixes, *JsonLines.suffixes)
    images: str = Field("image", min_length=1, description="The column that has the paths.")
    inputs: ColumnUses | None = Field(
        None,
        description="Columns to read beside the image: a name, a list, or a mapping from the input's name to column or columns;"
        " by default none.",
    )
    on_error: Literal["fail", "skip"] = Field(
        "fail",
        description="Whether a row that cannot be read, or whose image is no readable one, or whose target or weight is missing,"
        " is an error or is left out; how many were left out is said when the training starts.",
    )

    def form_of(self, file: Path) -> Form:
        """See `TableSpec.form_of`."""
        return next((form for form, endings in FORMS.items() if ends_in(file, endings)), "csv")

    def input_columns(self, known: Iterable[str]) -> dict[str, Any]:
        """The image's column, and those that are to be read beside it."""
        return {self.input: self.images, **(self.inputs or {})}

    def features(self) -> dict[str, Feature]:
        """See `TableSpec.features`; the paths are texts."""
        held = self.dtypes()
        others = self.inputs or {}
        if self.images not in held:
            raise self._mistake(
                "images", f"{said(self._first)} has no column '{self.images}'{self.hint(self.images, held)}"
            )
        if self.input in others or self.images in columns_of(others):
            what = f"column '{self.images}'" if self.images in columns_of(others) else "the image"
            raise self._mistake(
                "inputs", f"{what} is the input '{self.input}' already; list only what is read beside it"
            )
        if held[self.images] != STRING:
            what = f"{said(self._first)}: column '{self.images}' holds {held[self.images]}, but paths are needed"
            raise self._mistake("images", f"{what}; if they are, say columns: {{{self.images}: string}}")
        return super().features()

    def signature(self) -> DataSignature:
        """From the table's columns, and the header of the first image where there is no `size`."""
        table = super().signature()
        image = self.image([] if self.size else self.located(self.listed()))
        return replace(table, inputs={**table.inputs, self.input: image})

    def stamp(self) -> tuple[Any, ...]:
        """See `SourceSpec.stamp`; of the images, too."""
        self.features()
        files = [file for file in self.located(self.listed()) if file.exists()]
        return (*super().stamp(), *stamps(files))

    def elsewhere(self, path: str, raw: DataSignature) -> SourceSpec:
        """See `SourceSpec.elsewhere`; a table of any kind, with paths as seen from its folder."""
        from netlib.spec.sources.table_elsewhere import typed

        own: dict[str, Any] = {"path": path, "targets": {}, "weights": None, "ignore": (), "columns": {}}
        table = typed(self.model_copy(update=own), raw, self.columns)
        assert isinstance(table, ImageTable)
        kept = self.columns.get(self.images)
        return table.model_copy(update={"columns": {**table.columns, self.images: kept}}) if kept else table

    def listed(self) -> list[str]:
        """The paths in the table, those of rows that have one.

        Raises:
            NetlabError: the table is damaged, or has none.
        """
        with polars_errors(said(self._first)):
            paths = self.scan().select(self.images).collect()[self.images].cast(str).drop_nulls().to_list()
        if not paths:
            raise NetlabError(f"{said(self._first)} has no path in column '{self.images}'")
        return paths

    def located(self, paths: Iterable[str]) -> list[Path]:
        """The files that paths of the table mean.

        Raises:
            SpecError: the table is many files in several folders.
        """
        folders = list(dict.fromkeys(file.parent for file in self.files()))
        if len(folders) > 1:
            several = f"{said(folders[0])} and {said(folders[1])}"
            raise self._mistake("path", f"the table's files are in {several}: paths are seen from one folder")
        return [folders[0] / path for path in paths]

    @property
    def _first(self) -> Path:
        return self.files()[0]

    def _mistake(self, key: str, message: str) -> SpecError:
        return SpecError([Problem((key,), message)], self.type_name())
