"""`Arrays`: samples that are in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from netlib.spec.features import SPLITS

if TYPE_CHECKING:
    import polars as pl

Array = np.ndarray[Any, Any]
Values: TypeAlias = "Array | pl.Series"
"""Numbers as an array; texts and times, of which only preprocessing makes numbers, as a series."""
BLOCK = 1 << 24
"""Bytes of an array that is not in one piece that are copied at a time."""


@dataclass(frozen=True)
class Arrays:
    """Inputs and targets by name; row `i` of every array belongs to sample `i`.

    `weights` has a float32 for each sample, or is None where all count the same. `rows` has the number of each sample in its
    source, from 0, or is None where that is its own number. `beside` has what a split looks at. Samples that are made of several
    rows, which others may share, have the first and the last of them in `spans`, int64 (samples, 2): those that share some must
    not be in different splits. `parts` has the split of each sample, int8, as its number in `SPLITS`, where the source says it.
    `notes` say what the reader found. Before they are preprocessed, samples of a table have their
    columns for inputs, texts and times among them as series.
    """

    inputs: dict[str, Array]
    targets: dict[str, Array]
    weights: Array | None = None
    rows: Array | None = None
    beside: dict[str, Any] = field(default_factory=dict)
    spans: Array | None = None
    parts: Array | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values())))

    @property
    def bytes(self) -> int:
        """What the inputs and targets take in memory."""
        values: list[Any] = [*self.inputs.values(), *self.targets.values()]
        return sum(each.nbytes if isinstance(each, np.ndarray) else each.estimated_size() for each in values)

    def take(self, indices: Array) -> Arrays:
        """The samples of these numbers, in this order."""
        return Arrays(
            _taken(self.inputs, indices),
            _taken(self.targets, indices),
            None if self.weights is None else self.weights[indices],
            indices if self.rows is None else self.rows[indices],
            _taken(self.beside, indices),
            None if self.spans is None else self.spans[indices],
            None if self.parts is None else self.parts[indices],
            self.notes,
        )

    def row(self, index: int) -> int:
        """The number in its source of sample `index`."""
        return index if self.rows is None else int(self.rows[index])

    def fingerprint(self) -> str:
        """SHA-256 in hexadecimal of names, dtypes, shapes and values; equal only for the same data in the same order."""
        digest = hashlib.sha256()
        weights = {} if self.weights is None else {"weights": self.weights}
        parts = {} if self.parts is None else {"parts": self.parts}
        roles = {
            "inputs": self.inputs,
            "targets": self.targets,
            "weights": weights,
            "beside": self.beside,
            "parts": parts,
        }
        for role, arrays in roles.items():
            for name in sorted(arrays):
                for part, array in _parts(arrays[name]):
                    digest.update(repr((role, name, part or array.dtype.str, array.shape)).encode())
                    for block in _blocks(array):
                        digest.update(block.reshape(-1).view(np.uint8).data)
        return digest.hexdigest()


def _taken(values: Mapping[str, Values], indices: Array) -> dict[str, Any]:
    # NumPy's `take` is several times as fast as an index for narrow rows.
    return {
        name: each.take(indices, 0) if isinstance(each, np.ndarray) else each[indices] for name, each in values.items()
    }


def _parts(values: Values) -> list[tuple[str, Array]]:
    """What makes up the values, as arrays."""
    if isinstance(values, np.ndarray):
        return [("", np.atleast_1d(values))]
    import polars as pl

    missing = ("missing", values.is_null().to_numpy())
    if values.dtype != pl.String():
        return [missing, ("times", np.ascontiguousarray(values.cast(pl.Int64()).fill_null(0).to_numpy()))]
    filled = values.fill_null("")
    contents = np.frombuffer(filled.str.join("").item().encode(), np.uint8)
    return [missing, ("lengths", np.ascontiguousarray(filled.str.len_bytes().to_numpy())), ("text", contents)]


def _blocks(array: Array) -> Iterator[Array]:
    """The array without gaps, in blocks of rows where it has some: views of windows are never copied as a whole."""
    if array.flags.c_contiguous:
        yield array
        return
    rows = max(1, BLOCK * len(array) // max(array.nbytes, 1))
    yield from (np.ascontiguousarray(array[start : start + rows]) for start in range(0, len(array), rows))


def widened(values: Array) -> Array:
    """Values as the network reads them: float32 as they are, integers of every width as int32."""
    return values if values.dtype.kind == "f" else values.astype(np.int32, copy=False)


def side_by_side(columns: Sequence[Any]) -> Array:
    """Columns of numbers, each of one or more a row, as float32 (rows, width)."""
    return np.concatenate([np.asarray(each, np.float32).reshape(len(each), -1) for each in columns], axis=1)


def parts_of(splits: Iterable[str], counts: Any) -> Array:
    """See `Arrays.parts`: of samples that are so many in each split, one behind the other."""
    return np.repeat(np.array([SPLITS.index(split) for split in splits], np.int8), counts)
