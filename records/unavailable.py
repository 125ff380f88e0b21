"""What a database says when it cannot answer, as a sentence: busy, full, closed for writing, gone or damaged.

Nothing that was to be stored is repeated, neither by us nor by the driver.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from records.errors import StoreUnavailable

_OF_SQLITE = {
    sqlite3.SQLITE_BUSY: StoreUnavailable.busy,
    sqlite3.SQLITE_LOCKED: StoreUnavailable.busy,
    sqlite3.SQLITE_FULL: StoreUnavailable.full,
    sqlite3.SQLITE_READONLY: StoreUnavailable.read_only,
    sqlite3.SQLITE_CANTOPEN: StoreUnavailable.gone,
    sqlite3.SQLITE_PERM: StoreUnavailable.read_only,
    sqlite3.SQLITE_IOERR: StoreUnavailable.damaged,
    sqlite3.SQLITE_CORRUPT: StoreUnavailable.damaged,
    sqlite3.SQLITE_NOTADB: StoreUnavailable.damaged,
}
# Classes and codes of PostgreSQL (its manual, appendix A).
_OF_POSTGRESQL = {
    "55P03": StoreUnavailable.busy,  # a lock was waited for in vain
    "40": StoreUnavailable.busy,  # two transactions in each other's way
    "57014": StoreUnavailable.busy,  # a statement took too long
    "53100": StoreUnavailable.full,
    "53": StoreUnavailable.busy,  # too many connections, no memory
    "25006": StoreUnavailable.read_only,
    "XX001": StoreUnavailable.damaged,
    "XX002": StoreUnavailable.damaged,
    "58": StoreUnavailable.damaged,
}


@contextmanager
def sentences_for_failures() -> Iterator[None]:
    """Raise StoreUnavailable in place of what a driver says when its database cannot answer; other errors pass."""
    try:
        yield
    except PoolTimeout:
        raise StoreUnavailable.busy() from None
    except DBAPIError as error:
        failure = failure_of(error)
        if failure is None:
            raise
        raise failure from None


def failure_of(error: DBAPIError) -> StoreUnavailable | None:
    """What kind of unavailability this is; None for an error in what was asked."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        kind = _OF_SQLITE.get(code & 0xFF)  # the low byte is the class of an extended code
        return kind() if kind else None
    state = getattr(error.orig, "sqlstate", None) or ""
    for known in (state, state[:2]):
        if known and known in _OF_POSTGRESQL:
            return _OF_POSTGRESQL[known]()
    return StoreUnavailable.gone() if error.connection_invalidated or _is_outside(error, state) else None


def _is_outside(error: DBAPIError, state: str) -> bool:
    """No connection at all, or the server ended it."""
    return isinstance(error, OperationalError) and (not state or state[:2] in ("08", "57"))


def forget_values(context: ExceptionContext) -> None:
    """Cut what PostgreSQL adds below its first line: `DETAIL: Failing row contains (...)` would print a name."""
    if not isinstance(context.original_exception, Exception):
        return
    first = str(context.original_exception).split("\n")[0]
    context.original_exception.args = (first,)
    if context.sqlalchemy_exception is not None:
        context.sqlalchemy_exception.args = (f"({type(context.original_exception).__name__}) {first}",)
