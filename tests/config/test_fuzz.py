"""No text makes the reader or the checks end in anything but a valid experiment or a `ConfigError`, in bounded time."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netlib.config.dump import to_yaml
from netlib.config.load import load, read
from netlib.config.problems import ConfigError
from netlib.config.reader import read_tree
from netlib.config.sources import MAX_BYTES, checked_source
from netlib.spec.errors import NetlabError

FOLDER = Path(__file__).parents[2] / "configs"
TEXTS = {
    path.relative_to(FOLDER).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted(FOLDER.glob("**/*.yaml"))
    if path.parent.name != "sweeps"
}
TEXTS["everything.yaml"] = """\
format: 1
name: everything
vars: {width: 4, depths: [2, $width], all: {a: "$(depths[1] * 2)"}}
data: &data
  source: iris
  validation: 0.2
  test: 0.2
  batch_size: $width
  preprocess: {features: {Standardize: {}}}
blocks:
  Twice:
    params: {units: $required, count: $(units * 2)}
    blocks: {Inner: {params: {count: 1}, nodes: [Dense: $count]}}
    nodes:
      - {Dense: $units, name: first}
      - Inner: $count
    outputs: {second: inner, first: first}
model:
  inputs: {features: {shape: [4]}}
  nodes:
    - {Twice: 3, name: twice}
    - Dense: {units: "$(max(8, width))", kernel_regularizer: {L2: {l2: 1e-4}}, activation: {leaky_relu: {negative_slope: 0.1}}}
      name: first
    - Sequential:
        - Dense: {units: $(input.channels // 2)}
        - Dropout: {rate: 0.1}
      name: tower
    - Dense: {units: 3}
      name: out
      from: tower
  outputs: [out]
train:
  epochs: $(width * 2)
  loss: {out: {SparseCategoricalCrossentropy: {}, of: out, weight: 0.5}}
  optimizer: {Adam: {learning_rate: {CosineDecay: {initial_learning_rate: 1e-3, decay_steps: 100}}}}
  metrics: [accuracy, {SparseTopKCategoricalAccuracy: {k: 2}, of: out, name: top}]
  early_stopping: {monitor: validation.loss, patience: 5}
  clip: {global_norm: 1}
  checkpoint: {every_epochs: 2}
"""
CHARACTERS = [*"${}[],:-&*!@#|>%'\"`~?)\n\t \0\x7f\ufeff\u2028é\U0001f600"]
WORDS = [
    "$(",
    "$width",
    "$$",
    "---",
    "...",
    "<<",
    "!!",
    "&a",
    "*a",
    "1e-3",
    ".nan",
    "-1",
    "0x1F",
    "null",
    "Dense",
    "Adam",
    "units",
]
PHRASES = ["\n  ", ": ", "- ", "$(9**9**9)", "!!python/name:os.system", "9" * 40]
PIECES = CHARACTERS + WORDS + PHRASES
SECONDS = 5


def check(text: str, *overrides: str, name: str = "fuzz.yaml") -> None:
    started = time.process_time()
    found: Exception | None = None
    try:
        read(text, str(FOLDER / name), overrides)
    except NetlabError as error:
        found = error
    assert time.process_time() - started < SECONDS
    if isinstance(found, ConfigError):
        assert found.problems
        assert all(problem.message for problem in found.problems)
        str(found).encode("utf-8")
    elif found:  # a data file that is there, and damaged
        assert "npz" in str(found)


@pytest.mark.parametrize("name", TEXTS)
def test_the_texts_to_start_from_are_valid(name):
    found = read(TEXTS[name], str(FOLDER / name))
    assert found.graph is not None or found.blocks


@given(st.binary(max_size=200))
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes(tmp_path, data):
    path = tmp_path / "a.yaml"
    path.write_bytes(data)
    with pytest.raises(ConfigError):
        load(path)


@given(st.text(st.sampled_from("ab1:-[]{}&*!|>'\"%@`#,?$() \n\t~.é\u2028"), max_size=80))
@settings(max_examples=500)
def test_any_text_is_read_or_has_problems(text):
    tree, problems = read_tree(checked_source("a.yaml", "file", text, Path()))
    if tree is not None and not problems:
        tree.plain()
    for problem in problems:
        assert problem.place is not None
        assert problem.place.line <= text.count("\n") + text.count("\u2028")


@st.composite
def mutated(draw: Any) -> tuple[str, str]:
    name = draw(st.sampled_from(list(TEXTS)))
    text = TEXTS[name]
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.sampled_from([0, 0, 1, 3, 20])))
        text = text[:start] + draw(st.sampled_from(PIECES) | st.just("")) + text[end:]
    return name, text


@given(mutated())
@settings(max_examples=300)
def test_any_change_of_a_config(changed):
    name, text = changed
    check(text, name=name)


PATHS = [
    *("train.epochs", "train.optimizer", "train.loss", "train.metrics.0", "~train.loss"),
    *("model", "model.0", "~model.0", "model.nodes.first.units", "model.inputs.features.shape"),
    *("data", "data.source", "name", "seed", "vars", "vars.width", "format", "x.y.z"),
    *(
        "blocks",
        "blocks.Twice",
        "blocks.Twice.params.units",
        "blocks.Twice.dense.units",
        "~blocks.Twice",
        "blocks.A.file",
    ),
]


@given(
    st.sampled_from(list(TEXTS)),
    st.sampled_from(PATHS),
    st.lists(st.sampled_from(PIECES), max_size=4).map("".join),
)
@settings(max_examples=300)
def test_any_override(name, path, value):
    check(TEXTS[name], f"{path}={value}", value, name=name)


SCALARS = st.none() | st.booleans() | st.integers(-5, 5) | st.floats()
TEXT = st.sampled_from(["", "relu", "$width", "$(1/0)", "Dense", "mse"])
KEYS = st.sampled_from(["units", "Dense", "name", "a", 1])
JSON = st.recursive(
    SCALARS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, loc: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every key and index that leads to a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*loc, key)
        yield from places(item, (*loc, key))


def plain(name: str) -> Any:
    tree, _ = read_tree(checked_source(name, "file", TEXTS[name], Path()))
    return tree.plain()


def at(value: Any, loc: tuple[str | int, ...]) -> Any:
    for key in loc:
        value = value[key]
    return value


@given(st.data())
@settings(max_examples=300)
def test_any_value_anywhere(data):
    name = data.draw(st.sampled_from(list(TEXTS)))
    values = plain(name)
    *owner, key = data.draw(st.sampled_from(list(places(values))))
    at(values, owner)[key] = data.draw(JSON)
    check(to_yaml(values), name=name)


FREE = ("vars", "params", "Variables", "repeat", "each")
"""Mappings whose keys are the writer's own."""


@pytest.mark.parametrize("name", TEXTS)
def test_an_unknown_key_is_an_error_at_every_depth(name):
    values = plain(name)
    mappings = [loc for loc in [(), *places(values)] if isinstance(at(values, loc), dict) and not {*FREE} & {*loc}]
    assert len(mappings) > (1 if "extends" in values else 5)
    for loc in mappings:
        broken = plain(name)
        at(broken, loc)["qqqq"] = 1
        with pytest.raises(ConfigError) as caught:
            read(to_yaml(broken), str(FOLDER / name))
        lines = to_yaml(broken).splitlines()
        told = [
            lines[problem.place.line][max(0, problem.place.column - len("qqqq: ")) :] + problem.message
            for problem in caught.value.problems
        ]
        assert any("qqqq" in text for text in told), loc


LARGE = {
    "brackets": "[" * 500_000,
    "braces": "{a: " * 200_000,
    "open quote": "'" + "a\n" * 400_000,
    "one word": "a" * MAX_BYTES,
    "lines of text": "a\n" * (MAX_BYTES // 2),
    "items": "- a\n" * (MAX_BYTES // 4),
    "keys": "\n".join(f"k{i}: 1" for i in range(80_000)),
    "equal keys": "a: 1\n" * 200_000,
    "nodes": "model:\n" + "- Dense: 1\n" * 5_000,
    "comments": "#\n" * (MAX_BYTES // 2),
    "documents": "---\n" * (MAX_BYTES // 4),
    "anchors": "- &a b\n" * 100_000,
    "aliases": "a: &a [1]\nb:\n" + "- *a\n" * 150_000,
    "unknown aliases": "a:\n" + "- *a\n" * 150_000,
    "tags": "a:\n" + "- !a b\n" * 100_000,
    "flow pairs": "[" + "a: b, " * 150_000 + "]",
    "question marks": "? " * 500_000,
    "dashes": "- " * 500_000,
    "colons": ":" * MAX_BYTES,
    "dollars": f'name: "{"$" * (MAX_BYTES - 20)}"',
    "variables": "vars:\n" + "".join(f"  v{i}: $v{i - 1}\n" for i in range(40_000)),
    "expressions": "vars:\n" + "".join(f"  v{i}: $({'1+' * 90}1)\n" for i in range(499)),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", LARGE)
def test_large_texts_are_answered_in_bounded_time(kind):
    assert len(LARGE[kind]) <= MAX_BYTES * 2
    started = time.process_time()
    with contextlib.suppress(ConfigError):
        read(LARGE[kind], "large.yaml")
    assert time.process_time() - started < 30
