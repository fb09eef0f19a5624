"""Examples of specs, made from what they say of themselves: values for required parameters, and inputs that a layer takes.

A parameter's own example (`Field(examples=[...])`) goes first, then what its name usually has, then any value of its type.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from pydantic.fields import FieldInfo

from netlib.spec.base import Spec
from netlib.spec.errors import NetlabError
from netlib.spec.layer import LayerSpec
from netlib.spec.registry import TABLES, names, spec_class
from netlib.spec.schema.parameter_schema import Schema, definition_name, type_schema, types_of
from netlib.spec.tensors import Shape, TensorSpec

USUAL: dict[str, Any] = {
    "units": 64,
    "filters": 32,
    "kernel_size": 3,
    "pool_size": 2,
    "size": 2,
    "rate": 0.5,
    "output_dim": 64,
    "target_shape": [-1, 8],
    "dims": [2, 1],
    "activation": "relu",
    "initial_learning_rate": 0.001,
    "decay_steps": 1000,
    "first_decay_steps": 1000,
    "decay_rate": 0.96,
    "boundaries": [1000, 2000],
    "values": [0.1, 0.01, 0.001],
    "path": "samples.npz",
    "limit": "10m",
    "expression": "x * 2",
    "loss": "mean_squared_error",
}
WHOLE: dict[str, Any] = {
    "layer.Variable": {"shape": [8]},
    "layer.Constant": {"value": 0.5},
    "layer.Embedding": {"input_dim": 1000, "output_dim": 64},
    "layer.GroupNormalization": {"groups": 4},
    "layer.Variables": {"scale": {"shape": [8]}, "shifts": [{"shape": [8]}, {"value": 0.5}]},
    "layer.AddLoss": {"value": "mean(x ** 2)"},
    "layer.AddMetric": {"value": "mean(x ** 2)"},
    "loss.Compute": {"expression": "mean(abs(digit - label))"},
    "metric.Compute": {"expression": "mean(abs(digit - label))"},
    "source.csv": {"path": "houses.csv", "targets": "price"},
    "source.parquet": {"path": "houses.parquet", "targets": "price"},
    "source.json_lines": {"path": "houses.jsonl", "targets": "price"},
    "source.text_folder": {"path": "reviews"},
    "source.text_lines": {"path": "reviews.txt"},
    "source.corpus": {"path": "books/*.txt", "length": 100},
    "source.image_table": {"path": "photos.csv", "targets": "label"},
    "split.Grouped": {"by": "patient"},
    "split.Time": {"by": "date"},
    "split.Column": {"column": "split", "train": ["train"], "test": ["test"]},
    "preprocessing.Resize": {"height": 64, "width": 64},
    "preprocessing.CenterCrop": {"size": 64},
    "preprocessing.Clip": {"minimum": 0, "maximum": 100},
    "preprocessing.Bucketize": {"quantiles": 10},
}
"""Parameters of types that need one of several, or whose meaning goes beyond a name."""
KEYS = {
    "activation": "activation",
    "initializer": "kernel_initializer",
    "regularizer": "kernel_regularizer",
    "constraint": "kernel_constraint",
    "loss": "loss",
    "metric": "metrics",
    "optimizer": "optimizer",
    "schedule": "learning_rate",
    "callback": "callbacks",
    "mixing": "mix",
    "distribution": "distribute",
    "split": "split",
    "preprocessing": "preprocess",
}
"""The key under which a config names a type of a kind."""
LISTED = ("metric", "callback")
OWN_KEYS = {"EarlyStopping": "early_stopping"}
"""Types that have a key of their own."""
_FLAT: list[Shape] = [(None, 8), (None, 10, 8), (None, 16, 16, 3), (None, 8, 8, 8, 3), (None,)]
_DEEP = [_FLAT[2], _FLAT[1], _FLAT[0], *_FLAT[3:]]
_VARIADIC = (2, 1)


@dataclass(frozen=True)
class LayerExample:
    """A node with inputs, by name, that it takes, and what it then gives, by port."""

    node: str | dict[str, Any]
    inputs: dict[str, TensorSpec]
    outputs: dict[str, TensorSpec]


def example_parameters(spec: type[Spec]) -> dict[str, Any]:
    """A value for each parameter without which there would be a mistake."""
    whole = WHOLE.get(definition_name(spec))
    if whole is not None:
        return dict(whole)
    return {name: _value(name, field) for name, field in spec.model_fields.items() if field.is_required()}


def example_choice(spec: type[Spec]) -> str | dict[str, Any]:
    """The type as a config names it: `Adam`, or `{TimeLimit: {limit: 10m}}`."""
    parameters = example_parameters(spec)
    return {spec.type_name(): parameters} if parameters else spec.type_name()


def written(spec: type[Spec]) -> Any:
    """The type where a config names it: `{optimizer: Adam}`, `{callbacks: [CSVLog]}`; a layer as a node."""
    if spec.kind == "source":
        return {"source": spec.type_name(), **example_parameters(spec)}
    choice = example_choice(spec)
    if spec.kind == "layer":
        return choice
    if spec.type_name() in OWN_KEYS:
        return {OWN_KEYS[spec.type_name()]: example_parameters(spec)}
    if spec.kind == "preprocessing":
        return {KEYS[spec.kind]: {"column": choice}}
    return {KEYS[spec.kind]: [choice] if spec.kind in LISTED else choice}


def layer_example(spec: type[LayerSpec]) -> LayerExample | None:
    """A node of that type with inputs of common ranks; None if it takes none of them."""
    parameters = example_parameters(spec)
    layer = spec.parse(parameters)
    for tensors in _candidates(spec):
        try:
            outputs = layer.outputs(*tensors.values())
        except NetlabError:  # a plug-in's code may fail in any way
            continue
        return LayerExample(_node(spec, parameters, list(tensors)), tensors, outputs)
    return None


def example_value(schema: Schema) -> Any:
    """Some value that a parameter's schema takes; of a choice, the first type that needs no parameters, if any."""
    if "anyOf" in schema:
        return example_value(schema["anyOf"][0])
    if "enum" in schema or "const" in schema:
        return schema.get("enum", [schema.get("const")])[0]
    if "$ref" in schema:
        return _first_choice(schema["$ref"].rpartition("/")[2])
    kind = types_of(schema)[0] if types_of(schema) else "null"
    if kind in ("integer", "number"):
        return _number(schema, kind)
    if kind == "array":
        return [example_value(schema["items"])] * schema.get("minItems", 1)
    if kind == "object":
        return {"x": example_value(schema["additionalProperties"])} if schema.get("minProperties") else {}
    return {"boolean": True, "string": "text", "null": None}[kind]


