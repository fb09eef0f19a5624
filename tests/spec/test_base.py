from __future__ import annotations

import pickle
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, model_validator

from netlib.spec.base import Spec, shown
from netlib.spec.choice import Activation, Initializer
from netlib.spec.errors import Loc, Problem, SpecError
from netlib.spec.layer import LayerSpec
from netlib.spec.layers.convolution import Conv2D
from netlib.spec.layers.core import Dense
from netlib.spec.layers.normalization import BatchNormalization
from netlib.spec.layers.regularization import Dropout
from netlib.spec.registry import names, spec_class
from netlib.spec.types import PositiveInt


class Inner(Spec):
    """A section in a section: no type of a kind, so its fields are keys."""

    size: PositiveInt = Field(description="How large it is.")
    starts: Initializer = Field("zeros", validate_default=True)


class Outer(Spec):
    """A section."""

    refused: ClassVar[dict[str, str]] = {"width": "write `size`"}
    inner: Inner = Field(description="The inner one.")
    rows: tuple[Inner, ...] = ()
    low: int = 0
    high: int = 1
    activation: Activation = None

    @model_validator(mode="after")
    def _ordered(self) -> Outer:
        if self.low > self.high:
            raise ValueError(f"low (= {self.low}) must not be above high (= {self.high})")
        return self


def found(spec: type[Spec], values: Any) -> list[tuple[Loc, str, str]]:
    with pytest.raises(SpecError) as caught:
        spec.parse(values)
    return [(problem.loc, problem.message, problem.at) for problem in caught.value.problems]


def test_an_unknown_key_is_answered_with_the_closest_or_with_all() -> None:
    assert found(Dense, {"units": 3, "untis": 4}) == [
        (("untis",), "Dense has no parameter 'untis'; did you mean 'units'?", "key")
    ]
    assert found(Dropout, {"rate": 0.5, "zzz": 1}) == [
        (("zzz",), "Dropout has no parameter 'zzz' (it has: rate, noise_shape)", "key")
    ]
    assert found(spec_class("layer", "Flatten"), {"zzz": 1}) == [
        (("zzz",), "Flatten has no parameter 'zzz' (it has none)", "key")
    ]
    assert found(Inner, {"size": 1, "sise": 2}) == [(("sise",), "Inner has no key 'sise'; did you mean 'size'?", "key")]


def test_what_is_left_out_on_purpose_says_what_to_do() -> None:
    assert found(Outer, {"inner": {"size": 1}, "width": 3}) == [
        (("width",), "Outer takes no 'width': write `size`", "key")
    ]
    assert found(Dense, {"units": 3, "name": "head"}) == [
        (("name",), "Dense takes no 'name': a node's name stands beside the type's key, not under it", "key")
    ]


def test_problems_at_every_depth_are_found_together() -> None:
    values = {
        "inner": {"size": 0, "starts": {"Constant": {"valu": 1}}, "nope": 1},
        "rows": ({"size": 1}, {"size": "x"}),
        "activation": {"leaky_relu": {"negative_slop": 1}},
        "extra": 1,
    }
    assert found(Outer, values) == [
        (("inner", "size"), "expected a number greater than 0, got 0", "value"),
        (("inner", "starts", "Constant", "valu"), "Constant has no parameter 'valu'; did you mean 'value'?", "key"),
        (("inner", "nope"), "Inner has no key 'nope' (it has: size, starts)", "key"),
        (("rows", 1, "size"), "expected an integer, got 'x'", "value"),
        (
            ("activation", "leaky_relu", "negative_slop"),
            "leaky_relu has no parameter 'negative_slop'; did you mean 'negative_slope'?",
            "key",
        ),
        (("extra",), "Outer has no key 'extra' (it has: inner, rows, low, high, activation)", "key"),
    ]


def test_what_is_missing_is_named_with_its_meaning() -> None:
    assert found(Outer, {"inner": {}}) == [(("inner",), "Inner needs 'size': how large it is", "value")]
    assert found(Outer, None) == [((), "Outer needs 'inner': the inner one", "value")]


def test_a_value_that_is_no_mapping() -> None:
    assert found(Outer, {"inner": 3}) == [(("inner",), "expected a mapping of Inner's keys, got 3", "value")]
    assert found(Outer, [1]) == [((), "expected a mapping of Outer's keys, got [1]", "value")]
    assert found(Dense, Dropout.parse(0.5)) == [
        ((), "expected a mapping of Dense's keys, got Dropout(rate=0.5, noise_shape=None)", "value")
    ]


@pytest.mark.parametrize(("key", "text"), [(1, "1"), (1.5, "1.5"), (True, "true"), (None, "nothing")])
def test_a_key_that_is_no_text(key: Any, text: str) -> None:
    ((_, message, at),) = found(Dense, {"units": 1, key: 2})
    assert (message, at) == (f"expected text as a key, got {text}", "key")
    ((loc, _, _),) = found(Outer, {"inner": {"size": 1, key: 2}})
    assert loc[0] == "inner"


