"""What a shell may complete a word of the command line to, by what the word stands for: a config, a run, a key, a layer."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from netlib.config.sources import SUFFIXES
from netlib.runs.directory import CHECKPOINTS, DEFAULT_ROOT, RunDirectory, is_run, runs_in

Suggested = tuple[str, str]
"""A word, and what is said about it."""


def configs(word: str) -> list[Suggested]:
    """Files of YAML, and folders that may have some."""
    return [(path, "") for path in _paths(word) if path.endswith(("/", *SUFFIXES))]


def runs(word: str) -> list[Suggested]:
    """Run directories, and folders that may have some; those of `runs/` at once."""
    root = f"{DEFAULT_ROOT}/"
    folders = _folders(root if root.startswith(word) and DEFAULT_ROOT.is_dir() else word)
    return [(path.removesuffix("/"), "run") if _is_run(path) else (path, "") for path in folders]


def checkpoints(word: str) -> list[Suggested]:
    """Runs, and what is inside of one: `RUN/best`, `RUN/latest`, `RUN/checkpoints/step-00000100`."""
    parts = word.split("/")
    above = ("/".join(parts[:length]) for length in range(len(parts) - 1, 0, -1))
    typed = next(filter(_is_run, above), None)
    if typed is None:
        return runs(word)
    from netlib.runs.checkpoint import checkpoints_of
    from netlib.runs.pointers import POINTERS

    run = RunDirectory(Path(typed).expanduser())
    steps = [f"{CHECKPOINTS}/{path.name}" for path in checkpoints_of(run)]
    names = [*(name for name in POINTERS if (run.checkpoints / name).is_file()), *steps]
    return _fitting(word, [f"{typed}/{name}" for name in names])


def configs_or_runs(word: str) -> list[Suggested]:
    """Both; a run is no folder to look for configs in."""
    found = runs(word)
    return [*found, *(each for each in configs(word) if each not in found and not _is_run(each[0]))]


def overrides(word: str, config: Path | None) -> list[Suggested]:
    """Keys of a config, and values; `config` is its file, or a run, which has one."""
    from netlib.config.suggestions import suggestions, tree_of

    if config is not None and config.is_dir():
        config = config / "resolved.yaml"
    return [*suggestions(word, None if config is None else tree_of(config))]


def sweeps(word: str) -> list[Suggested]:
    """Sweep files, names of sweeps that were begun, and folders that may have some."""
    from netlib.tasks.sweep.find import sweeps_in

    return [*_fitting(word, sweeps_in(DEFAULT_ROOT)), *configs(word)]


def config_of(sweep: Path | None) -> Path | None:
    """The config that a sweep file names."""
    from netlib.config.suggestions import tree_of

    tree = None if sweep is None else tree_of(sweep)
    named = tree.child("config") if tree else None
    return sweep.parent / named.content if sweep and named and isinstance(named.content, str) else None


def layers(word: str) -> list[Suggested]:
    """What `netlab layers` tells about."""
    from netlib.spec.language.nodes import CONTAINERS
    from netlib.spec.registry import KERAS, TABLES

    if word.startswith(KERAS):
        from netlib.spec.keras_layers import keras_names

        return _fitting(word, keras_names())
    return _fitting(word, [*_types(word, TABLES), *(() if "." in word else CONTAINERS)])


def kinds(word: str) -> list[Suggested]:
    """What `netlab new` can write."""
    from netlib.tasks.new.kinds import kinds as templates

    return [(kind.name, kind.about) for kind in templates() if kind.name.startswith(word)]


def columns(word: str) -> list[Suggested]:
    """What `netlab runs` can show and sort by, as the last run of `runs/` has it; behind a comma another one."""
    from netlib.tasks.list_runs import list_runs
    from netlib.tasks.listed_run import FACTS

    before, comma, start = word.rpartition(",")
    last = max(_runs_in([DEFAULT_ROOT]), key=lambda run: run.path.stat().st_mtime, default=None)
    names = FACTS if last is None else [name for run in list_runs([last.path]) for name in run.keys()]  # noqa: SIM118
    return [(f"{before}{comma}{name}", "") for name, _ in _fitting(start, names)]


def metrics(word: str, runs: Iterable[Path]) -> list[Suggested]:
    """What `netlab plot` can draw of runs."""
    from netlib.runs.overview import overview

    splits = [each for run in _runs_in(runs) for each in overview(run).metrics.items()]
    both = [name for _, values in splits for name in values]
    one = [f"{split}.{name}" for split, values in splits for name in values]
    return _fitting(word, [*both, *one, "learning_rate"])


def _runs_in(roots: Iterable[Path]) -> list[RunDirectory]:
    """Those that `roots` are, or have."""
    folders = [root.expanduser() for root in roots if root.expanduser().is_dir()]
    return [run for root in folders for run in ([RunDirectory(root)] if is_run(root) else runs_in(root))]


def data(word: str) -> list[Suggested]:
    """What `netlab data` tells about."""
    return _fitting(word, _types(word, ("source", "preprocessing", "split")))


def _types(word: str, kinds: Iterable[str]) -> Iterator[str]:
    """Names; with the kind in front once a dot is typed."""
    from netlib.spec.registry import names

    for kind in kinds:
        yield from (f"{kind}.{name}" for name in names(kind)) if "." in word else names(kind)
    if "layer" in kinds and "." not in word:
        yield from (*kinds, "keras")


def _fitting(word: str, words: Iterable[str]) -> list[Suggested]:
    return [(each, "") for each in dict.fromkeys(words) if each.startswith(word)]


def _folders(word: str) -> list[str]:
    return [path for path in _paths(word) if path.endswith("/")]


def _paths(word: str) -> list[str]:
    """Files, and folders with a slash behind, as the word is written; hidden ones where a dot is typed."""
    around, slash, start = word.rpartition("/")
    try:
        entries = sorted(os.scandir(Path(around + slash or ".").expanduser()), key=lambda entry: entry.name)
    except (OSError, RuntimeError):  # there is no such folder, or no home
        return []
    fitting = (entry for entry in entries if entry.name.startswith(start))
    shown = (entry for entry in fitting if start.startswith(".") or not entry.name.startswith("."))
    return [f"{around}{slash}{entry.name}{'/' if entry.is_dir() else ''}" for entry in shown]


def _is_run(word: str) -> bool:
    try:
        return is_run(Path(word).expanduser())
    except (OSError, RuntimeError):
        return False
