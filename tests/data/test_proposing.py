"""Which steps `auto` chooses for which column, and what it says of that."""

from __future__ import annotations

import warnings
from datetime import datetime

import numpy as np
import polars as pl
import pytest

from netlib.data.arrays import Arrays
from netlib.data.load import load
from netlib.data.preprocessing import Preprocessing
from netlib.data.proposing import proposed
from netlib.spec.data import DataSpec
from netlib.spec.features import DataSignature, Feature, PreprocessingSpec
from netlib.spec.pipeline import Pipeline
from netlib.spec.tensors import TensorSpec

NAN = np.nan


def feature(values: object) -> Feature:
    if isinstance(values, np.ndarray):
        return Feature(TensorSpec((None, *values.shape[1:]), values.dtype.name))
    return Feature(TensorSpec((None,), "string" if values.dtype == pl.String() else "datetime"))


def pipeline(values: object, joined: bool) -> Pipeline:
    raw = DataSignature({"x": feature(values)}, {}, len(values), {"features": ("x",)} if joined else {})
    return Pipeline.of({"*": "auto"}, raw)


def chosen(values: object, *held_out: object, joined: bool = True) -> tuple[list[object], str]:
    """The steps as a config writes them, without their defaults, and the note. They must work on all samples."""
    parts = [Arrays({"x": each}, {}) for each in (values, *held_out)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        steps, notes = proposed(pipeline(values, joined), parts[0], parts[1:])
        fitted = Preprocessing.fit(steps, parts[0].inputs)
        results = [fitted.apply(part.inputs)["x"] for part in parts]
    assert all(np.isfinite(result).all() for result in results)
    assert len(notes) == 1
    assert "\n" not in notes[0]
    return [plain(step) for step in steps["x"]], notes[0].removeprefix("column 'x': ")


def plain(step: PreprocessingSpec) -> object:
    given = step.model_dump(exclude_defaults=True)
    return {step.type_name(): given} if given else step.type_name()


def column(*values: float) -> np.ndarray:
    return np.array(values, np.float32)[:, None]


RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("values", "steps", "note"),
    [
        (column(1.5, 2, 4.5), ["Standardize"], "Standardize (from 1.5 to 4.5)"),
        (column(1.5, NAN, 4.5), ["Impute", "Standardize"], "Impute and Standardize (1 missing, from 1.5 to 4.5)"),
        (column(0, 1, 1), [], "as it is (0 and 1)"),
        (np.array([0, 1, 1], np.int32), [], "as it is (0 and 1)"),
        (column(0, 1, NAN), ["Impute"], "Impute (1 missing, 0 and 1)"),
        (
            column(3, 3, 3),
            ["Standardize"],
            "Standardize (always 3: it says nothing; leave it out (ignore: [x]))",
        ),
        (
            column(NAN, NAN),
            [{"Impute": {"by": 0.0}}],
            "Impute: {by: 0} (all are missing: it says nothing; leave it out (ignore: [x]))",
        ),
        (
            np.array([1, 2, 3, 3] * 9, np.int32),
            ["Standardize"],
            "Standardize (from 1 to 3, 3 integers: if they are codes, OneHot tells them apart)",
        ),
        (np.array([*range(15)] * 9, np.int32), ["Standardize"], "Standardize (from 0 to 14)"),
        (
            np.array([*range(100, 200)], np.int32),
            ["Standardize"],
            "Standardize (from 100 to 199, nearly all different: if they number the rows, leave it out (ignore: [x]))",
        ),
        (
            column(*range(100, 200)),
            ["Standardize"],
            "Standardize (from 100 to 199, nearly all different: if they number the rows, leave it out (ignore: [x]))",
        ),
        (column(*np.arange(100) / 8), ["Standardize"], "Standardize (from 0 to 12.375)"),
        (
            column(1, 2, 3, 4, 5000),
            ["Log", "Standardize"],
            "Log and Standardize (from 1 to 5000, half of them up to 3)",
        ),
        (
            column(0, 2, 3, 4, 5000),
            ["Standardize"],
            "Standardize (from 0 to 5000, 5 integers: if they are codes, OneHot tells them apart)",
        ),
        (pl.Series(["a", "b", "a"]), ["OneHot"], "OneHot (2 categories)"),
        (pl.Series(["a", None, "b"]), ["OneHot"], "OneHot (1 missing, 2 categories)"),
        (pl.Series(["a", None, "a"]), ["OneHot"], "OneHot (1 missing, 1 category)"),
        (pl.Series(["a", "a"]), ["OneHot"], "OneHot (always 'a': it says nothing; leave it out (ignore: [x]))"),
        (
            pl.Series([None, None], dtype=pl.String()),
            ["OneHot"],
            "OneHot (all are missing: it says nothing; leave it out (ignore: [x]))",
        ),
        (
            pl.Series([f"t{i}" for i in range(100)] * 3),
            [{"OneHot": {"maximum": 64}}],
            "OneHot: {maximum: 64} (100 categories, the rarest count as unknown)",
        ),
        (
            pl.Series([f"t{i}" for i in range(200)]),
            [{"OneHot": {"maximum": 64}}],
            "OneHot: {maximum: 64} (200 texts, nearly all different, say little as categories: leave it out (ignore: [x]))",
        ),
        (
            pl.Series([f"t{i}" for i in range(30)]),
            ["OneHot"],
            "OneHot (30 texts, nearly all different, say little as categories: leave it out (ignore: [x]))",
        ),
        (pl.Series([f"t{i}" for i in range(10)]), ["OneHot"], "OneHot (10 categories)"),
        (
            pl.Series([datetime(2024, 1, 1), datetime(2024, 3, 5)]),
            [{"DateParts": {"parts": ("month", "day", "weekday")}}, "Standardize"],
            (
                "DateParts: {parts: [month, day, weekday]} and Standardize"
                " (from 2024-01-01 00:00:00 to 2024-03-05 00:00:00)"
            ),
        ),
        (
            pl.Series([datetime(2023, 1, 1), None, datetime(2024, 3, 5, 12)]),
            ["DateParts", "Impute", "Standardize"],
            "DateParts and Impute and Standardize (1 missing, from 2023-01-01 00:00:00 to 2024-03-05 12:00:00)",
        ),
        (
            pl.Series([datetime(2023, 1, 1)] * 3),
            ["DateParts", "Standardize"],
            "DateParts and Standardize (always 2023-01-01 00:00:00: it says nothing; leave it out (ignore: [x]))",
        ),
        (
            pl.Series([None, None], dtype=pl.Datetime("us")),
            ["DateParts", {"Impute": {"by": 0.0}}],
            "DateParts and Impute: {by: 0} (all are missing: it says nothing; leave it out (ignore: [x]))",
        ),
    ],
)
def test_what_is_chosen(values, steps, note):
    assert chosen(values) == (steps, note)


