"""What is refused before the first step."""

from __future__ import annotations

import numpy as np
import pytest

from netlib.data.arrays import Arrays
from netlib.data.contract import check_arrays
from netlib.spec.errors import NetlabError, UsageError


def arrays(x=(1.0, 2.0, 3.0), y=(0, 1, 2)):
    return Arrays({"x": np.array(x, np.float32).reshape(3, -1)}, {"y": np.array(y, np.int32)})


def failure(samples, **facts):
    with pytest.raises(NetlabError) as caught:
        check_arrays(samples, where="the training split", **facts)
    return caught.value


def test_good_samples_pass():
    ids = Arrays({"token": np.array([[0, 4], [2, 1]], np.int32)}, {"y": np.array([0, 1], np.int32)})
    check_arrays(ids, where="x", num_classes={"y": 2}, head_units={"y": 1}, vocabulary={"token": 5})
    check_arrays(arrays(), where="x", num_classes={"y": 3}, head_units={"y": 3})


def test_numbers_that_are_not_finite():
    error = failure(arrays(x=[[1, 2], [3, np.nan], [np.inf, 4]]))
    assert str(error) == "the training split: input 'x' has nan in row 1 at [1] (2 values are not finite)"
    assert error.exit_code == 1
    target = Arrays({"x": np.zeros((2, 1), np.float32)}, {"y": np.array([0, -np.inf], np.float32)})
    assert str(failure(target)) == "the training split: target 'y' has -inf in row 1 (1 values are not finite)"


def test_labels_that_are_no_class():
    error = failure(arrays(y=[0, -1, 5]), num_classes={"y": 5})
    assert str(error) == "the training split: target 'y' has label -1 in row 1 (2 such), but its 5 classes are 0 to 4"
    assert error.exit_code == 1


def test_labels_that_the_output_has_no_unit_for():
    error = failure(arrays(y=[0, 9, 2]), head_units={"y": 9})
    assert str(error) == (
        "the training split: target 'y' has label 9 in row 1 (1 such), but its output has 9 units, for labels 0 to 8; "
        "the output needs 10 units"
    )
    assert isinstance(error, UsageError)
    assert error.exit_code == 2
    negative = failure(arrays(y=[1, 2, -3]), head_units={"y": 3})
    assert "label -3 in row 2 (1 such), but its output has 3 units, for labels 0 to 2; labels count from 0" in str(
        negative
    )


def test_one_unit_tells_two_classes_apart():
    error = failure(arrays(y=[0, 1, 2]), head_units={"y": 1})
    assert "label 2 in row 2 (1 such), but its output has 1 unit, for labels 0 to 1; the output needs 3 units" in str(
        error
    )


def test_indices_that_an_embedding_has_no_entry_for():
    ids = Arrays({"token": np.array([[0, 4], [7, 1]], np.int32)}, {})
    error = failure(ids, vocabulary={"token": 5})
    assert str(error) == (
        "the training split: input 'token' has 7 in row 1 (1 such), but the embedding that reads it has entries 0 to 4"
    )
    assert isinstance(error, UsageError)


def test_rows_are_those_of_the_source():
    taken = arrays(y=[0, 1, 9]).take(np.array([2, 0]))
    assert "label 9 in row 2" in str(failure(taken, head_units={"y": 3}))
    assert "has nan in row 2" in str(failure(arrays(x=[0, 1, np.nan]).take(np.array([0, 2]))))


def test_all_at_once_and_damaged_data_before_a_misfit():
    error = failure(arrays(x=[0, 1, np.nan], y=[0, 9, 1]), head_units={"y": 9})
    assert [line.split(" has ")[0] for line in str(error).splitlines()] == [
        "the training split: input 'x'",
        "the training split: target 'y'",
    ]
    assert error.exit_code == 1
