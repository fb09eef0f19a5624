"""What is typed in the form of something else: `--epochs 3` for `train.epochs=3`, `eval RUN` for `eval --checkpoint RUN`."""

from __future__ import annotations

import shlex
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


def as_checkpoint(verb: str, words: Sequence[str]) -> str:
    """What to write where a verb was given no checkpoint, and a run or a part of one is among the words; else nothing."""
    run = next((word for word in words if not word.startswith("-") and Path(word).is_dir()), None)
    return f"A run is given so: {shlex.join(['netlab', verb, '--checkpoint', run])}" if run else ""


def _keys(name: str, words: Sequence[str]) -> Iterator[str]:
    from netlib.config.suggestions import suggestions, tree_of

    config = next((word for word in words if Path(word).is_file()), None)
    tree = tree_of(config) if config else None
    for key in (name, *(f"{section}.{name}" for section in SECTIONS)):
        yield from (each.word for each in suggestions(key, tree) if each.word == f"{key}=")
