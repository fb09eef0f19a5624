"""Whole sections: what they cost to analyse, and that nothing in them makes the analysis itself fail."""

from __future__ import annotations

import copy
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.spec.analysis import analyse
from netlib.spec.graph import Graph, Parameters
from netlib.spec.layer import LayerSpec
from netlib.spec.tensors import TensorSpec

ROW = {"x": TensorSpec((None, 4))}


def graph(section: Any) -> Graph:
    made, problems = analyse(section, ROW)
    assert not problems
    assert made is not None
    return made


def test_the_cost_grows_with_the_number_of_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0
    real = LayerSpec.outputs

    def counted(self: LayerSpec, *args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        return real(self, *args, **kwargs)

    monkeypatch.setattr(LayerSpec, "outputs", counted)
    block = {"Sequential": [{"Dense": 4}, {"Add": {}, "from": ["previous", "stem"]}]}
    made = graph([{"Dense": 4, "name": "stem"}, *[block] * 1000])
    assert calls == 2001
    assert sum(n.spec is not None for n in made.walk()) == 2001


def test_work_in_python_is_linear() -> None:
    """Counts function calls, which no other load on the machine changes."""

    def calls(length: int) -> int:
        count = 0

        def profile(frame: Any, event: str, argument: Any) -> None:
            nonlocal count
            count += event == "call"

        section = [{"Dense": 4, "name": "stem"}, *[{"Sequential": [{"Add": {}, "from": ["input", "stem"]}]}] * length]
        sys.setprofile(profile)
        try:
            graph(section)
        finally:
            sys.setprofile(None)
        return count

    calls(10)
    assert calls(800) < 4.5 * calls(200)


def test_deep_nesting() -> None:
    section: Any = [{"Dense": 4}]
    for _ in range(95):
        section = [{"Sequential": section}]
    made = graph(section)
    assert sum(1 for _ in made.walk()) == 96
    assert made.parameters() == Parameters(20, 0)


VALID: dict[str, Any] = {
    "inputs": {"image": {"shape": [8, 8, 3], "dtype": "float32"}},
    "nodes": [
        {
            "Conv2D": {"filters": "$(width * 2)", "kernel_size": [3, 3], "activation": {"leaky_relu": 0.1}},
            "name": "stem",
        },
        {"Sequential": ["BatchNormalization", {"Conv2D": {"filters": 2, "kernel_size": 1}}], "trainable": False},
        {
            "Network": {
                "inputs": ["left", "right"],
                "nodes": [{"Concatenate": {}, "from": ["left", "right", "stem"]}, {"Dropout": "$rate"}],
                "outputs": {"y": "dropout", "z": "concatenate"},
            },
            "from": {"left": "previous", "right": "stem.output"},
            "name": "body",
        },
        {"Flatten": None, "from": "body.z"},
        {"Dense": {"units": "$(input.channels + 7)", "kernel_regularizer": "l2"}, "name": "head"},
    ],
    "outputs": ["head", "body"],
}

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=4),
    st.sampled_from(
        [
            "stem",
            "previous",
            "input",
            "body.y",
            "Dense",
            "Flatten",
            "$width",
            "$(input.shape)",
            "$(",
            "from",
            "nodes",
            "?1",
        ]
    ),
)
junk = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(scalars, inner, max_size=3), max_leaves=6
)


def places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(place for key, item in items for place in places(item, (*here, key)))]


def mutate(section: Any, data: st.DataObject) -> Any:
    """Replaces, removes, renames or doubles something anywhere."""
    *around, key = data.draw(st.sampled_from(places(section)[1:]))
    holder = section
    for step in around:
        holder = holder[step]
    kind = data.draw(st.sampled_from(["replace", "remove", "rename", "double"]))
    if kind == "remove":
        del holder[key]
    elif kind == "replace" or (kind == "rename" and isinstance(holder, list)):
        holder[key] = data.draw(junk)
    elif kind == "rename":
        holder[data.draw(scalars)] = holder.pop(key)
    elif isinstance(holder, list):
        holder.insert(key, copy.deepcopy(holder[key]))
    else:
        holder[data.draw(st.sampled_from(["Dense", "name", "from"]))] = copy.deepcopy(holder[key])
    return section


def test_the_section_that_is_mutated_is_valid() -> None:
    made, problems = analyse(VALID, {"image": TensorSpec((None, 8, 8, 3))}, {"width": 2, "rate": 0.5})
    assert not problems
    assert made is not None
    assert {name: tensor.shape for name, tensor in made.output_tensors().items()} == {
        "head": (None, 10),
        "body": (None, 6, 6, 10),
    }


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_whatever_is_written_gives_a_graph_or_problems(data: st.DataObject) -> None:
    section = copy.deepcopy(VALID)
    for _ in range(data.draw(st.integers(1, 3))):
        if len(places(section)) > 1:
            section = mutate(section, data)
    inputs = data.draw(st.sampled_from([None, {"image": TensorSpec((None, 8, 8, 3))}, ROW]))
    made, problems = analyse(section, inputs, {"width": 2, "rate": 0.5})
    assert (made is None) == bool(problems)
    assert all(problem.loc[0] == "model" and problem.message for problem in problems)
    assert len(set(problems)) == len(problems)


@settings(max_examples=100, deadline=None)
@given(junk)
def test_whatever_stands_for_a_model(section: Any) -> None:
    made, problems = analyse(section, ROW)
    assert (made is None) == bool(problems)
