from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.layers.core import Activation, Dense, Embedding, Identity, Rescaling
from netlib.spec.tensors import TensorSpec


def test_dense_works_along_the_last_axis() -> None:
    dense = Dense.parse({"units": 3})
    assert dense.output_shape((None, 7, None, 5)) == (None, 7, None, 3)
    assert [(w.name, w.shape) for w in dense.weights((None, 7, None, 5))] == [("kernel", (5, 3)), ("bias", (3,))]


def test_multiply_accumulates_of_dense_count_every_place() -> None:
    dense = Dense.parse(10)
    assert dense.macs((None, 784)) == 7840
    assert dense.macs((None, 6, 8)) == 6 * 8 * 10
    assert dense.macs((None, None, 8)) is None


def test_units_may_stand_alone_and_a_whole_float_will_do() -> None:
    assert Dense.parse(64.0) == Dense.parse({"units": 64})
    with pytest.raises(SpecError, match=r"units: expected an integer, got 0\.5"):
        Dense.parse(0.5)


def test_weights_carry_what_their_parameters_say() -> None:
    dense = Dense.parse(
        {"units": 2, "kernel_regularizer": "l2", "kernel_constraint": "non_neg", "bias_initializer": "ones"}
    )
    kernel, bias = dense.weights((None, 3))
    assert kernel.regularizer is dense.kernel_regularizer
    assert kernel.constraint is dense.kernel_constraint
    assert bias.initializer is dense.bias_initializer
    assert bias.regularizer is None
    assert bias.constraint is None


@pytest.mark.parametrize("layer", [Dense.parse(3), Activation.parse("relu")])
@pytest.mark.parametrize("dtype", ["int32", "uint8", "bool"])
def test_a_computation_on_integers_is_refused(layer: Dense | Activation, dtype: str) -> None:
    message = (
        f"{layer.type_name()} needs floating-point input, got {dtype}; preprocess numbers with Rescale or Standardize,"
        " put an Embedding in front of indices"
    )
    with pytest.raises(SpecError, match=message):
        layer.outputs(TensorSpec((None, 4), dtype))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "bool"])
def test_an_embedding_of_anything_but_integers_is_refused(dtype: str) -> None:
    message = rf"Embedding needs integers, got {dtype}; it must read an input of whole numbers \(indices\)"
    with pytest.raises(SpecError, match=message):
        Embedding.parse({"input_dim": 3, "output_dim": 2}).outputs(TensorSpec((None, 4), dtype))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_a_computation_gives_the_compute_dtype(dtype: str) -> None:
    assert Dense.parse(3).outputs(TensorSpec((None, 4), dtype)) == {"output": TensorSpec((None, 3), "float32")}


def test_identity_keeps_the_dtype() -> None:
    tensor = TensorSpec((None, None, 4), "uint8")
    assert Identity.parse({}).outputs(tensor) == {"output": tensor}


def test_embedding_adds_an_axis() -> None:
    embedding = Embedding.parse({"input_dim": 100, "output_dim": 8})
    assert embedding.outputs(TensorSpec((None, None), "int32")) == {"output": TensorSpec((None, None, 8))}
    assert [(w.name, w.shape) for w in embedding.weights((None, None))] == [("embeddings", (100, 8))]


def test_an_embedding_without_its_length_is_settled_by_what_it_reads() -> None:
    embedding = Embedding.parse({"output_dim": 8})
    few, any_ = TensorSpec((None,), "int32", maximum=4), TensorSpec((None,), "int32")
    assert embedding.settled(few) == Embedding.parse({"input_dim": 5, "output_dim": 8})
    assert embedding.settled(any_) == embedding
    written = Embedding.parse({"input_dim": 3, "output_dim": 8})
    assert written.settled(few) == written
    with pytest.raises(
        SpecError, match="Embedding needs 'input_dim', the largest index plus 1: it is left out only where"
    ):
        embedding.outputs(any_)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((None,), r"Dense needs an input of rank 2 or more, got \(batch\)"),
        ((None, 3, None), r"Dense needs to know the length of axis -1 of its input, got \(batch, 3, \?\)"),
    ],
)
def test_dense_says_what_shape_it_needs(shape: tuple[int | None, ...], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        Dense.parse(3).output_shape(shape)


@pytest.mark.parametrize("axis", [3, -4])
def test_an_activation_along_an_axis_that_is_not_there_is_refused(axis: int) -> None:
    softmax = {"softmax": {"axis": axis}}
    with pytest.raises(SpecError, match=rf"Activation: softmax has axis \(= {axis}\), which \(batch, 2, 5\) has not"):
        Activation.parse(softmax).output_shape((None, 2, 5))
    with pytest.raises(SpecError, match=rf"Dense: softmax has axis \(= {axis}\), which \(batch, 2, 4\) has not"):
        Dense.parse({"units": 4, "activation": softmax}).output_shape((None, 2, 5))


def test_an_initializer_or_regularizer_that_cannot_handle_the_weight_is_refused() -> None:
    dense = Dense.parse({"units": 4, "bias_initializer": "identity"})
    with pytest.raises(SpecError, match=r"Dense's bias: Identity needs a weight of 2 axes, got \(4,\)"):
        dense.outputs(TensorSpec((None, 5)))
    dense = Dense.parse({"units": 4, "bias_regularizer": "orthogonal_regularizer"})
    with pytest.raises(SpecError, match=r"Dense's bias: OrthogonalRegularizer needs a weight of 2 axes, got \(4,\)"):
        dense.outputs(TensorSpec((None, 5)))


def test_what_is_missing_is_named() -> None:
    with pytest.raises(SpecError, match="Dense needs 'units': length of the output's last axis"):
        Dense.parse({})
    with pytest.raises(SpecError, match="Activation needs 'activation': the function"):
        Activation.parse(None)
    with pytest.raises(SpecError, match="Embedding needs 'output_dim'"):
        Embedding.parse({"input_dim": 4})


def test_a_function_with_parameters_may_stand_alone() -> None:
    assert Activation.parse({"leaky_relu": 0.1}) == Activation.parse({"activation": {"leaky_relu": 0.1}})
    with pytest.raises(SpecError, match="Activation has no parameter 'activaton'; did you mean 'activation'"):
        Activation.parse({"activaton": "relu"})


@pytest.mark.parametrize("name", ["scale", "offset"])
@pytest.mark.parametrize("value", [[], "x", [1, None], [True], float("nan"), {}])
def test_rescaling_takes_numbers(name: str, value: Any) -> None:
    with pytest.raises(SpecError, match=f"{name}: expected a number, or a list of them with one for each channel, got"):
        Rescaling.parse({"scale": 1, name: value})


def test_a_factor_for_each_channel_needs_as_many_channels() -> None:
    rescaling = Rescaling.parse({"scale": [1, 2, 3], "offset": 4})
    assert rescaling.outputs(TensorSpec((None, None, 3), "uint8")) == {"output": TensorSpec((None, None, 3))}
    message = r"Rescaling's scale has 3 values, one for each channel, but its input \(batch, 8, 4\) has 4"
    with pytest.raises(SpecError, match=message):
        rescaling.output_shape((None, 8, 4))
    with pytest.raises(
        SpecError, match=r"Rescaling needs to know the length of axis -1 of its input, got \(batch, 8, \?\)"
    ):
        rescaling.output_shape((None, 8, None))
