"""A key of the config that is typed as if it were an option: `--epochs 3` for `train.epochs=3`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

SECTIONS = ("train", "train.optimizer", "data", "data.source", "vars")
"""Where a key is looked for that is named without its place; the whole config comes first."""


def as_key(option: str, command: Any, words: Sequence[str]) -> str:
    """What to write instead of an option that a verb does not have, or nothing if it takes no keys or has none of that name.

    Args:
        option: as it is typed, `--epochs`.
        command: the verb's.
        words: the command line; a config among them is looked into.
    """
    if not any(parameter.metavar == "KEY=VALUE" for parameter in command.params):
        return ""
    keys = list(_keys(option.lstrip("-").partition("=")[0].replace("-", "_"), words))
    return f"; a key of the config is changed with {keys[0]}VALUE" if keys else ""


def _keys(name: str, words: Sequence[str]) -> Iterator[str]:
    from netlib.config.suggestions import suggestions, tree_of

    config = next((word for word in words if Path(word).is_file()), None)
    tree = tree_of(config) if config else None
    for key in (name, *(f"{section}.{name}" for section in SECTIONS)):
        yield from (each.word for each in suggestions(key, tree) if each.word == f"{key}=")
