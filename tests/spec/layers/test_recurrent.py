"""Specs of the recurrent layers: shapes, how the bias begins, and what they refuse."""

from __future__ import annotations

import re
from typing import Any

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.registry import spec_class
from netlib.spec.tensors import TensorSpec

SEQUENCE = (None, 5, 2)


def parse(name: str, **parameters: Any) -> Any:
    size = {"filters": 3, "kernel_size": 2} if name == "ConvLSTM2D" else {"units": 3}
    return spec_class("layer", name).parse({**size, **parameters})


def test_shapes_of_output_and_state() -> None:
    assert parse("LSTM").output_shape(SEQUENCE) == {"output": (None, 3), "h": (None, 3), "c": (None, 3)}
    assert parse("GRU", return_sequences=True).output_shape((None, None, 2))["output"] == (None, None, 3)
    images = parse("ConvLSTM2D", return_sequences=True).output_shape((None, 5, None, 4, 1))
    assert images == {"output": (None, 5, None, 3, 3), "h": (None, None, 3, 3), "c": (None, None, 3, 3)}


def test_what_is_kept_for_the_backward_pass() -> None:
    assert parse("LSTM").kept(SEQUENCE) == 5 * 3 * (4 + 4 + 2)
    assert parse("SimpleRNN").kept(SEQUENCE) == 5 * 3 * (1 + 1 + 1)
    assert parse("GRU").kept((None, None, 2)) is None


@pytest.mark.parametrize("name", ["LSTM", "ConvLSTM2D"])
def test_the_forget_gate_s_bias_begins_as_one(name: str) -> None:
    shape = SEQUENCE if name == "LSTM" else (None, 5, 4, 4, 2)
    bias = parse(name).weights(shape)[2]
    assert (bias.name, bias.value) == ("bias", [0.0] * 3 + [1.0] * 3 + [0.0] * 6)
    size = {"LSTM": "units", "ConvLSTM2D": "filters"}[name]
    with pytest.raises(SpecError, match=f"{name} has at most 1,000,000 units or filters, got 1,000,001"):
        parse(name, **{size: 1_000_001}).weights(shape)
    other = parse(name, unit_forget_bias=False, bias_initializer="ones").weights(shape)[2]
    assert (other.value, other.initializer.type_name()) == (None, "Ones")


def test_the_states_kept_are_weights_that_nothing_trains() -> None:
    weights = parse("LSTM", stateful=True, batch_size=4).weights(SEQUENCE)[3:]
    assert [(weight.name, weight.shape, weight.trainable) for weight in weights] == [
        ("state_h", (4, 3), False),
        ("state_c", (4, 3), False),
    ]
    images = parse("ConvLSTM2D", stateful=True, batch_size=4).weights((None, 2, 5, 4, 1))
    assert images[-1].shape == (4, 4, 3, 3)


REFUSED = {
    "return_state": "the last state is there without being asked for: read the layer's port, as NAME.h",
    "unroll": "the steps run in a loop; unrolled, they would take many times as long to compile",
    "use_cudnn": "the steps are computed alike on every device",
}


@pytest.mark.parametrize("key", REFUSED)
def test_what_keras_has_and_these_have_not(key: str) -> None:
    with pytest.raises(SpecError, match=re.escape(f"LSTM takes no '{key}': {REFUSED[key]}")):
        parse("LSTM", **{key: True})


PARAMETERS: dict[str, Any] = {
    "rows": (
        {"stateful": True},
        "stateful (= true) keeps a state for each row of a batch, so it needs batch_size",
    ),
    "no state": ({"batch_size": 4}, "batch_size (= 4) has an effect only together with stateful: true"),
    "bias": (
        {"bias_initializer": "ones"},
        "the bias begins as unit_forget_bias (= true) says, so bias_initializer (= Ones) has no effect: set unit_forget_bias",
    ),
}


@pytest.mark.parametrize("case", PARAMETERS)
def test_parameters_that_contradict_each_other(case: str) -> None:
    parameters, message = PARAMETERS[case]
    with pytest.raises(SpecError, match=re.escape(message)):
        parse("LSTM", **parameters)


INPUTS: dict[str, Any] = {
    "rank": ("LSTM", {}, [(None, 5)], "LSTM needs an input of rank 3, (batch, time, features), got (batch, 5)"),
    "images": (
        "ConvLSTM2D",
        {},
        [(None, 5, 2)],
        "ConvLSTM2D needs an input of rank 5, (batch, time, height, width, channels), got (batch, 5, 2)",
    ),
    "features": (
        "GRU",
        {},
        [(None, 5, None)],
        "GRU needs to know the length of axis -1 of its input, got (batch, 5, ?)",
    ),
    "room": ("ConvLSTM2D", {}, [(None, 5, 1, 4, 2)], "ConvLSTM2D's window of 2 x 2 is larger than its input"),
    "state": ("GRU", {}, [SEQUENCE, (None, 4)], "GRU needs an initial h of (batch, 3), got (batch, 4)"),
    "rank of a state": ("GRU", {}, [SEQUENCE, (None, 5, 3)], "GRU needs an initial h of (batch, 3), got (batch, 5, 3)"),
    "half": ("LSTM", {}, [SEQUENCE, (None, 3)], "LSTM reads h and c together or none of them, got one alone"),
    "softmax": (
        "LSTM",
        {"recurrent_activation": {"softmax": {"axis": 2}}},
        [SEQUENCE],
        "LSTM: softmax has axis (= 2), which (batch, 3) has not",
    ),
    "stateful image": (
        "ConvLSTM2D",
        {"stateful": True, "batch_size": 4},
        [(None, 5, None, 4, 2)],
        "a stateful ConvLSTM2D needs to know the shape of its state, got (batch, ?, 3, 3): declare the input's axes",
    ),
}


@pytest.mark.parametrize("case", INPUTS)
def test_what_they_cannot_read(case: str) -> None:
    name, parameters, shapes, message = INPUTS[case]
    spec = parse(name, **parameters)
    with pytest.raises(SpecError, match=re.escape(message)):
        spec.outputs(*map(TensorSpec, shapes))
