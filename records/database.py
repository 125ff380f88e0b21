"""The two databases behind one door: SQLite by default, PostgreSQL by URL, the same code for both.

SQLite needs three decisions that its driver does not take (design: serving, findings 1, 3 and 4): a writing transaction
begins IMMEDIATE, else read-then-write loses updates; the journal is WAL only where the WAL-reset bug is fixed; and the
process takes its writing turns one after the other instead of polling a busy database.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Dialect, Engine, create_engine, event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

# Fixed in 3.51.3 (13 March 2026); older versions can corrupt a database in WAL mode.
_WAL_IS_SAFE = sqlite3.sqlite_version_info >= (3, 51, 3)
_BUSY_SECONDS = 10


class LedgerTable(DeclarativeBase):
    """Tables of zerodrop.db: batches, accounts, lists, audit. No name and no identifier of a student."""


class VaultTable(DeclarativeBase):
    """Tables of people.db: names, identifiers, original cells, quarantined rows."""


class Instant(TypeDecorator[datetime]):
    """A UTC instant; SQLite stores it without a zone, so the zone is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


@dataclass(frozen=True, kw_only=True)
class Acting:
    """For whom a session works: the institutions, and the account where it sees its own class groups alone."""

    institutions: frozenset[str]
    account_id: UUID | None


class Database:
    """One database: `read()` and `write()` give a session in a transaction; `write()` commits when its block ends."""

    def __init__(self, address: str) -> None:
        self.engine = _engine(address)
        self._turn = threading.Lock()

    @contextmanager
    def read(self, acting: Acting | None = None) -> Iterator[Session]:
        with Session(self.engine) as session:
            yield session

    @contextmanager
    def write(self, acting: Acting | None = None) -> Iterator[Session]:
        with (
            self._turn,
            Session(self.engine.execution_options(writing=True), expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    def create(self, tables: type[DeclarativeBase]) -> None:
        """Create the tables that are missing; existing ones stay as they are."""
        with self.engine.execution_options(writing=True).begin() as connection:
            tables.metadata.create_all(connection)

    def close(self) -> None:
        self.engine.dispose()


def _engine(address: str) -> Engine:
    url = make_url(address)
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, hide_parameters=True)
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    # A failing statement must not print the name it was to store.
    connect = {"timeout": _BUSY_SECONDS, "check_same_thread": False}
    engine = create_engine(url, connect_args=connect, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    for pragma in (f"journal_mode={'WAL' if _WAL_IS_SAFE else 'TRUNCATE'}", "foreign_keys=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
