"""The kinds of tables: CSV, Parquet and JSON lines; they are read in `netlib.data.sources.tables`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from netlib.spec.sources.table import SCANNED_ROWS, TableSpec
from netlib.spec.types import Texts

if TYPE_CHECKING:
    import polars as pl


class Csv(TableSpec):
    """Columns of comma-separated files, with their names in the first line.

    What looks like a number or an ISO date is one; `columns` says otherwise: `columns: {zip: string}`.
    """

    separator: str = Field(",", min_length=1, max_length=1, description='Between values; "\\t" for a tab.')
    missing: Texts = Field(("", "NA", "NaN", "nan", "null"), description="How a missing value is written.")

    def opened(self) -> pl.LazyFrame:
        """See `TableSpec.opened`."""
        import polars as pl

        dtypes = {"float32": pl.Float64(), "int32": pl.Int64(), "string": pl.String(), "datetime": pl.String()}
        overrides = {
            name: dtypes[column.dtype]
            for name, column in self.columns.items()
            if column.dtype != "datetime" or column.format
        }
        return pl.scan_csv(
            self.files(),
            separator=self.separator,
            null_values=list(self.missing),
            try_parse_dates=True,
            infer_schema_length=SCANNED_ROWS,
            schema_overrides=overrides,
        )


class Parquet(TableSpec):
    """Columns of Parquet files."""

    def opened(self) -> pl.LazyFrame:
        """See `TableSpec.opened`."""
        import polars as pl

        return pl.scan_parquet(self.files())

    def rows(self) -> int | None:
        """From the files' metadata."""
        import polars as pl

        return int(self.opened().select(pl.len()).collect().item())


class JsonLines(TableSpec):
    """Fields of JSON objects, one in each line."""

    def opened(self) -> pl.LazyFrame:
        """See `TableSpec.opened`."""
        import polars as pl

        return pl.scan_ndjson(self.files(), infer_schema_length=SCANNED_ROWS)
