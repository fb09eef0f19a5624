"""A config that is being written: its lines, each with the reason for what it says, and their text."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from json import dumps
from typing import Any

from netlib.config.dump import to_yaml
from netlib.spec.names import NAME, name_problem

WIDTH = 120


@dataclass(frozen=True)
class Line:
    """A line of a config, indented within its section, and the comment that gives the reason."""

    text: str
    why: str = ""

    def indented(self) -> Line:
        """The same, a level deeper."""
        return Line(f"  {self.text}", self.why)


@dataclass(frozen=True)
class Draft:
    """What a config says.

    Attributes:
        about: what it is for, as its first comment says it.
        data: lines of the section `data`.
        model: lines of `model`.
        train: lines of `train`.
        choices: what was chosen and why, a line each, for whoever asked for the config.
        override: `key=value` that is worth a try.
    """

    about: str
    data: tuple[Line, ...]
    model: tuple[Line, ...]
    train: tuple[Line, ...]
    choices: tuple[str, ...]
    override: str = "train.epochs=20"


def written(draft: Draft, name: str, file: str) -> str:
    """The text of the config, which is to be the file."""
    head = [*_comment(draft.about), "#", f"#   netlab train {file}", f"#   netlab train {file} {draft.override}"]
    sections = [("data", draft.data), ("model", draft.model), ("train", draft.train)]
    body = [line for title, lines in sections for line in ("", f"{title}:", *_laid_out(lines))]
    return "\n".join([*head, f"name: {word(name)}", "seed: 1", *body, ""])


def word(value: Any) -> str:
    """A value in one line, as it may stand anywhere in YAML, also between brackets: quoted only where it must be."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{word(key)}: {word(each)}' for key, each in value.items())}}}"
    if isinstance(value, list | tuple):
        # A mapping of one key needs no braces there.
        return f"[{', '.join(word(each)[1:-1] if _is_choice(each) else word(each) for each in value)}]"
    text = to_yaml({"k": [value]})[4:].strip()[:-1]
    return dumps(value, ensure_ascii=False) if "\n" in text else text  # a text that long would go over two lines


def listed(key: str, values: Iterable[Any]) -> list[Line]:
    """`key: [a, b]`, over several lines where there are many."""
    text = f"{key}: {word(list(values))}"
    parts = textwrap.wrap(text, WIDTH - 10, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    return [Line(text)] if len(parts) < 2 or re.search(r"['\"]", text) else [Line(part) for part in parts]


def named(text: str, taken: Collection[str] = ()) -> str:
    """What an input or output may be called that stands for that column: `house_price` for `House price`, say."""
    name = text if NAME.fullmatch(text) else re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_").lower()
    name = name if NAME.fullmatch(name) else f"column_{name}".rstrip("_")
    while name in taken or name_problem(name):
        name += "_"
    return name


def shown(number: float) -> str:
    """A number in a comment or a config: at most four digits that count, but for whole ones."""
    rounded = float(f"{number:.4g}")
    return f"{int(rounded)}" if rounded.is_integer() and abs(rounded) < 1e15 else f"{rounded!r}"


def _is_choice(value: Any) -> bool:
    return isinstance(value, Mapping) and len(value) == 1


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(text, WIDTH - 2, break_long_words=False, break_on_hyphens=False)]


def _laid_out(lines: Iterable[Line]) -> Iterable[str]:
    """The lines below their section; a comment that does not fit behind its line stands above it."""
    for line in lines:
        text, why = f"  {line.text}", " ".join(line.why.split())
        if why and len(text) + len(why) + 3 > WIDTH:
            indent = text[: len(text) - len(text.lstrip())]
            yield from (f"{indent}{part}" for part in _comment_within(why, WIDTH - len(indent)))
            yield text
        else:
            yield f"{text} # {why}" if why else text


def _comment_within(text: str, width: int) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(text, width - 2, break_long_words=False, break_on_hyphens=False)]
