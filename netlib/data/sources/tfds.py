"""Reads the source `tfds`: the files of a set that TensorFlow Datasets has prepared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from netlib.data.arrays import Arrays
from netlib.data.sources.tfrecord_reader import ExamplesReader
from netlib.data.sources.tfrecord_shards import DamagedRecord, Shard, TfrecordShard
from netlib.data.streaming import Reader
from netlib.spec.errors import NetlabError
from netlib.spec.features import SourceSpec
from netlib.spec.sources.images import said
from netlib.spec.sources.tfds import Tfds
from netlib.spec.sources.tfds_records import array_record, record_of
from netlib.spec.sources.tfrecord_framing import place


def read(source: SourceSpec, _seed: int) -> Arrays:
    """Reads the features that the source uses; `parts` has the set's own splits.

    Raises:
        SpecError: the set is not there, or uses do not fit its features.
        NetlabError: a file is damaged, or has records that are not as stated and are not to be left out.
    """
    assert isinstance(source, Tfds)
    return ExamplesReader.of(source, _shards(source)).all()


def reader(source: SourceSpec) -> Reader | None:
    """Reads any records at a time, if none is to be left out; see `netlib.data.streaming`."""
    assert isinstance(source, Tfds)
    return None if source.on_error == "skip" else ExamplesReader.of(source, _shards(source))


@dataclass(frozen=True)
class ArrayRecordShard:
    """An ArrayRecord file; see `Shard`."""

    file: Path
    count: int
    rest: str | None = None

    @property
    def record_bytes(self) -> int:
        """See `Shard.record_bytes`."""
        return self.file.stat().st_size // max(self.count, 1)

    def place(self, number: int) -> str:
        """See `Shard.place`."""
        return place(self.file, number, None)

    @contextmanager
    def opened(self) -> Iterator[Callable[[int], bytes]]:
        """See `Shard.opened`."""
        reader = array_record(self.file)
        try:

            def record(number: int) -> bytes:
                try:
                    return record_of(reader, self.file, number)
                except NetlabError as error:
                    raise DamagedRecord(str(error)) from None

            yield record
        finally:
            reader.close()


def _shards(source: Tfds) -> dict[str, list[Shard]]:
    return {
        split: [_shard(source, file, length) for file, length in source.lengths(split).items()]
        for split in source.files_by_split()
    }


def _shard(source: Tfds, file: Path, length: int) -> Shard:
    """A file, which has as many records as the set's folder states."""
    if source.set.format == "array_record":
        found: Shard = ArrayRecordShard(file, array_record(file).num_records())
    else:
        found = TfrecordShard.indexed(file, "none", "tfds")
    there = found.count + (found.rest is not None)
    if there != length:
        what = f"{said(file)} has {there:,} records, where {length:,} are stated in dataset_info.json"
        raise NetlabError(f"{what}: delete the folder, and prepare the set again")
    return found
