from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.tensors import TensorSpec
from netlib.spec.values import MAX_VARIABLES, Constant, Random, Variable, Variables


def told(cls: Any, value: Any) -> list[tuple[tuple[Any, ...], str]]:
    with pytest.raises(SpecError) as caught:
        cls.parse(value)
    return [(problem.loc, problem.message) for problem in caught.value.problems]


def test_a_variable_has_one_weight_without_a_name() -> None:
    (weight,) = Variable.parse({"shape": [2, 3], "initializer": "zeros"}).weights()
    assert (weight.name, weight.shape, weight.trainable) == ("", (2, 3), True)
    assert weight.initializer is not None
    (begun,) = Variable.parse({"value": [[1, 2, 3]]}).weights()
    assert (begun.shape, begun.value, begun.initializer) == ((1, 3), [[1, 2, 3]], None)


@pytest.mark.parametrize("cls", [Variable, Constant])
def test_it_begins_as_one_thing(cls: Any) -> None:
    form = f"{cls.__name__} needs either 'shape' or 'value', got"
    assert told(cls, {}) == [((), f"{form} neither")]
    assert told(cls, {"shape": [2], "value": 3}) == [((), f"{form} shape and value")]
    ((_, message),) = told(cls, {"value": 3, "initializer": "zeros"})
    assert message == f"{cls.__name__} has a 'value': leave out 'initializer'"


def test_constants_dtypes() -> None:
    for value, dtype in ((3, "int32"), (True, "bool"), ([1, 2.5], "bfloat16"), ([[True], [False]], "bool")):
        assert Constant.parse(value).outputs(compute="bfloat16")["output"].dtype == dtype
    assert Constant.parse({"value": 3, "dtype": "float64"}).outputs()["output"].dtype == "float64"
    assert told(Constant, {"shape": [2], "dtype": "int32"}) == [
        ((), "Constant of int32 cannot be drawn by an initializer: give its 'value'")
    ]


def test_variables_are_weights_by_their_places() -> None:
    spec = Variables.parse({"A": [{"shape": [3]}, {"shape": [], "trainable": False}], "B": {"c": {"value": 2.0}}})
    assert [(weight.name, weight.shape, weight.trainable) for weight in spec.weights()] == [
        ("A.0", (3,), True),
        ("A.1", (), False),
        ("B.c", (), True),
    ]
    assert spec.outputs() == {"A.0": TensorSpec((3,)), "A.1": TensorSpec(()), "B.c": TensorSpec(())}
    assert Variables.parse(spec.to_plain()) == spec


def test_what_is_no_nest_of_variables() -> None:
    form = "expected a variable such as '{shape: [3]}' or '{value: 0.5}', or a list or mapping of them, got"
    assert told(Variables, {"A": 3})[0] == (("A",), f"{form} 3")
    assert told(Variables, {"a b": {"shape": [1]}})[0][1] == "expected a name of letters, digits and '_', got 'a b'"
    assert told(Variables, {})[0][1] == f"expected from 1 to {MAX_VARIABLES} variables, got 0"
    too_many = [{"shape": []}] * (MAX_VARIABLES + 1)
    assert told(Variables, too_many)[0][1] == f"expected from 1 to {MAX_VARIABLES} variables, got {MAX_VARIABLES + 1}"
    assert told(Variables, {"A": {"shape": [1], "value": 2}})[0][1].startswith("a variable needs either 'shape' or")


def test_random_numbers() -> None:
    spec = Random.parse({"shape": [2, 3]})
    assert spec.output_shape((None, 9)) == (None, 2, 3)
    assert Random.parse("uniform").output_shape((None, 9)) == (None, 9)
    assert told(Random, {"distribution": "uniform", "mean": 1.0}) == [((), "a uniform distribution has no 'mean'")]
    assert told(Random, {"minimum": 0.5})[0][1] == "a normal distribution has no 'minimum'"
    assert told(Random, {"distribution": "uniform", "minimum": 2, "maximum": 1})[0][1] == (
        "minimum (= 2) must be less than maximum (= 1)"
    )
    with pytest.raises(SpecError, match="Random needs an input with a batch axis"):
        spec.output_shape((3, 4))
