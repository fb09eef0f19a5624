"""`Replicas`: the copies of a network that train together, one on each device, and what they tell each other.

Each computes on its rows of every step. What they have found is added up before anything is changed, so that all make the same
update, and stay the same to the bit. `ALONE` is the one copy of an ordinary training, which has nobody to tell; others are in
`netlib.training.strategies`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, NamedTuple, TypeVar

import numpy as np
import tensorflow as tf

from netlib.spec.errors import NetlabError

T = TypeVar("T")


class Part(NamedTuple):
    """The rows that a replica has of a batch: `length` of them from `start` on. Where rows are fewer than replicas some have
    another's row, which is not `real`: it counts for nothing."""

    start: int
    length: int
    real: bool = True


class WorkerLost(NetlabError):
    """Another worker ended, or cannot be reached. `facts` are those of the steps of the chunk that were done before,
    float32 [steps, facts]."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.facts = np.zeros((0, 0), np.float32)


class Replicas:
    """One copy, which has all rows of every step."""

    count = 1
    """Of all replicas, on all machines."""
    worker = 0
    """The number of this process."""
    workers = 1
    """Processes that train together."""
    local = 1
    """Replicas of this process."""
    synchronized = False
    """Whether the statistics of BatchNormalization are those of the rows of all replicas."""

    @property
    def is_chief(self) -> bool:
        """Whether this process writes what is to be kept."""
        return self.worker == 0

    def scope(self) -> AbstractContextManager[Any]:
        """Inside, a training is built and run: variables are made for all replicas."""
        return nullcontext()

    def holding(self) -> AbstractContextManager[Any]:
        """Inside, what is put on a device is where every replica can read its rows from it."""
        return nullcontext()

    def part(self, rows: int) -> Part:
        """The rows that this replica has of a batch of `rows`; belongs into what `run` runs."""
        return Part(0, rows)

    def run(self, function: Callable[[], T]) -> T:
        """Runs a function once for each replica of this process; returns what the first of them returned."""
        return function()

    def run_all(self, function: Callable[[], tf.Tensor]) -> tf.Tensor:
        """The same of a vector; returns what all replicas of this process returned, one behind the other.

        What nobody takes TensorFlow would not compute. It would put together otherwise, and so round otherwise, what is left, and
        the copies would not stay the same.
        """
        return function()

    def sums(self, tensors: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        """Each tensor added up over all replicas; belongs into what `run` runs, where each of them calls it."""
        return list(tensors)

    def agreed(self, values: Sequence[float]) -> list[float]:
        """The greatest of each value over the workers, each of which must call it at the same place.

        Raises:
            WorkerLost: one does not answer.
        """
        return list(values)

    def watched(self) -> AbstractContextManager[Any]:
        """Inside, other workers are waited for.

        Raises:
            WorkerLost: one does not answer.
        """
        return nullcontext()

    @property
    def handles(self) -> Iterable[tf.Tensor]:
        """What `sums` uses besides what it is given, by which TensorFlow keeps messages in their order."""
        return ()


ALONE = Replicas()


class Together(Replicas):
    """Copies that one of TensorFlow's strategies keeps.

    Every variable has a copy for each replica. What a replica assigns to it changes its own copy alone, which needs no word of
    the others, so that loops and XLA may do it; outside of replicas an assignment changes all copies, and the first one is read.

    Args:
        strategy: a `tf.distribute.Strategy`.
        worker: the number of this process.
        workers: processes that train together.
        synchronized: whether the statistics of BatchNormalization are those of the rows of all replicas.
    """

    def __init__(self, strategy: Any, worker: int = 0, workers: int = 1, *, synchronized: bool = False) -> None:
        self.strategy = strategy
        self.count: int = strategy.num_replicas_in_sync
        self.local = self.count // workers
        self.worker = worker
        self.workers = workers
        self.synchronized = synchronized
        self._greatest = tf.function(self._on_all_workers, autograph=False)

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Inside, a training is built and run: variables are made for all replicas."""
        with self.watched(), self.strategy.scope(), tf.variable_creator_scope(self._copies):
            yield

    def holding(self) -> AbstractContextManager[Any]:
        """Inside, what is put on a device is in the host's memory: a step sends each device no more than its own rows."""
        return tf.device("CPU:0")  # type: ignore[no-any-return]

    def part(self, rows: int) -> Part:
        """The rows of this replica, as many as of the others but for one."""
        replica = _number()
        start, end = (number * rows // self.count for number in (replica, replica + 1))
        return Part(start, end - start) if end > start else Part(min(start, rows - 1), 1, real=False)

    def run(self, function: Callable[[], Any]) -> Any:
        """Runs it in each replica of this process."""
        found = self.strategy.run(function)
        return tf.nest.map_structure(lambda each: self.strategy.experimental_local_results(each)[0], found)

    def run_all(self, function: Callable[[], tf.Tensor]) -> tf.Tensor:
        """What all replicas of this process return, one behind the other."""
        return tf.concat(self.strategy.experimental_local_results(self.strategy.run(function)), axis=0)

    def sums(self, tensors: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        """Each tensor added up over all replicas. Those of one dtype travel together: each message takes a while. None of them is
        there before all are, so that whoever loses the others has all or nothing."""
        alike: dict[tf.DType, list[int]] = {}
        for place, tensor in enumerate(tensors):
            alike.setdefault(tensor.dtype, []).append(place)
        totals = [self._sum([tensors[place] for place in places]) for places in alike.values()]
        summed: dict[int, tf.Tensor] = {}
        for places, total in zip(alike.values(), totals, strict=True):
            with tf.control_dependencies(totals):
                parts = tf.split(total, [tensors[place].shape.num_elements() for place in places])
            summed |= {place: tf.reshape(part, tensors[place].shape) for place, part in zip(places, parts, strict=True)}
        return [summed[place] for place in range(len(tensors))]

    @staticmethod
    def _sum(tensors: Sequence[tf.Tensor]) -> tf.Tensor:
        """All of them, of one dtype, one behind the other in one message."""
        flat = tf.concat([tf.reshape(tensor, [-1]) for tensor in tensors], axis=0)
        return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, flat)

    def agreed(self, values: Sequence[float]) -> list[float]:
        """The greatest of each value over the workers."""
        if self.workers == 1:
            return list(values)
        with self.watched():
            return list(self._greatest(tf.constant(values, tf.float64)).numpy().tolist())

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Inside, other workers are waited for."""
        try:
            yield
        except _LOST as error:
            if self.workers == 1 or (isinstance(error, tf.errors.InternalError) and "ollective" not in str(error)):
                raise  # XLA has internal errors, too
            raise WorkerLost(
                f"worker {self.worker} lost the others: one of them ended, or the network failed"
            ) from error

    @property
    def handles(self) -> Iterable[tf.Tensor]:
        """What a function captures that does nothing but add up."""
        traced = self._greatest.get_concrete_function(tf.TensorSpec([1], tf.float64))
        return tuple(traced.captured_inputs)

    def _on_all_workers(self, values: tf.Tensor) -> tf.Tensor:
        """Every worker has a row of its own in a table, which is added up."""

        def own() -> tf.Tensor:
            return self.sums([tf.one_hot(_number(), self.count, dtype=tf.float64)[:, None] * values[None]])[0]

        return tf.reduce_max(self.run(own), axis=0)

    def _copies(self, make: Callable[..., Any], **options: Any) -> Any:
        """Makes a variable with a copy for each replica. TensorFlow makes such ones only where they are not trained, and means by
        that whether its own tapes look at them; here the flag says what is a weight."""
        trainable = options.pop("trainable", None)
        options |= {
            "synchronization": tf.VariableSynchronization.ON_READ,
            "aggregation": tf.VariableAggregation.ONLY_FIRST_REPLICA,
        }
        # Layers of Keras make theirs while a function is traced, in which TensorFlow cannot give a second copy its value.
        with tf.init_scope() if callable(options.get("initial_value")) else nullcontext():
            made = make(trainable=False, **options)
        for copy in copies_of(made):
            copy._trainable = trainable is None or trainable
        return made


_LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.InternalError,
)
"""What TensorFlow's collectives raise where a peer does not answer."""


def _number() -> int:
    """Of the replica for which TensorFlow runs a function now."""
    return int(tf.get_static_value(tf.distribute.get_replica_context().replica_id_in_sync_group))


def copies_of(variable: Any) -> Iterable[tf.Variable]:
    """Those that this process has of a variable: itself, or one for each of its replicas."""
    return variable.values if isinstance(variable, tf.distribute.DistributedValues) else (variable,)
