"""Every layer that Keras has, over the rows of `layer_table.py`: its results against Keras's layer of the same weights, in
float32 and in float64; its shapes, parameters and defaults too."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import keras
import pytest
import tensorflow as tf
from keras_oracles import OWN_LAYERS, OWN_PARAMETERS, given, has_oracle, keras_layer
from layer_case import Case, cases, check_against_keras, compare
from layer_table import TABLE

from netlib.spec.errors import SpecError
from netlib.spec.layer import LayerSpec
from netlib.spec.registry import names, spec_class

FOUND = {"Embedding": {"input_dim"}}
"""What Keras must be told, and netlab finds by itself where it can."""


@cases(where=lambda case: has_oracle(case.spec))
def test_it_computes_what_keras_computes(case: Case) -> None:
    check_against_keras(case, training=False)


@cases(where=lambda case: has_oracle(case.spec) and not case.draws)
def test_it_computes_what_keras_computes_in_training(case: Case) -> None:
    check_against_keras(case, training=True)


GROUPED = "TensorFlow has no gradient in float64 on a CPU of a convolution that is dilated or in groups"
VOLUMES = "TensorFlow has no pooling of volumes in float64 on a CPU"
RESIZED = "TensorFlow resizes images in float32"
SCALED = "Keras rounds its factor 1 / sqrt(key_dim) to float32"
WITHOUT_KERNEL = {
    **dict.fromkeys(("Conv1D", "Conv2D", "Conv3D", "DepthwiseConv1D", "DepthwiseConv2D"), GROUPED),
    **dict.fromkeys(("SeparableConv1D", "SeparableConv2D"), GROUPED),
    **dict.fromkeys(("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"), GROUPED),
    **dict.fromkeys(("MaxPooling3D", "AveragePooling3D", "AdaptiveAveragePooling3D", "AdaptiveMaxPooling3D"), VOLUMES),
    **dict.fromkeys(("Resizing", "UpSampling2D", "RandomCrop"), RESIZED),
}
"""Layers with rows that TensorFlow cannot compute in float64, and why."""
IN_FLOAT32 = {
    **dict.fromkeys(("Resizing", "UpSampling2D", "RandomCrop"), RESIZED),
    **dict.fromkeys(("MultiHeadAttention", "GroupedQueryAttention"), SCALED),
}
"""Layers whose results have the digits of float32 alone, Keras's or ours, and why."""


@pytest.fixture
def _keras_in_float64() -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_dtype_policy(before)


@pytest.mark.usefixtures("_keras_in_float64")
@cases(where=lambda case: has_oracle(case.spec))
def test_it_computes_what_keras_computes_in_float64(case: Case) -> None:
    values = [tf.cast(value, tf.float64) if value.dtype.is_floating else value for value in case.values()]
    ours = case.layer(dtype="float64")
    assert {variable.dtype.name for variable in ours.variables if variable.dtype.is_floating} <= {"float64"}
    try:
        theirs = keras_layer(case.spec, values)
        for training in (False,) if case.draws else (False, True):
            compare(case, ours, theirs, values, training, case.tolerance if case.name in IN_FLOAT32 else 1e-10)
    except (tf.errors.InvalidArgumentError, tf.errors.NotFoundError, tf.errors.UnimplementedError):
        if case.name not in WITHOUT_KERNEL:
            raise
        pytest.skip(WITHOUT_KERNEL[case.name])


def test_what_is_less_than_float64_is_a_layer() -> None:
    assert {*IN_FLOAT32, *WITHOUT_KERNEL} <= set(names("layer"))


@cases(where=lambda case: has_oracle(case.spec))
def test_keras_gives_the_same_static_shape(case: Case) -> None:
    shapes = [tensor.shape for tensor in case.tensors]
    theirs = keras_layer(case.spec, case.values()).compute_output_shape(*given(case.spec, shapes))
    ours = case.spec.outputs(*case.tensors).values()
    theirs = theirs if len(ours) > 1 else [theirs]
    for one, shape in zip(ours, theirs, strict=True):
        assert len(one.shape) == len(shape)
        # Where an unknown length meets a known one, ours is the known one: it must turn out so.
        assert all(other in (None, axis) for axis, other in zip(one.shape, shape, strict=True))


@pytest.mark.parametrize("name", [name for name in names("layer") if name not in OWN_LAYERS])
def test_parameters_and_defaults_are_keras_s(name: str) -> None:
    cls = spec_class("layer", name)
    own = OWN_PARAMETERS.get(name, set())
    signature = inspect.signature(getattr(keras.layers, name).__init__).parameters
    theirs = {n: p for n, p in signature.items() if n != "self" and p.kind is not inspect.Parameter.VAR_KEYWORD}
    assert set(theirs) - set(cls.refused) == set(cls.model_fields) - own
    assert set(cls.refused) - set(theirs) <= set(LayerSpec.refused)
    assert all(reason for reason in cls.refused.values())

    required = {n for n, field in cls.model_fields.items() if field.is_required()}
    needed = {n for n, p in theirs.items() if n not in cls.refused and p.default is p.empty}
    assert required - own == needed - FOUND.get(name, set())
    least = {n: value for n, value in TABLE[name][0].get("parameters", {}).items() if n in required}
    for parameter in set(cls.model_fields) - required - own - FOUND.get(name, set()):
        default = theirs[parameter].default
        plain = list(default) if isinstance(default, tuple) else default
        assert getattr(cls.parse({**least, parameter: plain}), parameter) == getattr(cls.parse(least), parameter)


@pytest.mark.parametrize("name", names("layer"))
def test_what_keras_has_and_netlab_has_not_is_refused_with_the_reason(name: str) -> None:
    cls = spec_class("layer", name)
    for parameter, reason in cls.refused.items():
        with pytest.raises(SpecError) as caught:
            cls.parse({**TABLE[name][0].get("parameters", {}), parameter: 1})
        assert f"{name} takes no '{parameter}': {reason}" in str(caught.value)
