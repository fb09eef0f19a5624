from __future__ import annotations

from typing import Any

import pytest
from pydantic import Field

from netlib.spec.language.analysis import analyse
from netlib.spec.layer import LayerSpec
from netlib.spec.registry import TABLES, names, spec_class
from netlib.spec.schema.examples import example_choice, example_parameters, example_value, layer_example, written
from netlib.spec.tensors import Shape, TensorSpec

OTHERS = [(kind, name) for kind in TABLES if kind != "layer" for name in names(kind)]


def layer(name: str) -> type[LayerSpec]:
    spec = spec_class("layer", name)
    assert issubclass(spec, LayerSpec)
    return spec


@pytest.mark.parametrize("name", names("layer"))
def test_the_example_of_a_layer_is_a_node_that_gives_what_it_says(name: str) -> None:
    example = layer_example(layer(name))
    assert example is not None
    nodes = [example.node] if isinstance(example.node, dict) else [{example.node: None}]
    nodes = [{**nodes[0], "name": "example"}]
    ports = {port: f"example.{port}" for port in example.outputs}
    inputs = example.inputs or {"unused": TensorSpec((None, 1))}
    outputs: dict[str, Any] = {} if layer(name).source or not ports else {"outputs": _named(ports)}
    graph, problems = analyse({"nodes": nodes, **outputs}, inputs)
    assert [problem.message for problem in problems if problem.severity == "error"] == []
    assert graph is not None
    assert dict(graph.node("example").outputs) == example.outputs


def _named(ports: dict[str, str]) -> dict[str, str]:
    return {f"port_{index}": text for index, text in enumerate(ports.values())}


@pytest.mark.parametrize(("kind", "name"), OTHERS, ids=[f"{kind}.{name}" for kind, name in OTHERS])
def test_the_example_of_any_other_type_has_no_mistake(kind: str, name: str) -> None:
    spec = spec_class(kind, name)
    assert spec.parse(example_parameters(spec)).type_name() == name
    assert str(name) in str(written(spec)) or name == "EarlyStopping"


def test_a_parameter_s_own_example_goes_first() -> None:
    class Halved(LayerSpec):
        units: int = Field(description="Units.", examples=[7])

        def output_shape(self, shape: Shape) -> Shape:
            return (*shape[:-1], self.units)

    assert example_parameters(Halved) == {"units": 7}
    assert example_choice(Halved) == {"Halved": {"units": 7}}


def test_a_layer_that_takes_none_of_the_usual_inputs_has_no_example() -> None:
    class Deep(LayerSpec):
        def output_shape(self, shape: Shape) -> Shape:
            from netlib.spec.layer import need_rank

            need_rank(self, shape, 9, "(batch, and eight more)")
            return shape

    assert layer_example(Deep) is None


def test_inputs_of_different_shapes_are_tried() -> None:
    class Pair(LayerSpec):
        inputs = ("image", "vector")

        def output_shape(self, image: Shape, vector: Shape) -> Shape:
            from netlib.spec.layer import need_rank

            need_rank(self, image, 4, "(batch, height, width, channels)")
            need_rank(self, vector, 2, "(batch, features)")
            return vector

    example = layer_example(Pair)
    assert example is not None
    assert [len(tensor.shape) for tensor in example.inputs.values()] == [4, 2]
    assert example.node == {"Pair": {}, "from": {"image": "image", "vector": "vector"}}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "integer", "exclusiveMinimum": 0}, 2),
        ({"type": "integer", "minimum": 5}, 5),
        ({"type": "integer", "maximum": 1}, 1),
        ({"type": "number", "minimum": 0, "exclusiveMaximum": 1}, 0.5),
        ({"type": "array", "items": {"type": "boolean"}, "minItems": 2}, [True, True]),
        ({"type": "object", "additionalProperties": {"type": "null"}, "minProperties": 1}, {"x": None}),
        ({"type": "object", "additionalProperties": {"type": "null"}}, {}),
        ({"enum": ["a", "b"]}, "a"),
        ({"const": 1}, 1),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "text"),
        ({"$ref": "#/$defs/schedule"}, {"CosineDecay": {"initial_learning_rate": 0.001, "decay_steps": 1000}}),
        ({"$ref": "#/$defs/constraint"}, "MaxNorm"),
    ],
    ids=str,
)
def test_a_value_of_a_schema(schema: dict[str, Any], value: Any) -> None:
    assert example_value(schema) == value
