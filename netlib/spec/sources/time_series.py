"""The source `time_series`: windows over the rows of a table, which are cut in `netlib.data.sources.time_series`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, PlainValidator

from netlib.spec.base import as_validation_error, shown
from netlib.spec.errors import Problem, SpecError, did_you_mean
from netlib.spec.features import DataSignature, Feature, SourceSpec, joined, numbers
from netlib.spec.names import check_name
from netlib.spec.sources.columned import ColumnedSpec
from netlib.spec.sources.table import TableSpec
from netlib.spec.sources.table_columns import Column, ColumnUses, columns_of, feature_of
from netlib.spec.sources.tables import Csv, JsonLines, Parquet
from netlib.spec.tensors import TensorSpec
from netlib.spec.types import NonNegativeInt, PositiveInt

WINDOW = "window"
"""The input of columns that are listed without a name for it."""
KINDS: tuple[type[TableSpec], ...] = (Csv, Parquet, JsonLines)
SUFFIXES = tuple(suffix for kind in KINDS for suffix in kind.suffixes)
"""How the path of a table ends."""


def _windows(value: Any) -> dict[str, tuple[str, ...]]:
    """`load`, `[load, price]` or `{demand: [load, price], weather: rain}` as the last of these, with lists of columns."""
    uses = value if isinstance(value, Mapping) else {WINDOW: value}
    loc = (lambda key: (key,)) if isinstance(value, Mapping) else (lambda _: ())
    problems = []
    for key, used in uses.items():
        names = used if isinstance(used, list | tuple) else [used]
        if not names or any(not isinstance(name, str) or not name for name in names):
            problems.append(Problem(loc(key), f"expected the name of a column, or a list of them, got {shown(used)}"))
        elif len(set(names)) < len(names):
            problems.append(Problem(loc(key), "a column is listed twice"))
        problems += check_name(key, (key,))
    if problems:
        raise as_validation_error(problems)
    return {key: (used,) if isinstance(used, str) else tuple(used) for key, used in uses.items()}


_Written = str | list[str] | dict[str, str | list[str]]
Windows = Annotated[dict[str, tuple[str, ...]], PlainValidator(_windows, json_schema_input_type=_Written)]


class TimeSeries(ColumnedSpec):
    """Windows over the rows of a table, in their order, and the row or rows to predict behind each.

    An input is float32 (length, columns). Of a float column a target is float32 (steps), of several (steps, columns); the values
    of a column of integers or texts are classes where `steps` is 1. Windows overlap where `stride` is less than `length`; those
    that share a row with one that is held out are not trained on, so that they need `split: Contiguous`, or one by a column.
    What a step learns of the training windows counts a row as often as it is in one: equally, but for those at the ends of the
    table or of a group, which are in fewer windows.
    """

    paths: ClassVar[tuple[str, ...]] = ("path",)
    path: str = Field(
        min_length=1,
        description="A table, or a pattern for several that follow one another, by name; its kind is told by the suffix: "
        + ", ".join(f"`{suffix}`" for suffix in SUFFIXES)
        + ".",
        examples=["weather.csv"],
    )
    inputs: Windows = Field(
        description="Columns of numbers that a window shows: a name or a list for the input `window`, or a mapping from the"
        " input's name to its columns.",
        examples=[["temperature", "pressure"]],
    )
    targets: ColumnUses = Field(
        description="Columns to predict: a name, a list, or a mapping from the target's name to column or columns; [] for none.",
        examples=[["temperature"]],
    )
    length: PositiveInt = Field(24, description="Rows of a window.")
    stride: PositiveInt = Field(1, description="Rows from the beginning of a window to that of the next.")
    horizon: NonNegativeInt = Field(
        1, description="How many rows behind the last one of its window a target is; 0 for that row itself."
    )
    steps: PositiveInt = Field(1, description="Rows that are predicted: the one at the horizon and those behind it.")
    time: str | None = Field(
        None,
        min_length=1,
        description="A column of times or numbers that must increase from row to row, in each group.",
    )
    gaps: Literal["keep", "drop"] = Field(
        "keep", description="What becomes of windows in which more time than usual lies between two rows."
    )
    group: str | None = Field(
        None, min_length=1, description="A column that says whose each row is: no window has rows of two groups."
    )
    columns: dict[str, Column] = Field({}, description="Column -> its dtype, where its values do not tell.")
    separator: str | None = Field(
        None,
        min_length=1,
        max_length=1,
        description="Between a CSV file's values; by default a comma, or a tab in `.tsv`.",
    )

    @property
    def reach(self) -> int:
        """Rows of a window together with those up to its last target."""
        return self.length + (self.horizon + self.steps - 1 if self.targets else 0)

    def table(self) -> TableSpec:
        """The table that its rows are of, with every column that is used as an input of its own, in the order of `used`.

        Raises:
            SpecError: the path does not tell of which kind it is, or has no separator.
        """
        kind = next((kind for kind in KINDS if self.path.lower().endswith(kind.suffixes)), None)
        if kind is None:
            message = (
                f"{self.path} does not tell by its end what it is; give a table that ends in {', '.join(SUFFIXES)}"
            )
            raise SpecError([Problem(("path",), message)], self.type_name())
        if self.separator is not None and kind is not Csv:
            message = f"separator is for CSV files, and {self.path} is none; leave it out"
            raise SpecError([Problem(("separator",), message)], self.type_name())
        separator = {"separator": self.separator} if kind is Csv else {}
        inputs = {f"column_{number}": name for number, name in enumerate(self.used)}
        return kind.parse({"path": self.path, "inputs": inputs, "targets": [], "columns": self.columns, **separator})

    @property
    def used(self) -> tuple[str, ...]:
        """The columns that are read."""
        others = [name for name in (self.time, self.group) if name]
        return tuple(dict.fromkeys([*columns_of(self.inputs), *columns_of(self.targets), *others, *self.beside]))

    def signature(self) -> DataSignature:
        """From the names of the columns and the first rows."""
        found = {name: feature_of(held) for name, held in self.table().dtypes().items()}
        problems = list(self._problems(found))
        if problems:
            raise SpecError(problems, self.type_name())
        schema = {name: feature for name, feature in found.items() if feature}
        inputs = {name: numbers(self.length, len(columns)) for name, columns in self.inputs.items()}
        return DataSignature(inputs, {name: self._target(used, schema) for name, used in self.targets.items()}, None)

    def stamp(self) -> tuple[Any, ...]:
        """See `SourceSpec.stamp`."""
        return self.table().stamp()

    def elsewhere(self, path: str, raw: DataSignature) -> SourceSpec:
        """See `SourceSpec.elsewhere`; a table of any kind, whose windows need no rows behind them."""
        known = {*columns_of(self.inputs), self.time, self.group}
        columns = {name: column for name, column in self.columns.items() if name in known}
        separator = self.separator if path.lower().endswith(Csv.suffixes) else None
        return self.model_copy(update={"path": path, "targets": {}, "columns": columns, "separator": separator})

    def _target(self, used: Any, schema: Mapping[str, Feature]) -> Feature:
        feature = schema[used] if isinstance(used, str) else joined([schema[name] for name in used])
        if self.steps == 1:
            return feature
        width = () if isinstance(used, str) else (len(used),)
        return Feature(TensorSpec((None, self.steps, *width), feature.tensor.dtype))

    def _problems(self, schema: Mapping[str, Feature | None]) -> Iterator[Problem]:
        uses: dict[str, list[str]] = {"inputs": columns_of(self.inputs), "targets": columns_of(self.targets)}
        uses |= {key: [name] for key, name in (("time", self.time), ("group", self.group)) if name}
        uses |= {"split": list(self.beside), "columns": list(self.columns)}
        for key, names in uses.items():
            for name in dict.fromkeys(names):
                if name not in schema:
                    hint = did_you_mean(name, schema) or f" (it has: {', '.join(list(schema)[:20])})"
                    yield Problem(
                        (key, name) if key == "columns" else (key,), f"{self.path} has no column '{name}'{hint}"
                    )
                elif wrong := self._unfit(key, name, schema[name]):
                    yield Problem((key,), f"{self.path}: column '{name}' {wrong}")
        if not self.inputs:
            yield Problem(("inputs",), "at least one column is needed as an input")
        if self.gaps == "drop" and self.time is None:
            yield Problem(("gaps",), "gaps are found by the times of the rows: say in which column they are, in `time`")

    def _unfit(self, key: str, name: str, feature: Feature | None) -> str | None:
        """Why a column cannot be used so, if that is so."""
        if key == "columns":
            return None
        if feature is None:
            return "holds neither numbers nor texts nor times"
        kind = feature.kind
        if key == "inputs" and kind != "numbers":
            return f"holds {kind}; a window is of numbers"
        if key == "time" and kind == "text":
            example = f"columns: {{{name}: {{dtype: datetime, format: '%d.%m.%Y %H:%M'}}}}"
            return f"holds text; times or numbers are needed; where it is of times, say how they are written: {example}"
        if key != "targets":
            return None
        alone = self.steps == 1 and name in self.targets.values()
        if kind == "times" or (kind == "text" and not alone):
            return f"holds {kind}; {'numbers or classes' if alone else 'numbers'} are needed"
        if self.horizon == 0 and name in columns_of(self.inputs):
            return "is an input and a target with horizon 0: the window would show the answer"
        return None
