"""The run directory: its name, the places of its files, and how it is created and found."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from netlib.runs import atomic
from netlib.spec.errors import NetlabError, UsageError, closest, did_you_mean

CHECKPOINTS = "checkpoints"
"""The folder that every run directory has, and by which one is recognised."""

DEFAULT_ROOT = Path("runs")
_NAME = re.compile(r"[^\W_][\w.-]{0,99}")
_SHOWN_RUNS = 8


@dataclass(frozen=True)
class RunDirectory:
    """Where the files of one run are."""

    path: Path

    @property
    def name(self) -> str:
        """The folder's own name, `digits-mlp-3`."""
        return self.path.resolve().name

    @property
    def config(self) -> Path:
        """What the user wrote."""
        return self.path / "config.yaml"

    @property
    def resolved(self) -> Path:
        """Everything, as run."""
        return self.path / "resolved.yaml"

    @property
    def environment(self) -> Path:
        """Versions, machine, threads, git, seed, command."""
        return self.path / "environment.json"

    @property
    def metrics(self) -> Path:
        """One line of JSON an epoch."""
        return self.path / "metrics.jsonl"

    @property
    def header(self) -> Path:
        """What is trained and how, in a few facts, as it was said when the run began or was gone on with."""
        return self.path / "header.json"

    @property
    def result(self) -> Path:
        """What came out, of a run that has ended by itself."""
        return self.path / "result.json"

    @property
    def failure(self) -> Path:
        """Why the training failed, if it did."""
        return self.path / "failure.json"

    @property
    def summary(self) -> Path:
        """The network as a table."""
        return self.path / "summary.txt"

    @property
    def log(self) -> Path:
        """What was said while it ran."""
        return self.path / "log.txt"

    @property
    def preprocessing(self) -> Path:
        """Fitted preprocessing: what is text or a number."""
        return self.path / "preprocessing.json"

    @property
    def preprocessing_tensors(self) -> Path:
        """Fitted preprocessing: what is an array."""
        return self.path / "preprocessing.safetensors"

    @property
    def data(self) -> Path:
        """What the data was when the run began: columns, shapes, classes."""
        return self.path / "data.json"

    @property
    def class_weights(self) -> Path:
        """Weights of classes, where the config asks for some."""
        return self.path / "class_weights.json"

    @property
    def changes(self) -> Path:
        """One line of JSON for each time the run was gone on with in another way: what was changed, at which step."""
        return self.path / "changes.jsonl"

    @property
    def checkpoints(self) -> Path:
        """The folder of the checkpoints and of the pointers to them."""
        return self.path / CHECKPOINTS

    def write(self, name: str, text: str) -> None:
        """Make `text` the content of one of its files, atomically."""
        atomic.write_text(self.path / name, text)

    def read(self, name: str) -> str:
        """The content of one of its text files.

        Raises:
            NetlabError: if the file is missing or is not text.
        """
        try:
            return (self.path / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            raise NetlabError(f"run {self.path} has no {name}: it was removed, or the run ended at once") from None
        except (OSError, UnicodeDecodeError) as error:
            raise NetlabError(f"cannot read {self.path / name}: {error}") from error


def create(root: Path, name: str, files: Mapping[str, str] | None = None) -> RunDirectory:
    """A new run directory `root/name-N` with the next free number, holding `files` (name -> text).

    The number is taken by making the folder, so two processes never get the same one. If anything fails, the folder is removed.

    Raises:
        UsageError: if `name` cannot be the name of a folder.
        NetlabError: if the system refuses.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"'{name}' cannot name a run directory: expected letters, digits, '.', '_' and '-', "
            "at most 100, the first a letter or digit"
        )
    _make_folder(root)
    number = _next_number(root, name)
    while not _make_folder(root / f"{name}-{number}"):
        number += 1
    return _fill(RunDirectory(root / f"{name}-{number}"), files or {}, made=True)


def next_path(root: Path, name: str) -> Path:
    """Where `create` would make the next run directory.

    Raises:
        NetlabError: if the system refuses.
    """
    return root / f"{name}-{_next_number(root, name) if root.is_dir() else 1}"


def create_at(path: Path, files: Mapping[str, str] | None = None) -> RunDirectory:
    """A new run directory exactly at `path`, which must not exist or be an empty folder.

    Raises:
        UsageError: if something is there.
        NetlabError: if the system refuses.
    """
    check_free(path)
    _make_folder(path.parent)
    made = _make_folder(path)
    return _fill(RunDirectory(path), files or {}, made)


def check_free(path: Path) -> None:
    """Refuses a path at which `create_at` could not make a run directory.

    Raises:
        UsageError: a file or a folder that is not empty is there.
    """
    if path.exists() and not path.is_dir():
        raise UsageError(f"cannot make the run directory '{path}': a file of that name exists")
    if path.is_dir() and any(path.iterdir()):
        what = "a run is there; resume it" if is_run(path) else "the folder is not empty; empty it"
        raise UsageError(f"cannot make the run directory '{path}': {what}, or choose another folder")


def open_run(path: Path | str) -> RunDirectory:
    """The run directory at `path`.

    Raises:
        UsageError: if there is none, with the names of those beside it.
    """
    path = Path(path)
    if is_run(path):
        return RunDirectory(path)
    try:
        raise UsageError(_what_is_there(path) + _suggestion(path))
    except OSError as error:
        raise UsageError(f"cannot look for the run '{path}': {error.strerror}") from error


def is_run(path: Path) -> bool:
    """Whether a run directory is there, as far as this user may look."""
    try:
        return (path / CHECKPOINTS).is_dir()
    except OSError:
        return False


def runs_in(root: Path) -> list[RunDirectory]:
    """The run directories in a folder, by name and number; none if there is no such folder."""
    if not root.is_dir():
        return []
    return [RunDirectory(path) for path in sorted(root.iterdir(), key=_by_number) if is_run(path)]


def _fill(run: RunDirectory, files: Mapping[str, str], made: bool) -> RunDirectory:
    if not _make_folder(run.checkpoints):  # whoever makes this folder owns the run
        raise UsageError(f"cannot make the run directory '{run.path}': another process has just made one there")
    try:
        for name, text in files.items():
            run.write(name, text)
        with atomic.explained(run.path):
            atomic.sync(run.path)
            atomic.sync(run.path.parent)
    except BaseException:
        _take_back(run, files, made)
        raise
    return run


def _take_back(run: RunDirectory, files: Mapping[str, str], made: bool) -> None:
    for name in files:
        with suppress(OSError):
            (run.path / name).unlink(missing_ok=True)
    with suppress(OSError):
        run.checkpoints.rmdir()
        if made:
            run.path.rmdir()


def _make_folder(folder: Path) -> bool:
    """Make a folder, and those above it; whether it was this call that made it."""
    with atomic.explained(folder, "make"):
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            return False
    return True


def _next_number(root: Path, name: str) -> int:
    pattern = re.compile(re.escape(name) + r"-([1-9]\d{0,8})")
    with atomic.explained(root, "read"):
        taken = [int(match[1]) for entry in root.iterdir() if (match := pattern.fullmatch(entry.name))]
    return max(taken, default=0) + 1


def _by_number(path: Path) -> tuple[str, int]:
    stem, _, number = path.name.rpartition("-")
    return (stem, int(number)) if number.isdecimal() else (path.name, 0)


def _what_is_there(path: Path) -> str:
    if not path.exists():
        return f"there is no run '{path}'"
    if not path.is_dir():
        return f"'{path}' is a file, not a run directory"
    return f"'{path}' is not a run directory (it has no folder '{CHECKPOINTS}')"


def _suggestion(path: Path) -> str:
    beside = [run.name for run in runs_in(path.parent)]
    default = [str(run.path) for run in runs_in(DEFAULT_ROOT)]
    inside = [str(run.path) for run in runs_in(path)]
    close = closest(path.name, beside)
    meant = (
        f"; did you mean '{path.with_name(close)}'?" if close else did_you_mean(str(DEFAULT_ROOT / path.name), default)
    )
    listed = inside or beside or default
    if meant or not listed:
        return meant
    more = ", ..." if len(listed) > _SHOWN_RUNS else ""
    return f"; the runs there: {', '.join(listed[-_SHOWN_RUNS:])}{more}"
