"""Keeps what XLA has compiled from one command to the next: a network that has run before takes its first step sooner.

TensorFlow reads and writes the files while it compiles, and fails where it cannot: on a disk that is full, in a folder that
somebody removes, at a file that is damaged. So it is given a folder in memory. What was kept is put there once TensorFlow is
imported, if it is as listed with its digest; what is new is written to the disk when the command ends, if it can be. The
folder on the disk belongs to one build of TensorFlow, one kind of processor and one number of threads; the bits are those
that compiling anew gives.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator, Mapping, Set
from contextlib import suppress
from importlib import metadata
from pathlib import Path

CACHE = "NETLAB_CACHE"
"""Names the folder for what netlab keeps; `off` for none."""
FLAGS = "TF_XLA_FLAGS"
OPTION = "--tf_xla_persistent_cache_directory"
IN_MEMORY = "ram://netlab/compiled"
"""A folder of TensorFlow's file system in memory."""
LIST = "list.json"
MOST_BYTES = 64 * 2**20
"""Of a folder; the oldest files go first."""
ROOM = 2**30
"""Bytes that the disk must have free, or nothing is added: others need them more."""


def keep_compiled(threads: int | None = None) -> Path | None:
    """From now on TensorFlow, which must not have been imported, asks for what was compiled for a CPU; see `take_in`.

    Where there is no folder to write to, or the user's TF_XLA_FLAGS name one, nothing is changed.

    Args:
        threads: of the run, where it asks for a number.

    Returns:
        The folder on the disk, for `take_in`; None where nothing is changed.
    """
    flags = os.environ.get(FLAGS, "")
    root = cache_root()
    if root is None or OPTION in flags:
        return None
    folder = root / "compiled" / _machine(threads)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:  # it would have saved time, and is no reason to fail
        return None
    os.environ[FLAGS] = f"{flags} {OPTION}={IN_MEMORY} --tf_xla_persistent_cache_device_types=CPU".strip()
    return folder


def take_in(folder: Path) -> None:
    """Gives TensorFlow what is kept, and keeps what it adds when the process ends; nothing if it has not been imported."""
    if "tensorflow" not in sys.modules:
        return
    gfile = sys.modules["tensorflow"].io.gfile
    gfile.makedirs(IN_MEMORY)
    taken = set()
    with suppress(OSError):
        for name, data in _sound(folder):
            with gfile.GFile(f"{IN_MEMORY}/{name}", "wb") as file:
                file.write(data)
            taken.add(name)
    atexit.register(_keep, folder, taken)


def cache_root() -> Path | None:
    """The folder for what netlab keeps; None where it keeps nothing."""
    given = os.environ.get(CACHE)
    if given is not None:
        return None if given in ("off", "") else Path(given).absolute()
    with suppress(RuntimeError):  # there is no home
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "netlab"
    return None


def _machine(threads: int | None) -> str:
    """What compiled code depends on besides the network, as a name."""
    from netlib.spec.cores import available_cores

    features = Path("/proc/cpuinfo")
    lines = features.read_text(errors="replace").splitlines() if features.exists() else []
    kinds = [line for line in lines if line.startswith(("model name", "flags", "Features"))]
    decides = (
        metadata.version("tensorflow"),
        platform.machine(),
        platform.processor(),
        *sorted(set(kinds)),
        os.environ.get("XLA_FLAGS", ""),
        str(threads or available_cores()),
    )
    return hashlib.sha256("\n".join(decides).encode()).hexdigest()[:16]


def _sound(folder: Path) -> Iterator[tuple[str, bytes]]:
    """What is as it was listed, the latest first; the rest, and the oldest of what is too much, is removed."""
    listed = _listed(folder)
    total = 0
    for path in sorted(folder.glob("*.pb"), key=lambda path: path.stat().st_mtime, reverse=True):
        data = path.read_bytes()
        total += len(data)
        if total <= MOST_BYTES and listed.get(path.name) == _digest(data):
            yield path.name, data
        else:
            with suppress(OSError):
                path.unlink()


def _listed(folder: Path) -> Mapping[str, str]:
    try:
        found = json.loads((folder / LIST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _keep(folder: Path, taken: Set[str]) -> None:
    """Writes what is not `taken` from the disk, and lists it; a process that is killed writes nothing."""
    from netlib.runs.atomic import write_bytes, write_text
    from netlib.spec.errors import NetlabError

    gfile = sys.modules["tensorflow"].io.gfile
    added = {name for name in gfile.listdir(IN_MEMORY) if name.endswith(".pb")} - taken
    with suppress(OSError, NetlabError):
        if not added or shutil.disk_usage(folder).free < ROOM:
            return
        digests = {name: digest for name, digest in _listed(folder).items() if (folder / name).exists()}
        for name in sorted(added):
            with gfile.GFile(f"{IN_MEMORY}/{name}", "rb") as file:
                data = file.read()
            write_bytes(folder / name, data)
            digests[name] = _digest(data)
        write_text(folder / LIST, json.dumps(digests, indent=0))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
