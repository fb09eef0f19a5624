"""A network as plain values, and back: its layers, and what each reads. Weights are no part of it."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from netlib.nn.freezing import frozen_by_name
from netlib.nn.symbolic import Input, Symbol
from netlib.nn.tree import Tree
from netlib.spec.errors import UsageError, did_you_mean
from netlib.spec.graph import Node
from netlib.spec.registry import TABLES
from netlib.spec.tensors import TensorSpec

_OWN_KEYS = ("inputs", "nodes", "outputs", "section", "frozen")
_OURS = "netlib."
BASES = ("Network", "Sequential", "Foreign")
"""What may stand in a description besides the catalogue's layers."""


def describe(network: Any) -> dict[str, Any]:
    """`inputs`, `nodes` and `outputs` of a network that is built; what it was given of one that is not.

    Raises:
        UsageError: a layer cannot be described by plain values.
    """
    if not network.built:
        return _as_given(network)
    _refuse_sharing(network)
    graph = network.graph
    return {
        "inputs": {name: _plain(tensor) for name, tensor in graph.inputs.items()},
        "nodes": [_node(network, node) for node in graph.nodes],
        "outputs": {name: list(ref) for name, ref in graph.outputs.items()},
        "frozen": frozen_by_name(network),
    }


def rebuild(cls: Any, config: Mapping[str, Any], layers: Mapping[str, Any]) -> Any:
    """The network of that class.

    Raises:
        UsageError: a layer's class is neither netlab's own nor in `layers`.
    """
    options = {name: value for name, value in config.items() if name not in _OWN_KEYS}
    if "section" in config:
        return cls(**{"nodes": [], **config["section"]}, **options)
    made: dict[str, Any] = {}
    symbols: dict[tuple[str | None, str], Symbol] = {}
    for name, tensor in config["inputs"].items():
        symbols[None, name] = Input(tensor["shape"], tensor["dtype"], name)
    inputs = {name: symbols[None, name] for name in config["inputs"]}
    for node in config["nodes"]:
        if node["shares"] is None:
            made[node["name"]] = _layer(node, layers)
        given = made[node["shares"] or node["name"]](*(symbols[node_name, port] for node_name, port in node["reads"]))
        ports = given if isinstance(given, Mapping) else {node["ports"][0]: given}
        symbols.update({(node["name"], port): symbol for port, symbol in ports.items()})
    if cls.is_chain:
        chain = [made[node["shares"] or node["name"]] for node in config["nodes"]]
        network = cls([*inputs.values(), *chain], **options)
    else:
        outputs = {name: symbols[node_name, port] for name, (node_name, port) in config["outputs"].items()}
        network = cls(inputs, outputs, **options)
    if config["frozen"]:
        network.freeze(config["frozen"])
    return network


def _node(network: Any, node: Node) -> dict[str, Any]:
    described: dict[str, Any] = {"name": node.name, "shares": node.shares}
    described["reads"] = [list(ref) for ref in node.reads.values()]
    described["ports"] = list(node.outputs)
    if node.shares is None:
        layer = network.layer(node.name)
        described["class"] = _class_name(layer)
        described["config"] = {**layer.get_config(), "name": node.name}
        if "inputs" in described["config"]:  # it is built at once, before the network around says where it stands
            described["config"]["path"] = layer.path
    return described


def _as_given(network: Any) -> dict[str, Any]:
    section = network._section
    for item in section.get("nodes", []):
        if not isinstance(item, str | Mapping):
            raise UsageError(f"{network.name} is not built yet: call it once before it is described")
    return {"section": {key: value for key, value in section.items() if value is not None}}


def _refuse_sharing(network: Any) -> None:
    """What two nodes share, other than by running the same layer, would be two things in the network that is rebuilt."""
    nodes = {node.name for node in network.graph.nodes}
    for entry in Tree(network).entries:
        holders = nodes & {path.partition(".")[0] for path in entry.paths}
        if len(holders) > 1:
            raise UsageError(
                f"{network.name} cannot be described by plain values: {' and '.join(sorted(holders))} share what is at"
                f" '{entry.path}'; make the network in code, and load its weights with load_state_dict"
            )


def _plain(tensor: TensorSpec) -> dict[str, Any]:
    return {"shape": list(tensor.shape[1:]), "dtype": tensor.dtype}


def _class_name(layer: Any) -> str:
    """`netlib.Dense` of ours, the bare name of a user's class. A Model inside a network is there as the Network that it is."""
    kind = type(layer)
    if not kind.__module__.startswith("netlib."):
        return kind.__name__
    return f"{_OURS}{kind.__name__}" if kind.__module__.startswith("netlib.nn.") else f"{_OURS}Network"


def _layer(node: Mapping[str, Any], layers: Mapping[str, Any]) -> Any:
    name, config = node["class"], node["config"]
    found = _ours(name.removeprefix(_OURS)) if name.startswith(_OURS) else users_class(name, layers)
    if "layers" in inspect.signature(found.from_config).parameters:
        return found.from_config(config, layers=layers)
    return found.from_config(config)


def _ours(name: str) -> Any:
    from netlib import nn  # which has what is described

    if name not in (*TABLES["layer"], *BASES):
        raise UsageError(f"netlab has no layer '{name}'{did_you_mean(name, TABLES['layer'])}")
    return getattr(nn, name)


def users_class(name: str, layers: Mapping[str, Any]) -> Any:
    """The class of that name.

    Raises:
        UsageError: it is not in `layers`.
    """
    if name not in layers:
        raise UsageError(f"'{name}' is no layer of netlab's; give its class: layers={{'{name}': {name}}}")
    return layers[name]
