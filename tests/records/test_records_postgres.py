"""What only PostgreSQL does: row-level security under the one door, the vault's schema, servers that go away."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Event
from time import sleep
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from records.backup import backup, verify
from records.backup_place import backups
from records.checking import check
from records.database import Acting, Database
from records.errors import StoreUnavailable, UserError
from records.home import DataHome, create_home, open_home
from records.ledger import StudentRow, add_institution
from records.list_tables import ListEntryRow
from records.lists import publish
from records.person_tables import StudentName
from records.pg_dumps import rows_in
from records.restoring import restore
from records.settings import Settings
from records.staff import AccountRow, assign_group
from tests.postgres import PostgresServer
from tests.records.small import CODE, OTHER_CODE, institution, place, publication_of

pytestmark = pytest.mark.postgresql
GROUPS = {0: "ชย.1/1", 1: "ชย.1/1", 2: "ชย.1/2"}
ANYBODY = Acting(institutions=frozenset({CODE}), account_id=None)


@pytest.fixture
def home(empty_postgres_database: str, tmp_path: Path) -> Iterator[DataHome]:
    """A new home, made on PostgreSQL from nothing."""
    url = empty_postgres_database
    opened = create_home(Settings(home=tmp_path / "home", database_url=url, vault_url=url))
    for code in (CODE, OTHER_CODE):
        add_institution(opened.database, institution(code))
    yield opened
    opened.close()


@pytest.fixture
def students(home: DataHome) -> dict[str, dict[int, UUID]]:
    """Students of two institutions, a published list of each."""
    ids = {code: place(home, GROUPS, code=code) for code in (CODE, OTHER_CODE)}
    for code, of_code in ids.items():
        publish(home.database, publication_of(of_code, code=code))
    return ids


@pytest.fixture
def advisor(home: DataHome) -> UUID:
    with home.database.write() as session:
        account = AccountRow(login="kru", name="ครู", role="advisor", institution=CODE)
        session.add(account)
        session.flush()
        assign_group(session, account=account, class_group="ชย.1/1", valid_from=date(2025, 5, 1))
        return account.id


def seen(session: Session) -> tuple[set[UUID], set[UUID]]:
    """Students and list entries, asked for without any condition."""
    return set(session.scalars(sa.select(StudentRow.student_id))), set(
        session.scalars(sa.select(ListEntryRow.student_id))
    )


def seen_by(home: DataHome, acting: Acting | None) -> set[UUID]:
    with home.database.read(acting) as session:
        students, entries = seen(session)
    assert students == entries
    return students


def test_a_job_sees_every_row(home: DataHome, students: dict[str, dict[int, UUID]]) -> None:
    assert seen_by(home, None) == {one for ids in students.values() for one in ids.values()}


def test_a_person_sees_their_institutions(home: DataHome, students: dict[str, dict[int, UUID]]) -> None:
    assert seen_by(home, ANYBODY) == set(students[CODE].values())
    both = Acting(institutions=frozenset({CODE, OTHER_CODE}), account_id=None)
    assert seen_by(home, both) == seen_by(home, None)
    assert seen_by(home, Acting(institutions=frozenset(), account_id=None)) == set()


def test_an_advisor_sees_own_groups(home: DataHome, students: dict[str, dict[int, UUID]], advisor: UUID) -> None:
    own = Acting(institutions=frozenset({CODE}), account_id=advisor)
    assert seen_by(home, own) == {students[CODE][0], students[CODE][1]}
    assert seen_by(home, Acting(institutions=frozenset({OTHER_CODE}), account_id=advisor)) == set()
    assert seen_by(home, Acting(institutions=frozenset({CODE}), account_id=uuid4())) == set()


def test_a_writing_session_of_a_person_sees_no_more(home: DataHome, students: dict[str, dict[int, UUID]]) -> None:
    with home.database.write(ANYBODY) as session:
        assert seen(session)[0] == set(students[CODE].values())
        changed: Any = session.execute(sa.update(StudentRow).values(class_group="อื่น"))
        assert changed.rowcount == 0  # only jobs change these rows


def test_a_session_that_goes_on_after_a_commit_stays_whose_it_was(
    home: DataHome, students: dict[str, dict[int, UUID]]
) -> None:
    with home.database.read(ANYBODY) as session:
        session.commit()
        assert seen(session)[0] == set(students[CODE].values())


def test_without_a_word_for_whom_nothing_is_seen(
    home: DataHome, students: dict[str, dict[int, UUID]], postgres: PostgresServer
) -> None:
    name = make_url(home.settings.database_url).database
    assert name is not None
    with postgres.connect(name) as connection:
        for table in ("student", "list_entry"):
            count = psycopg.sql.SQL("SELECT count(*) FROM {}").format(psycopg.sql.Identifier(table))
            assert connection.execute(count).fetchone() == (0,)
        owner = connection.execute(
            "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert owner == (False, False)


def test_nothing_is_left_on_the_pooled_connection(home: DataHome, students: dict[str, dict[int, UUID]]) -> None:
    def backend(session: Session) -> int:
        return int(session.scalar(sa.select(sa.func.pg_backend_pid())) or 0)

    with home.database.read() as session:
        assert len(seen(session)[0]) == 6
        process = backend(session)
    with home.database.engine.connect() as connection:  # around our own sessions
        assert connection.scalar(sa.select(sa.func.pg_backend_pid())) == process
        assert connection.scalar(sa.select(sa.func.count()).select_from(StudentRow)) == 0
    with home.database.read(ANYBODY) as session:
        assert (backend(session), len(seen(session)[0])) == (process, 3)
    with home.database.engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(ListEntryRow)) == 0


def test_names_lie_in_a_schema_of_their_own(home: DataHome) -> None:
    where = sa.text("SELECT schemaname FROM pg_tables WHERE tablename = :name")
    with home.database.read() as session:
        assert session.scalars(where, {"name": "student_name"}).all() == ["vault"]
        assert session.scalars(where, {"name": "student"}).all() == ["public"]
        with pytest.raises(DBAPIError, match="does not exist"):  # unless somebody asks for vault.student_name
            session.scalar(sa.select(StudentName.last_name))


def test_a_failing_row_is_not_printed(home: DataHome) -> None:
    unfinished = sa.insert(StudentName).values(student_id=uuid4(), first_name="ฑฒณทดสอบ", title="", sort_key="")
    with pytest.raises(IntegrityError, match="not-null constraint") as failed, home.vault_database.write() as session:
        session.execute(unfinished)
    error: BaseException | None = failed.value
    while error is not None:
        assert "ฑฒณทดสอบ" not in str(error)
        error = error.__cause__ or error.__context__


# A server that goes away


@contextmanager
def ended(home: DataHome, postgres: PostgresServer) -> Iterator[None]:
    """Every connection of the home is ended by the server."""
    name = make_url(home.settings.database_url).database
    with postgres.connect("postgres") as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
    yield


def count_students(session: Session) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(StudentRow)) or 0


def test_a_connection_that_ended_between_requests_is_replaced(
    home: DataHome, students: dict[str, dict[int, UUID]], postgres: PostgresServer
) -> None:
    assert len(seen_by(home, None)) == 6
    with ended(home, postgres), home.database.read() as session:
        assert count_students(session) == 6


def test_reading_is_done_once_more(
    home: DataHome, students: dict[str, dict[int, UUID]], postgres: PostgresServer
) -> None:
    turns: list[int] = []

    def work(session: Session) -> int:
        turns.append(count_students(session))
        if len(turns) == 1:
            with ended(home, postgres):
                return count_students(session)
        return turns[-1]

    assert home.database.reading(work) == 6
    assert turns == [6, 6]


def test_reading_that_fails_twice_says_so(home: DataHome, postgres: PostgresServer) -> None:
    def work(session: Session) -> int:
        count_students(session)
        with ended(home, postgres):
            return count_students(session)

    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        home.database.reading(work)


def write_and_be_cut_off(home: DataHome, postgres: PostgresServer) -> None:
    with home.database.write() as session:
        session.add(AccountRow(login="kru", name="ครู", role="advisor", institution=CODE))
        session.flush()
        with ended(home, postgres):
            session.add(AccountRow(login="kru.b", name="ครู", role="advisor", institution=CODE))


def test_writing_that_was_cut_off_changes_nothing(home: DataHome, postgres: PostgresServer) -> None:
    with pytest.raises(StoreUnavailable, match="cannot be reached") as failed:
        write_and_be_cut_off(home, postgres)
    assert failed.value.went_away
    with home.database.write() as session:  # the turn was given back and the pool recovered
        assert session.scalar(sa.select(sa.func.count()).select_from(AccountRow)) == 0


def test_a_server_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    nowhere = Database(f"postgresql+psycopg://zerodrop@/zerodrop?host={tmp_path}")
    with (
        pytest.raises(StoreUnavailable, match="See that its file is there or its server runs"),
        nowhere.read() as session,
    ):
        count_students(session)


def test_writers_of_two_processes_wait_for_each_other_and_not_for_ever(home: DataHome) -> None:
    url = make_url(home.settings.database_url).update_query_dict({"options": "-c lock_timeout=200ms"})
    other = Database(url.render_as_string(hide_password=False))
    with home.database.write() as session:
        count_students(session)
        with pytest.raises(StoreUnavailable, match="busy with other work"), other.write() as waiting:
            count_students(waiting)
    with other.write() as session:
        assert count_students(session) == 0
    other.close()


# Backups


def test_a_savepoint_of_shared_work_is_of_its_own_person(home: DataHome, students: dict[str, dict[int, UUID]]) -> None:
    """Work that waits shares one transaction; a savepoint in it says anew for whom it works."""
    inside, go_on = Event(), Event()

    def wait(session: Session) -> set[str]:
        inside.set()
        go_on.wait(30)
        return set()

    def look(session: Session) -> set[str]:
        with session.begin_nested():
            return set(session.scalars(sa.select(StudentRow.institution)))

    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(home.database.together, wait, ANYBODY)
        assert inside.wait(30)
        codes = [CODE, OTHER_CODE] * 4
        others = [
            pool.submit(home.database.together, look, Acting(institutions=frozenset({code}), account_id=None))
            for code in codes
        ]
        sleep(0.5)  # until they all wait
        go_on.set()
        assert [first.result(), *(other.result() for other in others)] == [set(), *({code} for code in codes)]


def test_a_dump_by_a_role_that_row_security_binds_holds_every_row(
    home: DataHome, students: dict[str, dict[int, UUID]], postgres: PostgresServer, tmp_path: Path
) -> None:
    with home.vault_database.write() as session:
        session.add(StudentName(student_id=students[CODE][0], title="", first_name="ก", last_name="ข", sort_key=""))
    made = backup(home, tmp_path / "backups", now=datetime.now(UTC))
    assert verify(made.path) == []
    assert rows_in(made.path / "zerodrop.dump", "student") == sum(map(len, students.values()))
    name = postgres.make()
    url = postgres.url(name)
    settings = Settings(home=tmp_path / "new", key_file=home.settings.key_path, database_url=url, vault_url=url)
    restore(made.path, settings)
    again = open_home(settings)
    try:
        with again.database.read() as session:
            assert set(session.scalars(sa.select(StudentRow.student_id))) == {
                one for of_code in students.values() for one in of_code.values()
            }
            assert session.scalar(sa.select(sa.func.count()).select_from(ListEntryRow)) == made.counts["students"]
        with again.database.read(ANYBODY) as session:
            assert session.scalar(sa.select(sa.func.count()).select_from(StudentRow)) == len(students[CODE])
        assert again.vault.names([students[CODE][0]])[students[CODE][0]].first_name == "ก"
        assert [one for one in check(settings) if one.wrong] == []
    finally:
        again.close()
        postgres.drop(name)


def test_a_dump_that_lacks_students_is_no_backup(
    home: DataHome, students: dict[str, dict[int, UUID]], tmp_path: Path
) -> None:
    """As where the database no longer takes pg_dump for a job of ours."""
    with home.database.restructuring() as connection:
        connection.exec_driver_sql(
            "ALTER POLICY for_jobs ON student USING (current_setting('application_name') <> 'pg_dump')"
        )
    with pytest.raises(UserError, match="lacks rows of students"):
        backup(home, tmp_path / "backups", now=datetime.now(UTC))
    assert backups(tmp_path / "backups") == []
