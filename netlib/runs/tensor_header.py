"""What a safetensors file says of its arrays: names, shapes and types, read from its header alone, without NumPy.

The header is eight bytes that say how long it is, and JSON. Nothing is allocated for the arrays, however large the header says
that they are; what it says must fit the size of the file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

from netlib.runs.errors import TensorFileError
from netlib.runs.tensors import DTYPES, METADATA
from netlib.spec.saved_weights import Stored

_LENGTH = 8
"""Bytes that say how long the header is."""
_LONGEST = 100_000_000
"""Bytes of a header, by the format's rules."""


def _types() -> Iterator[tuple[str, tuple[str, int]]]:
    """NumPy, which knows the widths, is not imported here; its names end with them, in bits."""
    for name, ours in DTYPES.items():
        bits = name.lstrip("abcdefghijklmnopqrstuvwxyz")
        yield ours, (name, int(bits or 8) // 8)


_TYPES = dict(_types())
"""The format's name of each type that netlab reads -> NumPy's, and its bytes."""


class Header(NamedTuple):
    """What a file holds: the arrays by name, and other names of shared ones (alias -> name)."""

    arrays: dict[str, Stored]
    aliases: dict[str, str]


def read_header(path: Path) -> Header:
    """The header of a safetensors file.

    Raises:
        TensorFileError: the file is missing, damaged, or has a type that netlab cannot read.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            length = int.from_bytes(file.read(_LENGTH), "little")
            if size < _LENGTH or length > min(size - _LENGTH, _LONGEST):
                raise ValueError(f"its header would have {length} bytes, of a file of {size}")
            content = json.loads(file.read(length), object_pairs_hook=_each_once)
        return _checked(content, size - _LENGTH - length)
    except FileNotFoundError:
        raise TensorFileError(f"there is no file {path}") from None
    except OSError as error:
        raise TensorFileError(f"cannot read {path}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise TensorFileError(f"{path} is damaged, or no safetensors file: {error}") from error


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands in its header twice")
    return found


def _checked(content: Any, size: int) -> Header:
    """The header's content, if it is that of so many bytes of arrays."""
    if not isinstance(content, Mapping):
        raise ValueError("its header is no mapping")
    found = {name: _entry(name, entry) for name, entry in content.items() if name != METADATA}
    end = 0
    for begin, stop in sorted(span for _, span in found.values()):
        if begin != end:
            raise ValueError(f"an array begins at byte {begin}, expected {end}")
        end = stop
    if end != size:
        raise ValueError(f"its arrays have {end} bytes, and it holds {size}")
    return Header({name: stored for name, (stored, _) in found.items()}, _aliases(content.get(METADATA), found))


def _entry(name: str, entry: Any) -> tuple[Stored, tuple[int, int]]:
    """What is said of one array, and where its bytes begin and end."""
    if not isinstance(entry, Mapping) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise ValueError(f"its header does not give type, shape and place of '{name}'")
    if entry["dtype"] not in _TYPES:
        raise ValueError(f"array '{name}' is of type {entry['dtype']}, expected one of {', '.join(_TYPES)}")
    dtype, width = _TYPES[entry["dtype"]]
    shape, place = entry["shape"], entry["data_offsets"]
    if not (_are_sizes(shape) and _are_sizes(place) and len(place) == 2):
        raise ValueError(f"shape and place of '{name}' are not what they must be")
    if place[1] - place[0] != prod(shape) * width:
        raise ValueError(f"array '{name}' of shape {shape} has {place[1] - place[0]} bytes")
    return Stored(tuple(shape), dtype), (place[0], place[1])


def _are_sizes(value: Any) -> bool:
    return (
        isinstance(value, list) and len(value) <= _MOST_AXES and all(type(n) is int and 0 <= n < 1 << 63 for n in value)
    )


_MOST_AXES = 64
"""Of an array of NumPy's; the product of their lengths stays a number that is computed in no time."""


def _aliases(metadata: Any, names: Iterable[str]) -> dict[str, str]:
    known = set(names)
    texts = metadata if isinstance(metadata, Mapping) else {}
    found = json.loads(texts.get("aliases", "{}")) if isinstance(texts.get("aliases", "{}"), str) else None
    if not isinstance(found, dict):
        raise ValueError("its aliases are not a mapping")
    for alias, name in found.items():
        if not isinstance(name, str) or name not in known or alias in known:
            raise ValueError(f"'{alias}' cannot be an alias of '{name}'")
    return found
