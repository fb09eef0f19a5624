from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.data.leaks import leaks

RNG = np.random.default_rng(0)
KIND = RNG.integers(0, 3, 200).astype(np.int32)
PRICE = RNG.normal(size=(200, 1)).astype(np.float32)


def found(inputs, targets) -> list[str]:
    return [each.message for each in leaks(inputs, targets)]


def test_a_column_that_is_the_target():
    assert found({"a": KIND.copy(), "b": RNG.integers(0, 3, 200)}, {"kind": KIND}) == [
        (
            "input column 'a' tells the target 'kind' one to one (3 values each): leave it out, unless it is known before the"
            " answer is"
        )
    ]


@pytest.mark.parametrize(
    "column",
    [
        pl.Series([("no", "yes", "maybe")[kind] for kind in KIND]),
        np.array([7, -2, 40], np.float32)[KIND][:, None],
        pl.Series([(None, "b", "c")[kind] for kind in KIND]),
        np.array([np.nan, 1, 2], np.float32)[KIND],
    ],
    ids=["texts", "floats", "missing text", "missing number"],
)
def test_a_column_that_stands_for_the_target(column):
    (message,) = found({"a": column}, {"kind": KIND})
    assert message.startswith("input column 'a' tells the target 'kind' one to one (3 values each)")


def test_a_target_of_texts():
    words = pl.Series([("no", "yes", "maybe")[kind] for kind in KIND])
    assert len(found({"a": KIND}, {"kind": words})) == 1
    assert not found({"a": words.reverse()}, {"kind": words})


def test_numbers_in_proportion_to_the_target():
    inputs = {"features": np.concatenate([RNG.normal(size=(200, 1)), 32 - 1.8 * PRICE], axis=1).astype(np.float32)}
    (message,) = found(inputs, {"price": PRICE})
    assert message.startswith("input column 'features[1]' is in proportion to the target 'price' (correlation -1)")


def test_missing_values_do_not_hide_it():
    column = PRICE.copy()
    column[3] = np.nan
    assert "in proportion" in found({"a": column}, {"price": PRICE})[0]


def test_one_value_that_differs_is_enough_to_be_no_leak():
    target = np.tile(KIND, 50)
    column = target.copy()
    column[4321] = (target[4321] + 1) % 3  # which is not among what is tried first
    assert found({"a": column}, {"kind": target})[0].startswith(
        "input column 'a' is in proportion to the target 'kind'"
    )
    assert not found({"a": pl.Series(list("abc")).gather(column)}, {"kind": target})


@pytest.mark.parametrize(
    ("inputs", "targets"),
    [
        ({"id": np.arange(200), "x": RNG.normal(size=(200, 4)).astype(np.float32)}, {"price": PRICE}),
        ({"noisy": PRICE + 0.1 * RNG.normal(size=(200, 1)).astype(np.float32)}, {"price": PRICE}),
        ({"constant": np.ones(200, np.int32)}, {"kind": np.zeros(200, np.int32)}),
        ({"a": KIND[:19]}, {"kind": KIND[:19]}),
        ({"x": np.zeros((200, 4), np.float32)}, {"x_again": np.zeros((200, 4), np.float32)}),
        ({"image": RNG.normal(size=(200, 8, 8, 1))}, {"mask": RNG.normal(size=(200, 8, 8, 1))}),
    ],
    ids=["all different", "noise", "constants", "too few", "an autoencoder's", "images"],
)
def test_what_is_no_leak(inputs, targets):
    assert not found(inputs, targets)


def test_a_target_that_is_a_whole_input_is_none():
    both = RNG.normal(size=(200, 4)).astype(np.float32)
    assert not found({"x": both}, {"y": both.copy()})
    other = both.copy()
    other[0, 1] += 1
    assert len(found({"x": both}, {"y": other})) == 3  # the columns that are the same


@settings(max_examples=60)
@given(st.data())
def test_integers_leak_exactly_where_a_mapping_leads_there_and_back(data):
    column = np.array(data.draw(st.lists(st.integers(0, 3), min_size=20, max_size=40)))
    mapped = np.array(data.draw(st.permutations(range(4))))[column]
    target = mapped.copy()
    if data.draw(st.booleans()):
        target[data.draw(st.integers(0, len(target) - 1))] = data.draw(st.integers(0, 3))
    pairs = set(zip(column.tolist(), target.tolist(), strict=True))
    expected = len(pairs) == len(set(column)) == len(set(target)) >= 2
    assert any("one to one" in message for message in found({"a": column}, {"y": target})) is expected
