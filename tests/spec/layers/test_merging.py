from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlib.spec.errors import SpecError
from netlib.spec.layer import LayerSpec
from netlib.spec.layers.merging import Add, Average, Concatenate, Dot, Maximum, Minimum, Multiply, Stack, Subtract
from netlib.spec.tensors import TensorSpec

ADD, CONCATENATE = Add.parse({}), Concatenate.parse({})
samples = st.lists(st.sampled_from([1, 2, 3]), max_size=3)
elementwise = st.sampled_from([cls.parse({}) for cls in (Add, Subtract, Multiply, Average, Maximum, Minimum)])


@given(elementwise, st.lists(samples, min_size=1, max_size=3))
def test_samples_are_broadcast_as_numpy_does(layer: LayerSpec, shapes: list[list[int]]) -> None:
    shapes = shapes[:1] * 2 if isinstance(layer, Subtract) and len(shapes) != 2 else shapes
    try:
        expected = np.broadcast_shapes(*map(tuple, shapes))
    except ValueError:
        with pytest.raises(SpecError, match=f"{layer.type_name()} needs inputs of one shape"):
            layer.output_shape(*((None, *shape) for shape in shapes))
    else:
        assert layer.output_shape(*((None, *shape) for shape in shapes)) == (None, *expected)


def test_unknown_axes_of_add() -> None:
    assert ADD.output_shape((None, None, 4), (None, None, 4)) == (None, None, 4)
    assert ADD.output_shape((None, None), (None, 1)) == (None, None)
    assert ADD.output_shape((None, None), (None, 5)) == (None, 5)


def test_add_names_both_shapes() -> None:
    message = (
        r"Add needs inputs of one shape, or axes of length 1 where they differ,"
        r" got \(batch, 3, 4\) and \(batch, 3, 5\)"
    )
    with pytest.raises(SpecError, match=message):
        ADD.output_shape((None, 3, 4), (None, 3, 5))


def test_concatenate_adds_the_lengths() -> None:
    assert CONCATENATE.output_shape((None, 3), (None, 4), (None, 1)) == (None, 8)
    assert Concatenate.parse({"axis": 1}).output_shape((None, 3, 4), (None, 2, 4)) == (None, 5, 4)
    assert CONCATENATE.output_shape((None, 3)) == (None, 3)


def test_unknown_axes_of_concatenate() -> None:
    assert CONCATENATE.output_shape((None, None, 4), (None, 5, 2)) == (None, 5, 6)
    assert CONCATENATE.output_shape((None, None), (None, 5)) == (None, None)


@pytest.mark.parametrize("other", [(None, 2, 5), (None, 3), (None, 3, 4, 1)])
def test_concatenate_needs_the_other_axes_to_agree(other: tuple[int | None, ...]) -> None:
    message = r"Concatenate along axis -1 needs inputs that agree in all other axes, got \(batch, 3, 4\) and \(batch"
    with pytest.raises(SpecError, match=message):
        CONCATENATE.output_shape((None, 3, 4), other)


@pytest.mark.parametrize(
    ("axis", "message"), [(0, "which is the batch of its input"), (2, r"which its input \(batch, 3\) has not")]
)
def test_concatenate_needs_an_axis_of_the_sample(axis: int, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        Concatenate.parse({"axis": axis}).output_shape((None, 3), (None, 3))


@pytest.mark.parametrize("layer", [Subtract.parse({}), Dot.parse(1)])
@pytest.mark.parametrize(("count", "received"), [(0, "none"), (1, "1"), (3, "3")])
def test_some_take_two(layer: LayerSpec, count: int, received: str) -> None:
    with pytest.raises(SpecError, match=f"{layer.type_name()} needs two inputs, got {received}"):
        layer.output_shape(*[(None, 3)] * count)


@pytest.mark.parametrize("axis", [1, 2, 3, -1, -2, -3])
def test_stack_has_numpy_s_shape(axis: int) -> None:
    shapes = [(7, 3, 4)] * 5
    expected = np.stack([np.zeros(shape) for shape in shapes], axis=axis).shape
    assert Stack.parse(axis).output_shape(*shapes) == expected


def test_stack_knows_what_one_input_knows() -> None:
    assert Stack.parse({}).output_shape((None, None, 4), (None, 3, None)) == (None, 2, 3, 4)
    assert Stack.parse({}).outputs(TensorSpec((None, 4), "int8"))["output"] == TensorSpec((None, 1, 4), "int8")


@pytest.mark.parametrize("axis", [0, -3, 3])
def test_stack_needs_an_axis_of_its_output(axis: int) -> None:
    message = rf"Stack has axis \(= {axis}\); for inputs of rank 2 it is from 1 to 2, or from -2 to -1"
    with pytest.raises(SpecError, match=message):
        Stack.parse(axis).output_shape((None, 3), (None, 3))


def test_stack_needs_one_shape_and_one_dtype() -> None:
    with pytest.raises(SpecError, match=r"Stack needs inputs of one shape, got \(batch, 3\) and \(batch, 4\)"):
        Stack.parse({}).output_shape((None, 3), (None, 4))
    with pytest.raises(SpecError, match="Stack needs inputs of one dtype, got float32 and int32"):
        Stack.parse({}).outputs(TensorSpec((None, 3)), TensorSpec((None, 3), "int32"))


def test_scalar_products() -> None:
    assert Dot.parse(1).output_shape((None, 4), (None, 4)) == (None, 1)
    assert Dot.parse([2, 1]).output_shape((None, 3, 4), (None, 4, 5)) == (None, 3, 5)
    assert Dot.parse(-1).output_shape((None, None, 4), (None, 4)) == (None, None)
    assert Dot.parse([2, 1]).macs((None, 3, 4), (None, 4, 5)) == 3 * 4 * 5
    assert Dot.parse([2, 1]).macs((None, 3, None), (None, 4, 5)) == 3 * 4 * 5
    assert Dot.parse(-1).macs((None, None, 4), (None, 4)) is None


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ([1, 2, 3], r"axes: expected one axis, or one for each of the two inputs, got \[1, 2, 3\]"),
        ([1, 2], r"Dot needs vectors of one length, got axis 1 of \(batch, 3, 4\) and axis 2 of \(batch, 3, 5\)"),
        (0, r"Dot has axis \(= 0\), which is the batch of its input"),
        (3, r"Dot has axis \(= 3\), which its input \(batch, 3, 4\) has not"),
    ],
)
def test_vectors_must_fit(axes: Any, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        Dot.parse({"axes": axes}).output_shape((None, 3, 4), (None, 3, 5))


def test_concatenate_needs_one_dtype() -> None:
    with pytest.raises(SpecError, match="Concatenate needs inputs of one dtype, got float32 and int32"):
        CONCATENATE.outputs(TensorSpec((None, 3)), TensorSpec((None, 3), "int32"))
    assert CONCATENATE.outputs(TensorSpec((None, 3), "int8"), TensorSpec((None, 3), "int8"))["output"].dtype == "int8"


@pytest.mark.parametrize("layer", [ADD, CONCATENATE, Stack.parse({}), Multiply.parse({})])
def test_merging_nothing_is_refused(layer: LayerSpec) -> None:
    with pytest.raises(SpecError, match=f"{layer.type_name()} needs at least one input, got none"):
        layer.output_shape()


def test_add_needs_numbers() -> None:
    with pytest.raises(SpecError, match="Add needs floating-point input, got int32"):
        ADD.outputs(TensorSpec((None, 3)), TensorSpec((None, 3), "int32"))
