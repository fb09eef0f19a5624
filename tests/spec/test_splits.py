"""Kinds of splits as a config has them: their forms, their problems, and what is known before the data is read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlib.spec.data import DataSpec
from netlib.spec.errors import SpecError
from netlib.spec.registry import names
from netlib.spec.shares import Shares
from netlib.spec.splits import Column, Contiguous, Grouped, Hash, Random, Time

SECTION = {"source": "moons", "samples": 100}
TABLE = {"source": "csv", "path": "a.csv", "targets": ["y"]}


def spec(**values: Any) -> DataSpec:
    return DataSpec.parse({**SECTION, **values})


def problems(**values: Any) -> list[tuple[tuple[str | int, ...], str]]:
    with pytest.raises(SpecError) as caught:
        spec(**values).signature()
    return [(problem.loc, problem.message) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("written", "expected", "columns"),
    [
        ("Random", Random(), ()),
        ("contiguous", Contiguous(), ()),
        ({"Grouped": "patient"}, Grouped(by="patient"), ("patient",)),
        ({"Grouped": {"by": "patient"}}, Grouped(by="patient"), ("patient",)),
        ({"Time": {"by": "date"}}, Time(by="date"), ("date",)),
        ("Hash", Hash(), ()),
        ({"Hash": {"by": "id"}}, Hash(by="id"), ("id",)),
        ({"Column": {"column": "part", "train": "a"}}, Column(column="part", train=("a",)), ("part",)),
        (
            {"Column": {"column": "part", "train": ["a", 0], "validation": [True], "test": ["c"]}},
            Column(column="part", train=("a", 0), validation=(1,), test=("c",)),
            ("part",),
        ),
    ],
)
def test_how_a_split_is_written(written: Any, expected: Any, columns: tuple[str, ...]) -> None:
    found = spec(split=written)
    assert found.split == expected
    assert found.split.columns == columns
    assert DataSpec.parse(found.to_plain()) == found


@pytest.mark.parametrize(
    ("written", "loc", "message"),
    [
        ("Groupt", ("split",), "there is no split 'Groupt'; did you mean 'Grouped'?"),
        (
            "Grouped",
            ("split",),
            "Grouped needs 'by': the column of texts or integers that says which rows belong together",
        ),
        (
            {"Column": {"column": "p"}},
            ("split", "Column"),
            "Column needs 'train': its value, or values, in the rows to train on",
        ),
        (
            {"Column": {"column": "p", "train": []}},
            ("split", "Column", "train"),
            "Column needs a value whose rows are trained on",
        ),
        (
            {"Column": {"column": "p", "train": [1.5]}},
            ("split", "Column", "train"),
            "expected a text or an integer of the column, or a list of them, got [1.5]",
        ),
        (
            {"Column": {"column": "p", "train": ["a", 1], "test": ["1"]}},
            ("split", "Column", "test"),
            "'1' is a value of train and of test",
        ),
    ],
)
def test_mistakes_in_a_split(written: Any, loc: tuple[str, ...], message: str) -> None:
    assert problems(split=written) == [(loc, message)]


COLUMN = {"Column": {"column": "p", "train": ["a"], "test": ["c"]}}


@pytest.mark.parametrize(
    ("section", "loc", "message"),
    [
        ({"folds": 1, "fold": 1}, "folds", "expected a number not less than 2, got 1"),
        ({"folds": 5, "fold": 0}, "fold", "expected a number greater than 0, got 0"),
        ({"folds": 5, "fold": 6}, "fold", "fold (=6) is none of the 5 folds: give 1 to 5"),
        ({"folds": 5}, "folds", "folds (=5) needs fold, the one to validate on: 1 to 5"),
        ({"fold": 2}, "fold", "fold (=2) says which of several folds is validated on: set folds, their number"),
        (
            {"folds": 5, "fold": 2, "validation": 0.1},
            "validation",
            "validation (=0.1) cannot be given with folds (=5), of which one is validated on: leave it out",
        ),
        (
            {"folds": 90, "fold": 2, "test": 0.2},
            "folds",
            "folds (=90) are more than the 80 samples that are not tested on: some would be empty",
        ),
        (
            {"folds": 5, "fold": 2, "split": {"Time": "date"}},
            "folds",
            "there are no folds with split: Time: a fold would be validated on by what was trained on later rows",
        ),
        (
            {"folds": 5, "fold": 2, "split": COLUMN},
            "folds",
            "there are no folds with split: Column: the column says which rows are validated on",
        ),
        (
            {"test": 0.2, "split": COLUMN},
            "test",
            "test (=0.2) cannot be given with split: Column, which says itself what is held out",
        ),
    ],
)
def test_what_does_not_fit_together(section: dict[str, Any], loc: str, message: str) -> None:
    assert problems(**section) == [((loc,), message)]


@pytest.mark.parametrize("split", [{"Grouped": "g"}, {"Time": "t"}, "Hash", "Contiguous", COLUMN])
def test_only_random_splits_are_stratified(split: Any) -> None:
    (kind,) = split if isinstance(split, dict) else (split,)
    message = f"split: {kind} cannot keep the classes' proportions; leave stratify out, or set split: Random"
    assert problems(split=split, stratify=True) == [(("stratify",), message)]
    section = spec(split=split)
    assert not section.stratified(section.source.signature())
    assert spec().stratified(section.source.signature())


def test_a_source_without_columns_cannot_be_split_by_one() -> None:
    message = "the split looks at column 'patient', but source 'moons' has no columns"
    assert problems(split={"Grouped": "patient"}) == [(("split",), message)]


def test_a_missing_column_is_told_by_the_source(tmp_path: Any) -> None:
    (tmp_path / "a.csv").write_text("patient,x,y\n1,2,3\n")
    section = DataSpec.parse({**TABLE, "path": str(tmp_path / "a.csv"), "split": {"Grouped": "patiemt"}})
    with pytest.raises(SpecError, match="has no column 'patiemt'; did you mean 'patient'") as caught:
        section.signature()
    assert caught.value.problems[0].loc == ("split",)


@pytest.mark.parametrize(
    ("section", "has"),
    [
        ({}, ()),
        ({"validation": 0.1}, ("validation",)),
        ({"test": 0.1, "split": "Hash"}, ("test",)),
        ({"folds": 5, "fold": 1}, ("validation",)),
        ({"folds": 5, "fold": 1, "test": 0.1}, ("validation", "test")),
        ({"split": COLUMN}, ("test",)),
    ],
)
def test_which_splits_there_are(section: dict[str, Any], has: tuple[str, ...]) -> None:
    found = spec(**section)
    assert tuple(name for name in ("validation", "test") if found.has(name)) == has
    assert found.has("train")
    assert not found.has("tset")


def test_sizes_are_known_where_they_do_not_depend_on_values() -> None:
    assert {name for name in names("split") if _sizes(name)} == {"Random", "Contiguous"}
    assert spec(validation=0.2, test=0.1).sizes(50) == {"train": 35, "validation": 10, "test": 5}
    assert spec(test=0.2, folds=3, fold=2).sizes(100) == {"train": 53, "validation": 27, "test": 20}
    assert spec(validation=0.2).sizes(None) is None


def _sizes(name: str) -> dict[str, int] | None:
    parameters = {"Column": COLUMN["Column"], "Grouped": {"by": "g"}, "Time": {"by": "t"}}
    return spec(split={name: parameters.get(name, {})}).sizes(100)


@given(st.integers(2, 400), st.floats(0, 0.9), st.integers(2, 12))
def test_folds_are_as_equal_as_they_can_be(samples: int, test: float, folds: int) -> None:
    try:
        sizes = [Shares(test=test, folds=folds, fold=fold + 1).sizes(samples) for fold in range(folds)]
    except SpecError:
        assert (test and samples * test < 0.5) or samples - int(samples * test + 0.5) < folds
        return
    validated = [each["validation"] for each in sizes]
    assert min(validated) >= 1
    assert max(validated) - min(validated) <= 1
    assert sum(validated) + sizes[0]["test"] == samples
    assert all(sum(each.values()) == samples for each in sizes)
