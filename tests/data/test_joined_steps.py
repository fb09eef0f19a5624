"""Columns that go through their steps together become, to the bit, what each becomes by itself."""

from __future__ import annotations

import numpy as np
import pytest

from netlib.data.arrays import side_by_side
from netlib.data.joined_steps import at_once
from netlib.data.preprocessing import Preprocessing
from netlib.data.steps import step_of
from netlib.spec.choice import parse_choice

CHAINS = [
    ["Standardize"],
    [{"Rescale": 1 / 255}],
    [{"Clip": {"minimum": -1, "maximum": 100}}, "Standardize"],
    ["RobustScale", {"Rescale": {"scale": 3.7, "offset": -0.1}}],
]
ODD = np.array([np.nan, np.inf, -np.inf, -0.0, 1e-45, 3e38, 255, 7], np.float32)


def columns(kind: str) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    if kind == "integers":
        return {name: random.integers(0, 256, 200).astype(np.int32) for name in "abc"}
    return {name: random.normal(3, 40, (200, 1)).astype(np.float32) for name in "abc"}


def fitted(chain: list, kind: str) -> Preprocessing:
    steps = tuple(parse_choice("preprocessing", each) for each in chain)
    return Preprocessing.fit(dict.fromkeys("abc", steps), columns(kind), {"all": ("a", "b", "c")})


@pytest.mark.parametrize("kind", ["integers", "floats"])
@pytest.mark.parametrize("chain", CHAINS)
def test_they_are_what_each_is_by_itself(chain, kind):
    ready, given = fitted(chain, kind), columns(kind)
    if kind == "floats":
        given = {name: np.concatenate([values, ODD[:, None]]) for name, values in given.items()}
    chains = [[(step.spec, step.learned) for step in ready.steps[name]] for name in "abc"]
    together = at_once(chains, [*given.values()])
    expected = side_by_side([ready.apply_steps(name, values) for name, values in given.items()])
    for found in (together, ready.apply(given)["all"]):
        assert found.dtype == expected.dtype == np.float32
        np.testing.assert_array_equal(found.view(np.int32), expected.view(np.int32))


def test_columns_that_differ_go_one_by_one():
    ready, given = fitted(["Standardize"], "floats"), columns("floats")
    chain = [(step.spec, step.learned) for step in ready.steps["a"]]
    assert at_once([chain, chain], [given["a"], given["b"]]) is not None
    assert at_once([chain], [given["a"]]) is None
    assert at_once([chain, []], [given["a"], given["b"]]) is None
    assert at_once([[], []], [given["a"], given["b"]]) is None
    assert at_once([chain, chain], [given["a"], columns("integers")["b"]]) is None
    wide = np.zeros((200, 2), np.float32)
    assert at_once([chain, chain], [wide, wide]) is None
    log = parse_choice("preprocessing", {"Log": 1})
    assert at_once([[(log, {})], [(log, {})]], [given["a"], given["b"]]) is None
    two = [(chain[0][0], {"mean": np.zeros(2, np.float32), "deviation": np.ones(2, np.float32)})]
    assert at_once([two, two], [given["a"], given["b"]]) is None


def test_only_steps_that_refuse_no_number_go_over_all():
    names = ("Standardize", "RobustScale", "Rescale", "Clip", "MinMax", "Log", "Impute", "Bucketize")
    given = {"Rescale": {"Rescale": 2}, "Clip": {"Clip": {"minimum": 0}}, "Impute": {"Impute": 0}, "Log": {"Log": 1}}
    given["Bucketize"] = {"Bucketize": {"boundaries": [0.5]}}
    specs = {name: parse_choice("preprocessing", given.get(name, name)) for name in names}
    assert [name for name, spec in specs.items() if step_of(spec).by_number] == list(names[:4])
