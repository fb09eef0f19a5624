"""The losses of Keras layers that stand among ours: penalties of their weights, and what they add while they run."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf

from netlib.nn import calls
from netlib.nn.tree import Tree


def keras_penalties(tree: Tree, counted: set[int]) -> list[tf.Tensor]:
    """The penalties of trained, regularised weights of Keras layers in a tree; Keras keeps them with its own variables.

    `counted` are the ids of weights that are ours, and which Keras may know too.
    """
    layers = [entry.value for entry in tree.modules if isinstance(entry.value, keras.layers.Layer)]
    regularized = {
        id(variable.value): variable
        for layer in layers
        for variable in layer.weights
        if variable.regularizer is not None
    }
    wanted = regularized.keys() - counted
    trained = [entry.value for entry in tree.variables if entry.trainable and id(entry.value) in wanted]
    return [regularized[id(value)].regularizer(value) for value in trained]


def losses_added_by(layer: Any) -> list[tf.Tensor]:
    """What a Keras layer added in its last call, such as the penalty of its outputs; the penalties of its weights come last."""
    penalties = sum(variable.regularizer is not None for variable in layer.trainable_weights)
    losses: list[tf.Tensor] = layer.losses
    return losses[: len(losses) - penalties]


def outermost_keras_layers(tree: Tree) -> tuple[Any, ...]:
    """The Keras layers that the root itself holds and may call: those inside of others, or of layers of ours, are not its own."""
    return tuple(
        entry.value
        for entry in tree.modules
        if isinstance(entry.value, keras.layers.Layer)
        and entry.parent is tree.entries[0]
        and not (entry.owner and isinstance(entry.owner.value, keras.layers.Layer))
    )


_begun: weakref.WeakKeyDictionary[calls.Pass, set[int]] = weakref.WeakKeyDictionary()
"""By pass, the ids of the Keras layers whose losses are those of this pass alone."""


@contextmanager
def collected(layers: Iterable[Any]) -> Iterator[None]:
    """Inside, such layers are called; what they add then is added to the pass that is under way, once, however many hold them."""
    current = calls.current()
    if current is None:
        yield
        return
    begun = _begun.setdefault(current, set())
    for layer in layers:
        if id(layer) in begun:  # the layer around has called it: Keras forgets that in the next call
            _collect(layer, current)
        else:
            layer._clear_losses()  # what is left of an earlier pass may belong to a function that is over
            begun.update(map(id, layer._flatten_layers()))
    yield
    for layer in layers:
        _collect(layer, current)


def _collect(layer: Any, current: calls.Pass) -> None:
    if losses := losses_added_by(layer):
        known = {id(loss) for _, loss in current.losses}
        current.losses += [(weakref.ref(layer), loss) for loss in losses if id(loss) not in known]
