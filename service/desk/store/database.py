"""The database: one file of SQLite, or PostgreSQL by its address; sessions that end whole or not at all."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from copydesk.model.errors import ConfigError
from copydesk.service.desk.errors import DeskError

SCHEMES = ("sqlite", "postgresql")
_BUSY_MS = 10_000  # that a writer waits for another one
_N_CONNECTIONS = 20


class Database:
    """Sessions on one database. For any number of threads."""

    def __init__(self, url: str) -> None:
        """Raises ConfigError for an address that is none."""
        self.engine = _make_engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._writing = self.engine.execution_options(is_writing=True)

    @property
    def name(self) -> str:
        """The address without its password, for messages."""
        return self.engine.url.render_as_string(hide_password=True)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one state of the database. Raises DeskError."""
        with self._telling(), Session(self.engine) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that is committed, on disk, at the end of the block; after an error nothing has changed. On SQLite
        one writes at a time. Raises DeskError."""
        with self._telling(), Session(self._writing, expire_on_commit=False) as session:
            yield session
            session.commit()

    def close(self) -> None:
        """End its connections."""
        self.engine.dispose()

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """One place for what a database may say: in words, without the statement and its texts."""
        try:
            yield
        except (OperationalError, PoolTimeoutError) as error:
            raise DeskError(f"{self.name}: {_explain(error)}") from error
        except DBAPIError as error:
            if error.connection_invalidated:
                raise DeskError(f"{self.name}: {_explain(error)}") from error
            raise


def sqlite_url(file: Path) -> str:
    """The address of a database in this file."""
    return f"sqlite:///{file}"


def _make_engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() not in SCHEMES:
            raise ConfigError(f"COPYDESK_DATABASE_URL: {parsed.get_backend_name()}, expected {' or '.join(SCHEMES)}")
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        options: dict[str, Any] = {"pool_size": _N_CONNECTIONS, "pool_pre_ping": parsed.get_backend_name() != "sqlite"}
        engine = create_engine(parsed, **options)
    except (ArgumentError, NoSuchModuleError) as error:
        raise ConfigError(
            "COPYDESK_DATABASE_URL: not an address; expected such as sqlite:///desk.db or postgresql://user@host/desk"
        ) from error
    if parsed.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, record: object) -> None:
    connection.isolation_level = None  # transactions begin where SQLAlchemy says, not where sqlite3 guesses
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={_BUSY_MS}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes the lock at once: one that began as a reader would fail where another one wrote meanwhile."""
    is_writing = connection.get_execution_options().get("is_writing")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")


def _explain(error: Exception) -> str:
    said = str(getattr(error, "orig", error)).lower()
    if "full" in said or "no space" in said or "disk i/o" in said:
        return "there is no room to write; nothing was saved. Make room and try again"
    if "locked" in said or isinstance(error, PoolTimeoutError):
        return "too many write at once; nothing was saved. Try again"
    if "readonly" in said or "read-only" in said:
        return "it cannot be written; nothing was saved. Mend its permissions"
    if "unable to open" in said:
        return "the file cannot be opened; mend its folder or permissions"
    return "it does not answer; what was acknowledged is kept, anything else not. See that it runs, and try again"
