"""Networks that run their nodes in a way of their own: TimeDistributed, once for each place; While, until a condition fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import tensorflow as tf

from netlib.nn import calls
from netlib.nn.graphs import repeated
from netlib.nn.layer import Layer
from netlib.nn.network import Network
from netlib.nn.parameters import OPTIONS, parsed
from netlib.nn.random import folded, in_round, loop_begun
from netlib.nn.running import Tensors, run
from netlib.nn.symbolic import Static
from netlib.nn.tensor_expressions import compute
from netlib.spec import wrappers as spec
from netlib.spec.errors import SpecError, UsageError, did_you_mean, one_of
from netlib.spec.graph import Graph
from netlib.spec.language.analysis import analyse
from netlib.spec.tensors import TensorSpec, known_product

_OF_ASSEMBLING = ("graph", "layers", "around", "inputs", "outputs")
"""What the networks around give it besides."""


class Wrapper(Network):
    """Base of what runs a graph otherwise than once from its input to its output.

    What it reads is the first input of the graph; the others are values of the networks around, which its nodes read by name.
    """

    wrapper_type: ClassVar[type[spec.WrapperSpec]]

    def __init__(self, nodes: Any = None, **options: Any) -> None:
        known = [*self.wrapper_type.model_fields, *OPTIONS]
        for name in options:
            if name not in (*known, *_OF_ASSEMBLING):
                hint = did_you_mean(name, known) or f"; it takes {one_of(known)}"
                raise UsageError(f"{type(self).__name__} has no parameter '{name}'{hint}")
        own = {name: options.pop(name) for name in self.wrapper_type.model_fields if name in options}
        given = (nodes,) if isinstance(nodes, self.wrapper_type) else ()
        self.__dict__["wrapper"] = parsed(type(self).__name__, self.wrapper_type, given, own)
        held = [] if given or nodes is None else list(nodes) if isinstance(nodes, list | tuple) else [nodes]
        super().__init__(held if options.get("graph") is None else None, **options)

    def static(self, *tensors: TensorSpec) -> Static:
        """Its graph for such inputs, and what follows from it.

        Raises:
            SpecError: the nodes are not valid, or the network cannot take these inputs.
        """
        inner = super().static(*self._inside(tensors))
        outputs = self._outside(tensors, inner.outputs)
        body = inner.body if self.built or inner.body is None else repeated(inner.body, self.wrapper.times(tensors[0]))
        weights = tuple(self.wrapper.own_weights(body)) if body else ()
        macs = body.macs() if body else 0
        return inner._replace(outputs=outputs, spec=self.wrapper, body=body, weights=weights, macs=macs)

    def ensure_built(self, *tensors: TensorSpec) -> None:
        """Checks the inputs against the graph; without a graph infers it from them, and makes its layers.

        Raises:
            SpecError: the nodes are not valid, or it cannot take these inputs.
        """
        first = not self.built
        super().ensure_built(*self._inside(tensors))
        if first:
            self._outside(tensors, self.graph.output_tensors())
            _repeat(self, self.wrapper.times(tensors[0]))

    build_whole = ensure_built

    def _outside(self, tensors: tuple[TensorSpec, ...], made: Mapping[str, TensorSpec]) -> dict[str, TensorSpec]:
        first, *_ = self.input_names
        given: dict[str, TensorSpec] = self.wrapper.given_outside({first: tensors[0]}, made, self.compute_dtype)
        return given

    def _inside(self, tensors: tuple[TensorSpec, ...]) -> tuple[TensorSpec, ...]:
        """What its nodes read, of what it reads, in the order of its inputs."""
        return (self.wrapper.inside(tensors[0]), *tensors[1:])

    def get_config(self) -> dict[str, Any]:
        """Plain values that `from_config` makes such another of, without its weights."""
        return {**super().get_config(), **self.wrapper.to_plain()}

    def enter(self, inputs: Tensors, masks: Tensors, training: Any) -> tuple[Tensors, Tensors]:
        """The output by name, and its mask, which is the input's, within a call."""
        name, *_ = self.graph.inputs
        port, *_ = self.graph.outputs
        with calls.entered(self, training, along_edges=True) as flag, tf.name_scope(self.name):
            outputs = {port: self._wrapped(inputs, masks, flag)}
        output_masks = {port: masks[name]} if name in masks else {}
        calls.last(self).output_masks[self] = output_masks
        return outputs, output_masks

    def _wrapped(self, inputs: Tensors, masks: Tensors, training: Any) -> tf.Tensor:
        """What it gives."""
        raise NotImplementedError

    def _once(self, value: tf.Tensor, inputs: Tensors, masks: Tensors, training: Any) -> tf.Tensor:
        """What the nodes give for a value in place of the input."""
        name, *_ = self.graph.inputs
        outputs, _ = run(self.graph, self._layers, {**inputs, name: value}, masks, training)
        return next(iter(outputs.values()))


