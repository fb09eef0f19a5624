"""A resolved config in pieces of text, a key of a section each: what is equal in a thousand of them need not be read.

It goes by how `netlib.config.dump` lays a mapping out: a section's keys stand two columns in, one a line.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from netlib.config.problems import ConfigError
from netlib.config.reader import read_tree
from netlib.config.sources import checked_source

_TOP = re.compile(r"^(?=[^\s#-])", re.MULTILINE)
_KEY = re.compile(r"^(?=  [^\s#-])", re.MULTILINE)


def pieces(text: str) -> dict[str, str]:
    """The config as texts, by the line, up to its value, that begins each; `whole` makes a value of one."""
    found: dict[str, str] = {}
    for section in filter(str.strip, _TOP.split(text)):
        head, _, body = section.partition("\n")
        keys = _KEY.split(body) if head.endswith(":") and body.startswith("  ") else []
        for key in filter(str.strip, keys):
            found[f"{head} {_name(key)}"] = f"{head}\n{key}"
        if not keys:
            found[_name(section)] = section
    return found


@lru_cache(maxsize=4096)
def whole(piece: str) -> Any:
    """The plain values that a piece, or a whole config, stands for, under the keys that lead to them; None of a damaged one."""
    try:
        tree, problems = read_tree(checked_source("resolved.yaml", "file", piece, Path()))
    except ConfigError:
        return None
    return None if tree is None or problems else tree.plain()


def _name(text: str) -> str:
    """The key that a piece begins with, as it is written."""
    return text.partition("\n")[0].partition(": ")[0].strip().removesuffix(":")
