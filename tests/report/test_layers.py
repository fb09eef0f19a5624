from __future__ import annotations

import io

import pytest

from netlib.report.layers import description_text, description_values, groups_text, groups_values
from netlib.spec.schema.description import Description, Example, Group, LayerFacts, Parameter
from netlib.spec.tensors import TensorSpec

GROUPS = [
    Group("core", "Layers that any network uses.", {"Dense": "A matrix product. " * 9, "Identity": "Its input."}),
    Group("containers", "Nodes that hold nodes.", {"Sequential": "One after the other."}),
]
FACTS = Description(
    kind="layer",
    name="Dense",
    doc="A matrix product.\n\nAnd more.",
    spellings=(),
    parameters=(
        Parameter("units", "positive integer", True, None, "Length of the output's last axis."),
        Parameter("activation", "activation or null", False, None, "Function applied to the result."),
    ),
    alone="units",
    layer=LayerFacts(
        ("input",),
        ("mask",),
        False,
        ("output",),
        "float",
        "The input's, with `units` as last axis.",
        "`kernel`.",
        "Many.",
        "output",
    ),
    refused={"lora_rank": "weights are trained whole"},
    example=Example(
        {"Dense": {"units": 4}}, {"input": TensorSpec((None, 8))}, {"output": TensorSpec((None, 4), "float16")}
    ),
)
TEXT = """\
Dense: layer

A matrix product.

And more.

Parameters
  units: positive integer; required
    Length of the output's last axis.
  activation: activation or null; default null
    Function applied to the result.

`units` may stand alone: Dense: value.

Shapes and costs
  inputs: input; optional: mask (floating-point numbers)
  ports: output
  output shape: The input's, with `units` as last axis.
  weights: `kernel`.
  multiply-accumulates: Many.

Not taken, though Keras has it
  lora_rank: weights are trained whole

Example
  - Dense: {units: 4}
  of (batch, 8) float32 makes (batch, 4) float16

Also: netlab layers loss.Dense
"""


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.delenv("FORCE_COLOR", raising=False)


def test_a_list_of_groups_is_wrapped_beside_the_names() -> None:
    lines = groups_text(GROUPS, io.StringIO()).splitlines()
    assert lines[0] == "core: layers that any network uses."
    assert lines[1].startswith("  Dense       A matrix product. A matrix")
    assert lines[2].startswith(" " * 14)
    assert "  Identity    Its input." in lines
    assert max(map(len, lines)) <= 60
    assert lines[-2] == "netlab layers NAME tells all about one."
    assert lines[-1] == "netlab layers keras lists Keras's own, keras.layers.NAME."


def test_the_groups_as_values() -> None:
    values = groups_values(GROUPS)
    assert [value["name"] for value in values] == ["Dense", "Identity", "Sequential"]
    assert values[2] == {"name": "Sequential", "group": "containers", "description": "One after the other."}


def test_everything_about_one() -> None:
    assert description_text(FACTS, "- Dense: {units: 4}", ["loss.Dense"], io.StringIO()) == TEXT


def test_on_a_terminal_titles_and_names_of_parameters_stand_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    text = description_text(FACTS, "- Dense: {units: 4}", ["loss.Dense"], io.StringIO())
    assert "\x1b[1mParameters\x1b[0m" in text
    assert "  \x1b[1munits\x1b[0m: positive integer" in text
    assert text.replace("\x1b[1m", "").replace("\x1b[0m", "") == TEXT
    assert groups_text(GROUPS, io.StringIO()).startswith("\x1b[1mcore\x1b[0m: ")


def test_everything_about_one_as_values() -> None:
    values = description_values(FACTS, "- Dense: {units: 4}", ["loss.Dense"])
    assert values["parameters"][0] == {
        "name": "units",
        "type": "positive integer",
        "required": True,
        "default": None,
        "doc": "Length of the output's last axis.",
    }
    assert values["layer"]["weights"] == "`kernel`."
    assert values["example"] == {
        "yaml": "- Dense: {units: 4}",
        "value": {"Dense": {"units": 4}},
        "inputs": {"input": {"shape": [None, 8], "dtype": "float32"}},
        "outputs": {"output": {"shape": [None, 4], "dtype": "float16"}},
    }
    assert values["others"] == ["loss.Dense"]
