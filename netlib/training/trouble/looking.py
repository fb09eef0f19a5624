"""One step that is run eagerly, node by node, to see where the first number comes from that is not finite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import tensorflow as tf

from netlib.nn.running import Tensors, watched
from netlib.spec.graph import Node
from netlib.training.batch import Batch
from netlib.training.joining import Learned
from netlib.training.phases import PhasedStep
from netlib.training.step import TrainStep
from netlib.training.trouble.gate import Copies, UndoneStep
from netlib.training.trouble.statistics import Statistics, spoilt_rows

Plain = TrainStep | PhasedStep
Kinds = frozenset[str]
Usual = Mapping[str, Kinds]
"""By a node's path, what it gives of numbers that are not finite in a step that is well: a mask has an infinity of its own."""
NOTHING: Kinds = frozenset()


@dataclass(frozen=True)
class NodeFacts:
    """A node that has run, with what it has read and given. `rows` are those of the batch in which something is not finite, where
    that is known, and not all of them."""

    node: Node
    reads: dict[str, Statistics]
    gives: dict[str, Statistics]
    rows: tuple[int, ...] = ()

    @property
    def kinds(self) -> Kinds:
        """Of numbers that are not finite, in what it gives."""
        facts = self.gives.values()
        found = {"NaN": any(each.nans for each in facts), "infinite": any(each.infinities for each in facts)}
        return frozenset(kind for kind, there in found.items() if there)


@dataclass
class Seen:
    """What was seen of a step, up to the first thing that is not finite and is so in no good step.

    Attributes:
        nodes: in the order in which they ran.
        first: the first that gave something not finite which it usually does not give.
        loss: the name of the first loss that is not finite.
        gradients: of the first update in which one is not finite, by the weights' paths.
        backward: through which node a gradient that is finite comes back not finite; one of these. None where it is the loss.
        weights: weights and statistics that are not finite after the step; `slots` of the optimizer likewise.
    """

    nodes: list[NodeFacts] = field(default_factory=list)
    first: NodeFacts | None = None
    loss: str | None = None
    gradients: dict[str, Statistics] = field(default_factory=dict)
    backward: tuple[Node, ...] | None = None
    weights: dict[str, Statistics] = field(default_factory=dict)
    slots: dict[str, Statistics] = field(default_factory=dict)

    @property
    def found(self) -> bool:
        """Whether something was."""
        return bool(self.first or self.loss or self.gradients or self.weights or self.slots)


def look(step: Plain | UndoneStep, batch: Batch, rows: int, number: int, usual: Usual | None = None) -> Seen:
    """Runs a step eagerly; everything is afterwards as it was before.

    Args:
        step: what it computes.
        batch: its samples, `rows` of them.
        rows: how many.
        number: steps of the run before it.
        usual: what its nodes give in a good step, as far as that is known.
    """
    plain = step.plain if isinstance(step, UndoneStep) else step
    seen = _run(plain, batch, rows, number, backward=False)
    known = usual or {}
    for place, facts in enumerate(seen.nodes):
        if facts.kinds - known.get(facts.node.path, NOTHING):
            return Seen(seen.nodes[: place + 1], facts)
    if seen.gradients and not seen.loss:
        seen.backward = _run(plain, batch, rows, number, backward=True).backward
    return seen


def usual_of(step: Plain | UndoneStep, batch: Batch, rows: int, number: int) -> Usual | None:
    """What the nodes give of numbers that are not finite, in a step that is good all the same; None if it is not."""
    seen = _run(step.plain if isinstance(step, UndoneStep) else step, batch, rows, number, backward=False)
    if seen.found:
        return None
    found: dict[str, Kinds] = {}
    for each in seen.nodes:
        found[each.node.path] = found.get(each.node.path, NOTHING) | each.kinds
    return found


def _run(step: Plain, batch: Batch, rows: int, number: int, *, backward: bool) -> Seen:
    changed = UndoneStep(step)
    before = Copies(changed.changed())
    watcher = _Watcher(step, rows, backward)
    try:
        watcher.observed(step)(batch, rows, tf.constant(number, tf.int64))
        if not watcher.seen.found:
            watcher.look_at_state()
    finally:
        before.take_back()
    return watcher.seen


