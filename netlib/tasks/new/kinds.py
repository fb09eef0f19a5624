"""Writes a config of a kind, from the templates in `netlib/config/templates`.

A template is a config of its own, which is checked and trained as it stands there: `name:` and the names of files in it are
those of its kind, and a new config has its own name in their places.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from netlib.spec.errors import UsageError, did_you_mean
from netlib.tasks.new.draft import word
from netlib.tasks.new.publishing import Written, config_file, published, refuse_if_there

FOLDER = "templates"


@dataclass(frozen=True)
class Kind:
    """A kind of config: its name, what it is for, and the data that is written beside it, if it needs some."""

    name: str
    about: str
    text: str
    sample: str | None = None

    def named(self, name: str, file: Path, sample: Path) -> str:
        """The text of a config of that name in that file, whose data stands in `sample`."""
        text = re.sub(rf"(?m)^name: {self.name}$", lambda _: f"name: {word(name)}", self.text)
        text = text.replace(f"{self.name}.yaml", str(file))
        return text.replace(f"path: {self.sample}", f"path: {word(sample.name)}") if self.sample else text


@cache
def kinds() -> tuple[Kind, ...]:
    """All kinds, by name."""
    return tuple(_kinds())


def _kinds() -> Iterator[Kind]:
    folder = files("netlib.config") / FOLDER
    found = sorted(file.name for file in folder.iterdir())
    for name in found:
        if not name.endswith(".yaml"):
            continue
        kind = name.removesuffix(".yaml")
        text = (folder / name).read_text(encoding="utf-8")
        about = " ".join(line.removeprefix("#").strip() for line in text.partition("\n#\n")[0].splitlines())
        sample = next((other for other in found if other.startswith(f"{kind}.") and other != name), None)
        yield Kind(kind, about, text, sample)


def kind_of(word: str) -> Kind:
    """The kind that is called so, `time-series` as `time_series`.

    Raises:
        UsageError: there is none.
    """
    found = {kind.name: kind for kind in kinds()}
    name = word.lower().replace("-", "_")
    if name not in found:
        raise UsageError(f"there is no kind '{word}'{did_you_mean(name, found)} (there are: {', '.join(found)})")
    return found[name]


def new_of_kind(kind: str, name: str, output: Path | None = None) -> Written:
    """Writes a config of a kind, and beside it the data that it needs.

    Args:
        kind: one of `kinds`.
        name: of the experiment.
        output: the config's file; by default by the name, in the current folder.

    Raises:
        UsageError: there is no such kind, the name will not do, or a file is there.
        NetlabError: the system refuses.
    """
    found = kind_of(kind)
    file = config_file(name, output)
    if found.sample is None:
        return published({file: found.named(name, file, file)})
    sample = file.with_suffix(Path(found.sample).suffix)
    refuse_if_there(sample)
    data = (files("netlib.config") / FOLDER / found.sample).read_text(encoding="utf-8")
    return published({file: found.named(name, file, sample), sample: data})
