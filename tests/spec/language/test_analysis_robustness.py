"""Whole sections: what they cost to analyse, and that nothing in them makes the analysis itself fail."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable
from time import process_time
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from netlib.spec.errors import Loc, Problem
from netlib.spec.graph import Graph, Parameters
from netlib.spec.language.analysis import analyse, check_blocks
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
    blocks = [
        {"Sequential": [{"Dense": 4}, {"Add": {}, "from": ["previous", "stem"]}, {"Dense": units}, {"Dense": 4}]}
        for units in range(1, 1001)
    ]
    made = graph([{"Dense": 4, "name": "stem"}, *blocks])
    assert sum(n.spec is not None for n in made.walk()) == 4001
    assert calls == 2 + 2 * 999, "what is equal and reads the same is asked once"


DENSE = {"Dense": 4}
WIDE = {"Compute": "sum(stack(x, axis=1), axis=1)", "from": ["e.*"]}
GROWING: dict[str, Callable[[int], Any]] = {
    "chain": lambda n: [{**DENSE, "name": f"n{i}"} for i in range(n)],
    "containers": lambda n: [
        {**DENSE, "name": "stem"},
        *[{"Sequential": [{"Add": {}, "from": ["input", "stem"]}]}] * n,
    ],
    "copies": lambda n: [{**DENSE, "repeat": n}],
    "side_by_side": lambda n: [{**DENSE, "each": n, "name": "e"}, WIDE],
    "left_out": lambda n: [{**DENSE, "repeat": n, "if": False}],
    "shared": lambda n: [{**DENSE, "name": "h"}, *[{"share": "h"}] * n],
    "tied": lambda n: [{**DENSE, "name": "h"}, *[{**DENSE, "tie": {"kernel": "h.kernel"}}] * n],
    "expressions": lambda n: [{"Compute": "row * x"} for _ in range(n)],
    "blocks": lambda n: [{"B": "$(2 + 2)"}] * n,
    "wrong_types": lambda n: [{"Dens": 4}] * n,
    "wrong_parameters": lambda n: [{"Dense": {"units": 4, f"u{i}": 1}} for i in range(n)],
    "wrong_sources": lambda n: [
        *[{**DENSE, "name": f"n{i}"} for i in range(n)],
        *[{**DENSE, "from": f"m{i}"} for i in range(n)],
    ],
    "wrong_sources_inside": lambda n: [
        *[{**DENSE, "name": f"n{i}"} for i in range(n)],
        {"Sequential": [{**DENSE, "from": f"m{i}"} for i in range(n)]},
    ],
    "wrong_ties": lambda n: [{**DENSE, "name": "h"}, *[{**DENSE, "tie": {"kernel": f"{i}.h"}} for i in range(n)]],
    "unread": lambda n: [{**DENSE, "from": "row"}] * n,
}


@pytest.mark.parametrize("case", GROWING)
def test_work_in_python_is_linear(case: str) -> None:
    """Counts function calls, which no other load on the machine changes."""
    blocks = {"B": {"params": {"units": "$required"}, "nodes": [{"Dense": "$units"}]}}

    def calls(length: int) -> int:
        count = 0

        def profile(frame: Any, event: str, argument: Any) -> None:
            nonlocal count
            count += event in ("call", "c_call")

        section = GROWING[case](length)
        sys.setprofile(profile)
        try:
            analyse(section, {"row": TensorSpec((None, 4))}, blocks=blocks)
        finally:
            sys.setprofile(None)
        return count

    calls(900)  # fills the caches
    helped = calls(100)  # of very many mistakes only the first get a suggestion, which takes long to find
    assert calls(900) - helped < 2.2 * (calls(500) - helped)


@pytest.mark.slow
def test_ten_thousand_nodes_are_analysed_in_a_second_or_two() -> None:
    for case in ("chain", "copies", "side_by_side", "blocks"):
        section = GROWING[case](5_000 if case == "blocks" else 10_000)
        begin = process_time()
        blocks = {"B": {"params": {"units": "$required"}, "nodes": [{"Dense": "$units"}]}}
        made, _ = analyse(section, {"row": TensorSpec((None, 4))}, blocks=blocks)
        assert made is not None
        assert process_time() - begin < 4, "0.6 to 1.3 s on a machine with two cores"


def test_deep_nesting() -> None:
    section: Any = [{"Dense": 4}]
    for _ in range(95):
        section = [{"Sequential": section}]
    made = graph(section)
    assert sum(1 for _ in made.walk()) == 96
    assert made.parameters() == Parameters(20, 0)


CONFIG = """
vars: {width: 2, rate: 0.5, depths: [1, 2], body: [{Dense: 4}]}
blocks:
  Conv:
    params: {filters: $required, size: 3, after: $(filters * 2)}
    nodes:
      - {Conv2D: {filters: $filters, kernel_size: [$size, 3], activation: {leaky_relu: 0.1}, padding: same}, name: stem}
      - {BatchNormalization: , if: $(filters > 1)}
    outputs: {y: batch_normalization, raw: stem}
  Joined:
    inputs: [left, right]
    blocks: {Own: {params: {n: 2}, nodes: [{Dense: $n, name: d}]}}
    nodes:
      - {Concatenate: , from: [left, right]}
      - {Own: $(input_width - 2), name: own}
      - {Dense: 3, name: e, tie: {bias: own.d.bias}}
    params: {input_width: $(left.channels)}
  Net:
    params: {width: 3, deep: $(width + 1)}
    inputs: [v]
    closed: true
    only: true
    blocks: {Deep: [Dense: $deep]}
    nodes: [{Dense: $width, name: first}, {Deep: , name: second}, {Dense: 7, from: first}]
    outputs: second
  Library: {vars: {n: 3}, nodes: [Dense: $n]}
