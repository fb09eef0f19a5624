"""From a network of ours to the tensors of a functional model of Keras's: every container is opened, every layer replaced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import keras

from netlib.nn.graphs import mask_of, tensors_read
from netlib.nn.keras_twin import sequences, tied
from netlib.nn.keras_twin.catalogue import MASKS_OTHERWISE, counterpart
from netlib.nn.keras_twin.counterpart import Counterpart, Given, Pair, Place, is_masked
from netlib.nn.keras_twin.obstacles import NoCounterpart, Obstacle
from netlib.nn.keras_twin.stored import Stored
from netlib.nn.network import Network
from netlib.nn.wrappers import TimeDistributed
from netlib.spec.graph import Graph, Node, Ref
from netlib.spec.layer import MASK
from netlib.spec.values import StoredSpec

Tensors = dict[str, Any]


@dataclass
class Inlining:
    """What has been made so far. `made` has the counterpart of each layer: one that runs twice has one."""

    obstacles: list[Obstacle] = field(default_factory=list)
    made: dict[int, Counterpart] = field(default_factory=dict)
    stored: list[Stored] = field(default_factory=list)
    projecting: set[str] = field(default_factory=set)
    """The paths of the embeddings that also project back."""

    def outputs(self, network: Network, inputs: Tensors) -> Tensors:
        """What a network gives by name, of its inputs by name."""
        graph = network.graph
        values: dict[Ref, Any] = {Ref(None, name): value for name, value in inputs.items()}
        for node in graph.nodes:
            read = {name: values[ref] for name, ref in node.reads.items()}
            given = self._noted(node, partial(self._run, network, node, read))
            values.update({Ref(node.name, port): value for port, value in given.items()})
        return {name: values[ref] for name, ref in graph.outputs.items()}

    def pairs(self) -> list[Pair]:
        """Every variable of Keras's, with ours."""
        found = [Pair(stored.made, stored.variable) for stored in self.stored if stored.made is not None]
        return [*found, *(pair for made in self.made.values() for pair in made.weights())]

    def _noted(self, node: Node, run: Any) -> Tensors:
        """What a node gives; where Keras has no counterpart, that is noted, and what follows goes on with any tensor."""
        try:
            given: Tensors = run()
        except NoCounterpart as reason:
            self._note(node, str(reason))
            given = {}
        lacking = {port: tensor for port, tensor in node.outputs.items() if port not in given}
        return given | {port: keras.KerasTensor(tensor.shape, tensor.dtype) for port, tensor in lacking.items()}

    def _note(self, node: Node, reason: str) -> None:
        if all(known.path != node.path for known in self.obstacles):
            self.obstacles.append(Obstacle(node.path, node.type, reason))

    def _run(self, network: Network, node: Node, read: Tensors) -> Tensors:
        layer = network.layer(node.name)
        if node.training is not None:
            raise NoCounterpart("its `training` is fixed: Keras gives all layers of a functional model the same flag")
        if isinstance(node.spec, StoredSpec):
            return self._stored(node, layer)
        if node.body is not None and node.type != "Bidirectional":
            return self._container(layer, read)
        ports = tuple(node.outputs)
        place = Place(node.path, layer.dtype, tensors_read(network.graph, node), ports, _read_of(network.graph, node))
        mask = read.pop(MASK) if mask_of(node) is not None else None
        if id(layer) not in self.made:
            self.made[id(layer)] = self._made(layer, node, place)
        made = self.made[id(layer)]
        _check_masks(made, node.type, read)
        given = made(Given(read, mask))
        if not place.read <= given.keys():
            raise NoCounterpart(
                f"it runs a layer again whose ports {', '.join(place.read - given.keys())} were not read before"
            )
        return given

    def _made(self, layer: Any, node: Node, place: Place) -> Counterpart:
        if node.body is not None:
            return sequences.Bidirectional(layer, node.body, place)
        if node.ties:
            return tied.Projection(layer, layer.spec, place, self._tied_to(node))
        if node.path in self.projecting:
            return tied.Embedding(layer, layer.spec, place)
        return counterpart(layer, place)

    def _tied_to(self, node: Node) -> Any:
        """The layer of Keras's whose weight serves as that of a node."""
        if not tied.is_projection(node):
            raise NoCounterpart(
                f"its {' and '.join(node.ties)} is tied to another weight: in Keras a weight is one layer's"
            )
        made = (each.made for each in self.made.values() if tied.projects(node, each.place.path))
        return next(made, None)

    def _stored(self, node: Node, layer: Any) -> Tensors:
        found = {}
        for port, weight in zip(node.outputs, node.weights, strict=True):
            found[port] = Stored(node.weight_path(weight), weight, layer.weight_called(weight.name))
        self.stored += found.values()
        return found

    def _container(self, layer: Any, read: Tensors) -> Tensors:
        if isinstance(layer, TimeDistributed):
            return self._for_each_place(layer, read)
        if type(layer).enter is not Network.enter:
            raise NoCounterpart("Keras has no layer that runs others in this way")
        if layer.is_written:
            raise NoCounterpart("it is written in Python, and not of layers alone")
        return self.outputs(layer, read)

    def _for_each_place(self, layer: TimeDistributed, read: Tensors) -> Tensors:
        """Keras's own wrapper around the layer, or around a model of the layers."""
        if len(read) > 1:
            raise NoCounterpart(
                "its nodes read values of the network around, which Keras's TimeDistributed cannot give them"
            )
        (name,), (tensor,) = read, layer.graph.inputs.values()
        inner = keras.Input(tensor.shape[1:], dtype=tensor.dtype)
        outputs = self.outputs(layer, {name: inner})
        (port, output), *_ = outputs.items()
        if self.obstacles:
            return {}
        model = keras.Model(inner, output)
        whole = model.layers[1] if len(model.layers) == 2 else model
        return {port: keras.layers.TimeDistributed(whole, name=layer.path, dtype=layer.dtype)(read[name])}


def _check_masks(made: Counterpart, type_name: str, read: Mapping[str, Any]) -> None:
    """Refuses a mask of which Keras would make something else.

    Raises:
        NoCounterpart: something that is read has such a mask.
    """
    if not any(map(is_masked, read.values())):
        return
    if made.is_operation:
        raise NoCounterpart("Keras's operations lose the mask of what they read")
    if type_name in MASKS_OTHERWISE:
        raise NoCounterpart("Keras's layer deals otherwise with the mask of what it reads")


def _read_of(graph: Graph, node: Node) -> frozenset[str]:
    """The ports of a node, and of those that share its layer, that something reads."""
    refs = [*graph.outputs.values(), *(ref for each in graph.nodes for ref in each.reads.values())]
    same = {each.name for each in graph.nodes if each.path == node.path}
    return frozenset(ref.port for ref in refs if ref.node in same)
