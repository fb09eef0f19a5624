"""`History`: the records of the epochs that a call of `fit` trained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload

from netlib.spec.errors import UsageError, did_you_mean
from netlib.training.progress import Record, flat


class History(Sequence[Record]):
    """A sequence of records, one for each epoch, which also gives a value over all of them by its name.

    >>> history = History([{"epoch": 1, "train": {"loss": 0.5}}, {"epoch": 2, "train": {"loss": 0.25}}])
    >>> history[-1]["train"]["loss"]
    0.25
    >>> history["train.loss"]
    [0.5, 0.25]
    """

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = list(records)

    @overload
    def __getitem__(self, key: int) -> Record: ...
    @overload
    def __getitem__(self, key: slice) -> History: ...
    @overload
    def __getitem__(self, key: str) -> list[Any]: ...
    def __getitem__(self, key: int | slice | str) -> Record | History | list[Any]:
        """A record, several of them, or the values of a name, None for an epoch in which it was not measured.

        Raises:
            IndexError: there is no such epoch.
            UsageError: no record has that name.
        """
        if isinstance(key, slice):
            return History(self._records[key])
        if not isinstance(key, str):
            return self._records[key]
        if key not in self.names:
            known = did_you_mean(key, self.names) or f" (it has: {', '.join(self.names) or 'no epochs'})"
            raise UsageError(f"the history has no '{key}'{known}")
        return [flat(record).get(key) for record in self._records]

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records)

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, History | list) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"History({self._records!r})"

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that a record has: `train.loss`, `validation.loss`, `learning_rate`."""
        return tuple(dict.fromkeys(name for record in self._records for name in flat(record)))
