"""The ledger's commit takes its turn: on PostgreSQL the institution's row is locked before anything is read."""

import pytest
from sqlalchemy import Select, event
from sqlalchemy.dialects import postgresql

from records.home import DataHome
from records.ledger import Overtaken, commit
from tests.records.small import CODE, batch_of


def asked_of(home: DataHome, after: int) -> list[str]:
    """The SELECTs of a commit, in their order, as PostgreSQL would get them."""
    asked: list[str] = []

    def note(_connection: object, statement: object, *_: object) -> None:
        if isinstance(statement, Select):
            asked.append(str(statement.compile(dialect=postgresql.dialect())))  # type: ignore[no-untyped-call]

    event.listen(home.database.engine, "before_execute", note)
    try:
        commit(home.database, batch_of(code=CODE), after=after)
    finally:
        event.remove(home.database.engine, "before_execute", note)
    return asked


def test_the_institution_is_locked_before_the_newest_batch_is_looked_up(home: DataHome) -> None:
    first, second, *_ = asked_of(home, after=0)
    assert "FROM institution" in first
    assert first.endswith("FOR UPDATE")
    assert "max(batch.number)" in second


def test_who_was_overtaken_is_told_so(home: DataHome) -> None:
    asked_of(home, after=0)
    with pytest.raises(Overtaken):
        asked_of(home, after=0)
