"""Reads a file of texts, a line each, and that of their classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from netlib.data.arrays import Arrays
from netlib.data.sources.text_files import text_of
from netlib.spec.errors import NetlabError, Problem, SpecError
from netlib.spec.sources.texts import TextLines


def read_lines(source: TextLines) -> Arrays:
    """Texts and classes as series.

    Raises:
        SpecError: there are not as many lines in both files.
        NetlabError: a file is empty, not UTF-8 or cannot be read, or a line has no class.
    """
    found = [lines_of(text_of(file)) for file in source.files()]
    texts: Any = pl.Series(found[0], dtype=pl.String())
    if source.targets is None:
        return Arrays({"text": texts}, {})
    need_as_many(source, *map(len, found))
    classes: Any = classes_of(source, found[1])
    return Arrays({"text": texts}, {"label": classes})


def lines_of(text: str) -> list[str]:
    """The lines, without their ends; what ends a text begins no other line."""
    return text.removesuffix("\n").split("\n")


def need_as_many(source: TextLines, texts: int, classes: int) -> None:
    """Refuses files that have not as many lines as each other."""
    if texts != classes:
        counts = f"{source.path} has {texts} lines, {source.targets} has {classes}"
        message = f"{counts}: each text needs a class, and each class a text"
        raise SpecError([Problem(("targets",), message)], source.type_name())


def classes_of(source: TextLines, lines: Sequence[str], first: int = 1) -> pl.Series:
    """The classes that lines name, of which the first has that number.

    Raises:
        NetlabError: a line is empty.
    """
    names = [line.strip() for line in lines]
    if "" in names:
        raise NetlabError(f"{source.targets}, line {first + names.index('')} is empty: a class is needed")
    return pl.Series(names, dtype=pl.String())
