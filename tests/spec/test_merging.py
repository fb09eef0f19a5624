from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlib.spec.errors import SpecError
from netlib.spec.layer import LayerSpec
from netlib.spec.merging import Add, Concatenate
from netlib.spec.tensors import TensorSpec

ADD, CONCATENATE = Add.parse({}), Concatenate.parse({})
samples = st.lists(st.sampled_from([1, 2, 3]), max_size=3)


@given(st.lists(samples, min_size=1, max_size=3))
def test_add_broadcasts_samples_as_numpy_does(shapes: list[list[int]]) -> None:
    try:
        expected = np.broadcast_shapes(*map(tuple, shapes))
    except ValueError:
        with pytest.raises(SpecError, match="Add needs inputs of one shape"):
            ADD.output_shape(*((None, *shape) for shape in shapes))
    else:
        assert ADD.output_shape(*((None, *shape) for shape in shapes)) == (None, *expected)


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


def test_concatenate_needs_one_dtype() -> None:
    with pytest.raises(SpecError, match="Concatenate needs inputs of one dtype, got float32 and int32"):
        CONCATENATE.outputs(TensorSpec((None, 3)), TensorSpec((None, 3), "int32"))
    assert CONCATENATE.outputs(TensorSpec((None, 3), "int8"), TensorSpec((None, 3), "int8"))["output"].dtype == "int8"


@pytest.mark.parametrize("layer", [ADD, CONCATENATE])
def test_merging_nothing_is_refused(layer: LayerSpec) -> None:
    with pytest.raises(SpecError, match=f"{layer.type_name()} needs at least one input, got none"):
        layer.output_shape()


def test_add_needs_numbers() -> None:
    with pytest.raises(SpecError, match="Add needs floating-point input, got int32"):
        ADD.outputs(TensorSpec((None, 3)), TensorSpec((None, 3), "int32"))
