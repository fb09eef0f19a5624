"""Sources of a user's own: `@netlib.source` makes one of a function, which `netlib.data.sources.plugin` reads."""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

from pydantic import PrivateAttr

from netlib.spec.data import DataSpec
from netlib.spec.errors import Loc, NetlabError, Problem
from netlib.spec.features import DataSignature, MissingFileError, SourceSpec
from netlib.spec.plugins.adding import add, written_at
from netlib.spec.plugins.failures import running
from netlib.spec.plugins.making import make_spec
from netlib.spec.plugins.origin import Origin
from netlib.spec.plugins.parameters import as_paths, parameters_of
from netlib.spec.sources.plugin_result import Result, result_of
from netlib.spec.sources.stamps import stamps

SEED = "seed"
"""The parameter that netlab gives: the experiment's seed."""

Function = TypeVar("Function", bound=Callable[..., Any])


def source(function: Function) -> Function:
    """Makes a function a source of samples, which a config calls by its name: `data: {source: spiral, samples: 500}`.

    The function's parameters are the source's own: `int`, `float`, `str`, `bool`, `Literal`, lists, tuples, `X | None`, and
    `Path` for files, which are relative to the config. `seed`, if there is one, is the experiment's. It returns the inputs and
    the targets, mappings from name to values with a row for each sample, and as a third, if it likes, a weight for each sample:

    - numbers are NumPy arrays; floats become float32 and integers int32, or stay as narrow as they are;
    - texts are lists of str, or polars series.

    For the same parameters it must return the same. The function itself stays as it is.

    Raises:
        TypeError: it is no plain function.
        UsageError: it cannot be a source: its name is taken, or a parameter has no type that a config can hold.
    """
    origin = written_at("source", function)
    taken = {*dir(PluginSource), *PluginSource.__class_vars__, *DataSpec.model_fields}
    parameters = parameters_of(function, origin, given=(SEED,), taken=taken)
    spec = make_spec(PluginSource, function, origin, parameters)
    spec.paths = parameters.paths
    spec.written = Written(function, origin, SEED in inspect.signature(function).parameters)
    add("source", spec, origin)
    return function


@dataclass(frozen=True)
class Written:
    """A function, where it is written, and whether it takes the seed."""

    function: Callable[..., Any]
    origin: Origin
    takes_seed: bool


class PluginSource(SourceSpec):
    """Base of the sources that are functions of a user's. What they give is known once they were called."""

    written: ClassVar[Written]
    _seed: int = PrivateAttr(0)

    @classmethod
    def type_name(cls) -> str:
        """The function's name."""
        return cls.written.origin.name if "written" in vars(cls) else super().type_name()

    def seeded(self, seed: int) -> Self:
        """The same, whose function is called with that seed, if it takes one."""
        if not self.written.takes_seed or seed == self._seed:
            return self
        other = self.model_copy()
        other._seed = seed
        return other

    def signature(self) -> DataSignature:
        """Of what the function returns: it is called for that, and the samples are kept for who reads them next.

        Raises:
            MissingFileError: the function looked for a file, and that of a parameter is not there.
            NetlabError: it raised something, or returned what are no samples.
        """
        return _called(self).signature

    def stamp(self) -> tuple[Any, ...]:
        """Name, size and time of the plug-in, and of the files that are parameters."""
        files = [self.written.origin.file, *(str(path) for path in _paths(self).values())]
        return stamps(Path(file) for file in files if Path(file).is_file())


@dataclass
class _Call:
    """What a function returned. The samples are large, and given away to who reads them."""

    key: Any
    signature: DataSignature
    result: Result | None


_last: list[_Call] = []
"""The last call, if there was one."""


def samples_of(source: PluginSource) -> Result:
    """What the source's function returns; it is called anew, unless the source was just asked for its signature.

    Raises:
        MissingFileError: as `signature`.
        NetlabError: as `signature`; or the function does not return what it returned before.
    """
    call = _called(source)
    if call.result is None:
        _last.clear()
        before, call = call.signature, _called(source)
        if call.signature != before:
            message = "returns other samples when it is called again: they must follow from its parameters and the seed"
            raise NetlabError(f"{source.written.origin} {message}")
    result, call.result = call.result, None
    assert result is not None
    return result


def _called(source: PluginSource) -> _Call:
    """The last call, if it was the same; else a new one."""
    key = type(source), json.dumps(source.to_plain(), sort_keys=True), source._seed, source.stamp()
    if not _last or _last[0].key != key:
        _last.clear()  # before memory is taken for the next
        signature, result = result_of(_returned(source), source.written.origin)
        _last.append(_Call(key, signature, result))
    return _last[0]


def _returned(source: PluginSource) -> Any:
    written, paths = source.written, _paths(source)
    arguments = {name: deepcopy(getattr(source, name)) for name in type(source).model_fields}
    arguments |= {name: as_paths(arguments[name]) for name in source.paths}
    arguments |= {SEED: source._seed} if written.takes_seed else {}
    try:
        with running(str(written.origin)):
            return written.function(**arguments)
    except NetlabError as error:
        if problems := list(_missing(error.__cause__, paths)):
            raise MissingFileError(problems, source.type_name()) from None
        raise


def _missing(cause: BaseException | None, paths: Mapping[Loc, Path]) -> Iterator[Problem]:
    """A problem for each file that is a parameter and is not there, if that is what was looked for."""
    if isinstance(cause, FileNotFoundError):
        wanted = None if cause.filename is None else Path(os.fsdecode(cause.filename))
        for loc, path in paths.items():
            if not path.exists() and (wanted is None or wanted.is_relative_to(path)):
                yield Problem(loc, f"there is no file {path}")


def _paths(source: PluginSource) -> dict[Loc, Path]:
    """The files that are parameters, each under its place in the section."""
    found: dict[Loc, Path] = {}
    for name in source.paths:
        value = getattr(source, name)
        if isinstance(value, str):
            found[(name,)] = Path(value)
        else:
            found |= {(name, number): Path(path) for number, path in enumerate(value or ())}
    return found
