"""A network as plain values, and back: its layers, and what each reads. Weights are no part of it."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from netlib.nn.freezing import frozen_by_name
from netlib.nn.graphs import layer_name, rebased, tensors_read
from netlib.nn.symbolic import Static
from netlib.nn.tree import Tree
from netlib.spec.errors import UsageError, did_you_mean
from netlib.spec.graph import Graph, Node, Ref, Tie
from netlib.spec.registry import TABLES
from netlib.spec.tensors import TensorSpec, known_product

_OWN_KEYS = ("inputs", "nodes", "outputs", "section", "frozen")
_OURS = "netlib."
BASES = (
    "Network",
    "Sequential",
    "Foreign",
    "KerasLayer",
    "PluginLayer",
    "TimeDistributed",
    "While",
    "RNN",
    "SpectralNormalization",
    "WeightNormalization",
)
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
    graph, made = _graph(config, f"{options['path']}." if "path" in options else "", layers)
    network = cls(graph=graph, layers=made, **options)
    if config["frozen"]:
        network.freeze(config["frozen"])
    return network


def _graph(config: Mapping[str, Any], prefix: str, layers: Mapping[str, Any]) -> tuple[Graph, dict[str, Any]]:
    """The graph that a description says, and the layers of its nodes by name."""
    inputs = {name: _tensor(each) for name, each in config["inputs"].items()}
    graph, made = Graph(inputs), {}
    for described in config["nodes"]:
        name, shares = described["name"], described["shares"]
        if shares is None:
            made[name] = _layer(described, layers)
        node = _node_of(described, graph, made[shares or name], prefix)
        graph = replace(graph, nodes=(*graph.nodes, node))
    refs = {name: Ref(*ref) for name, ref in config["outputs"].items()}
    return replace(graph, outputs=refs), made


def _node_of(described: Mapping[str, Any], graph: Graph, layer: Any, prefix: str) -> Node:
    path = prefix + (described["shares"] or described["name"])
    bare = Node(
        name=described["name"],
        path=path,
        loc=(),
        type=layer.type_name(),
        reads={name: Ref(*ref) for name, ref in described["reads"].items()},
        outputs={},
        spec=layer.spec if layer.spec_type is not None else None,
        trainable=layer.trainable,
        times=described.get("times", 1),
        training=described.get("training"),
        ties={name: Tie(f"{prefix}{to}", transpose) for name, (to, transpose) in described.get("ties", {}).items()},
        shares=described["shares"],
    )
    static: Static = layer.static(*tensors_read(graph, bare))
    return replace(
        bare,
        outputs=static.outputs,
        spec=static.spec,
        body=rebased(static.body, f"{path}.", trainable=layer.trainable) if static.body else None,
        weights=static.weights,
        macs=static.macs if static.body else known_product((static.macs, bare.times)),
        couples_rows=static.couples_rows,
    )


def _node(network: Any, node: Node) -> dict[str, Any]:
    described: dict[str, Any] = {"name": node.name, "shares": node.shares}
    described["reads"] = {name: list(ref) for name, ref in node.reads.items()}
    if node.training is not None:
        described["training"] = node.training
    if node.times != 1:
        described["times"] = node.times
    if node.shares is None:
        layer = network.layer(node.name)
        described["class"] = _class_name(layer)
        described["config"] = {**layer.get_config(), "name": node.name.replace(".", "_")}
        if "inputs" in described["config"]:  # it is built at once, before the network around says where it stands
            described["config"]["path"] = layer.path
        if node.ties:
            start = len(network._nodes_prefix)
            described["ties"] = {name: [tie.path[start:], tie.transpose] for name, tie in node.ties.items()}
    return described


def _as_given(network: Any) -> dict[str, Any]:
    section = network._section
    for item in section.get("nodes", []):
        if not isinstance(item, str | Mapping):
            raise UsageError(f"{network.name} is not built yet: call it once before it is described")
    return {"section": {key: value for key, value in section.items() if value is not None}}


def _refuse_sharing(network: Any) -> None:
    """What two nodes share, other than by running the same layer or by a tie between nodes of one network, would be two things in
    the network that is rebuilt."""
    graph, prefix = network.graph, network._nodes_prefix
    names = {node.name for node in graph.nodes}
    tied = {f"{node.name}.{name}" for node in graph.nodes for name in node.ties}
    for entry in Tree(network).entries:
        holders = {_holder(names, path) for path in entry.paths if path and path not in tied}
        if len(holders) > 1:
            raise _not_describable(network, " and ".join(sorted(holders)), entry.path)
    for node in graph.nodes:
        if node.shares is not None and layer_name(graph, node) == node.name:
            raise _not_describable(network, f"{node.name} and a network around it", node.shares)
        for tie in node.ties.values():
            if not tie.path.startswith(prefix):
                raise _not_describable(network, f"{node.name} and a network around it", tie.path)
    for node in (inner for outer in graph.nodes if outer.body for inner in outer.body.walk(shared=False)):
        for tie in node.ties.values():
            if _holder(names, node.path[len(prefix) :]) != _holder(names, tie.path[len(prefix) :]):
                raise _not_describable(network, node.path, tie.path)


def _holder(names: set[str], path: str) -> str:
    """The node that a path below the network leads into; a copy's name has a dot itself."""
    first, *others = path.split(".")
    copied = ".".join([first, *others[:1]])
    return copied if copied in names else first


def _not_describable(network: Any, holders: str, path: str) -> UsageError:
    return UsageError(
        f"{network.name} cannot be described by plain values: {holders} share what is at '{path}'; make the network in code, and"
        f" load its weights with load_state_dict"
    )


def _plain(tensor: TensorSpec) -> dict[str, Any]:
    if tensor.batched:
        return {"shape": list(tensor.shape[1:]), "dtype": tensor.dtype}
    return {"shape": list(tensor.shape), "dtype": tensor.dtype, "batched": False}


def _tensor(plain: Mapping[str, Any]) -> TensorSpec:
    batch = (None,) if plain.get("batched", True) else ()
    return TensorSpec((*batch, *plain["shape"]), plain["dtype"])


def _class_name(layer: Any) -> str:
    """`netlib.Dense` of ours, the bare name of a user's class. What is a Network inside, as a Model is, is there as that."""
    kind = type(layer)
    if not kind.__module__.startswith("netlib."):
        return kind.__name__
    return f"{_OURS}{kind.__name__ if kind.__name__ in (*TABLES['layer'], *BASES) else 'Network'}"


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
