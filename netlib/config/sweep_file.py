"""From a sweep file to a `Sweep`."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from netlib.config.collection import without_collection
from netlib.config.experiment import default_name
from netlib.config.placing import place_of
from netlib.config.problems import ConfigError, PlacedProblem
from netlib.config.reader import read_tree
from netlib.config.sources import open_source
from netlib.config.sweep import Sweep
from netlib.config.sweep_checks import checked
from netlib.config.sweep_written import Written

_EXPECTED = "a sweep has 'config', the config that it is about, and 'space', what is tried for its keys"


def is_sweep(path: Path) -> bool:
    """Whether a file is about a search rather than a config, as far as its keys at the left margin tell."""
    try:
        keys = set(re.findall(r"^(\w+):", path.read_text(encoding="utf-8", errors="replace"), re.MULTILINE))
    except OSError:
        return False
    return "space" in keys and "model" not in keys


def load_sweep(path: str | Path, overrides: Sequence[str] = ()) -> Sweep:
    """The sweep that a file describes.

    Args:
        path: the file.
        overrides: changes of the config that all trials have, after those under `set`: `key=value` of the command line.

    Raises:
        ConfigError: with every problem, in file order.
    """
    with without_collection():
        source = open_source(os.fspath(path), "file")
        tree, problems = read_tree(source)
        if tree is None or not isinstance(tree.content, dict):
            if not problems:
                place = place_of(tree, ()) if tree else None
                problems.append(PlacedProblem(place, f"expected a mapping: {_EXPECTED}"))
            raise ConfigError(problems)
        if "space" not in tree.content and "model" in tree.content:
            place = tree.content["model"].key
            raise ConfigError([PlacedProblem(place, f"this is a config, and no sweep: {_EXPECTED}")])
        written = Written(tree, (source,), Path(path), source.text, overrides, problems)
        return checked(written, default_name(source.name))
