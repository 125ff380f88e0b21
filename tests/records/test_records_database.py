"""The door to the databases: no lost update, no half transaction, no cell of a student in an error."""

import json
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from records import ledger, migrating
from records.backup import RUNS_COPY
from records.checking import check
from records.database import Database, journal_mode
from records.database_commands import migrate
from records.errors import ConfigurationGap, StoreUnavailable
from records.home import DataHome, create_home
from records.ledger import InstitutionRow
from records.log import write_rows
from records.people import StudentName
from records.settings import Settings
from records.tables import HOUSEHOLD
from tests.records import small
from tests.records.small import CODE, OTHER_CODE, batch_of, institution, rows_of
from tests.records.test_records_backup_runs import leave, list_runs
from zerodrop import command_line

pytestmark = pytest.mark.both_engines

THREADS, TURNS = 8, 12


@pytest.fixture
def files(tmp_path: Path) -> Iterator[DataHome]:
    """A home on SQLite with two institutions, for what happens to files."""
    opened = create_home(Settings(home=tmp_path / "home", database_url="", vault_url=""))
    for code in (CODE, OTHER_CODE):
        ledger.add_institution(opened.database, institution(code))
    yield opened
    opened.close()


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


# When the database cannot answer


def test_the_journal_is_chosen_by_the_version() -> None:
    assert journal_mode((3, 40, 1)) == journal_mode((3, 51, 2)) == "TRUNCATE"
    assert journal_mode((3, 51, 3)) == journal_mode((3, 52, 0)) == journal_mode((4, 0, 0)) == "WAL"


def test_a_connection_has_the_chosen_journal_and_no_mapped_memory(files: DataHome) -> None:
    with files.database.read() as session:
        assert session.scalar(text("PRAGMA journal_mode")) == journal_mode(sqlite3.sqlite_version_info).lower()
        assert not session.scalar(text("PRAGMA mmap_size"))
        assert session.scalar(text("PRAGMA foreign_keys")) == 1
        assert session.scalar(text("PRAGMA synchronous")) == 2  # FULL


