"""Finds the study that somebody means: by its sweep file, by its name, or by the folder of its runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from netlib.config.experiment import default_name
from netlib.config.reader import read_tree
from netlib.config.sources import SUFFIXES, open_source
from netlib.runs.directory import DEFAULT_ROOT
from netlib.spec.errors import UsageError, did_you_mean
from netlib.tasks.sweep.plan import FILE

_FILE = "sqlite:///"
_BEGUN = "; netlab sweep FILE begins one"
_ELSEWHERE = "in another database it is found with --storage URL"


def find_study(asked: str, storage: str | None = None, runs_root: Path = DEFAULT_ROOT) -> tuple[str, str]:
    """The URL of the storage, and the study's name.

    Args:
        asked: a sweep file, which may have mistakes by now; the folder of a sweep's runs; or a name.
        storage: where to look; by default where the sweep file says, or in the folder of the runs.
        runs_root: where the folders of sweeps are.

    Raises:
        UsageError: there is no such sweep.
    """
    path = Path(asked).expanduser()
    if path.suffix in SUFFIXES:
        written = _written(path)
        name = str(written.get("name") or default_name(str(path)))
        storage = storage or (str(written["storage"]) if written.get("storage") else None)
        folder = runs_root / name
    else:
        folder = path if (path / FILE).is_file() else runs_root / asked
        name = folder.name or folder.absolute().name
    if storage is not None:
        file = Path(storage.partition(_FILE)[2]) if storage.startswith(_FILE) else None
        if file and not file.is_file():
            raise UsageError(f"there is no sweep '{asked}': '{file}' is not there")
        return storage, name
    if not (folder / FILE).is_file():
        raise UsageError(f"there is no sweep '{asked}': {_instead(folder, runs_root)}")
    return f"sqlite:///{(folder / FILE).absolute()}", name


def sweeps_in(runs_root: Path) -> list[str]:
    """The names of the sweeps whose studies are kept beside their runs."""
    try:
        return sorted(folder.name for folder in runs_root.iterdir() if (folder / FILE).is_file())
    except OSError:
        return []


def _written(path: Path) -> dict[Any, Any]:
    """What a sweep file says, as far as it can be read."""
    tree, _ = read_tree(open_source(str(path), "file"))
    plain = tree.plain() if tree else None
    return plain if isinstance(plain, dict) else {}


def _instead(folder: Path, runs_root: Path) -> str:
    names = sweeps_in(runs_root)
    hint = did_you_mean(folder.name, names) or (f"; there is {', '.join(names)}" if names else _BEGUN)
    return f"'{folder / FILE}' is not there{hint} ({_ELSEWHERE})"
