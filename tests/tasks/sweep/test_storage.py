from __future__ import annotations

import importlib.abc
import os
import sqlite3
import sys

import optuna
import pytest

from netlib.spec.errors import NetlabError, UsageError
from netlib.tasks.sweep import engine, storage
from netlib.tasks.sweep.storage import StorageError, connect, explained, load, patiently, shown
from netlib.tasks.sweep.study import open_study


def test_without_optuna_the_extra_is_named(monkeypatch, plan):
    monkeypatch.setattr(engine, "find_spec", lambda name: None)
    with pytest.raises(
        UsageError, match=r'a sweep needs Optuna, which is not installed: pip install "netlab\[sweep\]"'
    ):
        plan()


def test_cmaes_needs_a_package_that_is_named(monkeypatch, plan):
    monkeypatch.setattr(engine, "find_spec", lambda name: None if name == "cmaes" else True)
    with pytest.raises(
        UsageError, match="the sampler cmaes needs the package 'cmaes', which is not installed: pip install cmaes"
    ):
        plan("sampler: cmaes\n", text=CMAES)


CMAES = """\
config: tiny.yaml
space: {train.optimizer.Adam.learning_rate: {log: [1e-4, 1e-1]}, seed: {int: [0, 99]}}
"""


class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in ("psycopg", "psycopg2", "pymysql", "MySQLdb"):
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)


@pytest.mark.parametrize(
    ("url", "package"),
    [
        ("postgresql://me:secret@host/base", "psycopg[binary]"),
        ("postgresql+psycopg2://me@host/base", "psycopg2"),
        ("mysql://me@host/base", "mysqlclient"),
        ("mysql+pymysql://me@host/base", "pymysql"),
    ],
)
def test_a_missing_driver_is_named(url, package, monkeypatch):
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])
    for name in [name for name in sys.modules if name.partition(".")[0] in ("psycopg", "psycopg2")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(storage, "find_spec", lambda name: None)
    with pytest.raises(UsageError) as caught:
        connect(url)
    text = str(caught.value)
    assert f"needs the package '{package}', which is not installed" in text
    assert f"""pip install "netlab[sweep]" '{package}'""" in text
    assert "secret" not in text


def test_what_is_no_storage_is_refused():
    with pytest.raises(UsageError, match=r"'study.db' is no URL of a storage; expected such as sqlite:///study.db"):
        connect("study.db")
    with pytest.raises(
        UsageError, match="no database is called 'postgrsql', as the storage postgrsql://host/base says"
    ):
        connect("postgrsql://host/base")


def test_a_file_that_is_no_database(tmp_path):
    (tmp_path / "study.db").write_text("not a database, but long enough to be looked at as one" * 100)
    with pytest.raises(StorageError, match="is no database, or is damaged: file is not a database"):
        connect(f"sqlite:///{tmp_path}/study.db")


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NetlabError, match=r"cannot make .*file"):
        connect(f"sqlite:///{tmp_path}/file/study.db")


def test_a_locked_storage(plan, monkeypatch):
    asked = plan()
    open_study(asked)
    monkeypatch.setattr(storage, "LOCKED_FOR", 0.1)
    with sqlite3.connect("runs/search/study.db") as holder:
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StorageError) as caught:
            open_study(asked)
        assert caught.value.exit_code == 1
        assert str(caught.value) == (
            "the storage runs/search/study.db is locked by another process, for longer than 0.1 s; end what has it open, "
            "then start the sweep again: it goes on"
        )
        holder.rollback()
    holder.close()


def test_a_storage_that_comes_back_is_waited_for(monkeypatch):
    tries = iter([True, True, False])

    def ask() -> int:
        if next(tries):
            raise optuna.exceptions.StorageInternalError("gone")
        return 7

    monkeypatch.setattr(storage.time, "sleep", lambda seconds: None)
    assert patiently("postgresql://host/base", ask) == 7


def test_a_storage_that_does_not_come_back(monkeypatch):
    def ask() -> None:
        raise optuna.exceptions.StorageInternalError("connection refused")

    monkeypatch.setattr(storage, "UNREACHABLE_FOR", 0.0)
    with pytest.raises(
        StorageError, match=r"storage postgresql://me:\*\*\*@host/base cannot be reached: connection refused; look"
    ):
        patiently("postgresql://me:secret@host/base", ask)


def test_the_password_is_not_shown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert shown("postgresql://me:secret@host/base") == "postgresql://me:***@host/base"
    assert shown(f"sqlite:///{tmp_path}/runs/study.db") == "runs/study.db"
    assert shown("nonsense") == "nonsense"


def test_tables_of_another_version(tmp_path):
    url = f"sqlite:///{tmp_path}/study.db"
    connect(url)
    with sqlite3.connect(tmp_path / "study.db") as base:
        base.execute("UPDATE version_info SET schema_version = 1")
        base.execute("UPDATE alembic_version SET version_num = 'v0.9.0.a'")
    base.close()
    with pytest.raises(StorageError, match="was made by another version of Optuna"):
        connect(url)


def test_what_is_not_ours_to_explain_passes():
    with pytest.raises(RuntimeError, match="something else"), explained("sqlite:///study.db"):
        raise RuntimeError("something else")


def test_a_study_that_is_not_there(plan):
    asked = plan()
    open_study(asked)
    with pytest.raises(
        UsageError, match=r"there is no sweep 'serch' in the storage runs/search/study.db; did you mean 'search'\?"
    ):
        load(asked.storage, "serch")
    with pytest.raises(UsageError, match=r"there is no sweep 'other' in .*; it has search"):
        load(asked.storage, "other")
    assert load(asked.storage, "search").study_name == "search"


@pytest.mark.skipif(
    "NETLAB_TEST_POSTGRES" not in os.environ, reason="NETLAB_TEST_POSTGRES has the URL of a server's database"
)
def test_a_server(plan):
    from netlib.tasks.sweep.claims import Claims
    from netlib.tasks.sweep.liveness import me

    asked = plan(storage=os.environ["NETLAB_TEST_POSTGRES"])
    study = open_study(asked)
    try:
        claims = Claims(study, me(), 3)
        taken = [claims.take(), claims.take()]
        claims.give_back(taken[0])
        assert [claims.take().number, claims.take().number, claims.take()] == [0, 2, None]
        gone = Claims(study, {**me(), "begun": "1"}, 4)
        gone.take()
        assert Claims(study, me(), 4).take().number == 3
    finally:
        optuna.delete_study(study_name="search", storage=study._storage)
