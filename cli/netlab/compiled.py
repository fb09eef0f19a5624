"""Keeps what XLA has compiled from one command to the next: a network that has run before takes its first step sooner.

TensorFlow writes and reads the files, and trusts them: a damaged one would fail the run. So they are listed with their digests
when a command ends, and what is not as listed is removed before the next one begins. A folder belongs to one build of TensorFlow,
one kind of processor and one number of threads; the bits are those that compiling anew gives.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import platform
import shutil
from collections.abc import Mapping
from contextlib import suppress
from importlib import metadata
from pathlib import Path

CACHE = "NETLAB_CACHE"
"""Names the folder for what netlab keeps; `off` for none."""
FLAGS = "TF_XLA_FLAGS"
OPTION = "--tf_xla_persistent_cache_directory"
LIST = "list.json"
MOST_BYTES = 64 * 2**20
"""Of a folder; the oldest files go first."""
ROOM = 2**30
"""Bytes that the disk must have free, or nothing is kept: a full disk would fail the run."""


def keep_compiled(threads: int | None = None) -> None:
    """From now on TensorFlow, which must not have been imported, keeps what it compiles for a CPU.

    Where there is no folder to write to, or the user's TF_XLA_FLAGS name one, nothing is changed.

    Args:
        threads: of the run, where it asks for a number.
    """
    flags = os.environ.get(FLAGS, "")
    root = _root()
    if root is None or OPTION in flags:
        return
    folder = root / "compiled" / _machine(threads)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if shutil.disk_usage(folder).free < ROOM or not os.access(folder, os.W_OK):
            return
        _sweep(folder)
    except OSError:  # it would have saved time, and is no reason to fail
        return
    os.environ[FLAGS] = f"{flags} {OPTION}={folder} --tf_xla_persistent_cache_device_types=CPU".strip()
    atexit.register(_write_list, folder)


def _root() -> Path | None:
    given = os.environ.get(CACHE)
    if given is not None:
        return None if given in ("off", "") else Path(given).absolute()
    with suppress(RuntimeError):  # there is no home
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "netlab"
    return None


def _machine(threads: int | None) -> str:
    """What compiled code depends on besides the network, as a name."""
    from netlib.runs.environment import available_cores

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


def _sweep(folder: Path) -> None:
    """Removes what is not as it was listed, and the oldest of what is too much."""
    listed = _listed(folder)
    kept = []
    for path in folder.glob("*.pb"):
        if listed.get(path.name) == _digest(path):
            kept.append((path.stat().st_mtime, path.stat().st_size, path))
        else:
            path.unlink(missing_ok=True)
    total = 0
    for _, size, path in sorted(kept, reverse=True):
        total += size
        if total > MOST_BYTES:
            path.unlink(missing_ok=True)


def _listed(folder: Path) -> Mapping[str, str]:
    try:
        found = json.loads((folder / LIST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write_list(folder: Path) -> None:
    """Lists what is there; a process that is killed lists nothing, and its files are removed by the next."""
    from netlib.runs.atomic import write_text
    from netlib.spec.errors import NetlabError

    with suppress(OSError, NetlabError):
        listed = _listed(folder)
        names = sorted(path.name for path in folder.glob("*.pb"))
        digests = {name: listed.get(name) or _digest(folder / name) for name in names}
        write_text(folder / LIST, json.dumps(digests, indent=0))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
