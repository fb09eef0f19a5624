"""Images without classes, to predict on; they are read in `netlib.data.sources.image_files`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from netlib.spec.features import DataSignature
from netlib.spec.sources.images import SUFFIXES, ImagesSpec
from netlib.spec.sources.stamps import stamps
from netlib.spec.sources.table_files import files_of


class ImageFiles(ImagesSpec):
    """One image, those of a folder at any depth, or those that a pattern matches, in the order of their names."""

    paths: ClassVar[tuple[str, ...]] = ("path",)
    path: str = Field(min_length=1, description="The file, the folder or the pattern.")

    def signature(self) -> DataSignature:
        """From the number of files, and the header of the first where there is no `size`."""
        files = self.files()
        return DataSignature({self.input: self.image(files)}, {}, len(files) if self.on_error == "fail" else None)

    def files(self) -> list[Path]:
        """The images.

        Raises:
            MissingFileError: there is none.
        """
        return files_of(self.path, tuple(sorted(SUFFIXES)), (), "images")

    def stamp(self) -> tuple[Any, ...]:
        """See `SourceSpec.stamp`."""
        return stamps(self.files())
