"""Files that are read again and again while a network is trained, and must stay what they were."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from netlib.data.arrays import Array
from netlib.spec.errors import NetlabError
from netlib.spec.sources.stamps import stamp


@dataclass(frozen=True)
class OpenedFiles:
    """Files with what they were when they were first looked at.

    Attributes:
        paths: where they are.
        stamps: int64 (files, 2): size, and time of the last change in nanoseconds.
    """

    paths: Sequence[str]
    stamps: Array

    @classmethod
    def of(cls, files: Iterable[Path | str]) -> Self:
        """Looks at files.

        Raises:
            NetlabError: one cannot be found.
        """
        paths = [str(file) for file in files]
        return cls(paths, np.array([_stamp(path) for path in paths], np.int64).reshape(-1, 2))

    def need_unchanged(self, numbers: Iterable[int]) -> None:
        """Refuses files that are others than those that were opened: an epoch of both could not be repeated.

        Args:
            numbers: of those that were read.

        Raises:
            NetlabError: one has changed, or is gone.
        """
        for number in numbers:
            path = self.paths[number]
            if _stamp(path) != tuple(self.stamps[number].tolist()):
                raise NetlabError(
                    f"{path} has changed while it was read; put it back, or begin anew with what it is now"
                )


def _stamp(path: str) -> tuple[int, int]:
    try:
        return stamp(Path(path))
    except OSError as error:
        raise NetlabError(f"{path} cannot be read: {error.strerror}") from None
