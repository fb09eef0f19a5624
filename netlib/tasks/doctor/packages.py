"""Which versions are installed, and whether they are those that netlab asks for."""

from __future__ import annotations

import platform
import re
from importlib import metadata

from netlib.spec.finding import Finding

PURPOSES = {
    "plot": "pictures of curves and matrices",
    "sweep": "searches by many trials",
    "tensorboard": "a look at event files",
    "text": "byte pairs",
    "tfds": "TensorFlow Datasets",
}
"""Extra -> what it is for."""
_FOR_DEVELOPERS = ("test", "dev")
_EXTRA = re.compile(r"""extra\s*==\s*["']([\w-]+)["']""")


def versions() -> list[Finding]:
    """Of Python, netlab, and what it cannot do without."""
    python = Finding("python", platform.python_version())
    return [python, Finding("netlab", metadata.version("netlab")), *(_package(each) for each in _required(None))]


def extras() -> list[Finding]:
    """Which extras are installed, and how to get the others."""
    declared = metadata.metadata("netlab").get_all("Provides-Extra") or []
    return [_extra(name) for name in declared if name not in _FOR_DEVELOPERS]


def _package(requirement: str) -> Finding:
    name = _name(requirement)
    found = _version(name)
    wanted = requirement.partition(";")[0].strip().removeprefix(name)
    if found is None:
        return Finding(name, "not installed", "broken", f"pip install '{name}{wanted}'")
    if not _fits(requirement, found):
        return Finding(name, f"{found}, but netlab needs {wanted}", "broken", f"pip install '{name}{wanted}'")
    return Finding(name, found)


def _extra(extra: str) -> Finding:
    names = [_name(each) for each in _required(extra)]
    found = [(name, _version(name)) for name in names]
    if all(version for _, version in found):
        return Finding(extra, ", ".join(f"{name} {version}" for name, version in found))
    purpose = f", for {PURPOSES[extra]}" if extra in PURPOSES else ""
    return Finding(extra, f"not installed{purpose}", "note", f"pip install 'netlab[{extra}]'")


def _required(extra: str | None) -> list[str]:
    """What netlab asks for: by itself, or with an extra."""
    asked = metadata.requires("netlab") or []
    of_extras = [(each, found[1] if (found := _EXTRA.search(each)) else None) for each in asked]
    return [each for each, of in of_extras if of == extra]


def _name(requirement: str) -> str:
    found = re.match(r"[\w.-]+", requirement)
    return found[0] if found else requirement


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _fits(requirement: str, version: str) -> bool:
    try:
        from packaging.requirements import Requirement
    except ImportError:  # it comes with Keras, which is not there then, and is said to be missing
        return True
    return Requirement(requirement).specifier.contains(version, prereleases=True)
