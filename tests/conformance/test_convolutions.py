"""The layers that slide a kernel, against Keras's of the same weights over settings and shapes drawn at random."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from keras_oracles import keras_layer
from layer_case import Case, check_against_keras

from netlib.spec.errors import SpecError

Draw = Any
RULES = ["valid", "same"]


def sizes(count: int, largest: int = 3, least: int = 1) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(least, largest), min_size=count, max_size=count)


def sides(count: int) -> st.SearchStrategy[Any]:
    """Padding as it is written: by rule, with a number, or before and behind each axis."""
    return st.one_of(
        st.sampled_from(RULES + (["causal"] if count == 1 else [])),
        st.integers(0, 2),
        st.lists(sizes(2, least=0), min_size=count, max_size=count),
    )


def check(name: str, parameters: dict[str, Any], shape: list[int]) -> None:
    """Computes as Keras's. Where no window finds room Keras fails, too."""
    case = Case(name, {"parameters": parameters, "inputs": [shape], "tolerance": 1e-5})
    if finds_room(case):
        check_against_keras(case, training=False)
    else:
        with pytest.raises(ValueError, match=r"zero or negative|Negative dimension"):
            keras_layer(case.spec, case.values())


def finds_room(case: Case) -> bool:
    try:
        case.spec.outputs(*case.tensors)
    except SpecError as error:
        if "is larger than its input" in str(error):
            return False
        raise
    return True


AXES = [1, 2, pytest.param(3, marks=pytest.mark.slow)]
"""How many; Keras compiles those in groups, which takes long over three."""


@pytest.mark.parametrize("count", AXES)
@settings(max_examples=12)
@given(data=st.data())
def test_convolutions(count: int, data: Draw) -> None:
    groups = data.draw(st.sampled_from([1, 1, 2]))
    step = data.draw(st.sampled_from(["strides", "dilation_rate"]))
    parameters = {
        "filters": groups * data.draw(st.integers(1, 2)), "kernel_size": data.draw(sizes(count)), "groups": groups,
        "padding": data.draw(sides(count)), step: data.draw(sizes(count)),
    }  # fmt: skip
    check(f"Conv{count}D", parameters, [*data.draw(sizes(count, 6)), groups * data.draw(st.integers(1, 2))])


@pytest.mark.parametrize("name", ["DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D"])
@settings(max_examples=12)
@given(data=st.data())
def test_convolutions_of_each_channel(name: str, data: Draw) -> None:
    count = int(name[-2])
    padding = data.draw(sides(count).filter(lambda padding: padding != "causal"))
    strides = data.draw(st.one_of(sizes(count), st.integers(1, 3)))
    parameters = {
        "kernel_size": data.draw(sizes(count)), "padding": padding, "strides": strides,
        "dilation_rate": data.draw(sizes(count)), "depth_multiplier": data.draw(st.integers(1, 2)),
    }  # fmt: skip
    if name.startswith("Separable"):
        parameters["filters"] = data.draw(st.integers(1, 2))
    check(name, parameters, [*data.draw(sizes(count, 6)), data.draw(st.integers(1, 3))])


@pytest.mark.parametrize("count", AXES)
@settings(max_examples=12)
@given(data=st.data())
def test_transposed_convolutions(count: int, data: Draw) -> None:
    step = data.draw(st.sampled_from(["strides", "dilation_rate"]))
    parameters = {
        "filters": data.draw(st.integers(1, 2)), "kernel_size": data.draw(sizes(count)), step: data.draw(sizes(count)),
        "padding": data.draw(st.sampled_from(RULES)),
        "output_padding": data.draw(st.one_of(st.none(), sizes(count, 2, least=0))),
    }  # fmt: skip
    name, extra, strides = (
        f"Conv{count}DTranspose",
        parameters["output_padding"],
        parameters.get("strides", [1] * count),
    )
    # Keras takes none as large as the stride; of an even kernel with `same` we take none below 1.
    assume(extra is None or all(more < stride for more, stride in zip(extra, strides, strict=True)))
    try:
        Case(name, {"parameters": parameters}).spec  # noqa: B018 (it is parsed here)
    except SpecError:  # tests/spec/layers/test_transposed_convolution.py says which
        assume(False)
    check(name, parameters, [*data.draw(sizes(count, 4)), data.draw(st.integers(1, 2))])
