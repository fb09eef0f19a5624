"""The kinds of tables: CSV, Parquet and JSON lines; they are read in `netlib.data.sources.tables`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from pydantic import Field, field_validator

from netlib.spec.base import shown
from netlib.spec.sources.csv_records import COMPRESSED, QUOTE
from netlib.spec.sources.table import TableSpec
from netlib.spec.sources.table_files import ends_in
from netlib.spec.sources.table_types import Form, polars_errors
from netlib.spec.types import Texts

TABBED = (".tsv", ".tab", ".tsv.gz", ".tab.gz")
OTHER_SEPARATORS = (";", "\t", "|")


class Csv(TableSpec):
    """Columns of comma-separated files in UTF-8, with their names in the first line; one that ends in `.gz` is unpacked.

    What looks like a number, an ISO date or `true` in the first 10,000 rows is one; `columns` says otherwise:
    `columns: {zip: string}`. An empty value is a missing one; empty lines at the end are none.
    """

    form: ClassVar[Form] = "csv"
    suffixes: ClassVar[tuple[str, ...]] = (".csv", ".csv.gz", *TABBED)
    separator: str | None = Field(
        None,
        min_length=1,
        max_length=1,
        description='Between values; "\\t" for a tab. By default a tab in files that end in `.tsv` or `.tab`, a comma in others.',
    )
    missing: Texts = Field(
        ("", "NA", "NaN", "nan", "null"), description="How a missing value is written, besides nothing at all."
    )

    @field_validator("separator")
    @classmethod
    def _is_one_byte(cls, separator: str | None) -> str | None:
        if separator is not None and (not separator.isascii() or separator in (QUOTE, "\n", "\r", "\0")):
            raise ValueError(f"separator must be one ASCII character, no quote and no line end, got {shown(separator)}")
        return separator

    def separator_of(self, file: Path) -> str:
        """See `TableSpec.separator_of`."""
        return self.separator or ("\t" if ends_in(file, TABBED) else ",")

    def missing_texts(self) -> tuple[str, ...]:
        """See `TableSpec.missing_texts`."""
        return self.missing

    def hint(self, name: str, held: Mapping[str, str]) -> str:
        """See `TableSpec.hint`."""
        only = next(iter(held))
        other = next((sign for sign in OTHER_SEPARATORS if sign in only), "")
        if len(held) == 1 and other:
            return f": its first line, {shown(only)}, is one name; is {shown(other)} the separator?"
        return super().hint(name, held)


class Parquet(TableSpec):
    """Columns of Parquet files."""

    form: ClassVar[Form] = "parquet"
    suffixes: ClassVar[tuple[str, ...]] = (".parquet", ".pq")

    def rows(self) -> int | None:
        """From the files' metadata."""
        import polars as pl

        total = 0
        for file in self.files():
            with polars_errors(file):
                total += int(pl.scan_parquet(file).select(pl.len()).collect().item())
        return total


class JsonLines(TableSpec):
    """Fields of JSON objects, one in each line; a field that is not there, or null, is a missing value.

    The fields are those of the first 10,000 lines, and what they hold there is what they hold; a date is one where `columns` says
    so. A file that ends in `.gz` is unpacked.
    """

    form: ClassVar[Form] = "json_lines"
    suffixes: ClassVar[tuple[str, ...]] = tuple(
        f".{name}{packed}" for name in ("jsonl", "ndjson") for packed in ("", COMPRESSED)
    )
