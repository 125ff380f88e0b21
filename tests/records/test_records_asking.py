"""One statement asked of a database on its own: as of now, without a transaction, on a connection that lives."""

import threading

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from records.database import Acting
from records.home import DataHome
from records.ledger import InstitutionRow, StudentRow
from tests.postgres import PostgresServer
from tests.records.small import CODE, OTHER_CODE, place

codes = sa.select(InstitutionRow.code).where(InstitutionRow.code == sa.bindparam("code"))


def asked(home: DataHome, code: str) -> list[str]:
    return [row.code for row in home.database.ask(codes, {"code": code})]


@pytest.mark.both_engines
def test_what_is_committed_is_told_and_nothing_else(home: DataHome) -> None:
    assert asked(home, CODE) == [CODE]
    with home.database.write() as session:
        session.add(InstitutionRow(code="77", name_th="ก", name_en="a", agency="", province=""))
        session.flush()
        assert asked(home, "77") == []
    assert asked(home, "77") == ["77"]


@pytest.mark.both_engines
def test_asking_leaves_no_transaction_open(home: DataHome) -> None:
    """An open one would keep a file of SQLite from being written, and PostgreSQL's rows from being cleared away."""
    for _ in range(20):
        asked(home, CODE)
    done = threading.Event()

    def write() -> None:
        with home.database.write() as session:
            session.execute(sa.update(InstitutionRow).values(name_en="b"))
        done.set()

    threading.Thread(target=write).start()
    assert done.wait(10)


@pytest.mark.both_engines
def test_a_transaction_after_a_question_is_a_transaction(home: DataHome) -> None:
    asked(home, CODE)
    with home.database.write() as session:
        session.execute(sa.update(InstitutionRow).values(name_en="gone"))
        session.rollback()
    with home.database.read() as session:
        assert "gone" not in set(session.scalars(sa.select(InstitutionRow.name_en)))


@pytest.fixture
def cut_off(home: DataHome, postgres: PostgresServer) -> DataHome:
    """A home whose pooled connections were all ended by the server."""
    asked(home, CODE)
    with home.database.read() as session:
        session.scalar(sa.select(1))
    name = make_url(home.settings.database_url).database
    with postgres.connect("postgres") as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
    return home


@pytest.mark.postgresql
@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
class TestAServerThatEndedItsConnections:
    def test_a_question_is_answered(self, cut_off: DataHome) -> None:
        assert asked(cut_off, CODE) == [CODE]

    def test_writing_begins_on_a_new_connection(self, cut_off: DataHome) -> None:
        with cut_off.database.write() as session:
            session.execute(sa.update(InstitutionRow).where(InstitutionRow.code == CODE).values(name_en="b"))
        assert asked(cut_off, CODE) == [CODE]

    def test_work_that_is_shared_begins_on_a_new_connection_too(self, cut_off: DataHome) -> None:
        assert cut_off.database.together(lambda session: session.scalar(sa.select(1))) == 1


@pytest.mark.postgresql
@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_a_question_says_for_nobody_and_so_sees_no_student(home: DataHome) -> None:
    place(home, {0: "ก"})
    students = sa.select(StudentRow.number)
    assert home.database.ask(students, {}) == []
    with home.database.read(Acting(institutions=frozenset({CODE, OTHER_CODE}), account_id=None)) as session:
        assert session.scalars(students).all() == [0]
