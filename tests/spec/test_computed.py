from __future__ import annotations

import re
from typing import Any

import pytest

from netlib.spec.computed import BoundCompute, RowValue, beside, reads_of
from netlib.spec.errors import SpecError
from netlib.spec.losses import Compute
from netlib.spec.tensors import TensorSpec

FLAT, COLUMN, WIDE = TensorSpec((None,)), TensorSpec((None, 1)), TensorSpec((None, 4))
LABEL = TensorSpec((None,), "int32")


def spec(text: str) -> Compute:
    return Compute.parse(text)


def bound(text: str, targets: Any = ("t",)) -> BoundCompute:
    return BoundCompute("loss", spec(text), reads_of(spec(text), ["o"], targets, ["x"]), ("loss",))


@pytest.mark.parametrize(
    ("text", "summands"),
    [
        ("mean(a * b)", [(1.0, "a * b", True)]),
        ("(mean(a))", [(1.0, "a", True)]),
        ("0.5 * mean(a) - mean(b) / 4", [(0.5, "a", True), (-0.25, "b", True)]),
        ("1 - (mean(a) + mean(b) * 2)", [(1.0, "1", False), (-1.0, "a", True), (-2.0, "b", True)]),
        ("-mean(a)", [(-1.0, "a", True)]),
        ("a ** 2", [(1.0, "a ** 2", False)]),
        ("mean(a, axis=-1)", [(1.0, "mean(a, axis=-1)", False)]),
        ("sqrt(mean(a))", [(1.0, "sqrt(mean(a))", False)]),
        ("mean(a) * mean(b)", [(1.0, "mean(a) * mean(b)", False)]),
        ("mean(a) + b", [(1.0, "mean(a) + b", False)]),
        ("mean(a) / 0", [(1.0, "mean(a) / 0", False)]),
    ],
)
def test_means_are_taken_apart(text: str, summands: list[tuple[float, str, bool]]) -> None:
    found = [(factor, expression.text, is_mean) for factor, expression, is_mean in spec(text).summands]
    assert found == summands


def test_names_stand_for_outputs_then_targets_then_inputs() -> None:
    text = "mean(a + b + c + input.a + target.b + output.a + a[0])"
    reads = reads_of(spec(text), ["a"], ["a", "b"], ["a", "b", "c"])
    assert [(read.text, read.side, read.name) for read in reads] == [
        ("a", "output", "a"),
        ("b", "target", "b"),
        ("c", "input", "c"),
        ("input.a", "input", "a"),
        ("target.b", "target", "b"),
        ("output.a", "output", "a"),
        ("a", "output", "a"),
    ]


def test_an_output_may_be_called_output() -> None:
    (read,) = reads_of(spec("mean(output)"), ["output"], ["target"], [])
    assert (read.side, read.name) == ("output", "output")


def test_where_targets_are_not_known_other_names_are_theirs() -> None:
    assert [read.side for read in bound("mean(o - y + target.z)", targets=None).reads] == ["output", "target", "target"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mean(digt)", "there is nothing called 'digt'; did you mean 'digit'? (outputs: digit; targets: label; inputs: none)"),
        ("mean(target.digit)", "there is nothing called 'target.digit'; did you mean 'digit'?"),
        ("mean(target)", "there is nothing called 'target' (outputs: digit; targets: label; inputs: none)"),
    ],
)  # fmt: skip
def test_unknown_names(text: str, message: str) -> None:
    with pytest.raises(SpecError, match=re.escape(message)):
        reads_of(spec(text), ["digit"], ["label"], [])


def test_an_input_and_a_target_may_have_one_name() -> None:
    term = BoundCompute(
        "loss", spec("mean(o - x + input.x)"), reads_of(spec("o + x + input.x"), ["o"], ["x"], ["x"]), ()
    )
    assert term.given({"o": 1}, beside({"x": 2}, {"x": 3})) == {"o": 1, "x": 3, "input.x": 2}
    assert term.outputs == ("o",)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("mean((o - x) ** 2)", [RowValue(WIDE, False)]),
        ("0.5 * mean(o) + 1", [RowValue(WIDE, False), RowValue(TensorSpec((), "int32"), False)]),
        ("mean(o, axis=-1)", [RowValue(FLAT, False)]),
        ("mean(o == x)", [RowValue(TensorSpec((None, 4), "bool"), False)]),
        ("mean(o - mean(o, axis=0))", [RowValue(WIDE, True)]),
        ("sum(o)", [RowValue(TensorSpec(()), True)]),
        ("mean(sum(o))", [RowValue(TensorSpec(()), True)]),
        ("sqrt(mean(o))", [RowValue(TensorSpec(()), True)]),
    ],
)
def test_what_a_sample_s_value_is(text: str, values: list[RowValue]) -> None:
    term = bound(text)
    assert term.infer(term.given({"o": WIDE}, beside({"x": WIDE}, {"t": LABEL}))) == values


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("o, t", "loss.Compute: expected one result, got 2"),
        ("sum(o, axis=0)", "loss.Compute: expected a value for each sample, or a number, got (1); reduce it"),
        ("mean(o @ x)", "loss.Compute: in 'o @ x'"),
    ],
)
def test_what_has_no_value_for_a_sample(text: str, message: str) -> None:
    term = bound(text)
    with pytest.raises(SpecError, match=re.escape(message)):
        term.infer(term.given({"o": COLUMN}, beside({"x": WIDE}, {"t": FLAT})))


def test_a_broadcast_over_the_batch_is_refused() -> None:
    """(batch, 1) and (batch) give every sample with every other, which is hardly ever meant and never noticed."""
    term = bound("mean((o - t) ** 2)")
    message = (
        "it combines every sample with every other, as (batch, 1) and (batch) do; write name[:, 0] of what has one"
    )
    with pytest.raises(SpecError, match=re.escape(message)):
        term.infer(term.given({"o": COLUMN}, {"t": FLAT}))
    meant = bound("mean(mean((o - t) ** 2, axis=1))")
    assert meant.infer(meant.given({"o": COLUMN}, {"t": FLAT})) == [RowValue(FLAT, True)]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("mean(", "Compute: expression: 'mean(' is not an expression"),
        (True, "Compute: expression: expected text, got true"),
        ("mean(a, axs=1)", "Compute: expression: 'mean' has no parameter 'axs'; did you mean 'axis'?"),
        ({}, "Compute needs 'expression'"),
        ({"expression": "1", "reduction": "sum"}, "Compute takes no 'reduction': the training loop takes the mean"),
    ],
)
def test_mistakes_are_told(value: Any, message: str) -> None:
    with pytest.raises(SpecError, match=re.escape(message)):
        Compute.parse(value)
