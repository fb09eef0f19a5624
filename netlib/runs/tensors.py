"""Named arrays as a safetensors file. Equal content gives equal bytes; the header holds the aliases of shared variables.

The library reads the header (the values: `netlib.runs.tensor_values`); the writing is here, because the library's writer orders
the header's entries at random, gives the file to its owner alone whatever the user's mask says, writes the memory of a transposed
array as it lies, and leaves a file under a random name when it is killed.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netlib.runs import atomic
from netlib.runs.errors import TensorFileError
from netlib.runs.tensor_values import read_values

if TYPE_CHECKING:
    from collections.abc import Iterator
    from hashlib import _Hash

    import numpy.typing as npt

    Arrays = Mapping[str, npt.NDArray[Any]]

DTYPES = {
    "bool": "BOOL",
    "int8": "I8",
    "int16": "I16",
    "int32": "I32",
    "int64": "I64",
    "uint8": "U8",
    "uint16": "U16",
    "uint32": "U32",
    "uint64": "U64",
    "float16": "F16",
    "bfloat16": "BF16",
    "float32": "F32",
    "float64": "F64",
    "complex64": "C64",
}
"""The types that can be saved: NumPy's name -> the format's."""

_NUMPY = {ours: name for name, ours in DTYPES.items()}
METADATA = "__metadata__"
"""The name that the format keeps for itself."""
_ALIASES = "aliases"


def save(path: Path, arrays: Arrays, aliases: Mapping[str, str] | None = None) -> str:
    """Write `arrays` to `path`, atomically; return the SHA-256 of the file in hexadecimal.

    `aliases` maps other names of an array to the name under which it is saved.

    Raises:
        TypeError: for an array of a type that is not in `DTYPES`.
        ValueError: for an alias of an array that is not there, or the name that the format keeps for itself.
        NetlabError: if the system refuses.
    """
    import numpy as np

    for name, array in arrays.items():
        _check_array(path, name, array)
    problem = _problem_of_aliases(aliases or {}, arrays)
    if problem:
        raise ValueError(f"{path.name}: {problem}")
    ordered = sorted(arrays.items(), key=lambda item: (-item[1].itemsize, item[0]))
    header = _header(dict(ordered), aliases or {})
    with atomic.replacing(path) as beside, beside.open("wb") as file:
        digest = hashlib.sha256(header)
        file.write(header)
        for _, array in ordered:
            dense = np.asarray(array, array.dtype.newbyteorder("<"), order="C")
            data = dense.reshape(-1).view(np.uint8).data
            digest.update(data)
            file.write(data)
    return digest.hexdigest()


def load(path: Path, digest: _Hash | None = None) -> dict[str, npt.NDArray[Any]]:
    """The arrays in a file, by name in alphabetical order. They may be written to.

    Args:
        path: the file, which is read once.
        digest: told every byte of the file.

    Raises:
        TensorFileError: if the file is missing, damaged, or has a type that NumPy has not.
    """
    with _opened(path) as file:
        return dict(sorted(read_values(path, file, _NUMPY, digest).items()))


def load_aliases(path: Path) -> dict[str, str]:
    """Other names of the arrays in a file: alias -> name. The arrays are not read.

    Raises:
        TensorFileError: as `load`.
    """
    with _opened(path) as file:
        metadata = file.metadata() or {}
        aliases = json.loads(metadata.get(_ALIASES, "{}"))
        problem = _problem_of_aliases(aliases, file.keys())
    if problem:
        raise TensorFileError(f"{path} is damaged: {problem}")
    return dict(aliases)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    import ml_dtypes  # noqa: F401  (tells NumPy of bfloat16)
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="np") as file:
            yield file
    except FileNotFoundError:
        raise TensorFileError(f"there is no file {path}") from None
    except OSError as error:
        raise TensorFileError(f"cannot read {path}: {error.strerror or error}") from error
    except (SafetensorError, ValueError, AttributeError, RecursionError, MemoryError) as error:
        # AttributeError: the format knows types of less than a byte, NumPy does not. ValueError: sizes beyond NumPy's, or JSON.
        raise TensorFileError(f"{path} is damaged: {error}") from error


def _header(arrays: Arrays, aliases: Mapping[str, str]) -> bytes:
    """The format's header: its length, then JSON that gives type, shape and place of each array, padded to 8 bytes."""
    entries: dict[str, Any] = {METADATA: {_ALIASES: json.dumps(dict(aliases), sort_keys=True)}} if aliases else {}
    end = 0
    for name, array in arrays.items():
        begin, end = end, end + array.nbytes
        entries[name] = {"dtype": DTYPES[array.dtype.name], "shape": list(array.shape), "data_offsets": [begin, end]}
    text = json.dumps(entries, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text


def _check_array(path: Path, name: str, array: npt.NDArray[Any]) -> None:
    if name == METADATA:
        raise ValueError(f"{path.name}: an array cannot be named '{name}'")
    if array.dtype.name not in DTYPES:
        raise TypeError(f"{path.name}: array '{name}' has dtype {array.dtype}, expected one of {', '.join(DTYPES)}")


def _problem_of_aliases(aliases: Any, names: Any) -> str | None:
    if not isinstance(aliases, Mapping):
        return "its aliases are not a mapping"
    known = set(names)
    for alias, name in aliases.items():
        if not isinstance(name, str) or name not in known:
            return f"'{alias}' is an alias of '{name}', which is not there"
        if alias in known:
            return f"'{alias}' is an alias of '{name}' and an array too"
    return None
