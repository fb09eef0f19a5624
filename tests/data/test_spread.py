"""What is said of how far apart draws are, against formulas by hand."""

from __future__ import annotations

import numpy as np
import pytest

from netlib.data.predicted import Head, Wanted, columns
from netlib.data.spread import spread_columns
from netlib.spec.tensors import TensorSpec

PLAIN = Wanted()
MEAN = np.array([[0.5, 0.25, 0.25], [1, 0, 0], [1 / 3, 1 / 3, 1 / 3]], np.float32)


def head(kind, *axes, **more):
    return Head("out", "p_y", kind, TensorSpec((None, *axes), "float32"), **more)


def test_classes_have_the_entropy_of_their_mean_probabilities():
    (name,), (values,) = zip(*spread_columns(head("classes", 3), MEAN, MEAN, PLAIN).items(), strict=True)
    assert name == "p_y_entropy"
    np.testing.assert_allclose(values, [1.5 * np.log(2), 0, np.log(3)], atol=1e-6)


def test_two_classes():
    one = np.array([[0.5], [1], [0.1]], np.float32)
    found = spread_columns(head("binary", 1), one, one, PLAIN)["p_y_entropy"]
    np.testing.assert_allclose(found, [np.log(2), 0, -0.1 * np.log(0.1) - 0.9 * np.log(0.9)], atol=1e-6)
    flags = spread_columns(head("flags", 2, units=("a", "b")), MEAN[:, :2], MEAN[:, :2], PLAIN)
    assert list(flags) == ["p_y_a_entropy", "p_y_b_entropy"]
    np.testing.assert_allclose(flags["p_y_a_entropy"][:2], [np.log(2), 0], atol=1e-6)
    arrays = spread_columns(head("flags", 2), MEAN[:, :2], MEAN[:, :2], Wanted(arrays=True))
    assert arrays["p_y_entropy"].shape == (3, 2)


@pytest.mark.parametrize("axes", [(1,), (3,), (2, 3)])
@pytest.mark.parametrize("arrays", [True, False])
def test_numbers_have_a_deviation_for_each(axes, arrays):
    std = np.random.default_rng(0).random((5, *axes)).astype(np.float32)
    numbers = head("numbers", *axes)
    found = spread_columns(numbers, np.zeros_like(std), std, Wanted(arrays=arrays))
    assert list(found) == [f"{name}_std" for name in columns(numbers, std, Wanted(arrays=arrays))]
    np.testing.assert_array_equal(np.stack([*found.values()], axis=-1).reshape(std.shape), std)