def test_a_rule_between_parameters() -> None:
    assert found(Outer, {"inner": {"size": 1}, "low": 3}) == [((), "low (= 3) must not be above high (= 1)", "value")]


def test_the_parameter_that_may_stand_alone() -> None:
    assert Dense.parse(3) == Dense.parse({"units": 3})
    assert found(Dense, "64") == [(("units",), "expected an integer, got '64'", "value")]
    assert found(spec_class("layer", "Flatten"), 3) == [((), "expected a mapping of Flatten's keys, got 3", "value")]


def test_a_spec_stays_as_it_is() -> None:
    dense = Dense.parse(3)
    assert Dense.parse(dense) is dense
    with pytest.raises(ValueError, match="frozen"):
        dense.units = 4
    assert hash(dense) == hash(Dense.parse(3))
    assert pickle.loads(pickle.dumps(dense)) == dense


def test_the_text_of_the_error_names_the_spec() -> None:
    with pytest.raises(SpecError, match=r"^Dense: units: expected an integer, got 'x'\nDense: use_bias: expected true"):
        Dense.parse({"units": "x", "use_bias": 1})


def test_as_a_config_writes_it() -> None:
    assert spec_class("layer", "Flatten").parse({}).to_choice() == "Flatten"
    assert spec_class("activation", "relu6").parse({}).to_choice() == "relu6"
    assert Dropout.parse(0.5).to_choice() == {"Dropout": {"rate": 0.5, "noise_shape": None}}
    plain = Dense.parse({"units": 3, "activation": {"leaky_relu": 0.1}, "kernel_regularizer": "l2"}).to_plain()
    assert plain["activation"] == {"leaky_relu": {"negative_slope": 0.1}}
    assert plain["kernel_regularizer"] == {"L2": {"l2": 0.01}}
    assert plain["bias_regularizer"] is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (None, "nothing"),
        ({}, "a mapping"),
        ("a", "'a'"),
        ((1, 2), "[1, 2]"),
        ("x" * 100, f"'{'x' * 56}..."),
    ],
)
def test_values_in_messages(value: Any, text: str) -> None:
    assert shown(value) == text


initializers = st.sampled_from(["zeros", "GlorotUniform", {"Constant": 0.5}, {"RandomNormal": {"stddev": 0.1}}])
regularizers = st.sampled_from([None, "l2", {"L1L2": {"l1": 0.1, "l2": 0.2}}])
activations = st.sampled_from([None, "relu", {"leaky_relu": 0.2}, {"softmax": {"axis": 1}}])
sizes = st.integers(1, 5) | st.lists(st.integers(1, 5), min_size=2, max_size=2)
layers = st.one_of(
    st.builds(
        lambda **values: Dense.parse(values),
        units=st.integers(1, 10**6),
        activation=activations,
        use_bias=st.booleans(),
        kernel_initializer=initializers,
        kernel_regularizer=regularizers,
    ),
    st.builds(
        lambda **values: Conv2D.parse(values),
        filters=st.integers(1, 64),
        kernel_size=sizes,
        strides=sizes,
        padding=st.sampled_from(["same", "valid"]),
        activation=activations,
    ),
    st.builds(
        lambda **values: BatchNormalization.parse(values),
        axis=st.integers(1, 3),
        momentum=st.floats(0, 1, exclude_max=True),
        epsilon=st.floats(1e-9, 1),
        gamma_initializer=initializers,
    ),
    st.builds(lambda rate: Dropout.parse(rate), st.floats(0, 1, exclude_max=True)),
)


@given(layers)
def test_plain_values_make_an_equal_spec(layer: LayerSpec) -> None:
    assert type(layer).parse(layer.to_plain()) == layer
    choice = layer.to_choice()
    assert isinstance(choice, dict)
    ((name, parameters),) = choice.items()
    assert spec_class("layer", name).parse(parameters) == layer


@given(st.sampled_from(names("layer")), st.text(min_size=1), st.integers())
def test_no_layer_takes_a_key_that_it_has_not(name: str, key: str, value: int) -> None:
    spec = spec_class("layer", name)
    if key not in spec.model_fields and name != "Variables":  # the keys of which are the writer's own
        problems = found(spec, {key: value})
        assert ((key,), "key") in [(loc, at) for loc, _, at in problems]


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(scalars, inner, max_size=3), max_leaves=8
)


@given(st.sampled_from(names("layer")), st.data())
def test_whatever_is_written_gives_a_spec_or_problems(name: str, data: st.DataObject) -> None:
    spec = spec_class("layer", name)
    fields = st.dictionaries(st.sampled_from([*spec.model_fields, "zzz"]), anything, max_size=4)
    values = data.draw(fields | anything)
    try:
        spec.parse(values)
        problems = []
    except SpecError as error:
        problems = error.problems or ["an error without a problem"]
    assert all(isinstance(problem, Problem) and problem.message for problem in problems)
