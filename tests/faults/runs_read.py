"""A small run with every file that a run can have, and all that netlab reads back of it, with guards around each reader."""

from __future__ import annotations

import io
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from netlib.data.preprocessing import Preprocessing, _sha256
from netlib.data.sources.stamps import fingerprint_of
from netlib.report.as_json import as_json
from netlib.report.comparison import comparison_text
from netlib.report.runs_table import runs_text
from netlib.runs import changes, checkpoint, data_files, history, locate, manifest, outcome, pointers, tensors
from netlib.runs.directory import RunDirectory
from netlib.runs.hashing import sha256
from netlib.runs.profile import Profile
from netlib.spec.data import DataSpec
from netlib.spec.errors import NetlabError
from netlib.tasks import compare_shown
from netlib.tasks.check import check
from netlib.tasks.class_weights import _stored
from netlib.tasks.compare import compare
from netlib.tasks.curves import curves
from netlib.tasks.export import export, plan_export
from netlib.tasks.list_runs import list_runs, rows
from netlib.tasks.listed_run import plain
from netlib.tasks.plan import plan_evaluation, plan_training
from netlib.tasks.plan_prediction import Asked, plan_prediction
from netlib.tasks.predict import predict
from netlib.tasks.run import open_run
from netlib.tasks.run_config import config_of_run
from netlib.tasks.run_files import load_preprocessing
from netlib.tasks.runs_csv import runs_csv
from netlib.tasks.same_data import need_same_data
from netlib.tasks.summarise import summarise
from netlib.tasks.train import train

CONFIG = """\
name: customers
seed: 1
data:
  source: csv
  path: customers.csv
  inputs: {numbers: [age, income], city: city}
  targets: kind
  preprocess:
    age: Standardize
    income: [Impute, Standardize]
    city: Lookup
  class_weights: balanced
  validation: 0.2
  test: 0.2
  batch_size: 16
model:
  - {Embedding: {output_dim: 4}, name: place, from: city}
  - {Concatenate: , from: [numbers, place]}
  - Dense: {units: 4, activation: relu}
    name: hidden
  - BatchNormalization
  - {Dense: 3, name: kind}
train:
  epochs: 2
  loss: sparse_categorical_crossentropy
  optimizer: {Adam: {learning_rate: 1e-3}}
  metrics: [accuracy]
  execution: graph
  early_stopping: {monitor: validation.loss, patience: 10}
  callbacks: [{ReduceOnPlateau: {monitor: validation.loss}}, {EMA: {}}]
"""
SECONDS = 20
"""How long a reader may take on a damaged file; on a whole one none takes two."""
ROOM = 1 << 30
"""Bytes that a reader may take in addition."""
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_STARTING = ("os.system", "os.exec", "os.posix_spawn", "os.fork", "os.spawn")
_CHANGING = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod")


def make_run(folder: Path) -> Path:
    """Trains the small network on a table of 150 rows; the run, which has two checkpoints."""
    rows = [
        f"{20 + n % 40},{'' if n % 11 == 0 else n * 0.5},{'ABCD'[n * n % 4]},{('never', 'once', 'often')[n % 3]}"
        for n in range(150)
    ]
    (folder / "customers.csv").write_text("\n".join(["age,income,city,kind", *rows]) + "\n")
    (folder / "customers.yaml").write_text(CONFIG)
    changes = ["train.checkpoint.keep_last=9"]
    done = train(folder / "customers.yaml", changes, runs_root=folder / "runs")
    assert done.run
    _add_the_rest(RunDirectory(done.run))
    return done.run


def _add_the_rest(run: RunDirectory) -> None:
    """What no one run has beside the others: of a change, of a failure, of a profile, of data that stays in its files."""
    changes.write(run, run.read(run.resolved.name), {"what": "a change"})
    outcome.fail(run, "the disk was full")
    Profile().save(run)
    table = run.path.parent.parent / "customers.csv"
    touched = data_files.Known(sha256(table), (table.stat().st_mtime_ns - 1,))
    data_files.write(run, {table.name: touched})
    environment = json.loads(run.environment.read_text())
    environment["data_fingerprint"] = fingerprint_of(_customers(run.path).apart(), {table.name: touched.changed[0]})
    run.environment.write_text(json.dumps(environment))


