"""Reads the sources of `tf.train.Example`: `tfrecord` and `tfds`."""

from __future__ import annotations

from netlib.data.arrays import Arrays
from netlib.data.sources.tfrecord_reader import ExamplesReader
from netlib.data.sources.tfrecord_shards import Shard, TfrecordShard
from netlib.data.streaming import Reader
from netlib.spec.features import SourceSpec
from netlib.spec.sources.tfrecord_samples import ExamplesSpec


def read(source: SourceSpec, _seed: int) -> Arrays:
    """Reads the features that the source uses, as it declares them.

    Raises:
        SpecError: the files are none of records, or uses do not fit features.
        NetlabError: they are damaged, or have records that are not as declared and are not to be left out.
    """
    assert isinstance(source, ExamplesSpec)
    return ExamplesReader.of(source, shards_of(source)).all()


def reader(source: SourceSpec) -> Reader | None:
    """Reads any records at a time, if the files are not compressed and none is to be left out; see `netlib.data.streaming`."""
    assert isinstance(source, ExamplesSpec)
    if source.on_error == "skip" or any(source.compression_of(file) != "none" for file in source.files()):
        return None
    return ExamplesReader.of(source, shards_of(source))


def shards_of(source: ExamplesSpec) -> dict[str, list[Shard]]:
    """The files by split, each looked through for where its records begin.

    Raises:
        SpecError: one is no file of records.
        NetlabError: one is damaged.
    """
    title = source.type_name()
    return {
        split: [TfrecordShard.indexed(file, source.compression_of(file), title) for file in files]
        for split, files in source.files_by_split().items()
    }