class _Watcher:
    """Sees what happens in a step. Nothing is kept of a tensor but its statistics; going `backward`, the tape keeps all."""

    def __init__(self, step: Plain, rows: int, backward: bool) -> None:
        self.seen = Seen()
        self._step = step
        self._rows = rows
        self._parts = step.batches if isinstance(step, PhasedStep) else 1
        self._updates = 0
        self._first_row = 0
        self._backward = backward
        self._given: list[tuple[Node, tf.Tensor]] = []
        self._ran: list[Node] = []
        self._tape: Any = None

    def observed(self, step: Plain) -> Plain:
        """The step, with every forward and backward pass told to this."""
        if isinstance(step, PhasedStep):
            phases = tuple(phase._replace(update=_observed(phase.update, self)) for phase in step.phases)
            return replace(step, phases=phases)
        return _observed(step, self)

    @contextmanager
    def forward(self, first_row: Any, rows: int) -> Iterator[None]:
        """Around the forward pass, and the backward pass, of a batch of so many rows."""
        self._first_row = self._updates * rows if self._parts > 1 else int(first_row)
        self._updates += 1
        with watched(self._node):
            if not self._backward:
                yield
                return
            self._given, self._ran = [], []
            with tf.GradientTape(persistent=True, watch_accessed_variables=False) as self._tape:
                yield

    def ended(self, columns: tuple[str, ...], facts: tf.Tensor, gradients: dict[str, tf.Tensor]) -> None:
        """After it; `facts` begin with the losses."""
        if self.seen.found:
            return
        losses = dict(zip(columns, facts.numpy().tolist(), strict=False))
        bad = [name for name, value in losses.items() if not np.isfinite(value)]
        self.seen.loss = bad[-1] if bad else None
        found = {path: Statistics.of(_readable(gradient)) for path, gradient in gradients.items()}
        spoilt = {path: each for path, each in found.items() if not each.finite}
        if not bad and spoilt:
            self.seen.gradients = spoilt
            if self._backward:
                self.seen.backward = self._culprits(facts)
        self._tape = None

    def look_at_state(self) -> None:
        """At what the update has made of weights and slots."""
        named = list(self._step.model.named_variables())
        weights = {each.path: each.variable for each in named}
        slots = self._step.optimizer.named_slots(named)
        self.seen.weights, self.seen.slots = _spoilt(weights), _spoilt(slots)

    def _node(self, node: Node, read: Tensors, given: Tensors) -> None:
        if self._backward:
            self._ran.append(node)
            for value in _floating(given).values():
                self._tape.watch(value)
                self._given.append((node, value))
            return
        gives = {port: Statistics.of(_readable(value)) for port, value in _floating(given).items()}
        facts = NodeFacts(node, {name: Statistics.of(_readable(each)) for name, each in _eager(read).items()}, gives)
        self.seen.nodes.append(replace(facts, rows=self._spoilt_rows(given)) if facts.kinds else facts)

    def _spoilt_rows(self, given: Tensors) -> tuple[int, ...]:
        rows: set[int] = set()
        for value in _floating(given).values():
            found = spoilt_rows(_readable(value)) if value.shape.rank else np.zeros(0, np.int64)
            if len(found) == len(value):
                return ()
            rows.update((found + self._first_row).tolist())
        return tuple(sorted(row for row in rows if row < self._rows))

    def _culprits(self, facts: tf.Tensor) -> tuple[Node, ...] | None:
        """Going back from the loss, the first fact: the nodes that read the first output whose gradient is not finite, for
        one of them makes that of a finite one. Where those of all outputs are finite, the nodes that own the weights."""
        loss = tf.one_hot(0, len(facts))  # what is computed now, such as `facts[0]`, is on no tape
        gradients = ((node, self._tape.gradient(facts, value, loss)) for node, value in self._given)
        bad = [node for node, gradient in gradients if gradient is not None and not _is_finite(gradient)]
        if not bad:
            owners = (
                node for node in self._ran if any(path.startswith(f"{node.path}.") for path in self.seen.gradients)
            )
            return tuple(node for node in owners if node.body is None)
        return tuple(_innermost(node) for node in self._ran if _reads(node, bad[-1])) or None


def _is_finite(gradient: Any) -> bool:
    return bool(tf.reduce_all(tf.math.is_finite(tf.convert_to_tensor(gradient))))


def _reads(node: Node, other: Node) -> bool:
    """Whether a node reads what another in the same scope gives."""
    beside = node.path.rpartition(".")[0] == other.path.rpartition(".")[0]
    return beside and any(ref.node == other.name for ref in node.reads.values())


def _innermost(node: Node) -> Node:
    """The node in a container that reads what the container reads, where it is the only one; else the container."""
    while node.body is not None:
        inner = [each for each in node.body.nodes if any(ref.node is None for ref in each.reads.values())]
        if len(inner) != 1:
            break
        (node,) = inner
    return node


@dataclass(frozen=True)
class _Observed(TrainStep):
    """A step that tells a watcher what it does."""

    watcher: Any = None

    def _gradients(
        self,
        batch: Batch,
        first_row: Any,
        rows: int,
        step: tf.Tensor,
        variables: tuple[tf.Variable, ...],
        *,
        apart: bool = False,
    ) -> Learned:
        with self.watcher.forward(first_row, rows):
            learned = super()._gradients(batch, first_row, rows, step, variables, apart=apart)
            facts, _, gradients = learned.means()
            paths = {id(each.variable): each.path for each in self.model.named_variables()}
            by_path = {paths[id(each)]: gradient for each, gradient in zip(variables, gradients, strict=True)}
        self.watcher.ended(self.objective.columns, facts, by_path)
        return learned


def _observed(step: TrainStep, watcher: _Watcher) -> _Observed:
    return _Observed(**{each.name: getattr(step, each.name) for each in fields(step)}, watcher=watcher)


def _spoilt(variables: dict[str, tf.Variable]) -> dict[str, Statistics]:
    found = {name: Statistics.of(_readable(each)) for name, each in variables.items() if each.dtype.is_floating}
    return {name: each for name, each in found.items() if not each.finite}


def _eager(values: Tensors) -> Tensors:
    """Those that have values: what runs in a function of TensorFlow's has none here."""
    return {name: each for name, each in values.items() if hasattr(each, "numpy") and not tf.is_symbolic_tensor(each)}


def _floating(values: Tensors) -> Tensors:
    return {name: each for name, each in _eager(values).items() if each.dtype.is_floating}


def _readable(value: Any) -> np.ndarray:
    """As NumPy computes with it."""
    return tf.cast(value, tf.float32).numpy() if value.dtype in (tf.bfloat16, tf.float16) else value.numpy()  # type: ignore[no-any-return]