def _customers(run: Path) -> DataSpec:
    data = config_of_run(RunDirectory(run)).data
    assert data is not None
    return data


def files_of(run: Path) -> list[str]:
    """All files of a run, by their paths in it."""
    return sorted(str(path.relative_to(run)) for path in run.rglob("*") if path.is_file())


def seal(run: Path, name: str) -> None:
    """Makes the hashes fit that protect a file, so that what reads it is reached: of a manifest, or inside."""
    folder = (run / name).parent
    if (folder / manifest.NAME).exists() and Path(name).name != manifest.NAME:
        manifest.write(folder)
    if name.startswith("preprocessing."):
        with suppress(ValueError, TypeError, AttributeError, KeyError, RecursionError, NetlabError):
            plain = json.loads((run / "preprocessing.json").read_text())
            state = {key: plain[key] for key in ("inputs", "joins")}
            plain["sha256"] = _sha256(state, tensors.load(run / "preprocessing.safetensors"))
            (run / "preprocessing.json").write_text(json.dumps(plain))


@contextmanager
def without_data(run: Path) -> Iterator[None]:
    """Inside, the table that the run was trained on is gone: what the run says of it is what counts."""
    table = run.parent.parent / "customers.csv"
    table.rename(table.with_suffix(".gone"))
    try:
        yield
    finally:
        table.with_suffix(".gone").rename(table)


@contextmanager
def replaced(run: Path, name: str, content: bytes, *, sealed: bool) -> Iterator[None]:
    """Inside, a file of the run has another content."""
    kept = Path(tempfile.mkdtemp(dir=run.parent)) / run.name
    shutil.copytree(run, kept)
    (run / name).write_bytes(content)
    if sealed:
        seal(run, name)
    try:
        yield
    finally:
        shutil.rmtree(run)
        kept.rename(run)
        kept.parent.rmdir()


def _runs(run: Path) -> None:
    """What `runs` says of it, in every form."""
    found = list_runs([run])
    as_json([plain(each) for each in found])
    runs_csv(found)
    runs_text(rows(found), 80)
    repr(open_run(run)) + open_run(run)._repr_html_()


def _outcome(run: Path) -> None:
    for read in (outcome.header, outcome.result, outcome.failure):
        read(RunDirectory(run))


def _compared(run: Path) -> None:
    found = compare([run, run])
    as_json(compare_shown.plain(found))
    comparison_text(compare_shown.names_of(found), compare_shown.tables(found), 80)


def _failed(run: Path) -> None:
    """As a run that has no result."""
    result = (run / "result.json").rename(run / "kept")
    try:
        _runs(run)
    finally:
        result.rename(run / "result.json")


def _history(run: Path) -> None:
    history.read(RunDirectory(run))
    history.truncate_after(RunDirectory(run), 1)


def _checkpoints(run: Path) -> None:
    for path in checkpoint.checkpoints_of(RunDirectory(run)):
        checkpoint.verify(path)
        checkpoint.read(path)


def _pointers(run: Path) -> None:
    for pointer in pointers.POINTERS:
        pointers.pointed(RunDirectory(run), pointer)
    locate.find_checkpoint(run)
    locate.newest_valid(RunDirectory(run))


def _preprocessing(run: Path) -> Preprocessing:
    return load_preprocessing(RunDirectory(run))


def _reported(run: Path) -> None:
    """What `check` says of it can be printed."""
    for report in check([run / "resolved.yaml"]):
        for problem in report.problems:
            str(problem).encode("utf-8", "replace")


def _table(run: Path) -> Asked:
    return Asked(path=str(run.parent.parent / "customers.csv"))


