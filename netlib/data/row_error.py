"""`RowError`: what is wrong with one of many samples."""

from __future__ import annotations

from netlib.spec.errors import NetlabError


class RowError(NetlabError):
    """A value that a step cannot take.

    Attributes:
        index: of its sample among those that were given.
        what: is wrong, as it follows `row 3`: `has no class`.
        place: stands in front of that: `column 'age'`.
    """

    def __init__(self, index: int, what: str, place: str = "") -> None:
        self.index, self.what, self.place = int(index), what, place
        super().__init__(f"{place and place + ': '}row {self.index} {what}")

    def within(self, place: str) -> RowError:
        """The same, of what is in that place."""
        return RowError(self.index, self.what, f"{place}: {self.place}" if self.place else place)

    def at(self, row: int) -> RowError:
        """The same, of the row by its number in the source."""
        return RowError(row, self.what, self.place)
