"""Row-level security on the rows of care: a second lock under the one door, on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from records.care_of_person import OF_STUDENTS
from records.checking import check
from records.database import Acting
from records.errors import StoreUnavailable
from records.home import DataHome, create_home
from records.ledger import add_institution
from records.settings import Settings
from tests.records.caring import Staff, everything_about, staffed
from tests.records.small import CODE, OTHER_CODE, institution

pytestmark = pytest.mark.postgresql


@pytest.fixture
def home(empty_postgres_database: str, tmp_path: Path) -> Iterator[DataHome]:
    url = empty_postgres_database
    opened = create_home(Settings(home=tmp_path / "home", database_url=url, vault_url=url))
    for code in (CODE, OTHER_CODE):
        add_institution(opened.database, institution(code))
    yield opened
    opened.close()


@pytest.fixture
def people(home: DataHome) -> Staff:
    """Care of every kind about every student."""
    staff = staffed(home)
    account = staff.committee.account_id
    assert account is not None
    with home.database.write() as session:
        for student_id in staff.ids.values():
            everything_about(session, student_id, account)
    return staff


def seen_by(home: DataHome, acting: Acting | None) -> list[set[UUID]]:
    """Of whom each kind of row is seen when it is asked for without any condition."""
    with home.database.read(acting) as session:
        return [set(session.scalars(sa.select(table.student_id))) for table in OF_STUDENTS]


def test_a_person_reads_care_of_the_students_whom_they_see(home: DataHome, people: Staff) -> None:
    everybody, own = set(people.ids.values()), {people.ids[0], people.ids[1]}
    assert seen_by(home, None) == [everybody] * 4
    assert seen_by(home, people.committee.acting) == [everybody] * 4
    assert seen_by(home, people.advisor.acting) == [own] * 4
    assert seen_by(home, Acting(institutions=frozenset({OTHER_CODE}), account_id=None)) == [set()] * 4
    assert seen_by(home, Acting(institutions=frozenset(), account_id=None)) == [set()] * 4


def test_a_person_changes_nothing_around_the_service(home: DataHome, people: Staff) -> None:
    for table in OF_STUDENTS:
        with home.database.write(people.committee.acting) as session:
            session.execute(sa.delete(table))
            session.execute(sa.update(table).values(student_id=people.ids[0]))
        with home.database.read(people.committee.acting) as session:
            row = session.scalars(sa.select(table).limit(1)).one()
        told = {column.name: getattr(row, column.name) for column in table.__table__.columns}
        with (
            pytest.raises((DBAPIError, StoreUnavailable)),
            home.database.write(people.committee.acting) as session,
        ):
            session.execute(sa.insert(table).values(told))
    assert seen_by(home, None) == [set(people.ids.values())] * 4


def test_the_nightly_check_finds_a_table_without_its_lock(home: DataHome, people: Staff) -> None:
    def found() -> str:
        return next(one.found for one in check(home.settings) if one.what == "row security")

    assert found() == "on"
    with home.database.restructuring() as connection:
        connection.execute(sa.text("ALTER TABLE visit DISABLE ROW LEVEL SECURITY"))
    assert found() == "off for visit"
