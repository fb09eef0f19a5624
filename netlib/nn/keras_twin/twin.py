"""The twin of a network: `twin_of`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import keras

from netlib.nn.keras_twin.counterpart import Counterpart
from netlib.nn.keras_twin.inlining import Inlining
from netlib.nn.keras_twin.obstacles import NoTwinError, Obstacle
from netlib.nn.keras_twin.stored import Stored
from netlib.nn.keras_twin.tied import projecting
from netlib.nn.keras_twin.training import compile_twin, training_obstacles
from netlib.nn.network import Network
from netlib.spec.heads import Heads
from netlib.spec.precision import POLICIES
from netlib.spec.training import TrainSpec


def twin_of(
    network: Network, train: TrainSpec | None = None, heads: Heads | None = None, **options: Any
) -> keras.Model:
    """A functional model of Keras's layers, with the weights as they are now, frozen where they are.

    One input and one output are tensors, several are mappings by the names of ours. In float32, equal to the network's outputs
    but for rounding.

    Args:
        network: a built one.
        train: how to train it: the twin is then compiled likewise.
        heads: its losses and metrics, joined to outputs and targets; needed with `train`.
        options: of `keras.Model.compile`: `jit_compile`, `steps_per_execution`.

    Raises:
        NoTwinError: Keras has no counterpart of something, a node or a training option; with all of these.
    """
    found = _Found.of(network)
    obstacles = [*found.obstacles, *(training_obstacles(train, heads) if train and heads else ())]
    if obstacles:
        raise NoTwinError(network.name, obstacles)
    twin = keras.Model(_single(found.inputs), _single(found.outputs), name=network.name)
    for pair in found.inlining.pairs():
        pair.keras.assign(pair.ours)
    for made in found.inlining.made.values():
        if made.made is not None and _is_frozen(made, found.trained):
            made.made.trainable = False
    if train and heads:
        compile_twin(twin, train, heads, **options)
    return twin


def obstacles(network: Network, train: TrainSpec | None = None, heads: Heads | None = None) -> list[Obstacle]:
    """Everything of which Keras has no counterpart; none where `twin_of` makes a twin."""
    return [*_Found.of(network).obstacles, *(training_obstacles(train, heads) if train and heads else ())]


class _Found(NamedTuple):
    """What a network comes to, before it is a model. `trained` are our variables that are trained, by identity."""

    inlining: Inlining
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    trained: frozenset[int]
    obstacles: list[Obstacle]

    @classmethod
    def of(cls, network: Network) -> _Found:
        tensors = network.graph.inputs
        inputs = {name: keras.Input(each.shape[1:], dtype=each.dtype, name=name) for name, each in tensors.items()}
        inlining = Inlining(projecting=projecting(network.graph))
        outputs = {name: _widened(name, each) for name, each in inlining.outputs(network, inputs).items()}
        trained = frozenset(map(id, network.trainable_variables))
        noted = [*inlining.obstacles, *_stored_outputs(outputs)]
        if not noted:
            noted = [*_frozen_in_part(inlining, trained), *_without_twin(network, inlining)]
        return cls(inlining, inputs, outputs, trained, noted)


def _single(tensors: Mapping[str, Any]) -> Any:
    return dict(tensors) if len(tensors) > 1 else next(iter(tensors.values()))


def _widened(name: str, output: Any) -> Any:
    """In float32 where it was computed in fewer bits, as Keras advises for outputs."""
    narrow = {policy.compute for policy in POLICIES.values()} - {"float32", "float64"}
    if isinstance(output, Stored) or keras.backend.standardize_dtype(output.dtype) not in narrow:
        return output
    return keras.layers.Activation("linear", dtype="float32", name=f"{name}.widened")(output)


def _stored_outputs(outputs: Mapping[str, Any]) -> list[Obstacle]:
    reason = "a weight is an output: in Keras an output depends on the samples"
    return [Obstacle(each.path, "Variable", reason) for each in outputs.values() if isinstance(each, Stored)]


def _flags(made: Counterpart, trained: frozenset[int]) -> set[bool]:
    """Whether its weights that Keras would train are trained."""
    return {id(pair.ours) in trained for pair in made.weights() if pair.keras.trainable}


def _is_frozen(made: Counterpart, trained: frozenset[int]) -> bool:
    return not any(_flags(made, trained) or {made.ours.trainable})


def _frozen_in_part(inlining: Inlining, trained: frozenset[int]) -> list[Obstacle]:
    reason = "a part of it is frozen: Keras freezes whole layers"
    found = []
    for made in inlining.made.values():
        keeps_statistics = getattr(made.ours, "is_frozen", None)  # of a BatchNormalization
        apart = keeps_statistics is not None and keeps_statistics != _is_frozen(made, trained)
        if len(_flags(made, trained)) > 1 or apart:
            found.append(Obstacle(made.place.path, made.ours.type_name(), reason))
    return found


def _without_twin(network: Network, inlining: Inlining) -> list[Obstacle]:
    """Variables of which there is no copy, so that nothing of a network is left out."""
    copied = {id(pair.ours) for pair in inlining.pairs()}
    lacking = [named.path for named in network.named_variables() if id(named.variable) not in copied]
    return [Obstacle(path, "weight", "no layer of Keras's has a weight for it") for path in lacking]
