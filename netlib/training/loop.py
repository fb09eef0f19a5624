"""The loop on the device: many steps in one call.

Python hands over a block of samples and two numbers, and gets back one row of facts for each step. `while` runs on tensors, not
on a `tf.range`, whose ends would be compiled in; shapes are static, so a smaller batch has a trace of its own, made when it is
first reached.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from netlib.data.arrays import Arrays
from netlib.training.batch import Batch, map_batch
from netlib.training.captured import Guard
from netlib.training.phases import PhasedStep
from netlib.training.reached import Reached
from netlib.training.replica_step import ReplicaStep
from netlib.training.replicas import ALONE, Replicas, WorkerLost
from netlib.training.step import TrainStep
from netlib.training.trouble.gate import LEFT_OUT, UndoneStep
from netlib.training.trouble.search import Search
from netlib.training.waiting import Poll, no_poll

CAPACITY = 4096
"""Steps in a call at most: the length of the table of facts that it fills."""

Make = Callable[[int], Callable[..., Any]]
Step = TrainStep | PhasedStep | UndoneStep | ReplicaStep
GoesOn = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
"""Whether another step follows on the one that is done so many steps after the first, with the table of facts so far."""


class DeviceData:
    """Arrays put on the device: `inputs` and `targets` by name, `weights` or None.

    The first `length` rows are samples (all of them unless it is said); what is behind fills the arrays up to a length that is
    compiled already.
    """

    def __init__(self, arrays: Arrays, length: int | None = None) -> None:
        self.length = len(arrays) if length is None else length
        self.numbers = arrays.rows
        """The number of each row in its source, None where that is its own number or is not known."""
        self.samples: int | None = self.length
        self.tensors: dict[str, Any] = {
            "inputs": {name: tf.constant(array) for name, array in arrays.inputs.items()},
            "targets": {name: tf.constant(array) for name, array in arrays.targets.items()},
            "weights": None if arrays.weights is None else tf.constant(arrays.weights),
        }

    def pieces(self, *, joined: bool = True, poll: Poll = no_poll) -> Iterator[DeviceData]:
        """What an evaluation takes one after the other: all of it at once."""
        del joined, poll  # it is no stream of batches, and is there
        yield self


def form_of(tensors: Any) -> str:
    """What is compiled in of nested tensors: names, shapes and dtypes."""
    return str(tf.nest.map_structure(lambda each: each is None or (each.shape, each.dtype), tensors))


@dataclass(frozen=True)
class Block:
    """Steps of an epoch, from `first` to `end`, whose samples are on the device: each takes the next `rows` rows in the order.

    `order` is int32 and may be longer than the steps need: its length is compiled in. The rows of `offset` steps are in front of
    those of the first. `numbers` has the number of each row in its source, None where that is its own or is not known.
    """

    tensors: Mapping[str, Any]
    order: tf.Tensor
    rows: int
    first: int
    end: int
    offset: int = 0
    numbers: np.ndarray | None = None

    @property
    def capacity(self) -> int:
        """Steps in a call at most."""
        return min(CAPACITY, int(self.order.shape[0]) // self.rows)

    def chosen(self, position: int) -> np.ndarray:
        """The rows of the step after so many of the epoch."""
        start = (position - self.first + self.offset) * self.rows
        chosen: np.ndarray = self.order.numpy()[start : start + self.rows]
        return chosen

    @property
    def form(self) -> tuple[Any, ...]:
        """What is compiled in: names, shapes and dtypes."""
        tensors = {**self.tensors, "order": self.order}
        return self.rows, form_of(tensors)


class ByRows:
    """A compiled function for each number of rows in a batch, made when it is first asked for."""

    def __init__(self, make: Make, execution: str, guard: Guard) -> None:
        self._make = make
        self._execution = execution
        self._guard = guard
        self._made: dict[int, Callable[..., Any]] = {}

    def __getitem__(self, rows: int) -> Callable[..., Any]:
        if rows not in self._made:
            self._made[rows] = self._guard.compiled(self._make(rows), self._execution)
        return self._made[rows]


class TrainLoop:
    """Runs steps over blocks of samples. What is compiled serves all blocks of one form.

    `callbacks` are those whose variables a step may use, if they have any; `take` sets them. Each of the `replicas` runs every
    step, with its own rows of it.
    """

    callbacks: Collection[Any] = ()
    search: Search | None = None
    """Which steps are undone where they are not finite; what is found is told to it."""

    def __init__(self, step: Step, execution: str, replicas: Replicas = ALONE) -> None:
        self.step = step
        self.facts = step.facts
        self.added = step.added.names
        self.replicas = replicas
        self._reached = Reached(CAPACITY, len(self.facts)) if replicas.workers > 1 else None
        # Replicas compile their parts of a step by themselves; what they tell each other stands between them in the graph.
        self._execution = execution if replicas.count == 1 else "graph"
        self._hooks: tuple[Any, ...] = ()
        self._compile()

    def _compile(self) -> None:
        """Lets steps be compiled anew, when they are next run: as they are, and for a search."""
        step, guard = self.step, self._guard(self.step)
        self._run = ByRows(self._steps_of(step, None), self._execution, guard)
        if not isinstance(step, ReplicaStep):
            undone = step if isinstance(step, UndoneStep) else UndoneStep(step)
            self._searching = ByRows(self._steps_of(undone, self._was_applied), self._execution, guard)
        self._forms: set[tuple[Any, ...]] = set()

    def take(self, callbacks: Collection[Any]) -> None:
        """From now on the callbacks' device hooks run after each update; where they are others, steps are compiled anew."""
        self.callbacks = callbacks
        hooks = tuple(hook for callback in callbacks if (hook := callback.device_hook()))
        if hooks != self._hooks:
            self._hooks = hooks
            self._compile()

    def forget(self) -> None:
        """Steps are compiled anew from now on: others of the weights are trained than before."""
        self._compile()

    def compiles(self, block: Block) -> bool:
        """Whether steps of the block have to be compiled first."""
        return (self.search is not None, *block.form) not in self._forms

    def run(self, block: Block, position: int, end: int, step: int) -> np.ndarray:
        """Runs the steps `position` to `end` of the epoch, which must lie in the block; stops sooner at its capacity.

        Args:
            block: the samples.
            position: steps of this epoch that are done.
            end: wanted position afterwards.
            step: steps done in the whole run.

        Returns:
            float32 [steps run, facts]: the columns are `facts`. Fewer than wanted where there is a search: after a step that was
            undone, and where the search ends.

        Raises:
            Found: the search was for the step that was undone.
            WorkerLost: one does not answer; it has the facts of the steps that were done before.
        """
        search = self.search
        end = min(end, block.end, position + block.capacity)
        if search is not None:
            end = min(end, position + search.stretch(step))
        gated = search is not None and search.gates(step)
        table = tf.zeros([block.capacity, self.replicas.local * len(self.facts)])
        before = block.first - block.offset
        counters = tf.constant(position - before), tf.constant(end - before), tf.constant(step, tf.int64)
        run = (self._searching if gated else self._run)[block.rows]
        with self._facts_kept():
            found: np.ndarray = run(block.tensors, block.order, table, *counters).numpy()
        result = found[: end - position, : len(self.facts)]  # what the first replica knows of each step
        self._forms.add((search is not None, *block.form))
        if search is not None:
            result = search.seen(block, position, step, result, self.facts) if gated else result
            self.search = search if step + len(result) < search.until else None
        return result

    @contextmanager
    def _facts_kept(self) -> Iterator[None]:
        """Around a call: where other workers are lost in it, the steps that were done are not."""
        if self._reached:
            self._reached.begin()
        try:
            with self.replicas.watched():
                yield
        except WorkerLost as lost:
            if self._reached:
                lost.facts = self._reached.facts()
            raise

    def _updated(self, step: tf.Tensor, facts: tf.Tensor, *, gated: bool) -> None:
        """Runs the callbacks' hooks, unless the step was skipped, which is no update."""

        def run() -> tf.Tensor:
            for hook in self._hooks:
                hook(step)
            return tf.constant(True)

        if self._hooks and gated:
            tf.cond(facts[self.facts.index("skipped")] > 0, lambda: tf.constant(False), run)
        else:
            run()

    def _was_applied(self, done: tf.Tensor, facts: tf.Tensor) -> tf.Tensor:
        """Whether the last step was; the first one has none before it, and the table is empty."""
        return facts[tf.maximum(done - 1, 0), self.facts.index("skipped")] != LEFT_OUT

    def _guard(self, step: Step) -> Guard:
        meters = step.meters
        return Guard(
            "the training step",
            step.model,
            lambda: step.optimizer.variables,
            lambda: meters.named_variables().values(),
            lambda: step.scale.named_variables().values() if step.scale else (),
            lambda: (each for callback in self.callbacks for each in callback.variables().values()),
            lambda: self._reached.variables if self._reached else (),
            replicas=self.replicas,
        )

    def _steps_of(self, update: Step, goes_on: GoesOn | None) -> Make:
        """Makes, for a number of rows, what runs steps to an end, or as long as it `goes_on`."""

        def of(rows: int) -> Callable[..., tf.Tensor]:
            def run(
                data: Batch, order: tf.Tensor, table: tf.Tensor, start: tf.Tensor, end: tf.Tensor, step: tf.Tensor
            ) -> tf.Tensor:
                def one(index: tf.Tensor) -> tf.Tensor:
                    part = self.replicas.part(rows)
                    begin = index * rows + part.start if part.start else index * rows
                    chosen = tf.slice(order, [begin], [part.length])
                    with self.replicas.holding():
                        batch = map_batch(lambda array: tf.gather(array, chosen), data)
                    done = index - start
                    row = update(batch, rows, step + tf.cast(done, tf.int64))
                    with tf.control_dependencies([row] if self._reached else []):  # no more can fail in this step
                        self._updated(step + tf.cast(done, tf.int64), row, gated=update.gated)
                        if self._reached:
                            self._reached.note(done, row)
                    return row

                def body(index: tf.Tensor, facts: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
                    row = self.replicas.run_all(lambda: one(index))
                    return index + 1, tf.tensor_scatter_nd_update(facts, [[index - start]], [row])

                def more(index: tf.Tensor, facts: tf.Tensor) -> tf.Tensor:
                    return index < end if goes_on is None else (index < end) & goes_on(index - start, facts)

                return tf.while_loop(more, body, (start, table), parallel_iterations=1)[1]

            return run

        return of