Reader = Callable[[Path], Any]
QUICK: dict[str, Reader] = {
    "changes": lambda run: changes.made(RunDirectory(run)),
    "checkpoints": _checkpoints,
    "pointers": _pointers,
    "preprocessing": _preprocessing,
    "class weights": lambda run: _stored(RunDirectory(run)),
    "data files": lambda run: need_same_data(RunDirectory(run), "x", _customers(run)),
    "outcome": _outcome,
    "runs": _runs,
    "runs that failed": _failed,
    "compare": _compared,
    "plot": lambda run: curves([run]),
    "summary": summarise,
    "summary of a checkpoint": lambda run: summarise(run / "checkpoints" / "latest"),
    "check": _reported,
    "eval": lambda run: plan_evaluation(str(run)),
    "predict": lambda run: plan_prediction(str(run), _table(run)),
    "export": lambda run: plan_export(str(run), None, run.parent / "w.safetensors"),
    "resume": lambda run: plan_training(None, (), resume=run),
    "resume with a change": lambda run: plan_training(None, ["train.epochs=3"], resume=run),
    "metrics": _history,
}
"""What is read before TensorFlow is imported."""


def _exported(run: Path) -> None:
    file = run.parent / "w.safetensors"
    file.unlink(missing_ok=True)
    export(str(run), None, file)


WHOLE: dict[str, Reader] = {
    "predict": lambda run: predict(str(run), _table(run), io.BytesIO()),
    "export": _exported,
    "resume": lambda run: train(None, ["train.epochs=3"], resume=run),
}
"""What restores the network, too."""


@dataclass
class Guards:
    """What a reader did that it may not do."""

    folder: Path
    watching: bool = False

    def __post_init__(self) -> None:
        self.broken: list[str] = []
        sys.addaudithook(self._hear)

    @contextmanager
    def up(self) -> Iterator[None]:
        """Inside, time and memory are limited, and what is written elsewhere or started is noted."""
        self.broken.clear()
        before = resource.getrlimit(resource.RLIMIT_AS)
        taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        signal.signal(signal.SIGALRM, _too_long)
        signal.alarm(SECONDS)
        resource.setrlimit(resource.RLIMIT_AS, (taken + ROOM, before[1]))
        self.watching = True
        try:
            yield
        finally:
            self.watching = False
            resource.setrlimit(resource.RLIMIT_AS, before)
            signal.alarm(0)

    def _hear(self, event: str, details: tuple[Any, ...]) -> None:
        if not self.watching:
            return
        if event in _STARTING or (event == "subprocess.Popen" and "git" not in str(details[0])):
            self.broken.append(f"{event} {details}")
        if event in _CHANGING or (event == "open" and isinstance(details[2], int) and details[2] & _WRITING):
            path = Path(os.fsdecode(details[0])) if isinstance(details[0], str | bytes) else None
            if path and not _is_allowed(path, self.folder):
                self.broken.append(f"{event} {path}")


def _is_allowed(path: Path, folder: Path) -> bool:
    path = path.absolute()
    return folder in path.parents or path == Path(os.devnull) or "__pycache__" in path.parts


def _too_long(*_: Any) -> None:
    raise TimeoutError(f"a reader took more than {SECONDS} seconds")


def failures(run: Path, readers: dict[str, Reader], guards: Guards) -> Iterator[str]:
    """What each reader did that it may not do, on a run that may be damaged: raised what is no error for users, for one."""
    for name, read in readers.items():
        try:
            with guards.up():
                read(run)
        except NetlabError as error:
            if not str(error).strip() or "Traceback" in str(error):
                yield f"{name}: an error that says nothing: {error!r}"
            str(error).encode("utf-8", "replace")
        except BaseException as error:
            trace = error.__traceback__
            while trace and trace.tb_next:
                trace = trace.tb_next
            place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "nowhere"
            yield f"{name}: {type(error).__name__}: {str(error)[:200]} ({place})"
        for what in guards.broken:
            yield f"{name}: {what}"
