"""Writes a config for a user's own data, by what it looks like."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from netlib.config.experiment import default_name
from netlib.spec.errors import UsageError, did_you_mean
from netlib.spec.sources.images import SUFFIXES as IMAGES
from netlib.spec.sources.table_files import ends_in
from netlib.spec.sources.tables import Csv, JsonLines, Parquet
from netlib.tasks.new.draft import Draft, written
from netlib.tasks.new.publishing import Written, config_file, published

TABLES = {"csv": Csv.suffixes, "parquet": Parquet.suffixes, "json_lines": JsonLines.suffixes}
TEXTS = (".txt", ".text", ".md")


def new_from(data: Path, targets: Sequence[str] = (), name: str | None = None, output: Path | None = None) -> Written:
    """Looks at data and writes a config that trains on it.

    Args:
        data: a CSV, TSV, Parquet or JSON lines file, or a folder of such; an `.npz` or `.npy` file; a text file; or a folder
            with a folder of images or texts for each class.
        targets: columns or arrays to learn; of an `.npy` file, or of a file of texts, the file that has what is to be learned.
        name: of the experiment; by default by the file's name.
        output: the config's file; by default by the experiment's name, in the current folder.

    Raises:
        UsageError: there is no such file or column, nothing can be learned, or the config's file is there.
        NetlabError: the data is damaged.
    """
    if not data.exists():
        near = [each.name for each in data.parent.iterdir()] if data.parent.is_dir() else []
        raise UsageError(f"there is no file or folder {data}{did_you_mean(data.name, near)}")
    name = name or default_name(data.name.partition(".")[0])
    file = config_file(name, output)
    draft = _draft(data, targets, file.parent)
    return published({file: written(draft, name, str(file))}, draft.choices)


def _draft(data: Path, targets: Sequence[str], folder: Path) -> Draft:
    path = _seen_from(folder, data)
    form = _form(data)
    if form in TABLES:
        from netlib.tasks.new.tables import table_draft

        return table_draft(form, data, path, targets)
    if form in ("npz", "npy"):
        from netlib.tasks.new.arrays import npy_draft, npz_draft

        if form == "npz":
            return npz_draft(data, path, targets)
        other = _other_file(data, targets, "the .npy file of what is to be learned")
        return npy_draft(data, path, other, _seen_from(folder, other))
    from netlib.tasks.new.folders import corpus_draft, images_draft, text_folder_draft, text_lines_draft

    if form == "text":
        if not targets:
            return corpus_draft(data, path)
        other = _other_file(data, targets, "the file of the texts' classes, one in each line")
        return text_lines_draft(data, path, other, _seen_from(folder, other))
    if targets:
        raise UsageError(f"--target is not needed: the folders of {data} are the classes")
    return images_draft(data, path) if form == "images" else text_folder_draft(data, path)


def _form(data: Path) -> str:
    """What the file or folder has."""
    found = _of_names([data] if data.is_file() else _sample(data))
    if found == "images" and data.is_file():
        raise UsageError(f"{data} is one image; give the folder that has a folder of images for each class")
    if found:
        return "text" if found == "texts" and data.is_file() else found
    what = "files of no such kind" if data.is_dir() else f"'{data.suffix}'"
    raise UsageError(
        f"{data} has {what}; a config can be written for tables (.csv, .tsv, .parquet, .jsonl), arrays (.npz, .npy), texts"
        " (.txt), and folders with a folder of images or texts for each class (TFRecord files: `netlab data tfrecord`)"
    )


def _of_names(files: Sequence[Path]) -> str:
    """The form of most of them; images and texts in folders are of folders, a file of texts stands for itself."""
    for form, suffixes in {**TABLES, "npz": (".npz",), "npy": (".npy",), "images": tuple(IMAGES)}.items():
        if sum(ends_in(file, suffixes) for file in files) > len(files) / 2:
            return form
    if sum(ends_in(file, TEXTS) for file in files) > len(files) / 2:
        return "texts"
    return ""


def _sample(folder: Path) -> list[Path]:
    """The first files of the folder and of each folder in it."""
    inside = sorted(each for each in folder.iterdir() if not each.name.startswith("."))
    below = [file for each in inside if each.is_dir() for file in sorted(each.iterdir())[:20]]
    return [file for file in (*inside, *below) if file.is_file() and not file.name.startswith(".")]


def _other_file(data: Path, targets: Sequence[str], what: str) -> Path:
    if len(targets) != 1:
        raise UsageError(f"--target is needed once for {data}: {what}")
    file = Path(targets[0])
    if not file.is_file():
        near = [each.name for each in file.parent.iterdir()] if file.parent.is_dir() else []
        raise UsageError(f"there is no file {file}: --target is {what}{did_you_mean(file.name, near)}")
    return file


def _seen_from(folder: Path, path: Path) -> str:
    """The path as a config in the folder has it."""
    return os.path.relpath(path, folder)
