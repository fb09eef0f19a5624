from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.errors import Loc, SpecError
from netlib.spec.language.blocks import Library
from netlib.spec.language.scope import Scope
from netlib.spec.language.state import MAX_ELEMENTS, MAX_SIZE, State, TooLargeError, spec_of
from netlib.spec.language.surroundings import Surroundings
from netlib.spec.tensors import TensorSpec

ROW = TensorSpec((None, 4))
LOC = ("model", 3)


def around(**variables: Any) -> Surroundings:
    return Surroundings(Scope({"row": ROW}), variables, Library(), "float32")


def test_equal_parameters_have_one_spec_and_are_asked_once() -> None:
    state = State()
    spec = state.spec("Dense", {"units": 3}, around(), LOC)
    assert state.spec("Dense", {"units": "$n"}, around(n=3), LOC) is spec
    assert state.spec("Dense", {"units": 3.0}, around(), LOC) is not spec
    facts = state.facts_of(spec, (ROW,), "float32")
    assert state.facts_of(spec, (ROW,), "float32") is facts
    assert state.facts_of(spec, (ROW,), "bfloat16").outputs["output"].dtype == "bfloat16"
    assert (facts.macs, facts.couples_rows, [weight.name for weight in facts.weights]) == (
        12,
        False,
        ["kernel", "bias"],
    )


def test_equal_expressions_with_equal_names_have_one_spec() -> None:
    state = State()
    spec: Any = state.spec("Compute", "a + b", around(), LOC)
    assert state.reading(spec, ("a", "b")) is state.reading(spec, ("a", "b"))
    assert state.reading(spec, ("b", "a")) is not state.reading(spec, ("a", "b"))


def test_facts_of_expressions_are_those_of_the_dtypes_that_they_read() -> None:
    state = State()
    spec: Any = state.spec("Compute", "take(t, i, axis=0) - mean(t, axis=0)", around(), LOC)
    facts = state.facts_of(
        state.reading(spec, ("t", "i")), (TensorSpec((9, 4)), TensorSpec((None,), "int32")), "float32"
    )
    assert (facts.outputs["output"].shape, facts.macs, facts.couples_rows) == ((None, 4), 0, False)


def test_what_the_network_comes_to_is_bounded() -> None:
    state = State()
    state.grow(MAX_SIZE, LOC)
    with pytest.raises(
        TooLargeError, match="the network is too large: its copies written out come to more nodes"
    ) as caught:
        state.grow(1, LOC)
    assert caught.value.problem.loc == LOC
    long = State()
    long.grow(MAX_SIZE, LOC)
    long.spec("Dense", 3, around(), LOC)
    with pytest.raises(TooLargeError):
        long.spec("Constant", [1] * 1000, around(), LOC)


@pytest.mark.parametrize(("places", "message"), [(MAX_ELEMENTS // 4, ""), (MAX_ELEMENTS // 4 + 1, "output")])
def test_tensors_may_have_as_many_elements_as_64_bits_count(places: int, message: str) -> None:
    state = State()
    spec = state.spec("RepeatVector", places, around(), LOC)
    if not message:
        assert state.facts_of(spec, (ROW,), "float32").outputs["output"].shape == (None, places, 4)
        return
    with pytest.raises(SpecError, match=f"RepeatVector's {message} would have more elements than 64 bits can count"):
        state.facts_of(spec, (ROW,), "float32")


@pytest.mark.parametrize(
    ("kind", "parameters", "loc"),
    [
        ("Dense", -1, ("units",)),
        ("Dense", {"units": -1}, ("units",)),
        ("Reshape", [3, 0.5], (1,)),
        ("Variables", {"A": [{"shape": [0]}]}, ("A", 0, "shape", 0)),
        ("Variables", {"variables": {"A": 3}}, ("variables", "A")),
        ("Dense", {}, ()),
    ],
)
def test_problems_stand_where_the_parameters_are_written(kind: str, parameters: Any, loc: Loc) -> None:
    with pytest.raises(SpecError) as caught:
        spec_of(kind, parameters)
    assert caught.value.problems[0].loc == loc
