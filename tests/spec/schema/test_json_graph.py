"""The schema of the graph language, held by an independent validator to what the analysis takes and refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from netlib.config.dump import to_yaml
from netlib.config.load import read
from netlib.config.problems import ConfigError
from netlib.config.reader import read_tree
from netlib.config.sources import checked_source
from netlib.spec.language.nodes import CONTAINERS, WIRING
from netlib.spec.schema.json_containers import CONTAINER_SCHEMAS
from netlib.spec.schema.json_graph import WIRING_SCHEMAS, graph_definitions, model_schema
from netlib.spec.schema.parameter_schema import reference

INPUTS = "  inputs: {image: {shape: [8, 8, 3]}}\n"

TAKEN = {
    "a list of names": "model: {inputs: {x_1: {shape: [4]}}, nodes: [Flatten, Identity]}",
    "several inputs": "model: {inputs: {a: {shape: [4]}, b: {shape: [4], dtype: float32}}, nodes: [{Add: , from: [a, b]}]}",
    "unknown axes": "model: {inputs: {a: {shape: [null, 4]}}, nodes: [Dense: 2]}",
    "a mapping from inputs": """
model:
  inputs: {a: {shape: [4]}, b: {shape: [4]}}
  nodes:
    - {Compute: left * right, from: {left: a, right: b}}
""",
    "repeat and each": """
vars: {sizes: [8, 8]}
model:
  inputs: {a: {shape: [8]}}
  nodes:
    - {Dense: $item, repeat: $sizes, name: chain}
    - {Dense: 8, repeat: 2, name: more}
    - {Dense: $item, each: {wide: 16, narrow: 4}, name: side}
    - {Concatenate: , from: side.*}
""",
    "wiring": """
model:
  inputs: {a: {shape: [8]}}
  nodes:
    - {Dense: 8, name: first, trainable: false, dtype: mixed_bfloat16}
    - {Dropout: 0.5, training: true, if: true}
    - {Dense: 8, name: second, tie: {kernel: first.kernel, bias: {to: first.bias}}}
    - share: first
""",
    "containers": """
model:
  inputs: {a: {shape: [6, 8]}}
  nodes:
    - Sequential: [Dense: 8, Flatten, {Reshape: [6, 8]}]
    - Residual: [Dense: 8, Activation: relu]
    - Residual: {body: [Dense: 4], shortcut: [Dense: 4]}
    - Parallel: {branches: {one: [Dense: 4], two: {Dense: 4}}, merge: Concatenate}
    - TimeDistributed: {Dense: 8}
    - TimeDistributed: [Dense: 8, Dropout: 0.1]
    - While: {condition: mean(abs(x)) > 1, body: x / 2}
    - While: {body: [Dense: 8], max_iterations: 3}
    - Network: {nodes: [{Dense: 8, name: made}], outputs: made}
    - Sequential: []
""",
    "blocks": """
blocks:
  ConvBN:
    params: {filters: $required, size: 3}
    nodes:
      - Conv2D: {filters: $filters, kernel_size: $size, padding: same}
      - BatchNormalization
  Twice:
    nodes: [ConvBN: 4, {ConvBN: {filters: 4, size: 1}, name: second}]
    outputs: {all: second}
  Pair:
    inputs: [left, right]
    nodes: [{Add: , from: [left, right]}]
model:
  inputs: {image: {shape: [8, 8, 3]}}
  nodes:
    - {ConvBN: 4, name: one}
    - {Twice: , name: two}
    - {Pair: , from: {left: one, right: two}}
    - GlobalAveragePooling2D
""",
    "values": """
model:
  inputs: {a: {shape: [8]}}
  nodes:
    - {Variable: {shape: [8, 4]}, name: w}
    - {Constant: [1.0, 2.0, 3.0, 4.0], name: b}
    - {Variables: {scale: {shape: [4]}, shifts: [{shape: [4]}]}, name: vs}
    - {Compute: a @ w + b, name: made}
    - Compute: made * vs.scale + vs.shifts[0]
    - AddLoss: mean(x ** 2)
    - StopGradient
""",
    "expressions for whole values": """
vars: {body: [Dense: 4, Flatten], norm: BatchNormalization, options: {units: 3}}
model:
  inputs: {a: {shape: [8]}}
  nodes: [Sequential: $body, $norm, Dense: $options, {Dense: "$(input.channels * 2)"}]
