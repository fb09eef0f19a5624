"""What sources have in common of whose columns a split may look at some."""

from __future__ import annotations

from typing import Self

from pydantic import PrivateAttr

from netlib.spec.features import SourceSpec


class ColumnedSpec(SourceSpec):
    """Base of sources with columns, not all of which are inputs or targets."""

    _beside: tuple[str, ...] = PrivateAttr(())

    @property
    def beside(self) -> tuple[str, ...]:
        """Columns that the split looks at, whatever else they are used for."""
        return self._beside

    def apart(self, columns: tuple[str, ...]) -> Self:
        """See `SourceSpec.apart`."""
        copy = self.model_copy()
        copy._beside = columns
        return copy
