"""Parameters of Keras's own layers: plain values, checked where they stand, before Keras is asked."""

from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.foreign import Foreign
from netlib.spec.keras_layers import PREFIX, KerasLayer, keras_layer, objection
from netlib.spec.layer import Weight
from netlib.spec.tensors import TensorSpec


def problems(name: str, parameters: Any) -> list[tuple[tuple[Any, ...], str, str]]:
    with pytest.raises(SpecError) as caught:
        keras_layer(PREFIX + name).parse(parameters)
    return [(each.loc, each.message, each.at) for each in caught.value.problems]


def made(name: str, parameters: Any) -> KerasLayer:
    return keras_layer(PREFIX + name).parse(parameters)


def test_an_unknown_parameter_a_missing_one_and_one_that_none_takes() -> None:
    assert problems("Dense", {"untis": 3}) == [
        (("untis",), "keras.layers.Dense has no parameter 'untis'; did you mean 'units'?", "key")
    ]
    assert problems("Conv2D", {"filters": 3}) == [
        ((), "keras.layers.Conv2D needs 'kernel_size': as Keras's documentation of the layer says", "value")
    ]
    for name, hint in (
        ("name", "beside the type"),
        ("quantization_config", "no plain value"),
    ):
        ((loc, message, at),) = problems("Dense", {"units": 3, name: 1})
        assert (loc, at) == ((name,), "key")
        assert message.startswith(f"keras.layers.Dense takes no '{name}': ")
        assert hint in message
    assert (
        "load them from a checkpoint" in problems("Embedding", {"input_dim": 3, "output_dim": 2, "weights": []})[0][1]
    )
    assert "a fixed batch" in problems("LSTM", {"units": 3, "stateful": True})[0][1]
    assert "top-level `seed`" in problems("Dropout", {"rate": 0.5, "seed": 3})[0][1]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"units": {"class_name": "Dense"}}, "expected a plain value: .*, got a mapping"),
        ({"units": [3, {"a": 1}]}, "expected a plain value"),
        ({"units": 3, "use_bias": 1}, "expected true or false, got 1"),
        ({"units": 3, "activation": "os.system"}, "there is no activation 'os.system'"),
        ({"units": 3, "activation": {"class_name": "f", "module": "os", "config": {}}}, "expected one activation"),
        ({"units": 3, "activation": {"leaky_relu": 0.1}}, "Keras takes an activation by its name alone"),
        ({"units": 3, "kernel_initializer": {"class_name": "Zeros", "config": {}}}, "expected one initializer"),
        ({"units": 3, "kernel_regularizer": {"L2": -1}}, "expected a number not less than 0, got -1"),
        ({"units": 3, "bias_constraint": "NonNegative"}, "there is no constraint 'NonNegative'"),
    ],
)
def test_what_is_no_plain_value_is_refused(parameters: Any, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        made("Dense", parameters)


def test_numbers_and_text_by_keras_s_defaults() -> None:
    assert problems("Conv2D", {"filters": 1, "kernel_size": 3, "strides": True})[0][1] == (
        "expected a number or a list of numbers, got true"
    )
    assert problems("Conv2D", {"filters": 1, "kernel_size": 3, "padding": 1})[0][1] == "expected text, got 1"
    assert made("Cropping2D", {"cropping": [[1, 2], [0, 1]]}).cropping == ((1, 2), (0, 1))  # type: ignore[attr-defined]


def test_the_only_required_parameter_may_stand_alone() -> None:
    layer = made("Dropout", 0.5)
    assert layer == made("Dropout", {"rate": 0.5})
    assert layer.to_choice() == {"keras.layers.Dropout": {"rate": 0.5, "noise_shape": None}}
    assert keras_layer("keras.layers.Conv2D").shorthand is None


def test_what_keras_told_is_kept_beside_the_parameters() -> None:
    layer = made("Dense", 3)
    given = {"output": TensorSpec((None, 3))}
    with pytest.raises(SpecError, match=r"what keras.layers.Dense gives is known only once Keras was asked"):
        layer.outputs(TensorSpec((None, 2)))
    found = Foreign(given=given, made=(Weight("kernel", (2, 3), None),), ends_in={"output": "linear"})
    answered = layer.answered(found)
    assert (answered.outputs(TensorSpec((None, 2))), answered.ends) == (given, {"output": "linear"})
    assert (layer.is_answered, answered.is_answered, layer.ends) == (False, True, {})
    assert answered.to_plain() == layer.to_plain()


def test_who_draws_random_numbers() -> None:
    assert made("Dropout", 0.5).draws
    assert not made("Dense", 3).draws
    assert not made("LSTM", 3).draws
    assert made("LSTM", {"units": 3, "recurrent_dropout": 0.1}).draws


def test_dotted_names_that_are_no_layer() -> None:
    assert objection("keras.layers.Convolution2D") == "keras.layers.Convolution2D is called keras.layers.Conv2D here"
    assert objection("keras.layers.Zzzz") == (
        "Keras has no layer 'Zzzz'; `netlab layers keras` lists those that a config may name"
    )
    assert "did you mean 'keras.layers.Dense'?" in str(objection("tf.keras.layers.Dense"))
    assert "it runs code" in str(objection("keras.layers.Lambda"))
    assert objection("my.Dense") is None