def test_a_database_that_another_process_holds_is_busy(files: DataHome, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("records.database._BUSY_SECONDS", 0.1)
    late = Database(files.settings.database_address)
    with files.database.write() as session:
        session.get(InstitutionRow, CODE)
        with pytest.raises(StoreUnavailable, match="busy with other work") as busy:
            add_one(late)
    assert not busy.value.went_away
    add_one(late)
    late.close()


def limited(database: Database, pragma: str) -> None:
    """From now on every connection of the database begins with this."""
    database.close()
    event.listen(database.engine, "connect", lambda connection, _record: connection.execute(pragma))


def store_many(database: Database) -> None:
    with database.write() as session:
        for number in range(2000):
            code = f"{number:010d}"
            session.add(InstitutionRow(code=code, name_th="ก" * 200, name_en="", agency="", province="", epoch=0))
            session.flush()


def test_a_full_disk_is_said_and_nothing_is_half_stored(files: DataHome) -> None:
    with files.database.read() as session:
        pages = session.scalar(text("PRAGMA page_count")) or 0
    limited(files.database, f"PRAGMA max_page_count={pages}")
    with pytest.raises(StoreUnavailable, match="disk of the database is full"):
        store_many(files.database)
    assert [row.code for row in ledger.institutions(files.database)] == [CODE, OTHER_CODE]


def test_a_database_that_may_not_be_written_is_said(files: DataHome) -> None:
    limited(files.database, "PRAGMA query_only=ON")
    with pytest.raises(StoreUnavailable, match="allows reading only"):
        add_one(files.database)
    assert epoch(files) == 0


def test_a_file_that_vanished_is_not_replaced_by_an_empty_one(files: DataHome) -> None:
    files.database.close()
    file = files.settings.home / "zerodrop.db"
    file.unlink()
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        epoch(files)
    assert not file.exists()


def test_a_damaged_file_is_said(files: DataHome) -> None:
    files.database.close()
    file = files.settings.home / "zerodrop.db"
    whole = file.read_bytes()
    file.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with pytest.raises(StoreUnavailable, match="run `zerodrop db check` and restore a backup"):
        epoch(files)


def test_a_mistake_in_the_question_is_no_outage(home: DataHome) -> None:
    with pytest.raises(DBAPIError), home.database.read() as session:
        session.execute(text("SELECT nothing FROM nowhere"))


def test_reading_again_is_for_servers_that_went_away(files: DataHome) -> None:
    limited(files.database, "PRAGMA query_only=ON")
    turns: list[int] = []

    def work(session: Session) -> None:
        turns.append(1)
        session.execute(text("DELETE FROM capacity"))

    with pytest.raises(StoreUnavailable):
        files.database.reading(work)
    assert turns == [1]


def test_new_files_are_closed_to_other_accounts(files: DataHome) -> None:
    for name in ("zerodrop.db", "people.db"):
        assert (files.settings.home / name).stat().st_mode & 0o777 == 0o600


# What `zerodrop db check` and `db migrate` say


def checked(home: DataHome) -> dict[tuple[str, str], str]:
    """What is wrong, by place and kind."""
    return {(Path(one.where).name, one.what): one.wrong.en for one in check(home.settings) if one.wrong}


def test_a_sound_home_has_nothing_wrong(files: DataHome) -> None:
    assert checked(files) == {}


def test_files_that_others_can_read_are_found(files: DataHome) -> None:
    (files.settings.home / "people.db").chmod(0o644)
    files.settings.key_path.chmod(0o640)
    found = checked(files)
    assert found.keys() == {("people.db", "permissions"), ("home.key", "permissions")}
    assert found["people.db", "permissions"].endswith(f"Run: chmod 600 {files.settings.home / 'people.db'}")


def test_a_damaged_page_is_found(files: DataHome) -> None:
    files.close()
    file = files.settings.home / "people.db"
    whole = file.read_bytes()
    file.write_bytes(whole[:-8192] + b"\xff" * 8192)
    damaged = [where for (where, _), said in checked(files).items() if "damaged" in said]
    assert set(damaged) == {"vault"}


def test_files_of_the_log_that_are_not_as_written_are_named(files: DataHome) -> None:
    written = [
        write_rows(files.logs, CODE, HOUSEHOLD, rows_of(HOUSEHOLD, [{"student": place}])) for place in range(1, 4)
    ]
    small.commit(files, batch_of(files=written))
    assert checked(files) == {}
    changed, gone = (files.logs / file.path for file in written[1:])
    changed.write_bytes(changed.read_bytes()[:-9] + b"\x01" + changed.read_bytes()[-8:])
    gone.unlink()
    found = checked(files)
    assert found.keys() == {("records", "log files")}
    assert all(file.path in found["records", "log files"] for file in written[1:])
    assert written[0].path not in found["records", "log files"]


@pytest.mark.parametrize("how", ["damaged", "lost"])
def test_a_list_of_trainings_that_is_damaged_or_lost_is_found(files: DataHome, how: str) -> None:
    path = files.settings.home / RUNS_COPY
    leave(files, "ended")
    list_runs(path, ended="FINISHED", going="RUNNING")
    assert checked(files) == {}
    assert [one.found for one in check(files.settings) if one.what == "trainings"] == ["2 runs"]
    if how == "damaged":
        path.write_bytes(path.read_bytes()[:-8192] + b"\xff" * 8192)
    else:
        path.unlink()
    found = checked(files)
    assert found.keys() == {("mlflow.db", "trainings")}
    sentence = {"damaged": "which lists the trained models, is damaged", "lost": "lists no trained model, though"}
    assert sentence[how] in found["mlflow.db", "trainings"]
    at = ["--home", str(files.settings.home)]
    said = CliRunner().invoke(command_line(), ["db", "check", *at])
    assert said.exit_code == 1
    (line,) = (line for line in said.stdout.splitlines() if line.startswith(f"{path} trainings: "))
    assert "กู้จากข้อมูลสำรอง" in line
    left_out = CliRunner().invoke(command_line(), ["db", "check", "--no-trainings", *at])
    assert (left_out.exit_code, " trainings: " in left_out.stdout) == (0, False)


def test_trainings_that_another_database_lists_are_not_looked_at(
    files: DataHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZERODROP_MLFLOW_URL", "postgresql://mlflow:secret@127.0.0.1/mlflow")
    found = check(Settings(home=files.settings.home))
    assert "trainings" not in {one.what for one in found}


def test_torn_references_and_changed_tables_are_found(files: DataHome) -> None:
    with files.database.engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        driver.execute("PRAGMA foreign_keys=OFF")
        driver.execute("INSERT INTO capacity VALUES ('9', '2025-06-02', 1, 1)")
        driver.execute("ALTER TABLE capacity ADD COLUMN own INTEGER")
        driver.execute("PRAGMA foreign_keys=ON")
    found = checked(files)
    assert found.keys() == {("ledger", "integrity"), ("ledger", "tables")}
    (told,) = (one.found for one in check(files.settings) if (one.where, one.what) == ("ledger", "integrity"))
    assert told == "capacity refers to a row of institution that is not there"


def test_the_commands_take_a_home_back_and_forth(files: DataHome) -> None:
    at = ["--home", str(files.settings.home)]
    run = CliRunner()
    back = run.invoke(command_line(), ["db", "migrate", "--to", "ledger:0001", "--json", *at])
    (told,) = json.loads(back.stdout)
    assert (told["chain"], told["before"], told["after"]) == ("ledger", migrating.LEDGER.head, "0001")
    assert Path(told["copy"]).exists()
    looked = run.invoke(command_line(), ["db", "check", *at])
    assert looked.exit_code == 1
    assert "ledger version: 0001: ตารางของฐานข้อมูล (ledger) เป็นของโปรแกรมรุ่นก่อน" in looked.stdout
    forth = run.invoke(command_line(), ["db", "migrate", *at])
    assert "ledger: 0001 → " in forth.stdout
    assert "vault: 0002 เป็นรุ่นที่ต้องการอยู่แล้ว · already there" in forth.stdout
    assert run.invoke(command_line(), ["db", "check", *at]).exit_code == 0


def test_a_revision_without_its_chain_is_refused(files: DataHome) -> None:
    with pytest.raises(ConfigurationGap, match="Write it as ledger:0001 or vault:0001"):
        migrate(to=["0001"], home=files.settings.home)
