"""Whether data is that with which a run began, where it is in memory and where it stays in files."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from netlib.config.load import load
from netlib.runs import data_files, digesting
from netlib.runs.directory import open_run
from netlib.spec.data import DataSpec
from netlib.spec.errors import NetlabError
from netlib.tasks.evaluate import evaluate
from netlib.tasks.same_data import need_same_data
from netlib.tasks.train import train

DIGITS = DataSpec.parse({"source": "digits"})
LATER = 10**9
ROWS = 400


def test_the_fingerprint_is_that_of_the_beginning(short, copied):
    run = open_run(copied(short))
    right = json.loads(run.environment.read_text())["data_fingerprint"]
    assert need_same_data(run, right, DIGITS) == ()
    with pytest.raises(
        NetlabError, match=rf"\(fingerprint 0123456789ab, then {right[:12]}\); restore it, or start a new"
    ):
        need_same_data(run, "0123456789abcdef", DIGITS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", r"environment.json is damaged: "),
        ("[]", r"environment.json is damaged: "),
        ("{}", r"environment.json is damaged: it has no 'data_fingerprint'"),
        ('{"data_fingerprint": null}', r"the data has changed since"),
        ('{"data_fingerprint": 5}', r"the data has changed since"),
    ],
)
def test_a_damaged_environment(short, copied, text, message):
    run = open_run(copied(short))
    run.environment.write_text(text)
    with pytest.raises(NetlabError, match=message):
        need_same_data(run, "0123", DIGITS)
    run.environment.unlink()
    with pytest.raises(NetlabError, match=r"has no environment.json: it was removed, or the run ended at once"):
        need_same_data(run, "0123", DIGITS)


def write_parquet(folder: Path) -> str:
    for part in range(2):
        random = np.random.default_rng(part)
        x = random.normal(size=(ROWS, 2))
        pl.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": x[:, 0]}).write_parquet(folder / f"part-{part}.parquet")
    return "source: parquet, path: data/*.parquet, targets: y, memory: 2KB"


def write_csv(folder: Path) -> str:
    x = np.random.default_rng(0).normal(size=(ROWS, 2))
    lines = ["a,b,y", *(f"{a:.3f},{b:.3f},{a:.3f}" for a, b in x)]
    (folder / "t.csv").write_text("\n".join(lines))
    return "source: csv, path: data/t.csv, targets: y, memory: 2KB"


def write_npy(folder: Path) -> str:
    x = np.random.default_rng(0).normal(size=(ROWS, 2)).astype(np.float32)
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", x[:, 0])
    return "source: npy, inputs: {x: data/x.npy}, targets: {y: data/y.npy}, memory: 2KB"


WRITERS = [write_parquet, write_csv, write_npy]


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """The files, which are small, are read before a training ends, however busy the machine is."""
    monkeypatch.setattr(digesting, "REST", 0.0)
    monkeypatch.setattr(digesting, "_lowest_priority", lambda: None)


def begun(folder: Path, write) -> Path:
    """A run of one epoch on files in the folder's `data`."""
    (folder / "data").mkdir()
    config = folder / "c.yaml"
    config.write_text(
        f"seed: 1\ndata: {{{write(folder / 'data')}, test: 0.2, batch_size: 40}}\nmodel: [Dense: 1]\n"
        "train: {epochs: 1, loss: mse, execution: graph}\n"
    )
    train(config, run_dir=folder / "run")
    return folder / "run"


def touch(path: Path, seconds: int = 5) -> None:
    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + seconds * LATER))


def files_in(folder: Path) -> list[Path]:
    return sorted((folder / "data").iterdir())


def refused(run: Path, *words: str) -> None:
    for use in (lambda: evaluate(str(run)), lambda: train(None, ["train.epochs=2"], resume=run)):
        with pytest.raises(NetlabError) as raised:
            use()
        missing = [word for word in ("the data has changed since run", *words) if word not in str(raised.value)]
        assert not missing, str(raised.value)


@pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__[6:])
def test_files_that_were_touched_are_the_same_and_one_other_byte_is_not(tmp_path, write):
    run = begun(tmp_path, write)
    measured = evaluate(str(run)).metrics
    for path in files_in(tmp_path):
        touch(path)
    assert evaluate(str(run)).metrics == measured
    assert train(None, ["train.epochs=2"], resume=run).epochs == 2
    said = (run / "log.txt").read_text()
    names = ", ".join(path.name for path in files_in(tmp_path))
    assert f"touched since the run began, but the same: {names} (" in said
    first = files_in(tmp_path)[0]
    content = bytearray(first.read_bytes())
    content[next(at for at in range(len(content) // 2, len(content)) if chr(content[at]).isdecimal())] ^= 1
    first.write_bytes(content)
    touch(first)
    with pytest.raises(
        NetlabError, match=rf"changed since run '.*run' began: {first.name} holds something else; restore"
    ):
        need_same_data(open_run(run), "x", load(run / "resolved.yaml").data)


def test_files_that_were_copied_elsewhere_are_the_same(tmp_path):
    run = begun(tmp_path, write_parquet)
    measured = evaluate(str(run)).metrics
    shutil.copytree(tmp_path / "data", tmp_path / "moved", copy_function=shutil.copyfile)
    shutil.rmtree(tmp_path / "data")
    text = (run / "resolved.yaml").read_text()
    (run / "resolved.yaml").write_text(text.replace(f"{tmp_path}/data/", f"{tmp_path}/moved/"))
    assert evaluate(str(run)).metrics == measured


def test_what_was_touched_is_read_once_and_its_times_are_kept(tmp_path, monkeypatch):
    run = begun(tmp_path, write_npy)
    before = {name: known.changed for name, known in data_files.known(open_run(run)).items()}
    touch(tmp_path / "data" / "x.npy")
    train(None, ["train.epochs=2"], resume=run)
    after = {name: known.changed for name, known in data_files.known(open_run(run)).items()}
    assert after == {**before, "x.npy": (*before["x.npy"], before["x.npy"][0] + 5 * LATER)}
    monkeypatch.setattr(data_files, "others", lambda *_: pytest.fail("it was read again"))
    evaluate(str(run))
    assert train(None, ["train.epochs=3"], resume=run).epochs == 3


def test_without_what_the_files_held_the_time_counts(tmp_path):
    run = begun(tmp_path, write_npy)
    (run / "data_files.json").unlink()
    touch(tmp_path / "data" / "y.npy")
    refused(run, "(fingerprint ")
    touch(tmp_path / "data" / "y.npy", -5)
    assert train(None, ["train.epochs=2"], resume=run).epochs == 2
    assert set(data_files.known(open_run(run))) == {"x.npy", "y.npy"}  # what was not done then is done now


def test_a_file_of_another_size_is_not_read(tmp_path, monkeypatch):
    run = begun(tmp_path, write_npy)
    x = np.load(tmp_path / "data" / "x.npy")
    np.save(tmp_path / "data" / "x.npy", x[:-1])
    np.save(tmp_path / "data" / "y.npy", x[:-1, 0])
    monkeypatch.setattr(data_files, "others", lambda *_: pytest.fail("it was read"))
    refused(run, "(fingerprint ")


def test_of_samples_in_memory_nothing_is_kept(short):
    assert not (short.run / "data_files.json").exists()
