"""`Contained`: a container as a config writes it, standing among layers in Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from netlib.nn.graphs import rebased
from netlib.nn.keras_layers import ask_keras
from netlib.nn.network import Network
from netlib.spec.errors import SpecError
from netlib.spec.graph import Graph
from netlib.spec.language.analysis import analyse
from netlib.spec.tensors import TensorSpec


class Contained(Network):
    """The nodes of a `Residual` or `Parallel`; its one node, `{type: parameters}`, is analysed once its input is known."""

    def type_name(self) -> str:
        """The container's."""
        return str(*self.items[0]) if self.items else super().type_name()

    def _graph_for(self, tensors: tuple[TensorSpec, ...]) -> tuple[Graph, dict[str, Any]]:
        given = dict(zip(self.input_names, tensors, strict=True))
        node = self.items[0] if len(given) == 1 else {**self.items[0], "from": {name: name for name in given}}
        graph, problems = analyse([node], given, loc=(), compute=self.compute_dtype, ask=ask_keras)
        if graph is None or graph.nodes[0].body is None:
            raise SpecError([replace(problem, loc=problem.loc[2:]) for problem in problems], self.name)
        return rebased(graph.nodes[0].body, self._nodes_prefix), {}


def container_of(kind: str, parameters: Any, options: Mapping[str, Any]) -> Network:
    """The network that a container comes to."""
    from netlib import nn

    if kind == "Sequential":
        return nn.Sequential(parameters, **options)
    if kind == "Network":
        section = parameters if isinstance(parameters, Mapping) else {"nodes": parameters}
        return nn.Network(**section, **options)
    if kind == "TimeDistributed":
        return nn.TimeDistributed(parameters, **options)
    if kind == "While" and isinstance(parameters, Mapping) and "body" in parameters:
        body = parameters["body"]
        own = {name: value for name, value in parameters.items() if name != "body"}
        return nn.While(body if isinstance(body, list) else nn.Compute(body), **own, **options)
    if kind == "RNN" and isinstance(parameters, Mapping) and "cell" in parameters:
        own = {name: value for name, value in parameters.items() if name != "cell"}
        return nn.RNN(parameters["cell"], **own, **options)
    if kind in ("SpectralNormalization", "WeightNormalization"):
        apart = isinstance(parameters, Mapping) and "layer" in parameters
        own = {name: value for name, value in parameters.items() if name != "layer"} if apart else {}
        made: Network = getattr(nn, kind)(parameters["layer"] if apart else parameters, **own, **options)
        return made
    return Contained([{kind: parameters}], **options)
