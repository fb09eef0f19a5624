"""What is said where a training has, or will have, not enough memory: what it was estimated to take, and what to lower."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from netlib.data.arrays import Arrays
from netlib.data.load import Splits
from netlib.data.streaming import Samples
from netlib.report.numbers import count, size
from netlib.runs import pointers
from netlib.runs.directory import RunDirectory
from netlib.runs.errors import CheckpointError
from netlib.spec.errors import NetlabError
from netlib.spec.features import SPLITS
from netlib.spec.liveness import Mode
from netlib.spec.memory import estimate, largest_batch
from netlib.spec.training import TrainSpec
from netlib.tasks.plan import Complete

_LARGE_SHARE = 0.2
"""Share of the whole from which on the samples are worth a word."""


class OutOfMemoryError(NetlabError):
    """There was not enough memory."""


@dataclass(frozen=True)
class Need:
    """Bytes that a training takes at its peak, as far as is known, and what there is.

    Attributes:
        total: of the process, None where an axis of the network is not known.
        data: of these, the samples that are in memory.
        batch_size: of the estimate.
        room: what the process has and can take in addition; None where the system does not tell.
        largest: the largest batch that fits; None where that is not known, 0 if none does.
        train: how it is trained.
    """

    total: int | None
    data: int
    batch_size: int
    room: int | None
    largest: int | None
    train: TrainSpec

    @classmethod
    def of(cls, config: Complete, train: TrainSpec, mode: Mode, splits: Splits[Samples], room: int | None) -> Need:
        """Of a training whose samples are there already: what reading them took at its peak is over."""
        data = sum(split.bytes for name in SPLITS if isinstance(split := getattr(splits, name), Arrays))
        memory = estimate(config.graph, train, config.data.batch_size, mode)
        largest = None if room is None else largest_batch(max(room - data, 0), config.graph, train, mode)
        return cls(memory.total + data if memory else None, data, config.data.batch_size, room, largest, train)

    def warning(self) -> str | None:
        """One line if it will be too much; None if it fits, or nobody knows."""
        if self.total is None or self.room is None or self.total <= self.room:
            return None
        return f"warning: {self._estimated()}: the training may run out of memory; {self.remedy()}"

    def said(self) -> str:
        """What is known of it, and what to do, for an error."""
        estimated = f": {self._estimated()}" if self.total is not None else f" for data.batch_size: {self.batch_size}"
        remedy = self.remedy()
        return f"{estimated}. {remedy[0].upper()}{remedy[1:]}"

    def remedy(self) -> str:
        """What to lower."""
        ways = []
        if self.batch_size > 1 and self.largest != 0:
            fits = self.largest if self.largest and self.largest < self.batch_size else None
            ways.append(
                f"lower data.batch_size{f' to at most {count(fits)}' if fits else ''}{self._accumulating(fits)}"
            )
        if self.train.precision == "float32":
            ways.append("set train.precision: mixed_bfloat16")
        if self.total is not None and self.data > _LARGE_SHARE * self.total:
            ways.append(f"let data.memory hold fewer samples than now ({size(self.data)})")
        return ", or ".join([*ways, "make the network smaller"])

    def _estimated(self) -> str:
        has = "" if self.room is None else f", and {size(self.room)} are there for it"
        estimated = "" if self.total is None else size(self.total)
        return f"a step is estimated to take {estimated} with data.batch_size: {count(self.batch_size)}{has}"

    def _accumulating(self, fits: int | None) -> str:
        if self.train.phases:
            return ""
        parts = -(-self.batch_size // (fits or max(self.batch_size // 2, 1))) * self.train.accumulate
        return f" (train.accumulate: {parts} keeps the samples of a step as many as now)"


@contextmanager
def memory_explained(need: Need, run: RunDirectory | None) -> Iterator[None]:
    """Inside, where memory runs out it is said how much was estimated and what to lower.

    Raises:
        OutOfMemoryError: it ran out.
    """
    try:
        yield
    except Exception as error:
        if not _is_lack(error):
            raise
        found = re.search(r"OOM .*?(?= on /job:|\n|$)", str(error))  # around it stand names of TensorFlow's own
        what = f" ({found[0]})" if found else ""
        raise OutOfMemoryError(f"there is not enough memory{what}{need.said()}{_standing(run)}") from error


def _is_lack(error: BaseException) -> bool:
    """Python's, NumPy's and TensorFlow's, which is not imported for this; XLA says it in a general error of TensorFlow's."""
    names = {each.__name__ for each in type(error).__mro__}
    general = names & {"InternalError", "UnknownError", "XlaRuntimeError"}
    return bool(names & {"MemoryError", "ResourceExhaustedError"}) or bool(
        general and re.search(r"RESOURCE_EXHAUSTED|[Oo]ut of memory|OOM when", str(error))
    )


def _standing(run: RunDirectory | None) -> str:
    if run is None:
        return ""
    try:
        latest = pointers.pointed(run, "latest")
    except CheckpointError:
        return ""
    return f". The last checkpoint stands: {latest}" if latest else ""
