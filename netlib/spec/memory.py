"""The memory that a training needs, in bytes, estimated before it runs; within a quarter of the measured peak of the process.

`tests/benchmarks/memory.py` measures it and prints both. The constants below were calibrated with it on Linux, with TensorFlow
2.21 on a CPU; there are few of them, and none knows a network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from netlib.spec.callbacks import EMA
from netlib.spec.costs import Size, bytes_of
from netlib.spec.graph import Graph
from netlib.spec.liveness import Mode, Moment, moments
from netlib.spec.tensors import DTYPE_BYTES
from netlib.spec.training import TrainSpec
from netlib.spec.weight_selectors import trained_weights

MIB = 2**20
IMPORTED = 550 * MIB
"""A process that has imported TensorFlow and netlab."""
COMPILED: dict[str, int] = {"graph": 50 * MIB, "xla": 175 * MIB, "eager": 35 * MIB}
"""What the first step adds besides tensors: threads, kernels, and in XLA the compiler."""
COMPILED_LAYER: dict[str, int] = {"graph": 2 * MIB, "xla": 2 * MIB, "eager": MIB // 2}
"""The same for each layer: its operations, traced and compiled."""
POOL = 1.1
"""TensorFlow's pool of memory never gives anything back, and its gaps cannot all be used."""
UPDATE = 3
"""While a weight is updated there are its gradient, the step that this comes to, and the new value beside the old one."""
IN_FLIGHT = 2
"""Layers whose weights are updated at the same time, while the backward pass goes on."""
LOADING = 3
"""Copies of the data while it is read, checked and split; one of them stays."""
RESTORED = 2
"""Copies of the weights while a checkpoint is read: the file and the values."""
MARGIN = 0.1
"""Share of a given memory that `largest_batch` leaves free."""


@dataclass(frozen=True)
class Memory:
    """Bytes at the peak of a step.

    `weights` has the averages (EMA) too, `gradients` the sums over micro-batches and what an update makes of a gradient;
    `activations` are those kept for the backward pass, and their gradients; `checkpoint` is the copy of weights and slots that is
    written to disk, and `runtime` what TensorFlow and its pool take. `total` is more than the sum where reading the data is the
    peak.
    """

    weights: int
    gradients: int
    slots: int
    activations: int
    data: int
    checkpoint: int
    runtime: int

    @property
    def total(self) -> int:
        """The largest amount that the process has at any time."""
        parts = self.weights + self.gradients + self.slots + self.activations + self.data
        return max(parts + self.checkpoint + self.runtime, IMPORTED + LOADING * self.data)


def estimate(
    graph: Graph, train: TrainSpec | None, batch_size: int, execution: Mode, data_bytes: int = 0
) -> Memory | None:
    """The memory of a training at a batch size; None where an axis is not known.

    Args:
        graph: the network.
        train: how it is trained; None for a forward pass alone.
        batch_size: samples of a batch, the micro-batch where gradients are accumulated.
        execution: the mode, as `netlib.spec.execution.choose` says it.
        data_bytes: of the samples that are held in memory.
    """
    at = estimator(graph, train, execution, data_bytes)
    return at(batch_size) if at else None


def largest_batch(
    memory_bytes: int, graph: Graph, train: TrainSpec | None, execution: Mode, data_bytes: int = 0
) -> int | None:
    """The largest batch with which a training fits a memory, a tenth of which (`MARGIN`) is left free; 0 if none does.

    None where an axis is not known, or where a batch needs no memory at all.
    """
    at = estimator(graph, train, execution, data_bytes)
    room = int(memory_bytes * (1 - MARGIN))
    if at is None or at(0).total == at(2**50).total:
        return None
    if at(1).total > room:
        return 0
    fits, too_large = 1, 2
    while at(too_large).total <= room:
        fits, too_large = too_large, 2 * too_large
    while too_large - fits > 1:
        middle = (fits + too_large) // 2
        fits, too_large = (middle, too_large) if at(middle).total <= room else (fits, middle)
    return fits


def estimator(
    graph: Graph, train: TrainSpec | None, execution: Mode, data_bytes: int = 0
) -> Callable[[int], Memory] | None:
    """`estimate` for one network and any batch size, which only looks at the moments that can be the peak."""
    alive = moments(graph, execution, training=train is not None)
    if alive is None:
        return None
    weights, trained = _weight_bytes(graph)
    averages = trained if train and any(isinstance(callback, EMA) for callback in train.callbacks) else 0
    slots = _slot_bytes(graph, train) if train else 0
    sums = trained if train and train.accumulate > 1 else 0
    peaks = _peaks(_with_gradients(alive, hold=_holds_gradients(train, execution)))
    layers = sum(1 for _ in graph.leaves())
    runtime = IMPORTED + COMPILED[execution] + COMPILED_LAYER[execution] * layers
    checkpoint = max(weights + slots + averages, RESTORED * weights) if train else 0

    def at(batch: int) -> Memory:
        activations, gradients = max(
            ((each.activations.of(batch), each.weights) for each in peaks), key=lambda pair: pair[0] + pair[1]
        )
        pool = weights + averages + slots + sums + gradients + activations
        return Memory(
            weights=weights + averages,
            gradients=sums + gradients,
            slots=slots,
            activations=activations,
            data=data_bytes,
            checkpoint=checkpoint,
            runtime=runtime + round(pool * (POOL - 1)),
        )

    return at


def _holds_gradients(train: TrainSpec | None, execution: Mode) -> bool:
    """Whether all gradients are there before the first weight is updated."""
    if train is None:
        return False
    clips = [train.clip, *(phase.clip for phase in train.phases)]
    return execution == "eager" or train.accumulate > 1 or any(clip and clip.global_norm for clip in clips)


def _with_gradients(alive: Sequence[Moment], *, hold: bool) -> list[Moment]:
    """The moments with the weights' gradients and updates in the place of their weights' bytes, and the end of the step."""
    found, before, so_far = [], 0, 0
    largest = sorted((moment.weights for moment in alive), reverse=True)[:IN_FLIGHT]
    for moment in alive:
        so_far += moment.weights
        found.append(moment._replace(weights=so_far if hold else UPDATE * (moment.weights + before)))
        before = moment.weights or before
    if hold:
        found.append(Moment(Size(), so_far + (UPDATE - 1) * sum(largest)))
    return found


def _peaks(alive: Sequence[Moment]) -> list[Moment]:
    """Those moments that are the peak at some batch size: for each amount per sample the largest rest, growing ones left out."""
    best: list[Moment] = []
    fixed = -1
    order = sorted(alive, key=lambda moment: (-moment.activations.per_sample, -_fixed(moment)))
    for moment in order:
        if _fixed(moment) > fixed:
            best.append(moment)
            fixed = _fixed(moment)
    return best


def _fixed(moment: Moment) -> int:
    return moment.activations.once + moment.weights


def _weight_bytes(graph: Graph) -> tuple[int, int]:
    """Of all weights, and of those that are trained; a shared one once."""
    total = trained = 0
    for node in graph.walk(shared=False):
        for weight in node.own_weights:
            size = bytes_of(weight)
            total += size
            trained += size if node.trains(weight) else 0
    return total, trained


def _slot_bytes(graph: Graph, train: TrainSpec) -> int:
    """Of the slots of each weight's optimizers, which are as wide as the weight."""
    return sum(
        DTYPE_BYTES[weight.dtype or "float32"] * optimizer.slots(weight.shape)
        for paths, weight in trained_weights(graph)
        for optimizer in train.optimizers_of(paths)
    )
