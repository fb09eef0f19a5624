"""Splits by a hash of a value, which no other row has a part in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from netlib.data.arrays import Array, Values
from netlib.data.keys import Keys
from netlib.data.rows import rows_where
from netlib.spec.errors import Problem, SpecError
from netlib.spec.shares import Shares

BLOCK = 1 << 15
"""Rows whose bytes are looked at together."""


def hashed(keys: Keys | Mapping[str, Values], shares: Shares, seed: int) -> dict[str, Array]:
    """The rows to validate and to test on, by a column or by all inputs, as `Hash` says.

    Raises:
        SpecError: a split that is asked for comes out empty.
    """
    drawn = _drawn(map(str.encode, keys.texts()) if isinstance(keys, Keys) else _rows(keys), seed)
    first, second = drawn[:, 0], drawn[:, 1]
    test = first < _part(shares.test)
    if shares.folds is None or shares.fold is None:
        validation = ~test & (first < _part(shares.test + shares.validation))
    else:
        validation = ~test & (second % np.uint64(shares.folds) == shares.fold - 1)
    parts = {"validation": validation, "test": test, "train": ~validation & ~test}
    rows = len(keys.numbers) if isinstance(keys, Keys) else len(drawn)
    for name in (*shares.held_out, "train"):
        if not parts[name].any():
            raise SpecError([_empty(name, rows, shares)], "data")
    numbers = keys.numbers if isinstance(keys, Keys) else slice(None)
    return {name: rows_where(parts[name][numbers]) for name in shares.held_out}


def _part(share: float) -> np.uint64:
    """Of the range of the hashes."""
    return np.uint64(int(share * 2**64))


def _drawn(contents: Iterable[bytes], seed: int) -> Array:
    """Two numbers of 64 bits for each content: the first tells the share, the second the fold."""
    begun = hashlib.blake2b(repr((seed, "split")).encode(), digest_size=16, person=b"netlab-host")
    digests = bytearray()
    for content in contents:
        digest = begun.copy()
        digest.update(content)
        digests += digest.digest()
    return np.frombuffer(digests, "<u8").reshape(-1, 2)


def _rows(inputs: Mapping[str, Values]) -> Iterator[bytes]:
    """The bytes of each row of all inputs, in the order of their names."""
    ordered = [inputs[name] for name in sorted(inputs)]
    count = len(ordered[0])
    columns = [values for values in ordered if isinstance(values, np.ndarray) and values.size == count]
    others = [values for values in ordered if not isinstance(values, np.ndarray) or values.size != count]
    for start in range(0, count, BLOCK):
        block = slice(start, start + BLOCK)
        parts = [_bytes(values[block]) for values in others]
        if columns:
            # Whether a column is of integers or of floats depends on other rows, so their numbers are written alike.
            parts.append(
                _bytes(np.stack([values[block].reshape(-1).astype("<f8") + 0.0 for values in columns], axis=1))
            )
        yield from map(b"".join, zip(*parts, strict=True))


def _bytes(values: Values) -> list[bytes]:
    if isinstance(values, np.ndarray):
        plain = np.ascontiguousarray(values, values.dtype.newbyteorder("<")).reshape(len(values), -1)
        return [row.tobytes() for row in plain]
    return [_text(value) for value in values.to_physical().to_list()]


def _text(value: object) -> bytes:
    """With its length, so that no two rows of texts are written alike."""
    written = b"" if value is None else str(value).encode()
    return b"%d:%s" % (-1 if value is None else len(written), written)


def _empty(name: str, rows: int, shares: Shares) -> Problem:
    about = "shares hold on average only; make it larger, or set split: Random"
    if name == "train":
        return Problem(
            ("test" if shares.test else "validation",), f"Hash leaves none of {rows} rows to train on: {about}"
        )
    if name == "validation" and shares.folds is not None:
        return Problem(("fold",), f"none of {rows} rows is in fold {shares.fold} of {shares.folds}: Hash's {about}")
    return Problem((name,), f"{name} (={getattr(shares, name):g}) has none of {rows} rows: Hash's {about}")
