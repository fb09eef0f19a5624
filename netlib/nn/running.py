"""Running a graph of layers: tensors, masks and the training flag along its edges."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import tensorflow as tf

from netlib.nn.graphs import layer_name, mask_of
from netlib.nn.tracing import by_port
from netlib.spec.graph import Graph, Node, Ref
from netlib.spec.layer import MASK

Tensors = dict[str, tf.Tensor]
Tap = Callable[[Ref, tf.Tensor], tf.Tensor]
"""Sees the value at the beginning of each edge, and gives what goes on along it in its place."""
Watch = Callable[[Node, Tensors, Tensors], None]
"""Sees a node that has run, what it has read, by the names of its inputs, and what it has given, by port."""


def run(
    graph: Graph, layers: Mapping[str, Any], inputs: Tensors, masks: Tensors, training: Any
) -> tuple[Tensors, Tensors]:
    """Outputs by name, and the masks of those that have one.

    Args:
        graph: what to run, node after node.
        layers: those of its nodes, by the name of the first node here that each runs at.
        inputs: by name; cast to the dtypes of the graph's inputs.
        masks: of the inputs that have one, bool [batch, time].
        training: whether layers behave as in training, where the node does not say it.
    """
    tap = _tap_of(graph)
    watch = _watch.get()
    refs = ((Ref(None, name), tensor.dtype) for name, tensor in graph.inputs.items())
    values = {ref: tap(ref, tf.cast(inputs[ref.port], dtype)) for ref, dtype in refs}
    known = {Ref(None, name): mask for name, mask in masks.items()}
    for node in graph.nodes:
        read = {name: values[ref] for name, ref in node.reads.items()}
        read_masks = {name: known[ref] for name, ref in node.reads.items() if ref in known}
        flag = training if node.training is None else node.training
        given, given_masks = _run_node(node, layers[layer_name(graph, node)], read, read_masks, flag)
        if watch is not None:
            watch(node, {name: values[ref] for name, ref in node.reads.items()}, given)
        values.update({(ref := Ref(node.name, port)): tap(ref, value) for port, value in given.items()})
        known.update({Ref(node.name, port): mask for port, mask in given_masks.items()})
    outputs = graph.outputs.items()
    return {name: values[ref] for name, ref in outputs}, {name: known[ref] for name, ref in outputs if ref in known}


@contextmanager
def tapped(graph: Graph, tap: Tap) -> Iterator[None]:
    """Inside, `tap` looks into the edges of that graph, those of the networks in it left out, while it runs."""
    token = _taps.set((graph, tap))
    try:
        yield
    finally:
        _taps.reset(token)


@contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """Inside, `watch` sees each node of every graph that runs, those of the networks in it too, a container after its nodes."""
    token = _watch.set(watch)
    try:
        yield
    finally:
        _watch.reset(token)


_watch: ContextVar[Watch | None] = ContextVar("watch", default=None)
_taps: ContextVar[tuple[Graph, Tap] | None] = ContextVar("taps", default=None)


def _tap_of(graph: Graph) -> Tap:
    taps = _taps.get()
    return taps[1] if taps and taps[0] is graph else lambda _, value: value


def _run_node(node: Node, layer: Any, read: Tensors, masks: Tensors, training: Any) -> tuple[Tensors, Tensors]:
    if node.body is not None:
        outputs: tuple[Tensors, Tensors] = layer.enter(read, masks, training)
        return outputs
    mask = tuple(masks.get(name) for name in read) if len(read) > 1 and masks else next(iter(masks.values()), None)
    if mask_of(node) is not None:
        mask = read.pop(MASK)
    result = layer(*read.values(), training=training, mask=mask)
    several = isinstance(result, Mapping | list | tuple)
    given = by_port(result) if several else {next(iter(node.outputs)): result}
    return given, layer.masks_by_port(list(read.values()), given, mask)


def widened(value: tf.Tensor) -> tf.Tensor:
    """In float32 where it was computed in fewer bits."""
    return tf.cast(value, tf.float32) if value.dtype in (tf.bfloat16, tf.float16) else value
