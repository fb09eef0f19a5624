"""What a type is, as its spec tells: the facts that `netlab layers` shows."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from netlib.spec.base import Spec
from netlib.spec.computed import ComputedSpec
from netlib.spec.computing import ExpressionSpec
from netlib.spec.keras_layers import PREFIX, REFUSED_LAYERS, keras_names, knows
from netlib.spec.language.nodes import CONTAINERS
from netlib.spec.layer import LayerSpec
from netlib.spec.layers.plugin import PluginLayer
from netlib.spec.registry import ADDED, TABLES, names, origin_of, spec_class
from netlib.spec.schema.examples import layer_example, written
from netlib.spec.schema.json_containers import CONTAINER_SCHEMAS
from netlib.spec.schema.json_schema import doc, required, spellings
from netlib.spec.schema.parameter_schema import Schema, parameter_schema
from netlib.spec.schema.words import in_words, value_in_words
from netlib.spec.tensor_expressions import documented
from netlib.spec.tensors import TensorSpec

CONTAINER = "container"
KERAS_KIND = "keras"
_PORTS = {
    "Variables": "one for each variable, called by its place, such as A.0",
    "Compute": "output, or 0, 1, ... where the expression has several results",
    "Split": "0, 1, ..., one for each part",
    "Bidirectional": "output, or forward and backward where merge_mode is null; the states of both, such as forward_h",
}
"""In words, where they depend on the parameters."""
_SENTENCE = re.compile(r"(.+?[.!?])(?=\s|$)", re.DOTALL)


@dataclass(frozen=True)
class Parameter:
    """A parameter: what it takes in words, and its default where it is not required."""

    name: str
    type: str
    required: bool
    default: Any
    doc: str


@dataclass(frozen=True)
class LayerFacts:
    """What only layers have. The rules are in words."""

    inputs: tuple[str, ...]
    optional_inputs: tuple[str, ...]
    any_number_of_inputs: bool
    ports: tuple[str, ...]
    takes: str
    shape: str
    weights: str
    macs: str
    ports_rule: str


@dataclass(frozen=True)
class Example:
    """A piece of a config; of a layer, with inputs that it takes and what it then gives."""

    value: Any
    inputs: dict[str, TensorSpec]
    outputs: dict[str, TensorSpec]


@dataclass(frozen=True)
class Description:
    """All that is known of a type. `refused` are parameters of Keras's, with what to do instead."""

    kind: str
    name: str
    doc: str
    spellings: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    alone: str | None
    layer: LayerFacts | None
    refused: dict[str, str]
    example: Example
    functions: dict[str, str] = field(default_factory=dict)
    """What its expression can call, each with what it gives."""


@dataclass(frozen=True)
class Group:
    """Layers that belong together, each with the first sentence on it."""

    name: str
    doc: str
    members: dict[str, str]


def layer_groups() -> list[Group]:
    """Every layer, in the groups and the order of the registry; then the containers."""
    modules: dict[str, list[str]] = {}
    for name in TABLES["layer"]:
        modules.setdefault(TABLES["layer"][name], []).append(name)
    groups = []
    for module, members in modules.items():
        about = first_sentence(import_module(module).__doc__ or "")
        docs = {name: first_sentence(doc(spec_class("layer", name))) for name in members}
        groups.append(Group(module.rpartition(".")[2], about.partition(":")[0].rstrip(".") + ".", docs))
    containers = {name: first_sentence(CONTAINER_SCHEMAS[name]["description"]) for name in CONTAINERS}
    return [*groups, Group("containers", "Nodes that hold nodes.", containers)]


def keras_groups() -> list[Group]:
    """The layers of Keras's own that a config may name, each with what it needs; and those that it may not."""
    needs = {name: ", ".join(required(spec_class("layer", name))) for name in keras_names()}
    allowed = {name: f"needs {names}." if names else "needs nothing." for name, names in needs.items()}
    refused = {PREFIX + name: f"{reason}." for name, reason in REFUSED_LAYERS.items()}
    return [
        Group("Keras's layers", "as nodes, with plain parameters; what they give is known at build.", allowed),
        Group("not in a config", "with what to do instead.", refused),
    ]


