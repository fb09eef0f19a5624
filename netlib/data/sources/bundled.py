"""Reads the sets that come with netlab, from `netlib/data/bundled`; each file is held against its checksum first."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np

from netlib.data.arrays import Array, Arrays
from netlib.spec.errors import NetlabError
from netlib.spec.features import SourceSpec

FOLDER = Path(__file__).parent.parent / "bundled"
CHECKSUMS = "SHA256SUMS"


def read(source: SourceSpec, _seed: int) -> Arrays:
    """Reads a bundled source.

    Raises:
        NetlabError: its file is missing or not as it was shipped.
    """
    name = source.type_name()
    if name == "digits":
        return _digits(verified("digits.npz"))
    signature = source.signature()
    (target, feature), *_ = signature.targets.items()
    features, values = _table(verified(f"{name}.csv"), feature.class_names)
    return Arrays({"features": features}, {target: values})


def verified(name: str) -> bytes:
    """The contents of a bundled file, which are as shipped.

    Raises:
        NetlabError: they are not, or cannot be read.
    """
    try:
        contents = (FOLDER / name).read_bytes()
        checksums = (FOLDER / CHECKSUMS).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise NetlabError(f"the bundled file {FOLDER / name} cannot be read ({error}); install netlab again") from None
    expected = {file: digest for digest, file in map(str.split, checksums.splitlines())}.get(name, "none")
    found = hashlib.sha256(contents).hexdigest()
    if found != expected:
        difference = f"its SHA-256 is {found}, {CHECKSUMS} has {expected}"
        raise NetlabError(f"the bundled file {FOLDER / name} is damaged: {difference}; install netlab again")
    return contents


def _digits(contents: bytes) -> Arrays:
    with np.load(io.BytesIO(contents), allow_pickle=False) as arrays:
        image = arrays["x"][..., None].astype(np.float32) / np.float32(16)  # 0 to 16 -> 0 to 1, exactly
        return Arrays({"image": image}, {"digit": arrays["y"].astype(np.int32)})


def _table(contents: bytes, class_names: tuple[str, ...]) -> tuple[Array, Array]:
    """Columns of numbers, the last of which is the target: a class's name, or a number where there are no classes."""
    import polars as pl

    columns = contents[: contents.index(b"\n")].decode().strip().split(",")
    schema = {name: pl.Float64() for name in columns[:-1]}
    target = columns[-1]
    table = pl.read_csv(contents, schema={**schema, target: pl.String() if class_names else pl.Float64()})
    features = table.drop(target).to_numpy().astype(np.float32, order="C")
    if not class_names:
        return features, table[target].to_numpy().astype(np.float32)[:, None]
    numbers = {name: number for number, name in enumerate(class_names)}
    return features, table[target].replace_strict(numbers, return_dtype=pl.Int32).to_numpy()
