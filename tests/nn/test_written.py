"""Networks whose class defines `call`: their inputs and outputs by name, and their masks."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from netlib import nn
from netlib.spec.errors import SpecError, UsageError

LEFT, RIGHT = tf.ones([2, 3]), tf.fill([2, 3], 10.0)


class Weighted(nn.Network):
    def call(self, inputs: Any) -> Any:  # type: ignore[override]
        return inputs["left"] + 2 * inputs["right"]


class Split(nn.Network):
    def call(self, inputs: Any) -> Any:  # type: ignore[override]
        return {"sum": inputs + 1, "double": 2 * inputs}


def test_every_input_reaches_call_by_its_name_whatever_the_order() -> None:
    network = Weighted()
    expected = np.full([2, 3], 21.0)
    np.testing.assert_array_equal(network({"right": RIGHT, "left": LEFT}), expected)
    np.testing.assert_array_equal(network({"left": LEFT, "right": RIGHT}), expected)
    assert set(network.graph.inputs) == {"left", "right"}


def test_declared_inputs_may_be_given_by_position() -> None:
    network = Weighted(inputs={"left": {"shape": [3]}, "right": {"shape": [3]}})
    np.testing.assert_array_equal(network(LEFT, RIGHT), np.full([2, 3], 21.0))
    with pytest.raises(SpecError, match=r"inputs\.right: declared as .*, but the data gives"):
        Weighted(inputs={"left": {"shape": [3]}, "right": {"shape": [3]}})(LEFT, RIGHT[:, :2])
    with pytest.raises(SpecError, match="weighted has the inputs left, right; got left, up"):
        Weighted(inputs={"left": {"shape": [3]}, "right": {"shape": [3]}})({"left": LEFT, "up": RIGHT})


def test_the_names_of_the_first_call_are_asked_for_from_then_on() -> None:
    network = Weighted()
    network({"left": LEFT, "right": RIGHT})
    with pytest.raises(SpecError, match="weighted has the inputs left, right; got left"):
        network({"left": LEFT})


def test_one_input_that_has_a_name_comes_as_a_mapping_too() -> None:
    class Named(nn.Network):
        def call(self, inputs: Any) -> Any:  # type: ignore[override]
            return inputs["left"] * 3

    np.testing.assert_array_equal(Named()({"left": LEFT}), np.full([2, 3], 3.0))


def test_inputs_without_names_are_refused_with_what_to_write() -> None:
    with pytest.raises(UsageError, match=r"weighted does not say what its inputs are called, and got 2: .*inputs=\{"):
        Weighted()(LEFT, RIGHT)

    class OneByOne(nn.Network):
        def call(self, a: Any, b: Any, training: Any) -> Any:  # type: ignore[override]
            return a + b

    with pytest.raises(
        UsageError, match=r"OneByOne.call takes a, b one by one; .*inputs=\{'a': \{'shape': \[\.\.\.\]\}, 'b'"
    ):
        OneByOne()


def test_a_chain_of_layers_reads_one_input() -> None:
    with pytest.raises(UsageError, match="network is a chain of layers, which reads one input, got a, b"):
        nn.Network([nn.Dense(2)], inputs={"a": {"shape": [3]}, "b": {"shape": [3]}})({"a": LEFT, "b": RIGHT})


def test_what_call_gives_by_name_are_the_outputs() -> None:
    network = Split()
    given = network(LEFT)
    np.testing.assert_array_equal(given["sum"], LEFT + 1)
    np.testing.assert_array_equal(given["double"], 2 * LEFT)
    assert list(network.graph.outputs) == ["sum", "double"]
    assert list(network.forward({"input": LEFT})) == ["sum", "double"]


def test_a_tuple_and_a_single_name_too() -> None:
    class Pair(nn.Network):
        def call(self, x: Any) -> Any:  # type: ignore[override]
            return x, x + 1

    class Single(nn.Network):
        def call(self, x: Any) -> Any:  # type: ignore[override]
            return {"head": x + 1}

    np.testing.assert_array_equal(Pair()(LEFT)["1"], LEFT + 1)
    single = Single()
    np.testing.assert_array_equal(single(LEFT), LEFT + 1)
    assert list(single.forward({"input": LEFT})) == ["head"]


def test_it_joins_with_symbols_like_any_layer() -> None:
    left, right = nn.Input([3], name="left"), nn.Input([3], name="right")
    given = Split()(Weighted()({"left": left, "right": right}))
    network = nn.Network([left, right], {"y": given["double"]})
    np.testing.assert_array_equal(network({"left": LEFT, "right": RIGHT}), np.full([2, 3], 42.0))


@pytest.mark.parametrize("supports", [False, True])
def test_its_mask_goes_on_where_it_supports_masking(supports: bool) -> None:
    class Masked(nn.Network):
        supports_masking = supports

        def call(self, x: Any) -> Any:  # type: ignore[override]
            return x + 1

    mask = tf.constant([[True, False], [True, True]])
    network = nn.Network([Masked()])
    network(tf.ones([2, 2, 3]), mask=mask)
    assert (network.output_masks.get("output") is not None) == supports
