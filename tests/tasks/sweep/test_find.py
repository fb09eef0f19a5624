from __future__ import annotations

import pytest

from netlib.spec.errors import UsageError
from netlib.tasks.sweep.find import find_study, sweeps_in

ELSEWHERE = "(in another database it is found with --storage URL)"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("first", "second"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / "study.db").touch()
    return tmp_path


@pytest.mark.parametrize("asked", ["first", "runs/first", "runs/first/", "a_sweep.yaml"])
def test_a_sweep_is_found_by_its_name_its_folder_and_its_file(here, asked):
    (here / "a_sweep.yaml").write_text("name: first\nspace: {what: [is, not, looked, at]}\n")
    assert find_study(asked) == (f"sqlite:///{here}/runs/first/study.db", "first")


def test_the_name_of_a_file_is_that_of_its_sweep(here):
    (here / "second.yaml").write_text("space: {}\n")
    assert find_study("second.yaml")[1] == "second"


def test_a_file_says_where_its_study_is(here):
    (here / "far.yaml").write_text("storage: postgresql://me@host/base\n")
    assert find_study("far.yaml") == ("postgresql://me@host/base", "far")
    assert find_study("far.yaml", "mysql://me@host/base") == ("mysql://me@host/base", "far")


def test_the_sweeps_that_are_there(here):
    (here / "runs" / "digits-mlp-1").mkdir()
    assert sweeps_in(here / "runs") == ["first", "second"]
    assert sweeps_in(here / "nowhere") == []


@pytest.mark.parametrize(
    ("asked", "storage", "message"),
    [
        (
            "frist",
            None,
            f"there is no sweep 'frist': 'runs/frist/study.db' is not there; did you mean 'first'? {ELSEWHERE}",
        ),
        (
            "xyz",
            None,
            f"there is no sweep 'xyz': 'runs/xyz/study.db' is not there; there is first, second {ELSEWHERE}",
        ),
        ("nowhere.yaml", None, "error: there is no file 'nowhere.yaml'"),
        ("first", "sqlite:///gone.db", "there is no sweep 'first': 'gone.db' is not there"),
    ],
)
def test_what_is_not_there(asked, storage, message):
    with pytest.raises(UsageError) as refused:
        find_study(asked, storage)
    assert str(refused.value) == message


def test_where_there_is_none(here):
    with pytest.raises(UsageError, match="is not there; netlab sweep FILE begins one"):
        find_study("first", runs_root=here / "nowhere")
