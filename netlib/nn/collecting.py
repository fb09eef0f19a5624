"""What layers add during a forward pass besides their outputs: losses and metrics; and the penalties of their weights."""

from __future__ import annotations

import weakref
from typing import Any

import tensorflow as tf

from netlib.nn import calls
from netlib.nn.keras_losses import keras_penalties
from netlib.nn.module import Module
from netlib.nn.tree import Tree
from netlib.spec.errors import UsageError


class Collecting(Module):
    """A module that collects from itself and from all below. `path` is what messages call it."""

    path: str
    regularized: list[tuple[tf.Variable, Any]]
    """Weights of its own with their penalties."""

    @tf.autograph.experimental.do_not_convert
    def add_loss(self, loss: Any) -> None:
        """Adds a term to what is minimised, from within `call`: a scalar.

        Raises:
            UsageError: no call is under way, or it is no scalar, or it cannot leave the place where it is computed.
        """
        value = tf.convert_to_tensor(loss)
        if value.shape.rank != 0:
            raise UsageError(
                f"{self.path}: add_loss takes a scalar, got {tuple(value.shape)}; reduce it, as by tf.reduce_mean"
            )
        self._pass("add_loss").losses.append((weakref.ref(self), tf.cast(value, tf.float32)))

    @tf.autograph.experimental.do_not_convert
    def add_metric(self, value: Any, name: str) -> None:
        """Adds a value to what is logged, from within `call`; its mean is, over all places, batches and layers of that name.

        Raises:
            UsageError: no call is under way, the name is no identifier, or the value cannot leave the place where it is computed.
        """
        if not isinstance(name, str) or not name.isidentifier():
            raise UsageError(
                f"{self.path}: the name of a metric is an identifier, such as 'attention_entropy', got '{name}'"
            )
        mean = tf.reduce_mean(tf.cast(value, tf.float32))
        self._pass("add_metric").metrics.append((weakref.ref(self), name, mean))

    def _pass(self, verb: str) -> calls.Pass:
        current = calls.current()
        if current is None:
            raise UsageError(f"{self.path}: {verb} belongs into `call`, and no call is under way")
        if current.graph is not calls.graph_under_way():
            raise UsageError(
                f"{self.path}: {verb} is called inside of a tf.function, tf.while_loop or tf.cond within `call`, which its value"
                f" cannot leave; return the value from there, and add it outside"
            )
        return current

    @property
    def losses(self) -> list[tf.Tensor]:
        """What to add to the loss, as scalars: the penalties of all regularised weights below that are trained, and what
        `add_loss` was given during the last forward pass."""
        return [*self.penalties, *self.added_losses]

    @property
    def penalties(self) -> list[tf.Tensor]:
        """The penalties of all regularised weights below. Those of frozen weights are left out."""
        tree = Tree(self)
        trained = {id(entry.value) for entry in tree.variables if entry.trainable}
        layers = [entry.value for entry in tree.modules if isinstance(entry.value, Collecting)]
        pairs = [pair for layer in layers for pair in layer.regularized if id(pair[0]) in trained]
        ours = [tf.cast(penalty(variable), tf.float32) for variable, penalty in pairs]
        return [*ours, *keras_penalties(tree, {id(variable) for variable, _ in pairs})]

    @property
    def added_losses(self) -> list[tf.Tensor]:
        """What `add_loss` was given here and below, during the last forward pass.

        Raises:
            UsageError: that was in a function that is over.
        """
        below = self._below()
        return [value for layer, value in self._last_pass("losses").losses if id(layer()) in below]

    @property
    def added_metrics(self) -> dict[str, tf.Tensor]:
        """What `add_metric` was given here and below, during the last forward pass: the mean by name.

        Raises:
            UsageError: that was in a function that is over.
        """
        below: set[int] = self._below()
        found: dict[str, list[tf.Tensor]] = {}
        for layer, name, value in self._last_pass("added_metrics").metrics:
            if id(layer()) in below:
                found.setdefault(name, []).append(value)
        return {name: tf.add_n(values) / len(values) for name, values in found.items()}

    def _last_pass(self, what: str) -> calls.Pass:
        last = calls.last(self)
        if (last.losses or last.metrics) and not last.reachable():
            raise UsageError(
                f"{self.path} was called last in a tf.function, which what it added cannot leave: read {what} inside of that"
                f" function, after the call, and return it"
            )
        return last

    def _below(self) -> set[int]:
        return {id(entry.value) for entry in Tree(self).modules}
