"""RNN: a cell, of any layers, that goes through a sequence step by step and hands its states on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import tensorflow as tf

from netlib.nn import calls
from netlib.nn.chain import is_plain
from netlib.nn.foreign import as_layer
from netlib.nn.graphs import rebased
from netlib.nn.joining import graph_of
from netlib.nn.keras_layers import ask_keras
from netlib.nn.layer import Layer
from netlib.nn.layers.recurrent_cells import States
from netlib.nn.layers.recurrent_scan import after_each, stepwise, swapped
from netlib.nn.network import Network
from netlib.nn.random import in_round, loop_begun
from netlib.nn.running import Tensors, run
from netlib.nn.symbolic import Static, Symbol
from netlib.nn.wrappers import Wrapper
from netlib.spec import rnn as spec
from netlib.spec.errors import SpecError, UsageError
from netlib.spec.graph import Graph
from netlib.spec.language.analysis import analyse
from netlib.spec.rnn import OUTPUT, SEQUENCE
from netlib.spec.tensors import TensorSpec


class RNN(Wrapper):
    """Runs a cell for each step of a sequence (batch, time, ...), with the same weights, and hands the cell's states on.

    Reads a sequence, and the states to begin with, which are zeros where they are not given: `rnn(x)`, `rnn(x, h)`. Gives a
    mapping: `output` (batch, ...), with `return_sequences` (batch, time, ...), and the last states by their names. Random layers
    in the cell draw other numbers at each step. At a place that the mask leaves out states and output stay.

    Args:
        nodes: the cell: a layer or a network with several inputs, or a node as a config writes it. Its first input is the step
            (batch, ...), and the others are called as the states, but of a layer written by hand, to which they come in their
            order. Its first output is that of the step; those called as the states are the next ones.
        state: shape of each state by name, the batch left out: `{"h": 32}`.
        return_sequences: whether to give the outputs of all steps.
        go_backwards: whether to begin at the end of the sequence.
        options: those of every layer: `name`, `trainable`, `dtype`, `seed`, `path`.

    >>> from netlib import nn
    >>> summed = nn.RNN({"Compute": "x + total"}, state={"total": 3}, return_sequences=True)
    >>> summed(tf.ones([2, 4, 3]))["output"][0, :, 0].numpy()
    array([1., 2., 3., 4.], dtype=float32)
    """

    wrapper_type = spec.RNN
    wrapper: spec.RNN

    def __init__(
        self,
        nodes: Any = None,
        *,
        state: Mapping[str, Any] | None = None,
        return_sequences: bool = False,
        go_backwards: bool = False,
        **options: Any,
    ) -> None:
        given = {} if state is None else {"state": dict(state)}
        super().__init__(nodes, return_sequences=return_sequences, go_backwards=go_backwards, **given, **options)

    def get_config(self) -> dict[str, Any]:
        """Plain values that `from_config` makes such another of, without its weights."""
        # A class that names parameters has to describe them itself: see `undescribed_parameter`.
        return super().get_config()

    # What it reads: the states may be left out.

    @property
    def input_names(self) -> list[str]:
        """The sequence, the states, and what the cell reads of the networks around."""
        return [SEQUENCE, *self.wrapper.state] if self._graph is None else list(self._graph.inputs)

    def inputs_by_name(self, values: Any) -> dict[str, Any]:
        """What a call is given (a value, or a mapping) by the inputs' names, without the states that are not given.

        Raises:
            SpecError: the names are not those of the inputs.
        """
        given = values if isinstance(values, Mapping) else {SEQUENCE: values}
        names = self.input_names
        if set(given) == set(names) - set(self.wrapper.state):
            return {name: given[name] for name in names if name in given}
        return super().inputs_by_name(given)

    def static(self, *tensors: TensorSpec) -> Static:
        """Its graph for such inputs, and what follows from it.

        Raises:
            SpecError: the cell is not valid, or the network cannot take these inputs.
        """
        return super().static(*tensors)._replace(inputs=tuple(self._given(tensors)))

    def _only_input(self) -> str:
        return SEQUENCE

    def _check_number(self, count: int) -> None:
        names = self.input_names
        if count not in (len(names), len(names) - len(self.wrapper.state)):
            states = " and ".join(self.wrapper.state)
            raise SpecError(f"{self.name} reads {SEQUENCE}, and may read {states}, got {count} inputs")

    def _given(self, tensors: tuple[TensorSpec, ...]) -> dict[str, TensorSpec]:
        """What it reads, by name."""
        self._check_number(len(tensors))
        names = self.input_names
        left_out = self.wrapper.state if len(tensors) < len(names) else ()
        return dict(zip((name for name in names if name not in left_out), tensors, strict=True))

    def _inside(self, tensors: tuple[TensorSpec, ...]) -> tuple[TensorSpec, ...]:
        given = self._given(tensors)
        own = {name: tensor for name, tensor in given.items() if name in (SEQUENCE, *self.wrapper.state)}
        inside = {**given, **self.wrapper.read_inside(own, self.compute_dtype)}
        return tuple(inside[name] for name in self.input_names)

    # How it comes to its graph.

    def _graph_for(self, tensors: tuple[TensorSpec, ...]) -> tuple[Graph, dict[str, Layer[Any]]]:
        if len(self.items) != 1:
            raise UsageError(f"{self.name} runs one cell, got {len(self.items)}; join its layers to a nn.Network")
        (cell,) = self.items
        step, *states = tensors
        if is_plain(cell):
            return self._graph_of_node(cell, step)
        return self._graph_of_layer(as_layer(cell), dict(zip(self.input_names, (step, *states), strict=True)))

    def _graph_of_node(self, cell: Any, step: TensorSpec) -> tuple[Graph, dict[str, Layer[Any]]]:
        node = {"RNN": {"cell": cell, **self.wrapper.to_plain()}}
        one_step = TensorSpec((None, 1, *step.shape[1:]), step.dtype)
        graph, problems = analyse([node], {SEQUENCE: one_step}, loc=(), compute=self.compute_dtype, ask=ask_keras)
        if graph is None or graph.nodes[0].body is None:
            raise SpecError([replace(problem, loc=problem.loc[2:]) for problem in problems], self.name)
        return rebased(graph.nodes[0].body, self._nodes_prefix), {}

    def _graph_of_layer(
        self, cell: Layer[Any], tensors: Mapping[str, TensorSpec]
    ) -> tuple[Graph, dict[str, Layer[Any]]]:
        symbols = {name: Symbol(tensor, name) for name, tensor in tensors.items()}
        given = cell(*(symbols[name] for name in self._in_order_of(cell)))
        ports = given if isinstance(given, Mapping) else {OUTPUT: given}
        sources = self.wrapper.sources(cell.type_name(), tuple(ports))
        outputs = {name: ports[port] for name, port in sources.items()}
        traced = graph_of(symbols, outputs, self._nodes_prefix)
        return traced.graph, traced.layers

    def _in_order_of(self, cell: Layer[Any]) -> list[str]:
        """The step and the states in the order of a cell's inputs."""
        states = list(self.wrapper.state)
        if isinstance(cell, Network) and not cell.is_written:
            named = cell.input_names
        elif cell.spec_type is not None and not cell.spec.variadic:
            named = [*cell.spec.inputs, *cell.spec.optional_inputs]
        else:
            return [SEQUENCE, *states]
        needed = named[1:] if cell.spec_type is None else list(cell.spec.inputs[1:])
        if not set(needed) <= set(states) <= set(named[1:]):
            raise SpecError(
                f"{self.name}'s cell {cell.name} reads {', '.join(named) or 'nothing'}: the step, and then it is to read the"
                f" states by their names, {' and '.join(states)}"
            )
        return [SEQUENCE, *(name for name in named[1:] if name in states)]

    # How it runs.

    def enter(self, inputs: Tensors, masks: Tensors, training: Any) -> tuple[Tensors, Tensors]:
        """The output and the last states by name, and the mask of the outputs of all steps, within a call."""
        with calls.entered(self, training, along_edges=True) as flag, tf.name_scope(self.name):
            outputs = self._through(inputs, masks, flag)
        output_masks = {}
        if self.wrapper.return_sequences and SEQUENCE in masks:
            mask = masks[SEQUENCE]
            output_masks[OUTPUT] = tf.reverse(mask, [1]) if self.wrapper.go_backwards else mask
        calls.last(self).output_masks[self] = output_masks
        return outputs, output_masks

    def _through(self, inputs: Tensors, masks: Tensors, training: Any) -> Tensors:
        """What it gives by port."""
        steps = self._in_steps(inputs[SEQUENCE])
        seen = self._in_steps(masks[SEQUENCE]) if SEQUENCE in masks else None
        captured = {name: value for name, value in inputs.items() if name not in (SEQUENCE, *self.wrapper.state)}
        captured_masks = {name: mask for name, mask in masks.items() if name in captured}
        loop, length = loop_begun(self.path), steps.shape[0] or tf.shape(steps)[0]
        given = self.graph.output_tensors()

        def cell(number: tf.Tensor, step: tf.Tensor, states: States) -> tuple[States, States]:
            read = {**captured, SEQUENCE: step, **dict(zip(self.wrapper.state, states[1:], strict=True))}
            with in_round(loop, number, length):
                made, _ = run(self.graph, self._layers, read, captured_masks, training)
            new = (tf.cast(made[name], state.dtype) for name, state in zip(given, states, strict=True))
            return tuple(new), states[:1] if self.wrapper.return_sequences else ()

        begin = tuple(self._begin(name, tensor, inputs, steps) for name, tensor in given.items())
        before, last = stepwise(cell, steps, begin, begin[:1] if self.wrapper.return_sequences else (), seen)
        output = swapped(after_each(before[0], last[0])) if before else last[0]
        return dict(zip(given, (output, *last[1:]), strict=True))

    def _in_steps(self, values: tf.Tensor) -> tf.Tensor:
        """Time first, in the order of the steps."""
        steps = swapped(values)
        return tf.reverse(steps, [0]) if self.wrapper.go_backwards else steps

    def _begin(self, name: str, tensor: TensorSpec, inputs: Tensors, steps: tf.Tensor) -> tf.Tensor:
        """A state as the first step finds it; the output at places that the mask leaves out before any that is real."""
        if name == OUTPUT:
            known, dtype = [steps.shape[1], *tensor.shape[1:]], tensor.dtype
        else:
            known, dtype = [steps.shape[1], *self.wrapper.state[name]], self.compute_dtype
        if name in inputs:
            return tf.ensure_shape(tf.cast(inputs[name], dtype), known)
        rows = tf.shape(steps)[1] if known[0] is None else known[0]
        return tf.ensure_shape(tf.zeros([rows, *known[1:]], dtype), known)