def _value(name: str, field: FieldInfo) -> Any:
    if field.examples:
        return field.examples[0]
    return USUAL[name] if name in USUAL else example_value(type_schema(field.annotation, field.metadata))


def _number(schema: Schema, kind: str) -> Any:
    least: Any = schema.get("minimum", schema.get("exclusiveMinimum", 0))
    most: Any = schema.get("maximum", schema.get("exclusiveMaximum", least + 2))
    return max(least, min(2, most)) if kind == "integer" else (least + most) / 2


def _first_choice(kind: str) -> Any:
    if kind not in TABLES:
        return {}
    choices = [example_choice(spec_class(kind, name)) for name in names(kind)]
    return next((choice for choice in choices if isinstance(choice, str)), choices[0])


def _candidates(spec: type[LayerSpec]) -> Iterator[dict[str, TensorSpec]]:
    """Inputs to try: first all of one shape, then of different ones."""
    shapes = _DEEP if spec.takes == "any" else _FLAT
    dtype = "int32" if spec.takes == "integer" else "float32"
    tensors = [TensorSpec(shape, dtype) for shape in shapes]
    for called in _input_names(spec):
        yield from (dict.fromkeys(called, tensor) for tensor in tensors)
        yield from (dict(zip(called, mixed, strict=True)) for mixed in product(tensors, repeat=len(called)))


def _input_names(spec: type[LayerSpec]) -> list[tuple[str, ...]]:
    if spec.variadic:
        return [("first", "second")[:number] for number in _VARIADIC]
    return [spec.inputs]


def _node(spec: type[LayerSpec], parameters: dict[str, Any], inputs: list[str]) -> str | dict[str, Any]:
    name = spec.type_name()
    if len(inputs) < 2:
        return {name: parameters} if parameters else name
    read: Any = inputs if spec.variadic else {each: each for each in inputs}
    return {name: parameters, "from": read}