""",
}

REFUSED = {
    "two types": "nodes: [{Dense: 2, Flatten: }]",
    "a layer and a block": "nodes: [{Dense: 2, MyBlock: 3}]",
    "a layer and a container": "nodes: [{Dense: 2, Sequential: []}]",
    "a layer and share": "nodes: [Flatten, {Flatten: , share: flatten}]",
    "no type": "nodes: [{name: first, from: image}]",
    "an unknown key": "nodes: [{Flatten: , form: image}]",
    "a list as a node": "nodes: [[Flatten]]",
    "a lower-case type": "nodes: [flatten]",
    "a required parameter is missing": "nodes: [Conv2D]",
    "repeat is text": "nodes: [{Flatten: , repeat: twice}]",
    "repeat is negative": "nodes: [{Flatten: , repeat: -1}]",
    "if is text": "nodes: [{Flatten: , if: maybe}]",
    "training is a number": "nodes: [{Dropout: 0.1, training: 1}]",
    "an unknown precision": "nodes: [{Flatten: , dtype: float8}]",
    "a tie with an unknown key": "nodes: [{Dense: 2, tie: {kernel: {to: a.kernel, transposed: true}}}]",
    "a tie that is text": "nodes: [{Dense: 2, tie: kernel}]",
    "a name with a dot": "nodes: [{Flatten: , name: a.b}]",
    "a name that is a function": "nodes: [{Flatten: , name: mean}]",
    "Sequential of a mapping": "nodes: [Sequential: {nodes: [Flatten]}]",
    "Residual without a shortcut": "nodes: [Residual: {body: []}]",
    "Residual with an unknown key": "nodes: [Residual: {body: [], shortcut: [], bdoy: []}]",
    "Parallel without branches": "nodes: [Parallel: {merge: Add}]",
    "Parallel of a list": "nodes: [Parallel: [Flatten, Flatten]]",
    "While without a body": "nodes: [While: {condition: x > 1}]",
    "While of no rounds": "nodes: [While: {body: x, max_iterations: 0}]",
    "While with several conditions": "nodes: [While: {condition: [x > 1, x < 2], body: x}]",
    "a mistake deep inside": "nodes: [Sequential: [Residual: [Sequential: [{Dense: {unit: 3}}]]]]",
    "a mistake in a branch": "nodes: [Parallel: {branches: {a: [Flaten: {}, {Flatten: , nmae: b}]}}]",
    "an unknown key of the network": "{inputs: {b: {shape: [2]}}, layers: [Flatten]}",
    "an input without a shape": "{inputs: {b: {dtype: float32}}, nodes: [Flatten]}",
    "an input of an unknown dtype": "{inputs: {b: {shape: [2], dtype: float8}}, nodes: [Flatten]}",
    "an input with an empty axis": "{inputs: {b: {shape: [0]}}, nodes: [Flatten]}",
    "outputs are a number": "{inputs: {b: {shape: [2]}}, nodes: [Flatten], outputs: 3}",
}
BLOCKS_REFUSED = {
    "a name in lower case": "{block: {nodes: [Flatten]}}",
    "a layer's name": "{Dense: {nodes: [Flatten]}}",
    "a container's name": "{Residual: {nodes: [Flatten]}}",
    "an unknown key": "{Mine: {parameters: {}, nodes: [Flatten]}}",
    "no nodes": "{Mine: {params: {}}}",
    "params are a list": "{Mine: {params: [a], nodes: [Flatten]}}",
    "a mistake inside": "{Mine: {nodes: [{Dense: {untis: 3}}]}}",
    "a file and nodes": "{Mine: {file: other.yaml, nodes: [Flatten]}}",
}


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    top: dict[str, Any] = {"vars": {}, "model": model_schema(), "blocks": reference("blocks")}
    return Draft202012Validator({"properties": top, "additionalProperties": False, "$defs": graph_definitions()})


def plain(text: str) -> Any:
    tree, problems = read_tree(checked_source("config.yaml", "file", text, Path()))
    assert tree is not None
    assert not problems
    return tree.plain()


def test_every_container_and_every_key_of_the_wiring_has_a_schema() -> None:
    assert set(CONTAINER_SCHEMAS) == set(CONTAINERS)
    assert set(WIRING_SCHEMAS) == set(WIRING)


@pytest.mark.parametrize("text", TAKEN.values(), ids=list(TAKEN))
def test_what_the_language_has_is_taken_by_both(validator: Draft202012Validator, text: str) -> None:
    assert read(text).graph is not None
    validator.validate(plain(text))


def model(text: str) -> str:
    return f"model: {text}\n" if text.startswith("{") else f"model:\n{INPUTS}  {text}\n"


@pytest.mark.parametrize("text", REFUSED.values(), ids=list(REFUSED))
def test_what_it_has_not_is_refused_by_both(validator: Draft202012Validator, text: str) -> None:
    with pytest.raises(ConfigError):
        read(model(text))
    assert not validator.is_valid(plain(model(text)))


@pytest.mark.parametrize("text", BLOCKS_REFUSED.values(), ids=list(BLOCKS_REFUSED))
def test_what_is_no_block_is_refused_by_both(validator: Draft202012Validator, text: str) -> None:
    config = f"blocks: {text}\n"
    with pytest.raises(ConfigError):
        read(config)
    assert not validator.is_valid(plain(config))


@pytest.mark.parametrize("name", CONTAINERS)
def test_the_example_of_a_container_is_taken_by_both(validator: Draft202012Validator, name: str) -> None:
    node = {name: CONTAINER_SCHEMAS[name]["examples"][0]}
    config = {"model": {"inputs": {"sample": {"shape": [10, 8]}}, "nodes": [node]}}
    assert read(to_yaml(config)).graph is not None
    validator.validate(config)