def _repeat(network: Network, times: int | None) -> None:
    """Notes in its graph, and in those of the networks in it, how often they run for a sample."""
    network._graph = repeated(network.graph, times)
    for layer in network.in_order():
        if isinstance(layer, Network):
            _repeat(layer, times)


class TimeDistributed(Wrapper):
    """Runs a layer, or a chain of them, for each place along the second axis, with the same weights: (batch, time, ...) to
    (batch, time, ...). Random layers inside draw other numbers for each place.

    Args:
        nodes: a layer, or what `Sequential` takes.
        options: those of every layer: `name`, `trainable`, `dtype`, `seed`, `path`.

    >>> from netlib import nn
    >>> layer = nn.TimeDistributed(nn.Flatten())
    >>> layer(tf.zeros([2, 5, 3, 4])).shape
    TensorShape([2, 5, 12])
    """

    wrapper_type = spec.TimeDistributed

    def _wrapped(self, inputs: Tensors, masks: Tensors, training: Any) -> tf.Tensor:
        name, *_ = self.graph.inputs
        value = inputs[name]
        sizes = tf.shape(value)
        static, places = value.shape, value.shape[1] or sizes[1]
        folded_axes = tf.concat([[sizes[0] * sizes[1]], sizes[2:]], axis=0)
        together = tf.ensure_shape(tf.reshape(value, folded_axes), [known_product(tuple(static[:2])), *static[2:]])
        with folded(places):
            made = self._once(together, inputs, {}, training)
        unfolded_axes = tf.concat([sizes[:2], tf.shape(made)[1:]], axis=0)
        return tf.ensure_shape(tf.reshape(made, unfolded_axes), [static[0], static[1], *made.shape[1:]])


class While(Wrapper):
    """Runs layers again and again on what they gave, as long as a condition holds; all rounds use the same weights.

    Args:
        nodes: a layer, or what `Sequential` takes; its output has the shape and dtype of its input.
        condition: an expression that is one truth value for the whole batch, of what the last round gave (`x`), asked before
            each round; without one every round runs.
        max_iterations: the most rounds; exactly so many without a condition.
        options: those of every layer: `name`, `trainable`, `dtype`, `seed`, `path`.

    >>> from netlib import nn
    >>> halved = nn.While(nn.Compute("x / 2"), condition="sum(abs(x)) > 1")
    >>> halved(tf.constant([[3.0, 1.0]])).numpy()
    array([[0.75, 0.25]], dtype=float32)
    """

    wrapper_type = spec.While

    def __init__(
        self, nodes: Any = None, *, condition: str | None = None, max_iterations: int = 100, **options: Any
    ) -> None:
        super().__init__(nodes, condition=condition, max_iterations=max_iterations, **options)

    def get_config(self) -> dict[str, Any]:
        """Plain values that `from_config` makes such another of, without its weights."""
        # A class that names parameters has to describe them itself: see `undescribed_parameter`.
        return super().get_config()

    def _graph_for(self, tensors: tuple[TensorSpec, ...]) -> tuple[Graph, dict[str, Layer[Any]]]:
        self._check_condition(tensors[0])
        return super()._graph_for(tensors)

    def _check_condition(self, given: TensorSpec) -> None:
        """Analyses a loop with that condition that changes nothing: what is wrong then is the condition."""
        if self.wrapper.condition is None:
            return
        loop = {"While": {"condition": self.wrapper.condition, "body": "x"}}
        _, problems = analyse([loop], {"input": given}, loc=(), compute=self.compute_dtype)
        if problems:
            raise SpecError([replace(problem, loc=("condition",), via=()) for problem in problems], self.name)

    def _wrapped(self, inputs: Tensors, masks: Tensors, training: Any) -> tf.Tensor:
        name, *others = self.graph.inputs
        rounds = self.wrapper.max_iterations
        condition = self.wrapper.parsed_condition
        captured = {other: inputs[other] for other in others}
        loop = loop_begun(self.path)
        begin = tf.cast(inputs[name], next(iter(self.graph.output_tensors().values())).dtype)

        def goes_on(number: tf.Tensor, state: tf.Tensor) -> tf.Tensor:
            (holds,) = compute(condition, {"x": state, name: state, **captured}, self.compute_dtype)
            return holds

        def next_round(number: tf.Tensor, state: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            with in_round(loop, number, rounds):
                made = self._once(state, inputs, masks, training)
            return number + 1, tf.ensure_shape(made, begin.shape)

        _, end = tf.while_loop(goes_on, next_round, (tf.constant(0), begin), maximum_iterations=rounds)
        return end