model:
  inputs: {image: {shape: [8, 8, 3], dtype: float32}}
  nodes:
    - {Conv: $width, name: first, repeat: 2, trainable: false}
    - {Conv: {filters: $item, size: 1}, name: second, each: $depths, from: first.0.raw}
    - Network:
        inputs: [left, right]
        nodes: [{Concatenate: , from: [left, right, first]}, {Dropout: $rate}]
        outputs: {y: dropout, z: concatenate}
      from: {left: second.1.raw, right: first.raw}
      name: body
      training: true
    - {Flatten: , from: body.z}
    - {Dense: 4}
    - {Sequential: $body, name: box}
    - {Residual: [{Dense: 4, repeat: {low: 1, high: 2}, if: $(index > 0)}], name: res}
    - {share: box, name: again, repeat: 2}
    - {Residual: {body: [{Dense: 3}], shortcut: [{Dense: 3}]}}
    - {Parallel: {branches: {a: {Dense: 3}, b: [Dense: 2, {Activation: relu}]}, merge: Concatenate}, name: par}
    - {Joined: , from: [par, res], name: joined}
    - {Variables: {A: [{shape: [3]}, {shape: [], trainable: false}], B: {value: 0.5}}, name: nest}
    - {Variable: {shape: [3], initializer: zeros}, name: gain}
    - {Constant: [1.0, 2.0, 3.0], name: fixed}
    - {Compute: 'joined * nest.A[0] + nest.A[1] * gain + fixed', name: h}
    - {Compute: [x * 2, 'sum(stack(all_of, axis=1), axis=1)'], from: {x: h, all_of: [h, joined]}, name: both}
    - {While: {condition: sum(abs(x)) > 1, body: x / 2, max_iterations: 5}, from: both.1}
    - {While: {body: [{Dense: 3}]}, name: rounds}
    - {AddLoss: 0.1 * mean(square(rounds))}
    - {AddMetric: mean(x), name: logged}
    - {Random: {stddev: 0.1}, from: rounds, name: noise}
    - {Add: , from: [rounds, noise]}
    - {StopGradient: , if: false}
    - {RepeatVector: 4}
    - {TimeDistributed: {Dense: $(input.channels + 1)}, shape: [4, 4]}
    - {GlobalAveragePooling1D: }
    - Net
    - {Library: , name: lib, dtype: bfloat16}
    - {Dense: {units: $(input.channels + 7), kernel_regularizer: l2}, name: head}
    - {Dense: 10, name: tied, from: lib, tie: {kernel: {to: head.kernel, transpose: false}}}
  outputs: {head: head, tied: tied, box: again.0, copies: second.0}
