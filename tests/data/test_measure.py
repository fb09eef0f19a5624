"""What a preprocessing tells of the data: fitted now, or before."""

from __future__ import annotations

import pytest

from netlib.data import load as loading
from netlib.data.load import load
from netlib.data.measure import measured, remembered
from netlib.spec.data import DataSpec
from netlib.spec.errors import NetlabError

ROWS = "".join(f"{n},{'abc'[n % 3]},{n / 2 - 3}\n" for n in range(12))


@pytest.fixture
def table(tmp_path):
    (tmp_path / "t.csv").write_text(f"n,city,y\n{ROWS}")

    def spec(preprocess, **more):
        inputs = {"n": "n", "city": "city"}
        given = {"path": str(tmp_path / "t.csv"), "inputs": inputs, "targets": "y", "validation": 0.25, **more}
        return DataSpec.parse({"source": "csv", "preprocess": preprocess, **given})

    return spec


@pytest.mark.parametrize(
    ("step", "shape", "maximum"),
    [("Lookup", (None,), 3), ({"Lookup": {"maximum": 9}}, (None,), 9), ("OneHot", (None, 4), 1)],
)
def test_a_fit_tells_how_many_categories_there_are(table, step, shape, maximum):
    city = measured(table({"city": step}), 0).inputs["city"]
    assert (city.tensor.shape, city.maximum) == (shape, maximum)


def test_a_lookup_is_settled_by_its_fit_or_its_maximum(table):
    assert not table({"city": "Lookup"}).signature().settled
    assert table({"city": {"Lookup": {"maximum": 9}}}).signature().settled
    assert measured(table({"city": "Lookup"}), 0).settled


def test_the_range_of_a_target_is_that_of_all_splits(table):
    target = measured(table({"city": "Lookup"}), 0).targets["y"]
    assert (target.minimum, target.maximum) == (-3.0, 2.5)


def test_what_is_said_of_a_target_is_not_measured():
    spec = DataSpec.parse({"source": "digits", "preprocess": {"image": "Standardize"}})
    assert measured(spec, 0).targets == spec.signature().targets


@pytest.mark.parametrize("preprocess", [{"city": "Lookup"}, {"city": "OneHot", "n": "auto"}, "auto"])
def test_what_was_fitted_before_tells_the_same_and_reads_no_rows(table, preprocess, monkeypatch):
    spec = table(preprocess)
    fitted = load(spec, 0).preprocessing
    expected = measured(spec, 0).inputs
    monkeypatch.setattr(loading, "_read", lambda *_: pytest.fail("the rows are read"))
    assert remembered(spec, fitted).inputs == expected


def test_a_preprocessing_of_other_columns_is_refused(table):
    fitted = load(table({}, inputs="n"), 0).preprocessing
    with pytest.raises(NetlabError, match="the stored preprocessing has no steps for some of the data's columns"):
        remembered(table({"city": "Lookup"}), fitted)
