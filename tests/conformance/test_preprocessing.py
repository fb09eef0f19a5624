"""Every preprocessing step over awkward values: what its spec says of it, independence of rows, state, and an oracle."""

from __future__ import annotations

import json

import numpy as np
import pytest
from preprocessing_table import CASES, ROWS, applied, bits, fitted, plain, raw, step
from safetensors.numpy import load, save

from netlib.data.preprocessing import Preprocessing
from netlib.spec.registry import TABLES, names

OWN_TABLES = {"netlib.spec.preprocessing.images", "netlib.spec.preprocessing.texts"}
"""Steps of these are over pictures and texts of many words, and are tested beside their computation."""


def test_every_step_has_a_row():
    missing = [name for name in names("preprocessing") if name not in ROWS]
    assert [name for name in missing if TABLES["preprocessing"][name] not in OWN_TABLES] == []


@pytest.mark.parametrize(("name", "row"), CASES)
def test_values_are_those_of_the_oracle(name, row):
    result = applied(fitted(name, row), row.values)
    expected = np.array([row.oracle(plain(row.train), value) for value in plain(row.values)], np.float64)
    np.testing.assert_allclose(result.astype(np.float64), expected, rtol=row.tolerance, atol=row.tolerance)


@pytest.mark.parametrize(("name", "row"), CASES)
def test_shape_dtype_and_range_are_as_the_spec_says(name, row):
    preprocessing = fitted(name, row)
    result, spec = applied(preprocessing, row.values), step(name, row)
    before = spec.feature(raw(row.values))
    after = spec.feature(raw(row.values), preprocessing.learned()["x"][0])
    assert (after.tensor.dtype, after.tensor.shape) == (result.dtype.name, (None, *result.shape[1:]))
    assert before.tensor.fits(after.tensor)
    assert before.tensor.dtype == after.tensor.dtype
    for least in (end for end in (before.minimum, after.minimum) if end is not None):
        assert np.nanmin(result) >= least
    for most in (end for end in (before.maximum, after.maximum) if end is not None):
        assert np.nanmax(result) <= most


@pytest.mark.parametrize(("name", "row"), CASES)
def test_a_row_does_not_depend_on_the_others(name, row):
    preprocessing = fitted(name, row)
    whole = applied(preprocessing, row.values)
    for chosen in ([0], [len(row.values) - 1, 0], list(range(len(row.values)))[::-1]):
        part = row.values[np.array(chosen)]
        assert bits(applied(preprocessing, part)) == bits(np.ascontiguousarray(whole[chosen]))


@pytest.mark.parametrize(("name", "row"), CASES)
def test_the_state_survives_json_and_safetensors(name, row):
    preprocessing = fitted(name, row)
    stored, arrays = preprocessing.state()
    again = Preprocessing.from_state(json.loads(json.dumps(stored)), load(save(arrays)))
    assert bits(applied(again, row.values)) == bits(applied(preprocessing, row.values))
    assert again.state()[0] == stored


@pytest.mark.parametrize(("name", "row"), CASES)
def test_the_samples_are_not_changed(name, row):
    before = bits(row.train), bits(row.values)
    applied(fitted(name, row), row.values)
    assert (bits(row.train), bits(row.values)) == before
