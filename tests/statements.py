"""SQL that was compiled for one data home, taken for all others: each test opens homes of its own, which ask the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

from records import database

_DIALECTS = (SQLiteDialect_pysqlite, PGDialect_psycopg)
_MOST = 5000


@contextmanager
def compiled_once() -> Iterator[None]:
    """Meanwhile all engines hold one cache, whose keys name the dialect by its kind: there is one server at most."""
    held: LRUCache[Any, Any] = LRUCache(_MOST)

    def sharing(*asked: Any, **more: Any) -> Engine:
        engine = create_engine(*asked, **more)
        engine._compiled_cache = held
        return engine

    with pytest.MonkeyPatch.context() as instead:
        instead.setattr(database, "create_engine", sharing)
        for dialect in _DIALECTS:
            instead.setattr(dialect, "__eq__", lambda one, other: type(one) is type(other))
            instead.setattr(dialect, "__hash__", lambda one: hash(type(one)))
        yield
