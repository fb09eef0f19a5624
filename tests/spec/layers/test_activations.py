from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.activations import LeakyRelu
from netlib.spec.activations import Softmax as SoftmaxFunction
from netlib.spec.errors import SpecError
from netlib.spec.layers.activations import ELU, LeakyReLU, PReLU, ReLU, Softmax


def test_the_only_parameter_may_stand_alone() -> None:
    assert LeakyReLU.parse(0.1).activation == LeakyRelu.parse(0.1)
    assert ELU.parse(2).activation.alpha == 2.0


@pytest.mark.parametrize("parameter", ["max_value", "negative_slope", "threshold"])
def test_what_a_relu_refuses(parameter: str) -> None:
    with pytest.raises(SpecError, match=f"{parameter}: expected a number not less than 0, got -1"):
        ReLU.parse({parameter: -1})


def test_prelu_has_a_slope_for_each_place_but_along_shared_axes() -> None:
    shapes = {None: (4, 5, 3), 1: (1, 5, 3), (1, 2): (1, 1, 3), (-1, 1): (1, 5, 1)}
    for axes, shape in shapes.items():
        (alpha,) = PReLU.parse({"shared_axes": axes}).weights((None, 4, 5, 3))
        assert (alpha.name, alpha.shape) == ("alpha", shape)


def test_prelu_says_which_length_it_needs() -> None:
    message = (
        r"PReLU has a slope for each index of axis 2, whose length it needs to know, got \(batch, \?, \?, 3\);"
        r" share one along it: shared_axes: \[1, 2\]"
    )
    with pytest.raises(SpecError, match=message):
        PReLU.parse({"shared_axes": 1}).output_shape((None, None, None, 3))
    with pytest.raises(SpecError, match=r"PReLU needs an input of rank 2 or more, got \(batch\)"):
        PReLU.parse({}).output_shape((None,))


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        (0, r"PReLU has axis \(= 0\), which is the batch of its input \(batch, 4, 3\)"),
        ([1, 3], r"PReLU has axis \(= 3\), which its input \(batch, 4, 3\) has not"),
        ([1, -2], r"PReLU's axis \(= \[1, -2\]\) names an axis of \(batch, 4, 3\) twice"),
    ],
)
def test_shared_axes_are_the_inputs(axes: Any, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        PReLU.parse({"shared_axes": axes}).output_shape((None, 4, 3))


def test_softmax_over_one_axis_is_the_activation() -> None:
    assert Softmax.parse({"axis": [1]}).activation == SoftmaxFunction.parse({"axis": 1})
    assert Softmax.parse({"axis": [1, 2]}).activation is None


def test_softmax_needs_its_axes() -> None:
    assert Softmax.parse({"axis": [-1, 1]}).axes((None, 4, 3)) == [1, 2]
    with pytest.raises(SpecError, match=r"Softmax has axis \(= 3\), which its input \(batch, 4, 3\) has not"):
        Softmax.parse({"axis": 3}).output_shape((None, 4, 3))
    with pytest.raises(SpecError, match=r"Softmax's axis \(= \[2, -1\]\) names an axis of \(batch, 4, 3\) twice"):
        Softmax.parse({"axis": [2, -1]}).output_shape((None, 4, 3))
