"""Puts new files beside each other: all of them or none, and never over one that is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from netlib.config.experiment import checked_name
from netlib.runs.atomic import write_text
from netlib.spec.errors import NetlabError, UsageError
from netlib.tasks.check import FileReport, check
from netlib.tasks.written_files import need_folder


@dataclass(frozen=True)
class Written:
    """A config that was written.

    Attributes:
        report: what `netlab check` says of it.
        beside: other files that were written with it.
        choices: what was chosen and why, a line each.
    """

    report: FileReport
    beside: tuple[Path, ...]
    choices: tuple[str, ...]

    @property
    def path(self) -> Path:
        """The config's file."""
        return self.report.path


def config_file(name: str, output: Path | None) -> Path:
    """Where the config of an experiment goes: to `output`, or to a file of its name in the current folder.

    Raises:
        UsageError: an experiment cannot be called so, there is no such folder, or there is such a file.
    """
    try:
        checked_name(name)
    except ValueError as error:
        raise UsageError(f"name '{name}': {error}") from None
    file = Path(f"{name}.yaml") if output is None else output
    if file.is_dir():
        file = file / f"{name}.yaml"
    need_folder(file)
    if file.suffix not in (".yaml", ".yml"):
        raise UsageError(f"a config's file ends in .yaml, got {file}")
    refuse_if_there(file)
    return file


def refuse_if_there(file: Path) -> None:
    """Raises a `UsageError` if the file is there, which is never written over."""
    if file.exists() or file.is_symlink():
        raise UsageError(f"{file} is there, and is not written over: give another name, or another file with --output")


def published(texts: Mapping[Path, str], choices: tuple[str, ...] = ()) -> Written:
    """Writes the files, the config as the first, and checks it.

    Raises:
        UsageError: one of them is there.
        NetlabError: the system refuses, or the config does not fit its data.
    """
    for file in texts:
        refuse_if_there(file)
    config, *beside = texts
    for file in (*beside, config):
        write_text(file, texts[file])
    (report,) = check([config])
    if report.errors:
        told = "; ".join(problem.message for problem in report.problems)
        raise NetlabError(f"{config} is written, but has to be corrected by hand before it can be trained: {told}")
    return Written(report, tuple(beside), choices)
