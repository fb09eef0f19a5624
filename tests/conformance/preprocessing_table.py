"""The preprocessing steps that the tests of this folder go over, with awkward values and an oracle, and how they are run.

A step has its rows in `ROWS`, by its name; each is fitted on one set of samples and applied to another.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

import numpy as np
import polars as pl
import pytest

from netlib.data.arrays import Array, Arrays, Values
from netlib.data.preprocessing import Preprocessing
from netlib.spec.choice import parse_choice
from netlib.spec.features import Feature, PreprocessingSpec
from netlib.spec.tensors import TensorSpec


@dataclass(frozen=True)
class Row:
    """A step with its parameters; the samples that it is fitted on, those that it is applied to, and what these become.

    `oracle` makes it, for each sample in turn, of the training samples and of the sample, in plain Python.
    """

    parameters: Any
    train: Values
    values: Values
    oracle: Callable[[list[Any], Any], Any]
    tolerance: float = 0.0


def columns(*values: list[float]) -> Array:
    return np.array(values, np.float32).T


def texts(*values: str | None) -> pl.Series:
    return pl.Series(values, dtype=pl.String())


def times(*values: str | None) -> pl.Series:
    return pl.Series([value and datetime.fromisoformat(value) for value in values], dtype=pl.Datetime("us"))


NAN = math.nan
LIMITS = np.array([-(2**31), -1, 0, 1, 2**31 - 1], np.int32)
TRAIN = columns(
    [1.0, 2.0, NAN, -0.0, 10.0, 3.5],
    [7.0, 7.0, 7.0, 7.0, 7.0, 7.0],
    [1e38, -1e38, 2e38, 5e37, -3e37, NAN],
    [1e-40, 3e-40, 2e-40, 0.0, -1e-40, 7e-40],
)
VALUES = columns([0.0, -0.0, 4.0, NAN], [7.0, 8.0, -7.0, 0.0], [1e38, NAN, -1e38, 0.0], [5e-40, -5e-40, 0.0, 1.0e-38])
CATEGORIES = texts("b", "a", "", "a", None, " a", "Straße", "a", "b", "é", "é")
UNSEEN = texts("a", "A", None, "", " a", "a ", "\t", "é", "e\u0301", "Straße", "\u00a0", "日本", "b", "x" * 3000)
NUMBERS = columns([3.0, NAN, 1.5, -0.0, 3.0, 1e30, 0.0, 3.0, 2**24 + 2])
DAYS = times("2020-02-29T23:59:59", "1970-01-01", None, "2100-12-31T12:30", "1969-12-31T18:00:00.500", "0001-01-01")


def per_column(learn: Callable[[list[float]], Any], become: Callable[[Any, float], float]) -> Any:
    """An oracle that learns of each column, without what is missing, and makes a number of each number."""

    def oracle(train: list[Any], sample: Any) -> list[float]:
        rows = [row if isinstance(row, list) else [row] for row in train]
        learned = [learn([value for value in column if value == value]) for column in zip(*rows, strict=True)]
        numbers = sample if isinstance(sample, list) else [sample]
        return [become(each, number) for each, number in zip(learned, numbers, strict=True)]

    return oracle


def standardized(of: list[float]) -> tuple[float, float]:
    return statistics.fmean(of), statistics.pstdev(of) or 1.0


def quartiles(of: list[float]) -> tuple[float, float]:
    first, median, third = statistics.quantiles(of, n=4, method="inclusive")
    return median, (third - first) or 1.0


def ends(of: list[float]) -> tuple[float, float]:
    return min(of), (max(of) - min(of)) or 1.0


def scaled(learned: tuple[float, float], x: float) -> float:
    return (x - learned[0]) / learned[1]


def clipped(x: float, least: float, most: float) -> float:
    return x if x != x else min(max(x, least), most)


def bucket(boundaries: list[float]) -> Callable[[list[Any], Any], int]:
    return lambda _train, x: sum(boundary <= (x[0] if isinstance(x, list) else x) for boundary in boundaries)


def tenths(train: list[Any], sample: Any) -> int:
    inner = statistics.quantiles([row[0] for row in train], n=10, method="inclusive")
    return sum(float(np.float32(boundary)) <= sample[0] for boundary in inner)


def filled(by: Callable[[list[float]], float], flag: bool = False) -> Any:
    def oracle(train: list[Any], sample: list[float]) -> list[float]:
        put = per_column(by, lambda learned, x: learned if x != x else x)(train, sample)
        return [*put, *(float(x != x) for x in sample)] if flag else put

    return oracle


def named(value: Any) -> str | None:
    """A category as its text."""
    value = value[0] if isinstance(value, list) else value
    if isinstance(value, str) or value is None or value != value:
        return None if not isinstance(value, str) else value
    return str(int(value)) if float(value).is_integer() else str(float(value))


def frequent(train: list[Any]) -> list[str]:
    present = [text for row in train if (text := named(row)) is not None]
    return sorted(set(present), key=lambda text: (-present.count(text), text))


def lookup(known: Callable[[list[Any]], list[str]]) -> Callable[[list[Any], Any], int]:
    def oracle(train: list[Any], sample: Any) -> int:
        categories, text = known(train), named(sample)
        return 1 + categories.index(text) if text in categories else 0

    return oracle


def one_hot(known: Callable[[list[Any]], list[str]], width: int | None = None) -> Callable[[list[Any], Any], Any]:
    def oracle(train: list[Any], sample: Any) -> list[float]:
        number = lookup(known)(train, sample)
        return [float(i == number) for i in range(width or 1 + len(known(train)))]

    return oracle


def hashed(bins: int) -> Callable[[list[Any], Any], int]:
    def oracle(_train: list[Any], sample: Any) -> int:
        text = named(sample)
        if text is None:
            return 0
        return 1 + int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little") % (bins - 1)

    return oracle


def parts_of(time: datetime | None) -> list[float]:
    if time is None:
        return [NAN] * 10
    since = time - datetime(1970, 1, 1)
    days = since.days + (since.seconds + since.microseconds / 1e6) / 86400
    date = [time.year, (time.month + 2) // 3, time.month, time.day, time.weekday(), time.timetuple().tm_yday]
    return [*map(float, date), time.hour, time.minute, time.second, days]


def circled(number: float, first: int, count: int) -> list[float]:
    angle = 2 * math.pi * (number - first) / count
    return [math.sin(angle), math.cos(angle)]


ALL_PARTS = ["year", "quarter", "month", "day", "weekday", "yearday", "hour", "minute", "second", "days"]
POSITIVE = columns([1e-45, 1.0, NAN, 3.4e38, 0.5], [1.0, 2.0, 3.0, 4.0, 5.0])
NEAR = columns([0.1, 0.7, -5.0, 1e38, 0.7, 0.0])

ROWS: dict[str, list[Row]] = {
    "Standardize": [
        Row({}, TRAIN, VALUES, per_column(standardized, scaled), 1e-4),
        Row("element", TRAIN, VALUES, per_column(standardized, scaled), 1e-4),
        Row({}, LIMITS, LIMITS[::-1].copy(), per_column(standardized, scaled), 1e-6),
    ],
    "RobustScale": [
        Row({}, TRAIN, VALUES, per_column(quartiles, scaled), 1e-4),
        Row({}, LIMITS, LIMITS[::-1].copy(), per_column(quartiles, scaled), 1e-4),
    ],
    "MinMax": [
        Row({}, TRAIN, VALUES, per_column(ends, scaled), 1e-6),
        Row(
            {"minimum": -1, "maximum": 3, "clip": True},
            TRAIN,
            VALUES,
            per_column(ends, lambda learned, x: -1 + 4 * clipped(scaled(learned, x), 0, 1)),
            1e-6,
        ),
        Row({}, columns([-3e38, 3e38]), columns([-3e38, 3e38, 3.3e38]), per_column(ends, scaled), 1e-6),
        Row({}, LIMITS, LIMITS, per_column(ends, scaled), 1e-6),
    ],
    "Rescale": [
        Row({"scale": -0.5, "offset": 2}, TRAIN, VALUES, per_column(len, lambda _, x: x * -0.5 + 2), 1e-6),
        Row(2, LIMITS, LIMITS, per_column(len, lambda _, x: x * 2), 1e-6),
    ],
    "Clip": [
        Row({"minimum": -1, "maximum": 5}, TRAIN, VALUES, per_column(len, lambda _, x: clipped(x, -1, 5))),
        Row({"minimum": 0.5}, LIMITS, LIMITS, per_column(len, lambda _, x: max(x, 0.5)), 1e-6),
        Row({"maximum": 0.5}, TRAIN, VALUES, per_column(len, lambda _, x: clipped(x, -math.inf, 0.5))),
    ],
    "Log": [
        Row({}, POSITIVE, POSITIVE, per_column(len, lambda _, x: math.log(x)), 1e-6),
        Row(1, LIMITS[2:], LIMITS[2:], per_column(len, lambda _, x: math.log(x + 1)), 1e-6),
    ],
    "Bucketize": [
        Row({"boundaries": [-1, 0, 0.7, 1e30]}, NEAR, NEAR, bucket([-1, 0, float(np.float32(0.7)), 1e30])),
        Row({"boundaries": [0.5, 2147483647]}, LIMITS, LIMITS, bucket([0.5, 2147483647])),
        Row({"quantiles": 10}, columns([float(i * i) for i in range(57)]), columns([-1.0, 0.0, 9.0, 100.5, 1e9]), tenths),
        Row({"quantiles": 10}, columns([1.0] * 9 + [2.0]), columns([0.0, 1.0, 1.5, 2.0]), tenths),
    ],
    "Impute": [
        Row({}, TRAIN, VALUES, filled(statistics.median), 1e-6),
        Row("mean", TRAIN, VALUES, filled(statistics.fmean), 1e-6),
        Row("most_frequent", columns([2.0, 1.0, NAN, 2.0, 1.0, 5.0]), columns([NAN, -0.0, 1e-45]), filled(lambda _: 1.0)),
        Row({"by": -1, "flag": True}, TRAIN, VALUES, filled(lambda _: -1.0, flag=True)),
        Row({"flag": True}, TRAIN[:, 0].copy(), VALUES[:, 0].copy(), lambda _, x: [2.0 if x != x else x, float(x != x)]),
    ],
    "OneHot": [
        Row({}, CATEGORIES, UNSEEN, one_hot(frequent)),
        Row(2, CATEGORIES, UNSEEN, one_hot(lambda train: frequent(train)[:2])),
        Row(100, CATEGORIES, UNSEEN, one_hot(frequent, 101)),
        Row({"categories": ["é", "", "new"]}, CATEGORIES, UNSEEN, one_hot(lambda _: ["é", "", "new"])),
        Row({}, LIMITS, np.array([2**31 - 1, 5, -1], np.int32), one_hot(frequent)),
        Row({}, NUMBERS, NUMBERS[::-1].copy(), one_hot(frequent)),
        Row({}, texts(None, None), texts("a", None), one_hot(frequent)),
    ],
    "Lookup": [
        Row({}, CATEGORIES, UNSEEN, lookup(frequent)),
        Row(3, CATEGORIES, UNSEEN, lookup(lambda train: frequent(train)[:3])),
        Row({"categories": ["3", "0"]}, NUMBERS, NUMBERS, lookup(lambda _: ["3", "0"])),
    ],
    "Hash": [
        Row(1000, CATEGORIES, UNSEEN, hashed(1000)),
        Row(2, CATEGORIES, UNSEEN, hashed(2)),
        Row(2**31 - 1, CATEGORIES, UNSEEN, hashed(2**31 - 1)),
        Row(50, LIMITS, LIMITS, hashed(50)),
        Row(50, NUMBERS[:, 0].copy(), NUMBERS[:, 0].copy(), hashed(50)),
    ],
    "Labels": [
        Row({}, texts("b", "a", "é", " a", ""), texts("", "é", "b"), lambda _, x: ["", " a", "a", "b", "é"].index(x)),
        Row({}, LIMITS, LIMITS[::-1].copy(), lambda train, x: train.index(x)),
        Row({"classes": ["no", "yes"]}, texts("yes"), texts("yes", "no"), lambda _, x: int(x == "yes")),
        Row({}, columns([10.0, 9.0, 2.5]), columns([2.5, 10.0, 9.0]), lambda _, x: [2.5, 9, 10].index(x[0])),
    ],
    "DateParts": [
        Row({"parts": ALL_PARTS}, DAYS, DAYS, lambda _, time: parts_of(time), 1e-6),
        Row({}, DAYS, DAYS, lambda _, time: [parts_of(time)[i] for i in (0, 2, 3, 4, 6)]),
        Row(
            {"parts": ["year", "month", "weekday", "minute"], "cyclic": True},
            DAYS,
            DAYS,
            lambda _, time: [
                parts_of(time)[0],
                *circled(parts_of(time)[2], 1, 12),
                *circled(parts_of(time)[4], 0, 7),
                *circled(parts_of(time)[7], 0, 60),
            ],
            1e-6,
        ),
    ],
}  # fmt: skip
CASES = [pytest.param(name, row, id=f"{name}-{i}") for name, rows in ROWS.items() for i, row in enumerate(rows)]


def step(name: str, row: Row) -> PreprocessingSpec:
    spec = parse_choice("preprocessing", {name: row.parameters})
    assert isinstance(spec, PreprocessingSpec)
    return spec


def fitted(name: str, row: Row) -> Preprocessing:
    return Preprocessing.fit({"x": (step(name, row),)}, {"x": row.train})


def applied(preprocessing: Preprocessing, values: Values) -> Array:
    spec = preprocessing.specs()["x"][0]
    if not spec.of_targets:
        return preprocessing.apply({"x": values})["x"]
    return preprocessing.apply_to(Arrays({"other": np.zeros(len(values))}, {"x": values})).targets["x"]


def raw(values: Values) -> Feature:
    if isinstance(values, np.ndarray):
        return Feature(TensorSpec((None, *values.shape[1:]), values.dtype.name))
    return Feature(TensorSpec((None,), "string" if values.dtype == pl.String() else "datetime"))


def plain(values: Values) -> list[Any]:
    return values.to_list() if isinstance(values, pl.Series) else values.tolist()


def bits(values: Values) -> Any:
    return values.to_list() if isinstance(values, pl.Series) else (values.dtype, values.shape, values.tobytes())
