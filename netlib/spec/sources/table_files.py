"""The files of a table: one, those that a pattern matches, those of a folder, lists of them, and files for each split."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import PlainValidator

from netlib.spec.base import as_validation_error, shown
from netlib.spec.errors import Problem, SpecError, did_you_mean
from netlib.spec.features import SPLITS, MissingFileError

_SIGNS = "*?["

Written = str | tuple[str, ...] | dict[str, Any]
"""A path, several, or those of each split."""


def _paths(value: Any) -> Written:
    if isinstance(value, Mapping):
        problems = list(_split_problems(value))
        if problems:
            raise as_validation_error(problems)
        return {split: _several(value[split]) for split in SPLITS if split in value}
    return _several(value)


def _several(value: Any) -> str | tuple[str, ...]:
    if isinstance(value, str) and value:
        return value
    if isinstance(value, list | tuple) and value and all(isinstance(path, str) and path for path in value):
        return tuple(value)
    raise ValueError(f"expected a path or a list of paths, got {shown(value)}")


def _split_problems(value: Mapping[Any, Any]) -> Iterator[Problem]:
    for split in value:
        if split not in SPLITS:
            hint = did_you_mean(str(split), SPLITS) or f" (there are: {', '.join(SPLITS)})"
            yield Problem((split,), f"there is no split '{split}'{hint}", at="key")
            continue
        try:
            _several(value[split])
        except ValueError as error:
            yield Problem((split,), str(error))
    if "train" not in value:
        yield Problem((), "files of the splits need 'train': the samples to train on")


_Path = str | list[str]
Paths = Annotated[
    Written,
    PlainValidator(_paths, json_schema_input_type=_Path | dict[Literal["train", "validation", "test"], _Path]),
]
"""A file, a folder or a pattern; a list of them; or a mapping from split to these."""


def files_of(written: str | Iterable[str], suffixes: tuple[str, ...], loc: tuple[str, ...], title: str) -> list[Path]:
    """The files that paths stand for: of a folder, all below it that end so and do not begin with `.` or `_`, sorted.

    Args:
        written: a path or several.
        suffixes: how files in a folder end, in lower case.
        loc: where that stands in the config.
        title: what they are for.

    Raises:
        MissingFileError: there is none.
        SpecError: one is named twice.
    """
    found: list[Path] = []
    for path in [written] if isinstance(written, str) else written:
        found += _found(path, suffixes, loc, title)
    if len(set(found)) < len(found):
        twice = next(file for number, file in enumerate(found) if file in found[:number])
        raise SpecError([Problem(loc, f"{twice} is named twice")], title)
    return found


def ends_in(file: Path, suffixes: tuple[str, ...]) -> bool:
    """Whether its name ends in one of them, in lower or upper case."""
    return file.name.lower().endswith(suffixes)


def files_by_split(path: Written, suffixes: tuple[str, ...], title: str) -> dict[str, list[Path]]:
    """The files that a source's `path` stands for, by split; under `train` where it does not say which.

    Raises:
        MissingFileError: there is none.
        SpecError: one is named twice.
    """
    if not isinstance(path, Mapping):
        return {"train": files_of(path, suffixes, ("path",), title)}
    found = {split: files_of(path[split], suffixes, ("path", split), title) for split in path}
    if problem := _overlap(found):
        raise SpecError([problem], title)
    return found


def _overlap(files: Mapping[str, list[Path]]) -> Problem | None:
    """What is wrong if a file is that of two splits."""
    seen: dict[Path, str] = {}
    for split, named in files.items():
        for file in named:
            other = seen.setdefault(file, split)
            if other != split:
                what = f"{file} is named for {other} and for {split}: it would be tested what was learned by heart"
                return Problem(("path", split), what)
    return None


def _found(path: str, suffixes: tuple[str, ...], loc: tuple[str, ...], title: str) -> list[Path]:
    place = Path(path)
    if place.is_file():
        return [place]
    if place.is_dir():
        below = [file for file in sorted(place.rglob("*")) if file.is_file() and not _is_hidden(file, place)]
        found = [file for file in below if ends_in(file, suffixes)]
        missing = f"the folder {path} has no file that ends in {' or '.join(suffixes)}"
    else:
        found = [file for file in _matches(place) if file.is_file()]
        missing = f"no file matches {path}" if any(sign in path for sign in _SIGNS) else f"there is no file {path}"
    if not found:
        raise MissingFileError([Problem(loc, missing + _similar(place))], title)
    return found


def _is_hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith((".", "_")) for part in file.relative_to(folder).parts)


def _matches(pattern: Path) -> list[Path]:
    """What a pattern matches; the part that is there as it is written is no pattern, whatever signs it has."""
    for folder in pattern.parents:
        if folder.is_dir():
            return sorted(folder.glob(str(pattern.relative_to(folder))))
    return []


def _similar(path: Path) -> str:
    """The file of the same folder that was probably meant."""
    if path.exists() or not path.parent.is_dir():
        return "" if path.exists() or any(sign in str(path) for sign in _SIGNS) else f" (nor a folder {path.parent})"
    return did_you_mean(path.name, sorted(file.name for file in path.parent.iterdir()))