"""
VALID: dict[str, Any] = yaml.safe_load(CONFIG)
IMAGE = {"image": TensorSpec((None, 8, 8, 3))}

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=4),
    st.sampled_from(
        [
            *("stem", "previous", "input", "body.y", "second.*", "first.0", "nest.A", "box", "x", "head.kernel"),
            *("Dense", "Flatten", "Conv", "Joined", "Net", "While", "Compute", "share", "$width", "$body"),
            *("$(input.shape)", "$(", "$required", "from", "nodes", "name", "repeat", "each", "if", "tie", "?1"),
            *("x * 2", "sum(x)", "x[0]", 10_000, 10**12, -1, 0.5),
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


def leads_to_something(config: Any, loc: Loc) -> bool:
    """Whether a place, or the one around it, is in a config; all that is behind a text or a number stands for it."""
    value = config
    for depth, step in enumerate(loc):
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return depth >= len(loc) - 1 or not isinstance(value, dict | list)
    return True


def analysed(config: Any, inputs: Any) -> tuple[Graph | None, list[Problem]]:
    """The graph of a config and what is wrong with it, with what is wrong with its blocks."""
    variables = config.get("vars") if isinstance(config.get("vars"), dict) else {}
    variables = {name: value for name, value in variables.items() if isinstance(name, str)}
    problems = check_blocks(config.get("blocks"), variables)
    made, found = analyse(config.get("model"), inputs, variables, blocks=config.get("blocks"))
    assert (made is None) == any(problem.severity == "error" for problem in found)
    assert len(set(map(repr, found))) == len(found)
    for problem in (*found, *problems):
        assert problem.message
        assert problem.loc[0] in ("model", "blocks")
        assert all(leads_to_something(config, loc) for loc in (problem.loc, *problem.via)), problem
    return made, problems + found


def test_the_config_that_is_mutated_is_valid() -> None:
    made, problems = analysed(VALID, IMAGE)
    message = "nothing reads port 'y' of 'second.1': the weights of second.1.batch_normalization are never trained"
    assert [(each.severity, each.message) for each in problems] == [("warning", message)]
    assert made is not None
    assert {name: tensor.shape for name, tensor in made.output_tensors().items()} == {
        "head": (None, 10),
        "tied": (None, 10),
        "box": (None, 4),
        "copies": (None, 8, 8, 1),
    }


@settings(max_examples=60)
@given(st.data())
def test_whatever_is_written_gives_a_graph_or_problems(data: st.DataObject) -> None:
    analyse_a_mutant(data)


@pytest.mark.slow
@settings(max_examples=400)
@given(st.data())
def test_whatever_is_written_gives_a_graph_or_problems_thoroughly(data: st.DataObject) -> None:
    analyse_a_mutant(data)


def analyse_a_mutant(data: st.DataObject) -> None:
    config = copy.deepcopy(VALID)
    for _ in range(data.draw(st.integers(1, 3))):
        if len(places(config)) > 1:
            config = mutate(config, data)
    analysed(config, data.draw(st.sampled_from([None, IMAGE, ROW])))


@pytest.mark.slow
def test_every_single_value_and_key_may_be_missing_or_odd() -> None:
    for place in places(VALID)[1:]:
        for odd in (None, [], {}, "$zz", 3, "previous", ["row"], {"Dense": 3}):
            config = copy.deepcopy(VALID)
            holder = config
            for step in place[:-1]:
                holder = holder[step]
            if odd is None:
                del holder[place[-1]]
            else:
                holder[place[-1]] = odd
            analysed(config, IMAGE)


@settings(max_examples=100)
@given(junk)
def test_whatever_stands_for_a_model(section: Any) -> None:
    made, problems = analyse(section, ROW)
    assert (made is None) == bool(problems)