def test_what_only_held_out_samples_miss_is_filled_in():
    assert chosen(column(1.5, 4), column(NAN, 1))[0] == ["Impute", "Standardize"]
    assert chosen(column(0, 1), column(NAN, 1))[0] == ["Impute"]
    assert chosen(pl.Series([datetime(2023, 1, 1)]), pl.Series([None], dtype=pl.Datetime("us")))[0][1] == "Impute"


def test_no_logarithm_is_taken_where_held_out_samples_have_none():
    skewed = column(1, 2, 3, 4.5, 5000)
    assert chosen(skewed, column(1, 0.5))[0] == ["Log", "Standardize"]
    assert chosen(skewed, column(1, 0))[0] == ["Standardize"]


def test_one_integer_a_sample_becomes_a_column_where_it_is_an_input():
    assert chosen(np.array([0, 1, 1], np.int32), joined=False)[0] == ["Standardize"]
    assert chosen(column(0, 1, 1), joined=False)[0] == []


def test_what_is_not_joined_of_columns_has_no_list_of_those_to_ignore():
    assert chosen(column(3, 3), joined=False)[1] == "Standardize (always 3: it says nothing; leave it out)"


SENTENCES = pl.Series([f"it was day {i}, and all was well" + " indeed" * (i % 3) for i in range(40)])
"""9 words, comma and number among them, to 11."""


def test_sentences_are_tokens_where_they_are_an_input_of_their_own():
    steps, note = chosen(SENTENCES, joined=False)
    assert steps == [{"Tokenize": {"length": 11}}]
    assert note == "Tokenize: {length: 11} (texts of 10 words in the median, tokens for an Embedding)"
    long = pl.Series([f"{i} " + "word " * 400 for i in range(40)])
    assert chosen(long, joined=False)[0] == [{"Tokenize": {"length": 256}}]


def test_sentences_among_other_columns_are_advised_to_be_an_input_of_their_own():
    steps, note = chosen(SENTENCES)
    assert steps == ["OneHot"]
    own = "as an input of its own (inputs: {x: x, ...}) its words are tokens for an Embedding"
    assert (
        note
        == f"OneHot (texts of 10 words in the median, say little as categories: {own}; or leave it out (ignore: [x]))"
    )


def test_pictures_keep_their_shape():
    values = RANDOM.integers(0, 256, (10, 4, 4, 3)).astype(np.uint8)
    assert chosen(values, joined=False)[0] == ["Standardize"]
    assert pipeline(values.astype(np.int32), False).signature().inputs["x"].tensor == TensorSpec((None, 4, 4, 3))


def test_a_whole_table(tmp_path):
    rows = [
        f"{i},{i % 7}.5,{'red' if i % 3 else ''},2024-01-{i % 28 + 1:02},{i % 2},{10 ** (i % 8)},{'' if i == 5 else i * 3 % 11}"
        for i in range(100)
    ]
    (tmp_path / "a.csv").write_text("\n".join(["id,size,color,day,sold,price,rooms", *rows]))
    spec = DataSpec.parse(
        {
            "source": "csv",
            "path": str(tmp_path / "a.csv"),
            "targets": "sold",
            "columns": {"day": "datetime"},
            "validation": 0.2,
            "preprocess": "auto",
        }
    )
    splits = load(spec, 0)
    assert [note.partition(":")[0] for note in splits.notes] == [
        f"column '{name}'" for name in ("id", "size", "color", "day", "price", "rooms")
    ]
    parts = [splits.train.inputs["features"], splits.validation.inputs["features"]]
    assert all(
        np.isfinite(part).all() and part.shape[1] == splits.signature.inputs["features"].tensor.shape[1]
        for part in parts
    )
    again = load(spec, 0, splits.preprocessing)
    np.testing.assert_array_equal(again.train.inputs["features"], parts[0])
    assert again.signature == splits.signature
