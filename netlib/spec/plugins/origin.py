"""Where something of a user's is written, and by what its file is known again."""

from __future__ import annotations

import ast
import hashlib
import inspect
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from netlib.spec.errors import UsageError, did_you_mean, one_of


class PluginMistake(UsageError):
    """Something that is to be added is written in a way that netlab cannot use."""


@dataclass(frozen=True)
class Origin:
    """The place of a function, or of a class.

    Attributes:
        file: as Python knows it: an absolute path, or a name such as `<stdin>`.
        module: the module's name.
        name: the function's, or the class's.
        line: that of its `def` or `class`.
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
        """The exception for what is wrong with how it, or a parameter of it, is written."""
        if parameter is None:
            return PluginMistake(f"{self}: {message}")
        place = f"{self.shown}:{self.lines.get(parameter, self.line)}"
        return PluginMistake(f"{place}: '{self.name}': parameter '{parameter}' {message}")

    def need(self, option: str, value: object, known: Collection[str]) -> None:
        """Refuses an option of a decorator that is not one of those that there are."""
        if value not in known:
            raise self.mistake(f"{option} is {one_of(known)}, got {value!r}{did_you_mean(str(value), known)}")

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
    content = _content(code.co_filename, loading)
    line, lines = _lines(content, function.__name__, code.co_firstlineno)
    return Origin(code.co_filename, function.__module__, function.__name__, line, _digest(content), lines)


def origin_of_class(written: type, method: Callable[..., Any], loading: Mapping[str, bytes]) -> Origin:
    """Where a class is written; `method` is one that its own body defines."""
    code = inspect.unwrap(method).__code__
    content = _content(code.co_filename, loading)
    line, lines = _lines_of_class(content, written.__name__, code.co_firstlineno)
    return Origin(code.co_filename, written.__module__, written.__name__, line, _digest(content), lines)


def _content(file: str, loading: Mapping[str, bytes]) -> bytes | None:
    if file in loading:
        return loading[file]
    return Path(file).read_bytes() if Path(file).is_file() else None


def _digest(content: bytes | None) -> str | None:
    return None if content is None else sha256(content)


def _lines(content: bytes | None, name: str, first: int) -> tuple[int, dict[str, int]]:
    """The line of the `def` that begins, with its decorators, in line `first`; and those of its parameters."""
    for node in _nodes(content):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            began = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            if began == first:
                found = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
                return node.lineno, {each.arg: each.lineno for each in found}
    return first, {}


def _lines_of_class(content: bytes | None, name: str, within: int) -> tuple[int, dict[str, int]]:
    """The line of the `class` around the line `within`, and those of its annotated fields."""
    for node in _nodes(content):
        if isinstance(node, ast.ClassDef) and node.name == name and node.lineno <= within <= (node.end_lineno or 0):
            fields = (each for each in node.body if isinstance(each, ast.AnnAssign))
            return node.lineno, {each.target.id: each.lineno for each in fields if isinstance(each.target, ast.Name)}
    return within, {}


def _nodes(content: bytes | None) -> Iterator[ast.AST]:
    try:
        yield from ast.walk(ast.parse(content or b""))
    except (SyntaxError, ValueError):  # it was changed since it was loaded
        return
