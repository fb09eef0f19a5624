"""Arrays of other files, to predict on them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from netlib.spec.errors import Problem, SpecError
from netlib.spec.features import SourceSpec
from netlib.spec.sources.npy import Npy
from netlib.spec.sources.npz import Npz
from netlib.spec.sources.table_files import ends_in

ARRAYS = (".npz", ".npy")
"""How files of arrays end."""


def arrays_elsewhere(source: SourceSpec, path: str, names: Mapping[str, str]) -> SourceSpec:
    """The arrays of an `.npz` file, or that of an `.npy`.

    Args:
        source: whose inputs they are.
        path: the file.
        names: input -> the array of an `.npz` file.

    Raises:
        SpecError: an `.npy` file has one array, and more are needed.
    """
    if not ends_in(Path(path), (".npy",)):
        return Npz.parse({"path": path, "inputs": dict(names), "targets": {}})
    if len(names) > 1:
        needed = ", ".join(map(repr, names.values()))
        message = (
            f"{path} has one array, but {len(names)} are needed ({needed}): write them with numpy.savez to an .npz file"
        )
        raise SpecError([Problem((), message)], source.type_name())
    return Npy.parse({"inputs": {next(iter(names)): path}, "targets": {}})
