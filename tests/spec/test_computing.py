from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.computing import AddLoss, AddMetric, Compute, StopGradient
from netlib.spec.errors import SpecError
from netlib.spec.tensors import TensorSpec

ROW = TensorSpec((None, 4))


def test_an_expression_of_several_results() -> None:
    spec = Compute.parse(["x * 2", "sum(x, axis=-1)"])
    assert spec.expression == "x * 2, sum(x, axis=-1)"
    assert spec.outputs(ROW) == {"0": ROW, "1": TensorSpec((None,))}
    assert spec.output_shape((None, 4)) == {"0": (None, 4), "1": (None,)}
    assert Compute.parse(3).outputs(ROW) == {"output": TensorSpec((), "int32")}


def test_the_names_of_what_it_reads() -> None:
    spec = Compute.parse("a @ b").reading(("a", "b"))
    assert spec.outputs(ROW, TensorSpec((4, 5)))["output"].shape == (None, 5)
    assert spec.macs((None, 4), (4, 5)) == 20
    assert spec.inferred(ROW, TensorSpec((4, 5)), compute="bfloat16").outputs[0].dtype == "bfloat16"
    with pytest.raises(SpecError, match="Compute reads a, b, got 1 inputs"):
        spec.outputs(ROW)
    with pytest.raises(SpecError, match="Compute reads nothing, got 1 inputs"):
        spec.reading(()).outputs(ROW)


@pytest.mark.parametrize("value", [True, None, {"a": 1}])
def test_what_is_no_expression(value: Any) -> None:
    with pytest.raises(SpecError, match=r"expected an expression, such as 'relu\(x @ w \+ 1\)', got"):
        Compute.parse({"expression": value})


def test_a_term_of_the_loss_is_one_number_for_the_batch() -> None:
    assert AddLoss.parse("mean(x)").outputs(ROW) == {}
    with pytest.raises(
        SpecError, match=r"AddLoss needs one floating-point number for the whole batch, got \(batch, 4\)"
    ):
        AddLoss.parse("x").outputs(ROW)
    with pytest.raises(SpecError, match=r"got \(\) bool; reduce it, as by mean"):
        AddLoss.parse("all(x > 0)").outputs(ROW)
    with pytest.raises(SpecError, match="AddMetric needs one number, got 2 results"):
        AddMetric.parse(["x", "x"]).outputs(ROW)
    assert AddMetric.parse("abs(x)").outputs(ROW) == {}
    assert AddMetric.parse("abs(x)").output_shape((None, 4)) == {}


def test_stop_gradient() -> None:
    assert StopGradient.parse({}).outputs(TensorSpec((None, 2), "int32")) == {"output": TensorSpec((None, 2), "int32")}
