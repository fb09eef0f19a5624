"""The source `tfrecord`, files of `tf.train.Example`; records are read in `netlib.data.sources.tfrecord`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from netlib.spec.errors import NetlabError
from netlib.spec.features import DataSignature, SourceSpec
from netlib.spec.sources.images import said
from netlib.spec.sources.table_columns import ColumnUses
from netlib.spec.sources.table_files import Paths, ends_in, files_by_split, files_of
from netlib.spec.sources.tfrecord_features import RecordFeature
from netlib.spec.sources.tfrecord_framing import Compression, first_record
from netlib.spec.sources.tfrecord_samples import ExamplesSpec

SUFFIXES = (".tfrecord", ".tfrecords", ".tfrec")


class Tfrecord(ExamplesSpec):
    """TFRecord files of `tf.train.Example`, as `tf.io.TFRecordWriter` writes them: a record is a sample.

    What a feature holds is declared, and held against every record: `dtype`, and `shape` where it is more than one value. Lists
    of any length are padded to `length` with 0, longer ones `cut` at their start or end. A byte string has an `encoding`: an
    image (png, jpeg, gif, bmp, webp, or `image` for any of these), numbers as their bytes (raw) or these compressed (zlib).
    Images of another size than `shape` says need a `fit` (stretch, crop, pad). `default` is the value of records that lack the
    feature.

    Floats become float32, a single one as a column; integers become int32, strings texts, and images bytes from 0 to 255, decoded
    as those of `image_folder` are. Checksums are verified.
    """

    paths: ClassVar[tuple[str, ...]] = ("path",)
    suffixes: ClassVar[tuple[str, ...]] = tuple(
        f"{end}{gz}" for end in SUFFIXES for gz in ("", ".gz", ".gzip", ".zlib", ".zz")
    )
    path: Paths = Field(
        description="The file, a folder, a pattern for many (`train-*.tfrecord`), or a list of these; or files for each split:"
        " `{train: a.tfrecord, validation: b.tfrecord, test: c.tfrecord}`.",
        examples=["digits.tfrecord"],
    )
    features: dict[str, RecordFeature] = Field(
        description="Feature -> what it holds; `label: int64` is a single integer. Those that are not named are not read.",
        examples=[{"x": {"dtype": "float32", "shape": [8]}, "label": "int64"}],
    )
    targets: ColumnUses = Field(
        description="Features to learn, written in the same way; [] for none.", examples=["label"]
    )
    compression: Compression | None = Field(
        None,
        description="How files are compressed; by default as their names end: `.gz` is gzip, `.zlib` is zlib. Compressed"
        " files are not streamed.",
    )

    def declared(self) -> Mapping[str, RecordFeature]:
        """See `ExamplesSpec.declared`."""
        return self.features

    def learned(self) -> Mapping[str, Any]:
        """See `ExamplesSpec.learned`."""
        return self.targets

    @property
    def parts(self) -> tuple[str, ...]:
        """See `SourceSpec.parts`."""
        return tuple(self.path) if isinstance(self.path, Mapping) else ()

    def files_by_split(self) -> Mapping[str, list[Path]]:
        """See `ExamplesSpec.files_by_split`."""
        return files_by_split(self.path, self.suffixes, self.type_name())

    def compression_of(self, file: Path) -> Compression:
        """As is said, or as the file's name ends."""
        if self.compression is not None:
            return self.compression
        return "gzip" if ends_in(file, (".gz", ".gzip")) else "zlib" if ends_in(file, (".zlib", ".zz")) else "none"

    def first(self) -> tuple[Path, bytes]:
        """See `ExamplesSpec.first`."""
        files = self.files()
        for file in files:
            found = first_record(file, self.compression_of(file), self.type_name())
            if found is not None:
                return file, found
        what = (
            "is empty: it has no record"
            if len(files) == 1
            else f"and {len(files) - 1} more are empty: they have no record"
        )
        raise NetlabError(f"{said(files[0])} {what}")

    def elsewhere(self, path: str, raw: DataSignature) -> SourceSpec:
        """See `SourceSpec.elsewhere`."""
        files_of(path, self.suffixes, (), self.type_name())
        plain = {"path": path, "inputs": self.uses(), "targets": {}, "weights": None}
        return self.model_copy(update=plain).apart(())
