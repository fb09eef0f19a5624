from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.activations import Softmax
from netlib.spec.errors import SpecError
from netlib.spec.initializers import Identity, Zeros
from netlib.spec.layer import (
    LayerSpec,
    ShapeLayerSpec,
    Weight,
    need_activation_axis,
    need_axis,
    need_feature_axis,
    need_min_rank,
    need_rank,
)
from netlib.spec.layers.core import Dense
from netlib.spec.regularizers import OrthogonalRegularizer
from netlib.spec.tensors import Shape, TensorSpec


class Split(ShapeLayerSpec):
    """Gives its input at two ports."""

    ports = ("first", "second")

    def output_shape(self, shape: Shape) -> dict[str, Shape]:
        """Twice the input's."""
        return {"first": shape, "second": shape}


class Nothing(LayerSpec):
    """Says nothing of itself."""


def test_several_ports_have_their_own_shapes() -> None:
    tensor = TensorSpec((None, 3), "int32")
    assert Split.parse({}).outputs(tensor) == {"first": tensor, "second": tensor}


def test_the_base_has_no_weights_and_costs_nothing() -> None:
    assert Nothing.parse({}).weights((None, 3)) == []
    assert Nothing.parse({}).macs((None, 3)) == 0
    with pytest.raises(NotImplementedError, match="Nothing does not say its output shape"):
        Nothing.parse({}).output_shape((None, 3))


@pytest.mark.parametrize(
    ("uses", "inputs", "optional", "beside"),
    [
        (True, ("input",), (), True),
        (True, ("query", "value"), ("key",), True),
        (True, ("input", "mask"), (), False),
        (True, ("input",), ("mask",), False),
        (False, ("input",), (), False),
    ],
)
def test_a_mask_is_one_more_input_unless_it_is_named(
    uses: bool, inputs: tuple[str, ...], optional: tuple[str, ...], beside: bool
) -> None:
    kind = type("Masked", (LayerSpec,), {"uses_mask": uses, "inputs": inputs, "optional_inputs": optional})
    assert kind.parse({}).reads_mask_beside is beside


def test_the_outputs_have_the_compute_dtype() -> None:
    assert Dense.parse(3).outputs(TensorSpec((None, 2)), compute="bfloat16")["output"].dtype == "bfloat16"


def test_a_weight_that_its_initializer_cannot_make() -> None:
    weight = Weight("kernel", (3,), Identity.parse({}), OrthogonalRegularizer.parse({}))
    assert weight.objections() == [
        "Identity needs a weight of 2 axes, got (3,)",
        "OrthogonalRegularizer needs a weight of 2 axes, got (3,)",
    ]
    assert Weight("kernel", (3,), Zeros.parse({})).objections() == []


@pytest.mark.parametrize(
    ("check", "message"),
    [
        (
            lambda layer: need_rank(layer, (None, 3), 4, "(batch, height, width, channels)"),
            r"Dense needs an input of rank 4, \(batch, height, width, channels\), got \(batch, 3\)",
        ),
        (lambda layer: need_min_rank(layer, (None,), 2), r"Dense needs an input of rank 2 or more, got \(batch\)"),
        (
            lambda layer: need_feature_axis(layer, (None, 3), 2),
            r"Dense has axis \(= 2\), which its input \(batch, 3\) has not",
        ),
        (
            lambda layer: need_feature_axis(layer, (None, 3), -2),
            r"Dense has axis \(= -2\), which is the batch of its input \(batch, 3\)",
        ),
        (
            lambda layer: need_axis(layer, (None, 3, None)),
            r"Dense needs to know the length of axis -1 of its input, got \(batch, 3, \?\)",
        ),
        (
            lambda layer: need_activation_axis(layer, Softmax.parse({"axis": 2}), (None, 3)),
            r"Dense: softmax has axis \(= 2\), which \(batch, 3\) has not",
        ),
    ],
)
def test_what_a_shape_must_have(check: Any, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        check(Dense.parse(1))


def test_what_a_shape_has() -> None:
    layer = Dense.parse(1)
    assert need_feature_axis(layer, (None, 3, 4), -1) == 2
    assert need_axis(layer, (None, 3, 4), 1) == 3
    need_activation_axis(layer, None, ())
