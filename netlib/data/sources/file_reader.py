"""What readers have in common whose source is files, all of them of one split."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Generic, TypeVar

from netlib.data.arrays import Array
from netlib.data.sources.stamps import fingerprint_of
from netlib.spec.features import SourceSpec

Source = TypeVar("Source", bound=SourceSpec)


@dataclass(frozen=True)
class FileReader(Generic[Source]):
    """Base of readers of a `source`; see `netlib.data.streaming.Reader`."""

    source: Source

    def parts(self) -> Array | None:
        """The files do not say it."""
        return None

    def fingerprint(self) -> str:
        """See `fingerprint_of`."""
        return fingerprint_of(self.source)

    def notes(self) -> Collection[str]:
        """None."""
        return ()
