"""Where something of a user's is written, and by what its file is known again."""

from __future__ import annotations

import ast
import hashlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from netlib.spec.errors import UsageError


class PluginMistake(UsageError):
    """Something that is to be added is written in a way that netlab cannot use."""


@dataclass(frozen=True)
class Origin:
    """The place of a function.

    Attributes:
        file: as Python knows it: an absolute path, or a name such as `<stdin>`.
        module: the module's name.
        name: the function's.
        line: that of its `def`.
        sha256: of the file, in hexadecimal, as it was loaded; None where there is no file.
        lines: those of its parameters.
    """

    file: str
    module: str
    name: str
    line: int
    sha256: str | None
    lines: Mapping[str, int] = field(default_factory=dict, compare=False)

    @property
    def shown(self) -> str:
        """The file as messages name it."""
        return shown_file(self.file)

    @property
    def place(self) -> str:
        """`my_sources.py:7`."""
        return f"{self.shown}:{self.line}"

    def __str__(self) -> str:
        return f"{self.place}: '{self.name}'"

    def mistake(self, message: str, parameter: str | None = None) -> PluginMistake:
        """The exception for what is wrong with how the function, or a parameter of it, is written."""
        if parameter is None:
            return PluginMistake(f"{self}: {message}")
        place = f"{self.shown}:{self.lines.get(parameter, self.line)}"
        return PluginMistake(f"{place}: '{self.name}': parameter '{parameter}' {message}")

    def same_code(self, other: Origin) -> bool:
        """Whether one is the other, loaded anew: out of one file, or typed again into one session."""
        return self.file == other.file or self.module == other.module == "__main__"


def shown_file(file: str) -> str:
    """A file as seen from the current folder, if it is in it."""
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file


def sha256(content: bytes) -> str:
    """In hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def origin_of(function: Callable[..., Any], loading: Mapping[str, bytes] = MappingProxyType({})) -> Origin:
    """Where a function is written.

    Args:
        function: Python code.
        loading: what is in the file that is being loaded now; other files are read.
    """
    code = inspect.unwrap(function).__code__
    content = loading.get(code.co_filename)
    if content is None:
        path = Path(code.co_filename)
        content = path.read_bytes() if path.is_file() else None
    line, lines = _lines(content, function.__name__, code.co_firstlineno)
    digest = None if content is None else sha256(content)
    return Origin(code.co_filename, function.__module__, function.__name__, line, digest, lines)


def _lines(content: bytes | None, name: str, first: int) -> tuple[int, dict[str, int]]:
    """The line of the `def` that begins, with its decorators, in line `first`; and those of its parameters."""
    try:
        tree = ast.parse(content or b"")
    except (SyntaxError, ValueError):  # it was changed since it was loaded
        return first, {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            began = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            if began == first:
                found = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
                return node.lineno, {each.arg: each.lineno for each in found}
    return first, {}
