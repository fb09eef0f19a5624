from __future__ import annotations

from typing import Any

import pytest

from netlib.spec.errors import SpecError
from netlib.spec.layers import dot_attention as spec
from netlib.spec.tensors import Shape

LAYERS = [spec.Attention.parse({}), spec.AdditiveAttention.parse({})]
layers = pytest.mark.parametrize("layer", LAYERS, ids=["Attention", "AdditiveAttention"])
QUERY, VALUE, KEY = (None, 4, 6), (None, 5, 7), (None, 5, 6)


def attention(**parameters: Any) -> spec.Attention:
    return spec.Attention.parse(parameters)


def additive(**parameters: Any) -> spec.AdditiveAttention:
    return spec.AdditiveAttention.parse(parameters)


@layers
def test_shapes(layer: Any) -> None:
    assert layer.output_shape(QUERY, VALUE, KEY) == {"output": (None, 4, 7), "scores": (None, 4, 5)}
    assert layer.output_shape((None, None, 6), KEY) == {"output": (None, None, 6), "scores": (None, None, 5)}


def test_weights() -> None:
    def shapes(layer: Any) -> dict[str, Shape]:
        return {weight.name: weight.shape for weight in layer.weights(QUERY, KEY)}

    assert shapes(attention()) == {}
    assert shapes(attention(use_scale=True)) == {"scale": ()}
    assert shapes(attention(use_scale=True, score_mode="concat")) == {"scale": (), "concat_score_weight": ()}
    assert shapes(additive()) == {"scale": (6,)}
    assert shapes(additive(use_scale=False)) == {}


def test_costs() -> None:
    assert attention().macs(QUERY, VALUE, KEY) == 4 * 5 * (6 + 7)
    assert attention(score_mode="concat").macs(QUERY, VALUE, KEY) == 4 * 5 * 7
    assert additive().macs(QUERY, VALUE, KEY) == 4 * 5 * (6 + 7)
    assert attention().macs((None, None, 6), VALUE, KEY) is None
    assert attention().kept(QUERY, KEY) == 0
    assert attention(dropout=0.5).kept(QUERY, KEY) == 4 * 5 * 2
    assert additive().kept(QUERY, KEY) == 4 * 5 * 12


@layers
@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ([QUERY, VALUE], r"so both need as many features, got a query \(batch, 4, 6\) and a key \(batch, 5, 7\)"),
        ([QUERY, (None, 6)], r"needs an input of rank 3, \(batch, time, features\), got \(batch, 6\)"),
        ([QUERY, (None, 3, 7), KEY], r"needs a key for each place of the value, got a value \(batch, 3, 7\) and a key"),
        ([(None, 4, None), KEY], r"needs to know the length of axis -1 of its input, got \(batch, 4, \?\)"),
    ],
    ids=["features", "rank", "places", "unknown"],
)
def test_what_it_cannot_read(layer: Any, shapes: list[Shape], message: str) -> None:
    with pytest.raises(SpecError, match=f"{layer.type_name()}.*{message}"):
        layer.output_shape(*shapes)


def test_a_mode_that_there_is_not() -> None:
    with pytest.raises(SpecError, match="expected 'dot' or 'concat', got 'sum'"):
        attention(score_mode="sum")
