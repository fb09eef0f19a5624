"""What the columns of a file hold, by its first rows or by its own schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

from netlib.spec.errors import NetlabError, Problem, SpecError
from netlib.spec.sources.csv_records import LONGEST, Record, opened, records
from netlib.spec.sources.json_records import TWICE, objects
from netlib.spec.sources.stamps import stamp
from netlib.spec.sources.table_columns import BOOLEAN, DATETIME, FLOAT, INTEGER, MISSING, STRING

if TYPE_CHECKING:
    import polars as pl

Form = Literal["csv", "parquet", "json_lines"]
SCANNED_ROWS = 10_000
"""Rows of a CSV or JSON lines file by which the type of a column is known."""
TRUTH = {"true": "1", "false": "0", "True": "1", "False": "0"}
"""How truth values are written, and the numbers that they are."""
_ISO_DATE = r"^\d{4}-\d{2}-\d{2}"


def columns_in(file: Path, form: Form, separator: str, missing: tuple[str, ...]) -> Mapping[str, str]:
    """Column -> what it holds, in the order of the file.

    Raises:
        SpecError: it is no such file.
        NetlabError: it is damaged, or has no rows.
    """
    try:
        size, changed = stamp(file)
    except OSError as error:
        raise NetlabError(f"{file} cannot be read: {error.strerror}") from None
    return _columns_in(file, form, separator, missing, size, changed)


@lru_cache(maxsize=4096)
def _columns_in(
    file: Path, form: Form, separator: str, missing: tuple[str, ...], size: int, _mtime: int
) -> Mapping[str, str]:
    """As above; it is asked for several times before a training begins."""
    if not size:
        raise NetlabError(f"{file} is empty")
    if form == "parquet":
        return _of_schema(file)
    return _of_texts(file, separator, missing) if form == "csv" else _of_objects(file)


def header(file: Path, found: Iterator[Record]) -> list[str]:
    """The names of a CSV file's columns, from its first record that is not empty; what follows is left to be read.

    Raises:
        NetlabError: there is none, it cannot be read, or a name is there twice.
    """
    first = next((record for record in found if record.values or record.problem), None)
    if first is None:
        raise NetlabError(f"{file} has no columns: there are only empty lines")
    where = f"{file}, line {first.line}"
    if first.problem:
        raise NetlabError(f"{where}: {'this is UTF-16: save the file as UTF-8' if _is_utf16(file) else first.problem}")
    names = first.values
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        named = f"'{twice[0]}' is the name" if twice[0] else "no name is that"
        raise NetlabError(f"{where}: {named} of {names.count(twice[0])} columns; each needs a name of its own")
    return names


def unreadable(path: object, error: BaseException) -> NetlabError:
    """The exception for what polars says of a file."""
    said = str(error).splitlines()
    return NetlabError(f"{path} cannot be read: {said[0] if said else type(error).__name__}")


@contextmanager
def polars_errors(file: object) -> Iterator[None]:
    """What polars raises over the bytes of a file, in our words.

    Raises:
        NetlabError: the file cannot be read.
    """
    import polars as pl

    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        raise unreadable(file, error) from None


def scanned(file: Path, form: Form, separator: str, missing: tuple[str, ...]) -> pl.LazyFrame:
    """A file with values as they are stored, those of CSV as texts, of which nothing is read yet."""
    import polars as pl

    if form == "parquet":
        return pl.scan_parquet(file)
    if form == "json_lines":
        return pl.scan_ndjson(file, infer_schema_length=SCANNED_ROWS)
    return pl.scan_csv(file, separator=separator, null_values=list(missing), infer_schema=False)


def iso_times(texts: pl.Series) -> pl.Series:
    """Dates, with or without a time of day, as ISO 8601 writes them; null for what is none. A time with a zone is UTC."""
    import polars as pl

    plain = texts.str.replace("T", " ", literal=True)
    forms = [
        ("%Y-%m-%d", pl.Date()),
        ("%Y-%m-%d %H:%M:%S%.f", pl.Datetime("us")),
        ("%Y-%m-%d %H:%M", pl.Datetime("us")),
    ]
    found = [plain.str.strptime(kind, form, strict=False).cast(pl.Datetime("us")) for form, kind in forms]
    zoned = plain.str.replace("Z$", "+00:00").str.strptime(
        pl.Datetime("us", "UTC"), "%Y-%m-%d %H:%M:%S%.f%:z", strict=False
    )
    return pl.select(pl.coalesce(*found, zoned.dt.replace_time_zone(None))).to_series()


def _is_utf16(file: Path) -> bool:
    with opened(file) as stream:
        return stream.read(2) in (b"\xff\xfe", b"\xfe\xff")


def _of_texts(file: Path, separator: str, missing: tuple[str, ...]) -> dict[str, str]:
    with opened(file) as stream:
        names = header(file, records(stream, separator))
        first = list(first_records(stream, separator))
    if not any(record.values or record.problem for record in first):
        raise NetlabError(f"{file} has no rows, only the names of the columns")
    scanned = [record.values for record in first if len(record.values) == len(names)]
    columns = zip(*scanned, strict=True) if scanned else [()] * len(names)
    left_out = {*missing, ""}
    return {name: _held(list(set(column) - left_out)) for name, column in zip(names, columns, strict=True)}


def first_records(stream: IO[bytes], separator: str) -> Iterator[Record]:
    """The values of as many as tell what the columns hold; where only separators have a meaning lines are split at these."""
    lines = list(islice(stream, SCANNED_ROWS))
    whole = b"".join(lines)
    plain = max(map(len, lines), default=0) <= LONGEST and not any(sign in whole for sign in (b'"', b"\r", b"\0"))
    try:
        texts = whole.decode().split("\n")[: len(lines)] if plain else None
    except UnicodeDecodeError:
        texts = None
    if texts is None:
        yield from islice(records(chain(lines, stream), separator), SCANNED_ROWS)
    else:
        yield from (Record(0, text.split(separator) if text else []) for text in texts)


def _held(texts: list[str]) -> str:
    import polars as pl

    if not texts:
        return MISSING
    if all(text in TRUTH for text in texts):
        return BOOLEAN
    column = pl.Series(texts, dtype=pl.String()).str.strip_chars(" ")
    numbers = column.cast(pl.Float64(), strict=False)
    if not numbers.null_count():
        whole = column.str.contains(r"^[+-]?\d+$").all()
        return INTEGER if whole else FLOAT
    dated = column.str.contains(_ISO_DATE).all() and not iso_times(column).null_count()
    return DATETIME if dated else STRING


def _of_objects(file: Path) -> dict[str, str]:
    held: dict[str, set[str]] = {}
    with opened(file) as stream:
        found = list(islice(objects(stream), SCANNED_ROWS))
    if not found:
        raise NetlabError(f"{file} has no rows: there are only empty lines")
    for line in found:
        if line.problem.endswith(TWICE):
            raise NetlabError(f"{file}, line {line.line}: {line.problem}")
        for name, value in line.fields.items():
            held.setdefault(name, set()).add(_kind(value))
    if not held:
        where = f"{file}, line {found[0].line}"
        raise NetlabError(f"{where}: {found[0].problem or 'the object has no fields'}")
    return {name: _together(kinds - {MISSING}) for name, kinds in held.items()}


def _kind(value: Any) -> str:
    kinds = {bool: BOOLEAN, int: INTEGER, float: FLOAT, str: STRING, type(None): MISSING, list: "lists"}
    return kinds.get(type(value), "objects")


def _together(kinds: set[str]) -> str:
    """What values of several kinds are read as: numbers that are partly floats as floats, anything with a text as texts."""
    if len(kinds) < 2:
        return next(iter(kinds), MISSING)
    if kinds <= {FLOAT, INTEGER, BOOLEAN}:
        return FLOAT if FLOAT in kinds else INTEGER
    return next((kind for kind in ("lists", "objects") if kind in kinds), STRING)


def _of_schema(file: Path) -> dict[str, str]:
    import polars as pl

    with file.open("rb") as stream:
        start = stream.read(4)
    if start != b"PAR1":
        raise SpecError([Problem(("path",), f"{file} is no Parquet file: it does not begin with PAR1")], "parquet")
    try:
        schema = pl.scan_parquet(file).collect_schema()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        what = f"{file} begins like a Parquet file, but its schema cannot be read: was it cut off?"
        raise NetlabError(f"{what} ({str(error).splitlines()[0]})") from None
    return {name: _of_dtype(dtype) for name, dtype in schema.items()}


def _of_dtype(dtype: pl.DataType) -> str:
    name = str(dtype)
    if dtype.is_float() or dtype.is_decimal():
        return FLOAT
    if dtype.is_integer() or name == "Boolean":
        return INTEGER if dtype.is_integer() else BOOLEAN
    if name.startswith(("String", "Categorical", "Enum")):
        return STRING
    return DATETIME if name.startswith("Date") else MISSING if name == "Null" else name
