from __future__ import annotations

import pytest

from netlib.spec.tensors import TensorSpec, elements, greatest, known_product, show


def test_unknown_axes_are_shown_as_such() -> None:
    assert show((None, 28, None, 1)) == "(batch, 28, ?, 1)"
    assert show((8, 2)) == "(8, 2)"
    assert show(()) == "()"
    assert str(TensorSpec((None, 3), "uint8")) == "(batch, 3) uint8"


def test_elements_leave_the_batch_out() -> None:
    assert elements((None, 3, 4)) == 12
    assert elements((None,)) == 1
    assert elements((7, 3, None)) is None
    assert known_product(()) == 1


@pytest.mark.parametrize(
    ("one", "other", "fits"),
    [
        (TensorSpec((None, 3)), TensorSpec((8, 3)), True),
        (TensorSpec((None, 3)), TensorSpec((None, None)), True),
        (TensorSpec((None, 3)), TensorSpec((None, 4)), False),
        (TensorSpec((None, 3)), TensorSpec((None, 3, 1)), False),
        (TensorSpec((None, 3), "float64"), TensorSpec((None, 3), "bfloat16"), True),
        (TensorSpec((None, 3), "int32"), TensorSpec((None, 3), "float32"), False),
        (TensorSpec((None, 3), "int32"), TensorSpec((None, 3), "int64"), False),
        (TensorSpec((None, 3), "bool"), TensorSpec((None, 3), "bool"), True),
    ],
)
def test_what_may_stand_for_what(one: TensorSpec, other: TensorSpec, fits: bool) -> None:
    assert one.fits(other) is fits
    assert other.fits(one) is fits


def test_the_largest_value_makes_no_difference() -> None:
    tensor = TensorSpec((None, 3), "int32", maximum=4)
    assert tensor == TensorSpec((None, 3), "int32")
    assert len({tensor, TensorSpec((None, 3), "int32")}) == 1


def test_the_greatest_is_known_where_all_are() -> None:
    few, many, unknown = (TensorSpec((None,), "int32", maximum=maximum) for maximum in (4, 9, None))
    assert greatest([few, many]) == 9
    assert greatest([few, unknown]) is None
    assert greatest([]) is None
