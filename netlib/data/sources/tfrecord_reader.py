"""Takes the values out of records of `tf.train.Example`: of all of them, or of any of them at a time."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Self

import numpy as np

from netlib.data.arrays import Array, Arrays, Values, parts_of
from netlib.data.sources.file_reader import FileReader
from netlib.data.sources.left_out import left_out
from netlib.data.sources.tables import target_of
from netlib.data.sources.tfrecord_shards import DamagedRecord, Shard
from netlib.data.sources.tfrecord_values import Columns, Fault
from netlib.spec.cores import available_cores
from netlib.spec.errors import NetlabError
from netlib.spec.sources.images import said
from netlib.spec.sources.table_columns import columns_of, parted
from netlib.spec.sources.tfrecord_features import RecordFeature
from netlib.spec.sources.tfrecord_samples import ExamplesSpec

TOGETHER = 64
"""Records that a thread takes before it asks for more."""
CHUNK_BYTES = 2**17
"""Of neighbours that are read together, about: what a disk reads at once in any case."""
TEXT_BYTES = 32
"""Of a text, about."""
REMEDY = "; correct such records, or leave them out with on_error: skip"


@dataclass(frozen=True)
class ExamplesReader(FileReader[ExamplesSpec]):
    """Records of files; see `netlib.data.streaming.Reader`.

    Attributes:
        source: says what they hold, and what that is used for.
        used: feature -> what it holds, of those that are read.
        shards: the files by split.
        ends: how many records there are up to the end of each file.
    """

    used: dict[str, RecordFeature]
    shards: Sequence[tuple[str, Shard]]
    ends: Array

    @classmethod
    def of(cls, source: ExamplesSpec, by_split: Mapping[str, Sequence[Shard]]) -> Self:
        """The reader of these files.

        Raises:
            SpecError: uses do not fit features.
            NetlabError: no file has a record, or one has a record that is cut off and not to be left out.
        """
        shards = [(split, shard) for split, found in by_split.items() for shard in found]
        for _, shard in shards:
            if shard.rest and source.on_error == "fail":
                raise NetlabError(f"{shard.place(shard.count)}: {shard.rest}{REMEDY}")
        ends = np.cumsum([shard.count for _, shard in shards])
        if not ends[-1]:
            raise NetlabError(f"{said(source.files()[0])} has no record")
        return cls(source, source.used(), shards, ends)

    @property
    def rows(self) -> int:
        """How many there are."""
        return int(self.ends[-1])

    @property
    def row_bytes(self) -> int:
        """What the values of a record take in memory once the network can read them, about."""
        return sum(
            TEXT_BYTES if each.dtype == "string" else 4 * int(np.prod(each.axes, dtype=np.int64))
            for each in self.used.values()
        )

    @property
    def chunk(self) -> int:
        """Records that are best read together."""
        stored = max(shard.record_bytes for _, shard in self.shards)
        return max(1, CHUNK_BYTES // max(stored, 1))

    @property
    def costly(self) -> bool:
        """See `netlib.data.keeping.Costly`."""
        return True

    def all(self) -> Arrays:
        """All of them, but for those that are to be left out.

        Raises:
            NetlabError: one is not as declared and is not to be left out, or none is.
        """
        found, faults = self._read(np.arange(self.rows), self.used)
        arrays = replace(self._samples(found), parts=self.parts())
        cut = {shard.place(shard.count): shard.rest for _, shard in self.shards if shard.rest}
        reasons = [*(faults[row] for row in sorted(faults)), *(f"{place}: {why}" for place, why in cut.items())]
        if len(faults) == self.rows:
            raise NetlabError(f"no record can be used; {reasons[0]}")
        kept = np.delete(np.arange(self.rows), list(faults)) if faults else None
        arrays = arrays if kept is None else arrays.take(kept)
        return replace(arrays, notes=left_out(reasons, self.rows + len(cut), "records"))

    def take(self, numbers: Array) -> Arrays:
        """See `Reader.take`."""
        return self._samples(self._read(numbers, self.used)[0])

    def some(self, name: str, numbers: Array) -> Values:
        """See `Reader.some`; only what is asked for is decoded."""
        inputs, _ = parted(self.source.uses())
        use = self.source.learned().get(name, inputs.get(name, name))
        wanted = {feature: self.used[feature] for feature in columns_of({name: use})}
        values: Values = target_of(use, self._read(numbers, wanted)[0])
        return values

    def parts(self) -> Array | None:
        """See `Reader.parts`."""
        splits = [split for split, _ in self.shards]
        return parts_of(splits, np.diff(self.ends, prepend=0)) if self.source.parts else None

    def _samples(self, values: dict[str, Any]) -> Arrays:
        source = self.source
        inputs, _ = parted(source.uses())
        return Arrays(
            {name: values[feature] for name, feature in inputs.items()},
            {name: target_of(use, values) for name, use in source.learned().items()},
            None if source.weights is None else values[source.weights].reshape(-1).astype(np.float32),
            beside={name: values[name] for name in source.beside},
        )

    def _read(self, numbers: Array, wanted: dict[str, RecordFeature]) -> tuple[dict[str, Any], dict[int, str]]:
        """Features of some records, in this order; and why some are not as declared, by their places in it."""
        columns, faults = Columns(wanted, len(numbers), self.source.weights), {}
        order = np.argsort(numbers, kind="stable")
        borders = [0, *np.searchsorted(numbers[order], self.ends).tolist()]
        with _runner(threads=any(each.is_image for each in wanted.values())) as run:
            for (_, shard), end, begin, stop in zip(self.shards, self.ends, borders, borders[1:], strict=False):
                if begin == stop:
                    continue
                tasks = np.split(order[begin:stop], range(TOGETHER, stop - begin, TOGETHER))
                with shard.opened() as record:
                    file = _File(shard, int(end) - shard.count, record)
                    for found in run(partial(self._put, columns, file, numbers), tasks):
                        faults.update(found)
        return columns.values(), faults

    def _put(self, columns: Columns, file: _File, numbers: Array, places: Array) -> dict[int, str]:
        """Takes the values of those of the records that are at some places, and says which are not as declared."""
        faults = {}
        for place, number in zip(places.tolist(), (numbers[places] - file.first).tolist(), strict=True):
            try:
                columns.put(place, file.record(number))
            except (Fault, DamagedRecord) as fault:
                faults[place] = f"{file.shard.place(number)}: {fault}"
                if self.source.on_error == "fail":
                    raise NetlabError(faults[place] + REMEDY) from None
        return faults


@dataclass(frozen=True)
class _File:
    """A file that is open, the number of its first record among those of all files, and what gives its records."""

    shard: Shard
    first: int
    record: Callable[[int], bytes]


@contextmanager
def _runner(*, threads: bool) -> Iterator[Callable[..., Any]]:
    """What does tasks as `map` does: in threads where images are decoded, which lets others go on."""
    if not threads:
        yield map
        return
    with warnings.catch_warnings(), ThreadPoolExecutor(available_cores()) as pool:
        warnings.simplefilter("ignore")  # what Pillow reads in spite of a flaw is read
        yield pool.map
