"""The two databases behind one door: SQLite by default, PostgreSQL by URL, the same code for both.

SQLite needs three decisions that its driver does not take (design: serving, findings 1, 3 and 4): a writing transaction
begins IMMEDIATE, else read-then-write loses updates; the journal is WAL only where the WAL-reset bug is fixed; and the
process takes its writing turns one after the other instead of polling a busy database. On PostgreSQL a lock of the
database puts its writers in the same line.
"""

import asyncio
import json
import os
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar
from uuid import UUID

from pydantic_core import from_json
from sqlalchemy import DateTime, Dialect, Engine, Row, Select, bindparam, create_engine, event, func, select
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.engine.url import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from records.errors import StoreUnavailable, UserError
from records.together import Together
from records.unavailable import forget_values, sentences_for_failures

_WAL_IS_SAFE_FROM = (3, 51, 3)  # of 13 March 2026; older versions can corrupt a database in WAL mode
_BUSY_SECONDS = 10
_NO_TRANSACTION: Mapping[str, Mapping[str, Any]] = {
    "sqlite": {"single": True},
    "postgresql": {"isolation_level": "AUTOCOMMIT"},
}
_Result = TypeVar("_Result")


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
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


@dataclass(frozen=True, kw_only=True)
class Acting:
    """For whom a session works: the institutions, and the account where it sees its own class groups alone."""

    institutions: frozenset[str]
    account_id: UUID | None


_NOBODY = Acting(institutions=frozenset(), account_id=None)


class Asker(Protocol):
    """Whoever a work is done for."""

    @property
    def acting(self) -> Acting: ...


_Asker = TypeVar("_Asker", bound=Asker)


class Database:
    """One database: `read()` and `write()` give a session in a transaction; `write()` commits when its block ends.

    Both raise StoreUnavailable when the database cannot answer now. On PostgreSQL a session tells row-level security
    for whom it works: a person (`acting`), or a job of this deployment (None). `schema` is PostgreSQL's as well.
    """

    def __init__(self, address: str, *, schema: str = "") -> None:
        self.engine = _engine(address, schema)
        self.schema = "" if self.is_sqlite else schema
        line = {"writing": f"zerodrop writes {schema}"}
        self._writing = self.engine.execution_options(**line)
        self._asking = self.engine.execution_options(**_NO_TRANSACTION[self.engine.dialect.name])
        self._turn = threading.Lock()
        self._sharing = Together(self._writing_session)

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self, acting: Acting | None = None) -> Iterator[Session]:
        with sentences_for_failures(), StoreSession(self.engine) as session:
            _begin(session, acting)
            yield session

    def ask(self, statement: Select[*tuple[Any, ...]], values: Mapping[str, object]) -> Sequence[Row[*tuple[Any, ...]]]:
        """The rows of one statement without a transaction around it, for what no row-level security guards."""
        with sentences_for_failures():
            try:
                return self._asked(statement, values)
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                return self._asked(statement, values)

    def _asked(
        self, statement: Select[*tuple[Any, ...]], values: Mapping[str, object]
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        with self._asking.connect() as connection:
            return connection.execute(statement, values).all()

    @contextmanager
    def write(self, acting: Acting | None = None) -> Iterator[Session]:
        with self._writing_session() as session:
            _begin(session, acting)
            yield session

    @contextmanager
    def _writing_session(self) -> Iterator[Session]:
        """A session with the turn to write, whose transaction is still to be begun."""
        with (
            self._turn,
            sentences_for_failures(),
            StoreSession(self._writing, expire_on_commit=False) as session,
        ):
            yield session
            session.commit()

    def together(self, work: Callable[[Session], _Result], acting: Acting | None = None) -> _Result:
        """Like `write`, in a transaction with the work of whoever else waits; the work may be done twice."""

        def act_and_work(session: Session) -> _Result:
            _act_for(session, acting)
            return work(session)

        return self._sharing.ask(act_and_work, _begin_or_go_on).result()

    async def soon(
        self,
        token: str,
        whose: Callable[[Session, Collection[str]], Mapping[str, _Asker]],
        work: Callable[[Session, _Asker], _Result],
    ) -> tuple[_Asker, _Result] | None:
        """Like `together`, for the asker with this token, and without a thread that waits; None for nobody.

        `whose` is asked once in a transaction, for the tokens of all who share it. It may ask only for what no row-level
        security guards: it has the rights of whoever came before. Neither may raise what is to be expected: everything
        would be done again, each alone.
        """

        def find_and_work(session: Session) -> tuple[_Asker, _Result] | None:
            if "askers" not in session.info:
                session.info["askers"] = whose(session, session.info["about"])
            asker = session.info["askers"].get(token)
            if asker is None:
                return None
            _act_for(session, asker.acting)
            return asker, work(session, asker)

        return await asyncio.wrap_future(self._sharing.ask(find_and_work, _begin_or_go_on, about=token))

    def reading(self, work: Callable[[Session], _Result], acting: Acting | None = None) -> _Result:
        """Read, and once more from the start when the server went away in the middle."""
        try:
            with self.read(acting) as session:
                return work(session)
        except StoreUnavailable as failure:
            if not failure.went_away:
                raise
        with self.read(acting) as session:
            return work(session)

    @contextmanager
    def restructuring(self) -> Iterator[Connection]:
        """A transaction that may change tables; nobody else writes. SQLite's foreign keys are looked at when it ends."""
        with self._turn, sentences_for_failures(), self._writing.connect() as connection:
            driver = connection.connection.dbapi_connection
            if isinstance(driver, sqlite3.Connection):
                driver.execute("PRAGMA foreign_keys=OFF")  # has no effect once the transaction has begun
            try:
                with connection.begin():
                    _tell_postgresql(connection, None, _line_of(connection))
                    yield connection
                    if self.is_sqlite and (torn := connection.exec_driver_sql("PRAGMA foreign_key_check").first()):
                        raise UserError(
                            f"Rows of {torn[0]} refer to rows that are not there; nothing was changed. Restore a backup. · "
                            f"แถวในตาราง {torn[0]} อ้างถึงแถวที่ไม่มีอยู่ จึงไม่ได้เปลี่ยนอะไร ให้กู้คืนจากข้อมูลสำรอง"
                        )
            finally:
                if isinstance(driver, sqlite3.Connection):
                    connection.invalidate()  # the next connection checks foreign keys again

    def create(self, tables: type[DeclarativeBase]) -> None:
        """Create the tables that are missing; existing ones stay as they are."""
        with self._writing.begin() as connection:
            tables.metadata.create_all(connection)

    def close(self) -> None:
        self._sharing.close()
        self.engine.dispose()


class StoreSession(Session):
    """A session that says in each of its transactions for whom it works."""


@event.listens_for(StoreSession, "after_begin")
def _say_for_whom(session: Session, _transaction: object, connection: Connection) -> None:
    _tell_postgresql(connection, session.info["acting"], _line_of(connection))


def _begin(session: Session, acting: Acting | None) -> None:
    """Begin the transaction; on a new connection where the pool's had ended meanwhile, which its first words tell."""
    session.info["acting"] = acting
    try:
        session.connection()
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        session.rollback()
        session.connection()


def _begin_or_go_on(session: Session) -> None:
    """Begin a transaction that several share, for nobody yet; or go on with it."""
    if session.in_transaction():
        session.expunge_all()  # no work is handed a row that another was allowed to see
    else:
        _begin(session, _NOBODY)
        session.info["looks"] = []  # see records/audit.py


def _act_for(session: Session, acting: Acting | None) -> None:
    """From here on the transaction of this session works for somebody else."""
    session.info["acting"] = acting
    _tell_postgresql(session.connection(), acting)


_said = select(*(func.set_config(f"app.{name}", bindparam(name), True) for name in ("job", "institutions", "account")))
_said_in_line = _said.add_columns(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("line"), 0)))


