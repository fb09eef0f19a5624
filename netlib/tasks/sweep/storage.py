"""Where a study is kept: a database by its URL, an SQLite file by default. What is wrong with it, in words."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

import optuna
import sqlalchemy
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError, SQLAlchemyError

from netlib.runs import atomic
from netlib.spec.errors import NetlabError, UsageError, did_you_mean

LOCKED_FOR = 60.0
"""Seconds that a writer waits for another one; SQLite knows only one at a time."""
UNREACHABLE_FOR = 120.0
"""Seconds for which a sweep under way asks again for a database that has gone."""
CONNECTING = 15
"""Seconds in which a server has to answer."""
TOGETHER = 10
"""Tries to make the tables, where several processes make them at once."""
PACKAGES = {
    "postgresql": ("psycopg", "psycopg[binary]"),
    "mysql": ("MySQLdb", "mysqlclient"),
    "mariadb": ("MySQLdb", "mysqlclient"),
    "oracle": ("oracledb", "oracledb"),
    "mssql": ("pyodbc", "pyodbc"),
}
"""By kind of database, the module that speaks with it unless the URL names another one, and what is installed to have it."""
Answer = TypeVar("Answer")


class StorageError(NetlabError):
    """The database cannot be reached, is locked, or refuses."""


def shown(url: str) -> str:
    """A URL as it may be shown, without its password; of a file its path."""
    try:
        parsed = sqlalchemy.make_url(url)
    except ArgumentError:
        return url
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return parsed.render_as_string(hide_password=True)
    path = Path(parsed.database)
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def connect(url: str) -> RDBStorage:
    """The database, with its tables, which are made if they are not there.

    Raises:
        UsageError: it is no URL of a database that can be used, or a package is missing.
        StorageError: the database cannot be reached, is locked, or refuses.
    """
    parsed = _with_driver(url)
    options: dict[str, object] = {"pool_pre_ping": True}
    if parsed.get_backend_name() == "sqlite":
        options = {"connect_args": {"timeout": LOCKED_FOR}}
        with atomic.explained(Path(parsed.database or "."), "make"):
            Path(parsed.database or ".").parent.mkdir(parents=True, exist_ok=True)
    elif parsed.get_backend_name() == "postgresql":
        options["connect_args"] = {"connect_timeout": CONNECTING}
    with explained(url):
        return _made_together(lambda: RDBStorage(parsed.render_as_string(hide_password=False), engine_kwargs=options))


@contextmanager
def explained(url: str) -> Iterator[None]:
    """Inside, what the database refuses is said in words.

    Raises:
        StorageError: it did.
    """
    try:
        yield
    except (StorageInternalError, SQLAlchemyError) as error:
        raise _told(url, error) from error
    except RuntimeError as error:  # Optuna's, of tables that another version made
        if "version" not in str(error):
            raise
        raise StorageError(f"the storage {shown(url)} was made by another version of Optuna: {error}") from error


def patiently(url: str, ask: Callable[[], Answer]) -> Answer:
    """What the database answers; while it cannot be reached it is asked again, for a while.

    Raises:
        StorageError: it did not come back.
    """
    end, pause = time.monotonic() + UNREACHABLE_FOR, 0.5
    while True:
        try:
            with explained(url):
                return ask()
        except StorageError:
            if time.monotonic() + pause > end:
                raise
            time.sleep(pause)
            pause = min(2 * pause, 10.0)


def _with_driver(url: str) -> sqlalchemy.URL:
    try:
        parsed = sqlalchemy.make_url(url)
    except ArgumentError:
        raise UsageError(
            f"'{url}' is no URL of a storage; expected such as sqlite:///study.db or postgresql://user@host/database"
        ) from None
    kind, _, driver = parsed.drivername.partition("+")
    module, package = PACKAGES.get(kind, ("", kind))
    if not driver and kind == "postgresql":  # which one this means depends on the version of SQLAlchemy
        driver = module if find_spec(module) or not find_spec("psycopg2") else "psycopg2"
        parsed = parsed.set(drivername=f"{kind}+{driver}")
    try:
        parsed.get_dialect().import_dbapi()
    except NoSuchModuleError:
        raise UsageError(
            f"no database is called '{parsed.drivername}', as the storage {shown(url)} says; expected sqlite, postgresql or mysql"
        ) from None
    except ImportError as error:
        named = package if driver in ("", module) else driver
        raise UsageError(
            f"the storage {shown(url)} needs the package '{named}', which is not installed ({error}): "
            f"pip install \"netlab[sweep]\" '{named}'"
        ) from None
    return parsed


def _made_together(make: Callable[[], RDBStorage]) -> RDBStorage:
    """Several processes may make the tables at once: all but one are told that they are there, and try again."""
    for tries in range(TOGETHER):
        try:
            return make()
        except (StorageInternalError, DBAPIError) as error:
            text = str(error).lower()
            collided = isinstance(error, IntegrityError) or "already exists" in text or "duplicate key" in text
            if not collided or tries == TOGETHER - 1:
                raise
            time.sleep(0.1 * (tries + 1))
    raise AssertionError("the last try returns or raises")


def _told(url: str, error: Exception) -> StorageError:
    original = getattr(error, "__cause__", None) or error
    reason = str(getattr(original, "orig", None) or original).strip().splitlines()[0]
    if "database is locked" in reason:
        return StorageError(
            f"the storage {shown(url)} is locked by another process, for longer than {LOCKED_FOR:g} s; end what has it open, "
            "then start the sweep again: it goes on"
        )
    if "not a database" in reason or "malformed" in reason:
        return StorageError(f"the storage {shown(url)} is no database, or is damaged: {reason}")
    if sqlalchemy.make_url(url).get_backend_name() == "sqlite":
        return StorageError(f"the storage {shown(url)} cannot be used: {reason}")
    return StorageError(
        f"the storage {shown(url)} cannot be reached: {reason}; look whether the server runs and takes this user, "
        "then start the sweep again: it goes on"
    )


def load(url: str, name: str) -> optuna.Study:
    """A study that is there.

    Raises:
        UsageError: there is none of this name, with those that are there.
        StorageError: the database cannot be used.
    """
    storage = connect(url)
    with explained(url):
        try:
            return optuna.load_study(study_name=name, storage=storage)
        except KeyError:
            names = [study.study_name for study in storage.get_all_studies()]
            there = did_you_mean(name, names) or (f"; it has {', '.join(names[:8])}" if names else "; it is empty")
            raise UsageError(f"there is no sweep '{name}' in the storage {shown(url)}{there}") from None
