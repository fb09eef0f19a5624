"""What all tables have in common: files by a pattern, columns and their uses; the kinds are in `netlib.spec.sources.tables`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, PlainValidator, PrivateAttr

from netlib.spec.base import Spec, as_validation_error, shown
from netlib.spec.errors import NetlabError, Problem, SpecError, did_you_mean
from netlib.spec.features import DataSignature, Feature, MissingFileError, SourceSpec, joined, text, times
from netlib.spec.names import check_name
from netlib.spec.tensors import TensorSpec
from netlib.spec.types import Texts

if TYPE_CHECKING:
    import polars as pl

FEATURES = "features"
"""The input of all columns for which no use is given."""
SCANNED_ROWS = 10_000
"""Rows of a CSV or JSON lines file by which the type of a column is known."""


def _columns(value: Any) -> dict[str, tuple[str, ...] | str]:
    """`price`, `[age, city]` or `{features: [age, city], review: text}` as the last of these."""
    if isinstance(value, str):
        value = [value]
    if isinstance(value, list | tuple):
        value = {item if isinstance(item, str) else i: item for i, item in enumerate(value)}
    if not isinstance(value, Mapping):
        raise ValueError(
            f"expected a column's name, a list of names or a mapping from name to columns, got {shown(value)}"
        )
    problems = [problem for key, used in value.items() for problem in _use_problems(key, used)]
    if problems:
        raise as_validation_error(problems)
    return {key: used if isinstance(used, str) else tuple(used) for key, used in value.items()}


def _use_problems(key: Any, used: Any) -> list[Problem]:
    names = used if isinstance(used, list | tuple) else [used]
    if not names or any(not isinstance(name, str) or not name for name in names):
        return [Problem((key,), f"expected the name of a column, or a list of them, got {shown(used)}")]
    if len(set(names)) < len(names):
        return [Problem((key,), "a column is listed twice")]
    return list(check_name(key, (key,)))


_Written = str | list[str] | dict[str, str | list[str]]
ColumnUses = Annotated[dict[str, Any], PlainValidator(_columns, json_schema_input_type=_Written)]
"""Input or target -> its column, or the columns that it is joined of."""


class Column(Spec):
    """What is known of a column that its values do not tell."""

    shorthand = "dtype"
    dtype: Literal["float32", "int32", "string", "datetime"] = Field(
        description="What its values are read as, whatever they look like."
    )
    format: str | None = Field(None, min_length=1, description="How a date is written, as in `%d.%m.%Y %H:%M`.")


class TableSpec(SourceSpec):
    """Base of all tables: a row is a sample, columns are inputs and targets."""

    paths: ClassVar[tuple[str, ...]] = ("path",)
    path: str = Field(min_length=1, description="The file, or a pattern for many with equal columns: `sales/*.csv`.")
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

    _beside: tuple[str, ...] = PrivateAttr(())

    def apart(self, columns: tuple[str, ...]) -> Self:
        """See `SourceSpec.apart`."""
        if not columns:
            return self
        copy = self.model_copy()
        copy._beside = columns
        return copy

    @property
    def beside(self) -> tuple[str, ...]:
        """Columns that are neither inputs nor targets, but looked at by the split."""
        return self._beside

    def signature(self) -> DataSignature:
        """From the names of the columns and the first rows."""
        features = self.features()
        inputs, joins = parted(self.input_columns(features))
        targets = {
            name: features[used] if isinstance(used, str) else joined([features[column] for column in used])
            for name, used in self.targets.items()
        }
        return DataSignature({name: features[column] for name, column in inputs.items()}, targets, self.rows(), joins)

    def rows(self) -> int | None:
        """How many there are, where that is known without reading them."""
        return None

    def features(self) -> dict[str, Feature]:
        """Every column of the files, and what its values are.

        Raises:
            MissingFileError: there is no such file.
            SpecError: it is no such file, or has no such columns.
            NetlabError: it is damaged.
        """
        schema = self.dtypes()
        problems = list(self._problems(schema))
        if problems:
            raise SpecError(problems, self.type_name())
        return {name: found for name, dtype in schema.items() if (found := _feature(dtype))}

    def dtypes(self) -> dict[str, pl.DataType]:
        """Column -> the type of its values."""
        import polars as pl

        try:
            return dict(self.scan().collect_schema())
        except pl.exceptions.PolarsError as error:
            raise unreadable(self.path, error) from None

    def scan(self) -> pl.LazyFrame:
        """The table with the columns' declared types, of which nothing is read yet."""
        import polars as pl

        dtypes = {"float32": pl.Float64(), "int32": pl.Int64(), "string": pl.String(), "datetime": pl.Datetime("us")}
        frame = self.opened()
        for name, column in self.columns.items():
            values = pl.col(name)
            if column.format:
                values = values.cast(pl.String()).str.to_datetime(column.format, time_unit="us")
            frame = frame.with_columns(values.cast(dtypes[column.dtype]))
        return frame

    def opened(self) -> pl.LazyFrame:
        """The table as its files have it."""
        raise NotImplementedError(f"source '{self.type_name()}' does not say how it is read")

    def files(self) -> list[Path]:
        """The files that the path stands for, in sorted order.

        Raises:
            MissingFileError: there is none.
        """
        path = Path(self.path)
        if any(sign in self.path for sign in "*?["):
            found = sorted(Path(path.anchor or ".").glob(str(path.relative_to(path.anchor))))
        else:
            found = sorted(path.glob("**/*")) if path.is_dir() else [path]
        found = [file for file in found if file.is_file()]
        if not found:
            raise MissingFileError([Problem(("path",), f"there is no file {self.path}")], self.type_name())
        return found

    def stamp(self) -> tuple[Any, ...]:
        """See `SourceSpec.stamp`."""
        return tuple((str(file), stat.st_size, stat.st_mtime_ns) for file in self.files() for stat in [file.stat()])

    def input_columns(self, known: Iterable[str]) -> dict[str, Any]:
        """Input -> column or columns; those that nothing else uses, where that is not said."""
        if self.inputs is not None:
            return self.inputs
        taken = {*columns_of(self.targets), *self.ignore, *self.beside, self.weights}
        return {FEATURES: tuple(name for name in known if name not in taken)}

    def _problems(self, schema: Mapping[str, Any]) -> Iterator[Problem]:
        """Columns that are not there, or hold what no network can read; and those that are used twice."""
        inputs = self.input_columns(schema)
        uses = {"targets": columns_of(self.targets), "inputs": columns_of(inputs)}
        uses |= {"weights": [self.weights] if self.weights else [], "ignore": list(self.ignore)}
        uses |= {"columns": list(self.columns), "split": list(self.beside)}
        for key, names in uses.items():
            for name in dict.fromkeys(names):
                place = ("columns", name) if key == "columns" else (key,)
                if name not in schema:
                    hint = did_you_mean(name, schema) or f" (it has: {', '.join(list(schema)[:20])})"
                    yield Problem(place, f"{self.path} has no column '{name}'{hint}")
                elif key in ("targets", "inputs") and _feature(schema[name]) is None:
                    what = f"column '{name}' holds {schema[name]}; numbers, texts or times are needed"
                    yield Problem(place, f"{self.path}: {what}; leave it out with ignore: [{name}]")
        if not columns_of(inputs):
            yield Problem(("inputs",), f"{self.path} has no column that is left to be an input")
        for name in {*columns_of(self.targets)} & {*columns_of(inputs)}:
            yield Problem(("inputs",), f"column '{name}' is a target: an input of it would say the answer")


def parted(uses: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """The columns that are read, by the name of the only input that each is or by their own; and the inputs that are joined."""
    joins = {name: used for name, used in uses.items() if not isinstance(used, str)}
    single = {name: used for name, used in uses.items() if isinstance(used, str)}
    return {**single, **{column: column for used in joins.values() for column in used}}, joins


def columns_of(uses: Mapping[str, Any]) -> list[str]:
    """The columns that inputs or targets are made of."""
    return [column for used in uses.values() for column in ([used] if isinstance(used, str) else used)]


def unreadable(path: str, error: Exception) -> NetlabError:
    """The exception for what polars says of a file."""
    return NetlabError(f"{path} cannot be read: {str(error).splitlines()[0]}")


def _feature(dtype: pl.DataType) -> Feature | None:
    """What netlab makes of a column, None of what it cannot read."""
    if dtype.is_float() or dtype.is_decimal():
        return Feature(TensorSpec((None, 1), "float32"))
    if dtype.is_integer() or str(dtype) == "Boolean":
        return Feature(TensorSpec((None,), "int32"))
    if str(dtype) in ("String", "Categorical") or str(dtype).startswith(("Enum", "Categorical")):
        return text()
    return times() if dtype.is_temporal() and str(dtype).startswith("Date") else None
