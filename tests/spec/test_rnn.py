from __future__ import annotations

import re
from typing import Any

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.rnn import RNN
from netlib.spec.tensors import TensorSpec

SEQUENCE = TensorSpec((None, 7, 4))
TWO = {"h": 3, "c": [2, 2]}


def tensor(*axes: int | None, dtype: str = "float32") -> TensorSpec:
    return TensorSpec((None, *axes), dtype)


def test_parameters() -> None:
    spec = RNN.parse({"state": TWO, "go_backwards": True})
    assert spec.state == {"h": (3,), "c": (2, 2)}
    assert (spec.return_sequences, spec.go_backwards) == (False, True)
    assert (spec.inputs, spec.may_read) == (("sequence",), ("h", "c"))
    assert RNN.parse(spec.to_plain()) == spec


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "RNN needs 'state': shape of each state by its name"),
        ({"state": {}}, "an RNN hands on at least one state, such as {h: 32}; without one it is TimeDistributed"),
        ({"state": {"output": 3}}, "no state can be called 'output': that is the RNN's output itself"),
        ({"state": {"sequence": 3}}, "no state can be called 'sequence': that is the RNN's sequence itself"),
        ({"state": {"previous": 3}}, "'previous' has a meaning of its own in `from`"),
        ({"state": {"h": "four"}}, "expected the length of the state's axis, or a list of lengths, got 'four'"),
        ({"state": {"h": True}}, "expected the length of the state's axis, or a list of lengths, got true"),
        ({"state": {"h": [3, 0]}}, "expected a number greater than 0, got 0"),
        ({"state": TWO, "unroll": True}, "RNN takes no 'unroll': the steps run in a loop"),
        ({"state": TWO, "stateful": True}, "RNN takes no 'stateful': every batch begins anew; give it the states"),
        ({"state": TWO, "return_state": True}, "RNN takes no 'return_state': the last state is there without being asked"),
        ({"state": TWO, "zero_output_for_mask": True}, "RNN takes no 'zero_output_for_mask': at a place that the mask"),
    ],
)  # fmt: skip
def test_wrong_parameters(values: Any, message: str) -> None:
    with pytest.raises(SpecError, match=re.escape(message)):
        RNN.parse(values)


def test_what_the_cell_reads() -> None:
    spec = RNN.parse({"state": TWO})
    inside = {
        "sequence": tensor(4, dtype="bfloat16"),
        "h": tensor(3, dtype="bfloat16"),
        "c": tensor(2, 2, dtype="bfloat16"),
    }
    assert spec.read_inside({"sequence": SEQUENCE}, "bfloat16") == inside
    begun = {"sequence": SEQUENCE, "h": tensor(3), "c": tensor(2, 2)}
    assert spec.read_inside(begun, "bfloat16") == inside
    assert (spec.times(SEQUENCE), spec.times(tensor(None, 4))) == (7, None)
    words = tensor(5, 1, dtype="int32")
    assert spec.read_inside({"sequence": words}, "float32")["sequence"] == tensor(1, dtype="int32")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sequence": tensor(4)}, "RNN needs an input of rank 3 or more, (batch, time, ...), got (batch, 4)"),
        ({"sequence": TensorSpec((5, 7, 4))}, "RNN needs an input of rank 3 or more, (batch, time, ...), got (5, 7, 4)"),
        ({"sequence": SEQUENCE, "c": tensor(2, 2)}, "RNN reads h and c together or none of them, got c alone"),
        (
            {"sequence": SEQUENCE, "h": tensor(4), "c": tensor(2, 2)},
            "RNN needs an initial h of (batch, 3) float32, got (batch, 4) float32",
        ),
        (
            {"sequence": SEQUENCE, "h": tensor(3), "c": tensor(2, 2, dtype="int32")},
            "RNN needs an initial c of (batch, 2, 2) float32, got (batch, 2, 2) int32",
        ),
    ],
)  # fmt: skip
def test_what_it_cannot_read(given: dict[str, TensorSpec], message: str) -> None:
    with pytest.raises(SpecError, match=re.escape(message)):
        RNN.parse({"state": TWO}).read_inside(given, "float32")


@pytest.mark.parametrize(
    ("state", "ports", "expected"),
    [
        (TWO, ["output", "c", "h", "gate"], {"output": "output", "h": "h", "c": "c"}),
        (TWO, ["c", "h"], {"output": "c", "h": "h", "c": "c"}),
        ({"h": 3}, ["new"], {"output": "new", "h": "new"}),
        ({"h": 3}, ["new", "h"], {"output": "new", "h": "h"}),
    ],
)
def test_ports_of_the_cell(state: Any, ports: list[str], expected: dict[str, str]) -> None:
    assert RNN.parse({"state": state}).sources("Cell", ports) == expected


@pytest.mark.parametrize(
    ("state", "ports", "message"),
    [
        (TWO, ["output", "h"], "no port of Cell gives the next state 'c': it gives 'output' or 'h'; the first is the"),
        (TWO, ["new"], "no port of Cell gives the next state 'h': it gives 'new'"),
        ({"h": 3}, ["new", "hh"], "no port of Cell gives the next state 'h': it gives 'new' or 'hh'"),
    ],
)
def test_a_state_that_no_port_gives(state: Any, ports: list[str], message: str) -> None:
    with pytest.raises(SpecError, match=re.escape(message)):
        RNN.parse({"state": state}).sources("Cell", ports)


def test_what_it_gives() -> None:
    made = {"output": tensor(6, dtype="bfloat16"), "h": tensor(3)}
    last = RNN.parse({"state": {"h": 3}})
    assert last.given_outside({"sequence": SEQUENCE}, made, "bfloat16") == {
        "output": tensor(6, dtype="bfloat16"),
        "h": tensor(3, dtype="bfloat16"),
    }
    every = RNN.parse({"state": {"h": 3}, "return_sequences": True})
    for time in (7, None):
        outputs = every.given_outside({"sequence": tensor(time, 4)}, made, "float32")
        assert outputs == {"output": tensor(time, 6, dtype="bfloat16"), "h": tensor(3)}


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (
            {"output": tensor(3), "h": tensor(4)},
            "the state 'h' is (batch, 3) float32, but for the next step the cell gives (batch, 4) float32",
        ),
        ({"output": tensor(3), "h": tensor(3, dtype="int32")}, "for the next step the cell gives (batch, 3) int32"),
        ({"output": tensor(3), "h": TensorSpec((3,))}, "for the next step the cell gives (3) float32"),
        (
            {"output": tensor(None, 3), "h": tensor(3)},
            "RNN needs to know the shape of what its cell gives for each sample, got (batch, ?, 3)",
        ),
        ({"output": TensorSpec(()), "h": tensor(3)}, "RNN needs to know the shape of what its cell gives"),
    ],
)
def test_what_the_cell_cannot_give(made: dict[str, TensorSpec], message: str) -> None:
    with pytest.raises(SpecError, match=re.escape(message)):
        RNN.parse({"state": {"h": 3}}).given_outside({"sequence": SEQUENCE}, made, "float32")
