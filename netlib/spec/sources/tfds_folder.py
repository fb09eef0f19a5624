"""The folder in which TensorFlow Datasets has prepared a set: found by the set's name, and what is stated in it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from netlib.spec.errors import NetlabError, Problem, SpecError, did_you_mean
from netlib.spec.features import MissingFileError
from netlib.spec.sources.images import said
from netlib.spec.sources.tfds_features import Leaf, leaves

NAME = re.compile(r"(?P<name>\w+)(?:/(?P<config>[\w.+-]+))?(?::(?P<version>\d+\.\d+\.\d+))?")
"""`mnist`, `imdb_reviews/plain_text` or `mnist:3.0.1`."""
FORMATS = ("tfrecord", "array_record")
INFO, FEATURES = "dataset_info.json", "features.json"
INSTALL = "pip install 'netlab[tfds]'"
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_TEMPLATE = "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}"


@dataclass(frozen=True)
class Prepared:
    """What a folder states.

    Attributes:
        folder: the folder.
        format: of its files, one of `FORMATS`.
        lengths: split -> file -> how many records it has.
        supervised: the features that are input and target by default, if it says so.
        leaves: all features, by name.
    """

    folder: Path
    format: str
    lengths: dict[str, dict[Path, int]]
    supervised: tuple[str, ...]
    leaves: dict[str, Leaf]

    def class_names(self, leaf: Leaf) -> tuple[str, ...]:
        """The names of a label's classes; none where there is no file of them.

        Raises:
            NetlabError: there is another number of them.
        """
        file = self.folder / leaf.labels
        if not file.is_file():
            return ()
        names = tuple(filter(None, map(str.strip, _text_of(file).splitlines())))
        if len(names) != leaf.classes or len(set(names)) < len(names):
            raise NetlabError(f"{said(file)} is damaged: {len(names)} names of classes, {leaf.classes} are expected")
        return names


def data_dir(written: str | None) -> Path:
    """Where prepared sets are: as is said, `$TFDS_DATA_DIR`, or `~/tensorflow_datasets`."""
    return Path(written or os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets").expanduser()


def prepared(written: str, folder: Path) -> Prepared:
    """What is known of a set.

    Args:
        written: its name, with a configuration and a version or without.
        folder: where prepared sets are.

    Raises:
        MissingFileError: it is not prepared.
        SpecError: its name does not tell one from others, or its files are of a kind that is not read.
        NetlabError: its folder is damaged.
    """
    found = _found(written, folder)
    info, tree = _json_of(found / INFO), _json_of(found / FEATURES)
    try:
        form = str(info.get("fileFormat", "tfrecord"))
        items = info.get("supervisedKeys", {}).get("tuple", {}).get("items", [])
        supervised = tuple(str(item["featureKey"]) for item in items)
        lengths = {str(split["name"]): _files(found, info, split, form) for split in info["splits"]}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _no_form(found / INFO, error) from None
    try:
        known = leaves(tree)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise _no_form(found / FEATURES, error) from None
    if form not in FORMATS:
        remedy = f"prepare it with file_format='{FORMATS[0]}'"
        raise _mistake(f"{said(found)} has files of {form}, which is not read ({' and '.join(FORMATS)} are); {remedy}")
    return Prepared(found, form, lengths, supervised if len(supervised) == 2 else (), known)


def _files(folder: Path, info: Mapping[str, Any], split: Mapping[str, Any], form: str) -> dict[Path, int]:
    lengths = [int(length) for length in split.get("shardLengths", [])]
    names = {}
    for number, length in enumerate(lengths):
        values = {
            "DATASET": str(info["name"]), "SPLIT": str(split["name"]), "FILEFORMAT": form, "NUM_SHARDS": f"{len(lengths):05d}",
            "SHARD_INDEX": f"{number:05d}", "SHARD_X_OF_Y": f"{number:05d}-of-{len(lengths):05d}",
        }  # fmt: skip
        name = str(split.get("filepathTemplate") or _TEMPLATE)
        for key, value in values.items():
            name = name.replace(f"{{{key}}}", value)
        if Path(name).name != name or length < 0:
            raise ValueError(f"split '{split['name']}' has a file {name} of {length} records")
        names[folder / name] = length
    return names


def _found(written: str, folder: Path) -> Path:
    """The folder of the only configuration, or the one that is named, and of the newest version, or the one that is named."""
    match = NAME.fullmatch(written)
    if not match:
        raise _mistake(f"expected the name of a set (mnist, imdb_reviews/plain_text, mnist:3.0.1), got {written!r}")
    of_set = folder / match["name"]
    if match["config"]:
        of_set /= match["config"]
    elif not _versions(of_set):
        configs = [each for each in _folders(of_set) if _versions(each)]
        if len(configs) > 1:
            named = " or ".join(f"{match['name']}/{each.name}" for each in configs[:10])
            raise _mistake(f"{said(of_set)} has several configurations: name one ({named})")
        of_set = configs[0] if configs else of_set
    versions = _versions(of_set)
    version = match["version"] or max(versions, key=lambda each: tuple(map(int, each.split("."))), default=None)
    if version in versions:
        return of_set / version
    raise _not_prepared(written, folder, of_set / (match["version"] or "VERSION"), match["name"], versions)


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(each for each in folder.iterdir() if each.is_dir() and not each.name.startswith("."))
    except OSError:
        return []


def _versions(folder: Path) -> list[str]:
    return [each.name for each in _folders(folder) if _VERSION.fullmatch(each.name) and (each / INFO).is_file()]


def _not_prepared(written: str, folder: Path, expected: Path, name: str, versions: list[str]) -> MissingFileError:
    has = (
        f" (there: {', '.join(versions)})" if versions else did_you_mean(name, [each.name for each in _folders(folder)])
    )
    what = f"'{written}' is not prepared: there is no {said(expected / INFO)}{has}"
    install = "" if find_spec("tensorflow_datasets") else f"{INSTALL}, then "
    call = f"import tensorflow_datasets as tfds; tfds.builder('{written}', data_dir='{said(folder)}').download_and_prepare()"
    return MissingFileError([Problem(("name",), f'{what}; prepare it once: {install}python -c "{call}"')], "tfds")


def _json_of(file: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(_text_of(file))
    except (ValueError, RecursionError) as error:
        raise NetlabError(f"{said(file)} is damaged: it is no JSON ({error})") from None
    if not isinstance(found, Mapping):
        raise NetlabError(f"{said(file)} is damaged: it is no mapping")
    return found


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise NetlabError(
            f"{said(file.parent)} has no {file.name}: delete the folder, and prepare the set again"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise NetlabError(f"{said(file)} cannot be read: {error}") from None


def _no_form(file: Path, error: Exception) -> NetlabError:
    what = f"no '{error.args[0]}'" if isinstance(error, KeyError) else str(error)
    return NetlabError(
        f"{said(file)} is not of the form that TensorFlow Datasets 4 gives it: {what}; prepare the set again"
    )


def _mistake(message: str) -> SpecError:
    return SpecError([Problem(("name",), message)], "tfds")