def kind_group(kind: str) -> Group:
    """Every type of a kind that is netlab's own."""
    docs = {name: first_sentence(doc(spec_class(kind, name))) for name in TABLES[kind]}
    first = spec_class(kind, names(kind)[0])
    return Group(kind, f"written as in `{value_in_words(written(first))}`.", docs)


def plugin_groups(kinds: Iterable[str]) -> list[Group]:
    """What plug-ins have added of these kinds, by kind and file."""
    groups: dict[tuple[str, str], Group] = {}
    for kind in kinds:
        for name, (spec, origin) in ADDED.get(kind, {}).items():
            about = f"a plug-in, written as in `{value_in_words(written(spec))}`."
            group = groups.setdefault((kind, origin.file), Group(origin.shown, about, {}))
            group.members[name] = first_sentence(doc(spec))
    return list(groups.values())


def description_of(spec: type[Spec]) -> Description:
    """The facts on a spec."""
    name = spec.type_name()
    origin = origin_of(spec.kind, name)
    example = _example(spec)
    computes = issubclass(spec, ExpressionSpec | ComputedSpec)
    derived = ("names",) if issubclass(spec, ExpressionSpec) else ()
    return Description(
        kind=spec.kind,
        name=name,
        doc=doc(spec) + (f"\n\nWritten in {origin.place}." if origin else ""),
        spellings=tuple(spellings(spec.kind, name)[1:]),
        parameters=tuple(
            _parameter(key, parameter_schema(info), info.is_required())
            for key, info in spec.model_fields.items()
            if key not in derived
        ),
        alone=spec.shorthand,
        layer=_layer_facts(spec, example) if issubclass(spec, LayerSpec) else None,
        refused=dict(spec.refused) if origin is None and (spec.kind != "layer" or knows(name)) else {},
        example=example,
        functions={each.signature: each.doc for each in documented()} if computes else {},
    )


def container_description(name: str) -> Description:
    """The facts on a container."""
    schema = CONTAINER_SCHEMAS[name]
    forms = [form for form in schema.get("anyOf", [schema]) if "properties" in form]
    parameters = tuple(
        _parameter(key, value, key in form.get("required", ()))
        for form in forms
        for key, value in form["properties"].items()
    )
    example = Example({name: schema["examples"][0]}, {}, {})
    return Description(CONTAINER, name, schema["description"], (), parameters, None, None, {}, example)


def first_sentence(text: str) -> str:
    """The first sentence of a docstring, on one line.

    >>> first_sentence("Adds noise (mean 0.5). Only in training.")
    'Adds noise (mean 0.5).'
    """
    paragraph = " ".join(text.strip().split("\n\n")[0].split())
    found = _SENTENCE.match(paragraph)
    return found[1] if found else paragraph


def _parameter(name: str, schema: Schema, required: bool) -> Parameter:
    return Parameter(name, in_words(schema), required, schema.get("default"), schema.get("description", ""))


def _layer_facts(spec: type[LayerSpec], example: Example) -> LayerFacts:
    ports = tuple(example.outputs) if issubclass(spec, PluginLayer) and example.outputs else spec.ports
    return LayerFacts(
        inputs=spec.inputs,
        optional_inputs=spec.optional_inputs,
        any_number_of_inputs=spec.variadic,
        ports=ports,
        takes=spec.takes,
        shape=_said(spec, "output_shape"),
        weights=_said(spec, "weights"),
        macs=_said(spec, "macs"),
        ports_rule=_PORTS.get(spec.type_name(), ", ".join(ports) or "none"),
    )


def _said(spec: type[LayerSpec], method: str) -> str:
    """What a layer says of its shape, weights or costs."""
    if issubclass(spec, PluginLayer):
        if (users := getattr(spec.written.cls, method, None)) is None:
            return "The first input's." if method == "output_shape" else "none"
        return _rule(users) or "As the plug-in's code says."
    own = getattr(spec, method)
    return "none" if own is getattr(LayerSpec, method) else _rule(own)


def _rule(method: Callable[..., Any]) -> str:
    """The docstring of a method, or of the one that it overrides, without its sections."""
    text = inspect.getdoc(method) or ""
    return " ".join(re.split(r"\n\s*\n?(?:Args|Raises|Returns):", text)[0].split())


def _example(spec: type[Spec]) -> Example:
    found = layer_example(spec) if issubclass(spec, LayerSpec) else None
    return Example(found.node, found.inputs, found.outputs) if found else Example(written(spec), {}, {})
