"""The plug-ins of a run: what it records of them, and whether they are there when the run is gone on with or looked at.

What a run directory says is data: it is said, and compared, but nothing in it makes netlab load code.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

from netlib.config.experiment import Experiment
from netlib.config.problems import printable
from netlib.runs.directory import RunDirectory
from netlib.runs.environment_file import environment_of
from netlib.spec.base import Spec
from netlib.spec.errors import UsageError
from netlib.spec.plugins.origin import Origin, shown_file
from netlib.spec.registry import ADDED, origin_of

KEY = "plugins"
"""In `environment.json`."""
_SHORT = 12
"""Digits of a hash that are shown."""


def recorded(experiment: Experiment) -> list[dict[str, Any]]:
    """What a run says of the plug-ins that its config uses: `path`, `sha256`, and what it `uses` of each, as `source.spiral`."""
    found: dict[tuple[str, str | None], list[str]] = {}
    for kind, name in _named(experiment):
        origin = origin_of(kind, name)
        if origin is not None:
            found.setdefault((origin.file, origin.sha256), []).append(f"{kind}.{name}")
    return [{"path": path, "sha256": digest, "uses": uses} for (path, digest), uses in found.items()]


def plugin_options(experiment: Experiment) -> list[str]:
    """What a command line has to say of them: `--plugin my_layers.py`, in words."""
    files = [each["path"] for each in recorded(experiment) if each["sha256"] is not None]
    return [word for file in files for word in ("--plugin", shown_file(file))]


def _named(experiment: Experiment) -> Iterator[tuple[str, str]]:
    """Kind and name of what a config names, of the kinds that plug-ins can add."""
    if experiment.data is not None:
        yield "source", experiment.data.source.type_name()
    if experiment.graph is not None:
        yield from (("layer", name) for name in dict.fromkeys(node.type for node in experiment.graph.walk()))
    if experiment.train is not None:
        specs: list[Spec] = [term.spec for term in experiment.train.losses]
        specs += [term.spec for term in experiment.train.metrics]
        yield from dict.fromkeys((each.kind, each.type_name()) for each in specs)


def need_plugins(run: RunDirectory) -> None:
    """Refuses to go on without the plug-ins that the run has used, as they were.

    Raises:
        UsageError: one is not loaded, or was changed.
        NetlabError: the run's `environment.json` is damaged.
    """
    missing = []
    for path, digest, uses in _of_run(run):
        origins = [_origin(use) for use in uses]
        changed = [origin for origin in origins if origin and origin.sha256 not in (None, digest)]
        if changed:
            raise UsageError(_changed(run, changed[0], path, digest))
        missing += [] if all(origins) else [path]
    if missing:
        what = "a plug-in" if len(missing) == 1 else f"{len(missing)} plug-ins"
        options = " ".join(f"--plugin {shlex.quote(path)}" for path in missing)
        raise UsageError(f"run '{run.path}' was made with {what}, which netlab loads only if told to; add {options}")


def _origin(use: str) -> Origin | None:
    kind, _, name = use.partition(".")
    return origin_of(kind, name) if kind in ADDED else None


def _changed(run: RunDirectory, now: Origin, path: str, then: str) -> str:
    what = f"plug-in {now.shown} is not what run '{run.path}' was made with, {path}"
    hashes = f"SHA-256 {str(now.sha256)[:_SHORT]}, then {then[:_SHORT]}"
    return f"{what} ({hashes}); restore it as it was, or start a new run"


def _of_run(run: RunDirectory) -> Iterator[tuple[str, str, list[str]]]:
    """Path, hash and what is used of each plug-in of a run, but for what was in no file."""
    if not run.environment.is_file():
        return
    with environment_of(run) as facts:
        for each in facts.get(KEY, ()):
            if each["sha256"] is not None:
                yield printable(str(each["path"])), printable(str(each["sha256"])), [str(use) for use in each["uses"]]
