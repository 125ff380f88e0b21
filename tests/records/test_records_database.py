"""The door to the databases: no lost update, no half transaction, no cell of a student in an error."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy.exc import IntegrityError, StatementError

from records import ledger
from records.database import Database
from records.home import DataHome
from records.ledger import InstitutionRow
from records.people import StudentName
from tests.records.small import CODE, OTHER_CODE, batch_of

THREADS, TURNS = 8, 12


def epoch(home: DataHome) -> int:
    return ledger.log_index(home.database, CODE).epoch


def add_one(database: Database) -> None:
    """Read, then write what was read plus one."""
    with database.write() as session:
        row = session.get(InstitutionRow, CODE)
        assert row is not None
        row.epoch = row.epoch + 1


def add_turns(database: Database) -> None:
    for _ in range(TURNS):
        add_one(database)


def test_threads_that_read_and_then_write_lose_no_update(home: DataHome) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(add_turns, [home.database] * THREADS))
    assert epoch(home) == THREADS * TURNS


def test_processes_that_read_and_then_write_lose_no_update(home: DataHome) -> None:
    """Two engines on one file are two processes to SQLite: neither waits in the other's queue."""
    engines = [Database(home.settings.database_address) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(add_turns, engines))
    for engine in engines:
        engine.close()
    assert epoch(home) == 2 * TURNS


def test_who_read_in_order_to_write_is_waited_for(home: DataHome) -> None:
    other = Database(home.settings.database_address)
    with ThreadPoolExecutor(1) as pool:
        with home.database.write() as session:
            row = session.get(InstitutionRow, CODE)
            assert row is not None
            waiting = pool.submit(add_one, other)
            time.sleep(0.2)  # time enough to read the old value, were it not kept waiting
            assert not waiting.done()
            row.epoch = row.epoch + 1
        waiting.result(timeout=20)
    other.close()
    assert epoch(home) == 2


def test_readers_see_the_state_before_an_unfinished_write(home: DataHome) -> None:
    with home.database.write() as session:
        row = session.get(InstitutionRow, CODE)
        assert row is not None
        row.epoch = 5
        session.flush()
        assert epoch(home) == 0
    assert epoch(home) == 5


def fail_halfway(database: Database) -> None:
    with database.write() as session:
        row = session.get(InstitutionRow, CODE)
        assert row is not None
        row.epoch = 7
        session.flush()
        raise ZeroDivisionError


def test_a_write_that_raises_changes_nothing(home: DataHome) -> None:
    with pytest.raises(ZeroDivisionError):
        fail_halfway(home.database)
    assert epoch(home) == 0
    add_one(home.database)  # the turn was given back
    assert epoch(home) == 1


def test_an_instant_needs_its_zone(home: DataHome) -> None:
    naive = datetime(2025, 6, 2, 8, 0)  # noqa: DTZ001
    with pytest.raises(StatementError, match="an instant needs its time zone"):
        ledger.commit(home.database, batch_of(recorded_at=naive), after=0)


def test_an_instant_comes_back_with_its_zone(home: DataHome) -> None:
    at = datetime(2025, 6, 2, 8, 0, 0, 123456, tzinfo=UTC)
    ledger.commit(home.database, batch_of(recorded_at=at), after=0)
    assert ledger.newest_recorded(home.database, CODE) == at


def store_twice(database: Database, name: str) -> None:
    with database.write() as session:
        for _ in range(2):
            row = StudentName(student_id=UUID(int=7), title="", first_name=name, last_name=name, sort_key=name)
            session.add(row)
            session.flush()
            session.expunge(row)


def test_a_failing_statement_does_not_print_what_it_was_to_store(home: DataHome) -> None:
    with pytest.raises(IntegrityError) as failed:
        store_twice(home.vault_database, "ฑฒณทดสอบ")
    assert "ฑฒณทดสอบ" not in str(failed.value)
    assert "student_name" in str(failed.value)


def test_creating_tables_again_keeps_what_is_in_them(home: DataHome) -> None:
    from records.database import LedgerTable

    home.database.create(LedgerTable)
    assert [row.code for row in ledger.institutions(home.database)] == [CODE, OTHER_CODE]


def test_the_home_is_closed_to_other_accounts(home: DataHome) -> None:
    assert Path(home.settings.home).stat().st_mode & 0o777 == 0o700
    assert home.settings.key_path.stat().st_mode & 0o777 == 0o600
    assert home.settings.key_path.parent == home.settings.home.parent  # beside the home, never inside