def _line_of(connection: Connection) -> str | None:
    line: str | None = connection.get_execution_options().get("writing")
    return line


def _tell_postgresql(connection: Connection, acting: Acting | None, line: str | None = None) -> None:
    """Settings that end with the transaction, so that none is left on a pooled connection; and, first, the writers' line."""
    if connection.dialect.name != "postgresql":
        return
    values = {
        "job": "on" if acting is None else "",
        "institutions": ",".join(sorted(acting.institutions)) if acting else "",
        "account": str(acting.account_id) if acting and acting.account_id else "",
    }
    connection.execute(_said_in_line if line else _said, {**values, "line": line} if line else values)


def journal_mode(version: tuple[int, ...]) -> str:
    """WAL only where the WAL-reset bug is fixed."""
    return "WAL" if version >= _WAL_IS_SAFE_FROM else "TRUNCATE"


def _engine(address: str, schema: str) -> Engine:
    url = make_url(address)
    if url.get_backend_name() != "sqlite":
        return _postgresql(url, schema)
    # A failing statement must not print the name it was to store.
    opener = _opener(Path(url.database or "zerodrop.db"))
    engine = create_engine(url, creator=opener, hide_parameters=True, json_deserializer=_from_json)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _from_json(said: str) -> object:
    """The same as `json.loads` in a fraction of its time: a list of 40 has over a hundred such columns."""
    try:
        return from_json(said)
    except ValueError:  # half a surrogate pair, which `json.dumps` writes
        return json.loads(said)


def _opener(path: Path) -> Callable[[], sqlite3.Connection]:
    """Make the file, for this account alone; should it vanish later, an empty one must not take its place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    address = f"{path.absolute().as_uri()}?mode=rw"
    return lambda: sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS, check_same_thread=False)


def _postgresql(url: URL, schema: str) -> Engine:
    asked = url.query.get("options", ())
    options = [f"-c lock_timeout={_BUSY_SECONDS}s", *([f"-c search_path={schema}"] if schema else [])]
    options += (asked,) if isinstance(asked, str) else asked
    connect = {"options": " ".join(options), "connect_timeout": _BUSY_SECONDS}
    engine = create_engine(url, hide_parameters=True, connect_args=connect, json_deserializer=_from_json)
    event.listen(engine, "handle_error", forget_values)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    mode = journal_mode(sqlite3.sqlite_version_info)
    for pragma in (f"journal_mode={mode}", "foreign_keys=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("single"):
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writing") else "BEGIN")
