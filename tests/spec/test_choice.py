from __future__ import annotations

from typing import Annotated, Any

import pytest

from netlib.spec.activations import LeakyRelu, Relu
from netlib.spec.base import Spec
from netlib.spec.choice import Choice, Initializer, Regularizer, parse_choice
from netlib.spec.errors import Loc, SpecError
from netlib.spec.initializers import Constant, GlorotUniform
from netlib.spec.regularizers import L2


class Holder(Spec):
    """Has a choice that must be made, and one that need not."""

    initializer: Initializer
    regularizer: Regularizer = None
    several: tuple[Annotated[Spec, Choice("activation")], ...] = ()


def found(kind: str, value: Any) -> list[tuple[Loc, str, str]]:
    with pytest.raises(SpecError) as caught:
        parse_choice(kind, value)
    return [(problem.loc, problem.message, problem.at) for problem in caught.value.problems]


@pytest.mark.parametrize(
    "form",
    ["GlorotUniform", "glorot_uniform", {"GlorotUniform": {}}, {"glorot_uniform": None}, GlorotUniform.parse({})],
)
def test_the_forms_without_parameters(form: Any) -> None:
    assert parse_choice("initializer", form) == GlorotUniform.parse({})


@pytest.mark.parametrize("form", [{"Constant": 0.5}, {"constant": {"value": 0.5}}, Constant.parse(0.5)])
def test_the_forms_with_parameters(form: Any) -> None:
    assert parse_choice("initializer", form) == Constant.parse(0.5)


def test_an_activation_is_written_in_lower_case() -> None:
    assert isinstance(parse_choice("activation", "relu"), Relu)
    assert isinstance(parse_choice("activation", {"leaky_relu": 0.1}), LeakyRelu)
    assert found("activation", "ReLU") == [((), "there is no activation 'ReLU'; did you mean 'relu'?", "value")]


@pytest.mark.parametrize(
    ("form", "received"),
    [
        (None, "nothing"),
        (3, "3"),
        (True, "true"),
        ([], "[]"),
        (["zeros"], "['zeros']"),
        ({}, "an empty mapping"),
        ({"zeros": {}, "ones": {}}, "a mapping of zeros, ones"),
        (L2.parse({}), "L2(l2=0.01)"),
    ],
)
def test_other_forms_are_refused(form: Any, received: str) -> None:
    message = f"expected one initializer, as a name or as 'Name: {{parameters}}', got {received}"
    assert found("initializer", form) == [((), message, "value")]


@pytest.mark.parametrize(("name", "text"), [(3, "3"), (None, "nothing"), (True, "true")])
def test_a_type_that_is_no_text(name: Any, text: str) -> None:
    assert found("initializer", {name: {}}) == [((name,), f"expected a name of one initializer, got {text}", "key")]


def test_problems_stand_under_the_type() -> None:
    assert found("initializer", {"zeroes": {}}) == [
        (("zeroes",), "there is no initializer 'zeroes'; did you mean 'zeros'?", "key")
    ]
    assert found("regularizer", {"L2": {"l2": "x", "nope": 1}}) == [
        (("L2", "l2"), "expected a number, got 'x'", "value"),
        (("L2", "nope"), "L2 has no parameter 'nope' (it has: l2)", "key"),
    ]


def test_in_a_field() -> None:
    holder = Holder.parse(
        {"initializer": "zeros", "regularizer": {"L2": 0.5}, "several": ("tanh", {"leaky_relu": 0.5})}
    )
    assert holder.to_plain() == {
        "initializer": "Zeros",
        "regularizer": {"L2": {"l2": 0.5}},
        "several": ["tanh", {"leaky_relu": {"negative_slope": 0.5}}],
    }
    assert Holder.parse({"initializer": "zeros", "regularizer": None}).regularizer is None


def test_problems_in_a_field_have_the_whole_place() -> None:
    with pytest.raises(SpecError) as caught:
        Holder.parse({"initializer": None, "regularizer": {"L3": 1}, "several": ("relu", "relo", {"leaky_relu": "x"})})
    assert [(problem.loc, problem.message, problem.at) for problem in caught.value.problems] == [
        (("initializer",), "expected one initializer, as a name or as 'Name: {parameters}', got nothing", "value"),
        (("regularizer", "L3"), "there is no regularizer 'L3' (known: L1, L2, L1L2, OrthogonalRegularizer)", "key"),
        (("several", 1), "there is no activation 'relo'; did you mean 'relu'?", "value"),
        (("several", 2, "leaky_relu", "negative_slope"), "expected a number, got 'x'", "value"),
    ]
    with pytest.raises(SpecError) as caught:
        Holder.parse({"initializer": {1.5: {}}})
    assert "expected a name of one initializer, got 1.5" in str(caught.value)
