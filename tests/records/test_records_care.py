"""Care as it is stored: through the door and on the trail, within capacity, and gone with the student or its time."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from records import access, contacts, migrating, ratings, visits
from records.access import Principal
from records.audit import AuditRow, verify
from records.care import CareRefused, NotTheirs
from records.care_of_person import OF_STUDENTS
from records.care_tables import AdvisorRatingRow, ContactRow, VisitPlanRow, VisitRow
from records.database import Database
from records.erasure import erase
from records.errors import NotAllowed
from records.home import DataHome
from records.lists import publish
from records.migrating import LEDGER
from records.person_export import export_person, page_of
from records.person_tables import MergedPerson
from records.retention import prune
from records.text import Text
from records.visits import ChangedMeanwhile, FreeWeek, WeekIsFull
from tests.postgres import POSTGRESQL
from tests.records.caring import (
    AT,
    DAY,
    NEXT_WEEK,
    TALK,
    WEEK,
    Staff,
    booked,
    everything_about,
    principal,
    room_for,
    staffed,
    written,
)
from tests.records.erasing import FRIEND, OWN, fill, traces
from tests.records.filling import contents, expected
from tests.records.filling import fill as fill_tables
from tests.records.small import CODE, OTHER_CODE, publication_of, see_list

pytestmark = pytest.mark.both_engines


@pytest.fixture
def people(home: DataHome) -> Staff:
    return staffed(home)


def trail(home: DataHome) -> list[tuple[str, str, UUID | None]]:
    with home.database.read() as session:
        rows = session.scalars(sa.select(AuditRow).order_by(AuditRow.id))
        return [(row.actor, row.action, row.student_id) for row in rows]


def count(home: DataHome, table: Any) -> int:
    with home.database.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


# Contacts


def test_a_contact_is_kept_as_codes_with_the_list_of_its_day(home: DataHome, people: Staff) -> None:
    row = written(home, people.advisor, people.ids[0])
    assert (row.institution, row.student_id, row.account_id) == (CODE, people.ids[0], people.advisor.account_id)
    assert (row.reason_codes, row.publication_id) == (["R05", "R06"], None)
    publication, _ = publish(home.database, publication_of(people.ids))
    assert written(home, people.advisor, people.ids[0]).publication_id == publication
    assert trail(home)[0] == ("advisor", "write contact", people.ids[0])
    assert verify(home.database).sound


def test_of_anothers_student_nothing_is_written_or_read(home: DataHome, people: Staff) -> None:
    stranger = principal(home, "committee", code=OTHER_CODE, login="elsewhere")
    for who, student in ((people.advisor, people.ids[2]), (stranger, people.ids[0]), (people.committee, uuid4())):
        with pytest.raises(NotTheirs):
            written(home, who, student)
        assert contacts.see_contacts(home, who, student, DAY, limit=5, after=None) is None
        assert trail(home)[-1] == (who.login, "refused student", student)
    assert count(home, ContactRow) == 0


@pytest.mark.parametrize(
    ("day", "why"),
    [(DAY + timedelta(days=1), "in_the_future"), (DAY - timedelta(days=366), "over_a_year_ago"), (DAY, ""),
     (DAY - timedelta(days=365), "")],
)  # fmt: skip
def test_a_contact_was_within_the_last_year(home: DataHome, people: Staff, day: date, why: str) -> None:
    new = replace(TALK, happened_on=day)
    if why:
        with pytest.raises(CareRefused, match=why):
            written(home, people.advisor, people.ids[0], new)
    else:
        assert written(home, people.advisor, people.ids[0], new).happened_on == day


def test_contacts_are_read_newest_first_page_by_page_and_the_look_comes_first(home: DataHome, people: Staff) -> None:
    days = [DAY - timedelta(days=number) for number in (3, 0, 1, 0, 2)]
    ids = [written(home, people.advisor, people.ids[0], replace(TALK, happened_on=day)).id for day in days]
    found, after = [], None
    for _ in range(3):
        seen = contacts.see_contacts(home, people.committee, people.ids[0], DAY, limit=2, after=after)
        assert seen is not None
        rows, more = seen
        found += [(row.happened_on, row.id) for row in rows]
        after = rows[-1].id
    assert not more
    assert [day for day, _ in found] == sorted(days, reverse=True)
    assert {one for _, one in found} == set(ids)
    assert trail(home)[-3:] == [("committee", "see contacts", people.ids[0])] * 3


def test_contacts_of_before_two_pseudonyms_were_one_person_are_found_by_either(home: DataHome, people: Staff) -> None:
    for number in (0, 1):
        written(home, people.advisor, people.ids[number])
    with home.vault_database.write() as session:
        session.add(MergedPerson(student_id=people.ids[1], goes_on_as=people.ids[0]))
    for number in (0, 1):
        seen = contacts.see_contacts(home, people.advisor, people.ids[number], DAY, limit=9, after=None)
        assert seen is not None
        assert {row.student_id for row in seen[0]} == {people.ids[0], people.ids[1]}


# Ratings


def rated(home: DataHome, who: Principal, student_id: UUID, rating: str, *, minute: int = 0) -> AdvisorRatingRow:
    with home.database.write() as session:
        at = AT + timedelta(minutes=minute)
        return ratings.rate(session, who, student_id, rating, on=DAY, at=at)


def test_a_rating_tells_whether_the_score_was_seen_before_it(home: DataHome, people: Staff) -> None:
    publish(home.database, publication_of(people.ids))
    first = rated(home, people.advisor, people.ids[0], "TRUST")
    assert (first.week, first.rating, first.score_seen) == (WEEK, "TRUST", False)
    assert access.see_student(home, people.advisor, people.ids[0], DAY) is not None
    again = rated(home, people.advisor, people.ids[0], "TRUST", minute=1)
    assert (again.score_seen, again.rated_at) == (False, AT), "the same rating again is the one of before"
    changed = rated(home, people.advisor, people.ids[0], "CLOSE", minute=2)
    assert (changed.rating, changed.score_seen) == ("CLOSE", True)
    assert not rated(home, people.advisor, people.ids[1], "TRUST").score_seen, "another student was looked at"
    assert not rated(home, people.committee, people.ids[0], "TRUST").score_seen, "another account looked"
    assert see_list(home, people.committee, DAY) is not None
    assert rated(home, people.committee, people.ids[1], "CONCERN").score_seen
    assert count(home, AdvisorRatingRow) == 4


def test_of_anothers_student_there_is_no_rating(home: DataHome, people: Staff) -> None:
    with pytest.raises(NotTheirs):
        rated(home, people.advisor, people.ids[2], "TRUST")
    assert count(home, AdvisorRatingRow) == 0


# Visits


def test_a_week_takes_as_many_visits_as_the_college_can_make(home: DataHome, people: Staff) -> None:
    one, two = booked(home, people.committee, people.ids[0], people.ids[1], two_person={people.ids[1]})
    assert (one.status, one.version, one.two_person, two.two_person) == ("planned", 1, False, True)
    with pytest.raises(WeekIsFull) as full:
        booked(home, people.committee, people.ids[2])
    assert (full.value.visits_per_week, full.value.free) == (2, 0)
    assert full.value.next_free == FreeWeek(week=NEXT_WEEK, visits=2)
    assert booked(home, people.committee, people.ids[2], week=NEXT_WEEK)
    assert trail(home) == [("committee", "book visit", people.ids[number]) for number in (0, 1, 2)]


def test_a_booking_is_all_or_nothing(home: DataHome, people: Staff) -> None:
    booked(home, people.committee, people.ids[0])
    with pytest.raises(WeekIsFull):
        booked(home, people.committee, people.ids[1], people.ids[2])
    with pytest.raises(NotTheirs):
        booked(home, people.committee, people.ids[1], uuid4())
    for students in ((people.ids[0],), (people.ids[1], people.ids[1])):
        with pytest.raises(CareRefused, match="has_a_visit_that_week"):
            booked(home, people.committee, *students)
    assert count(home, VisitRow) == 1


@pytest.mark.parametrize(
    ("week", "why"),
    [(WEEK - timedelta(days=7), "week_is_over"), (WEEK + timedelta(weeks=27), "too_far_ahead"), (WEEK, "")],
)
def test_which_weeks_can_be_booked(home: DataHome, people: Staff, week: date, why: str) -> None:
    if why:
        with pytest.raises(CareRefused, match=why):
            booked(home, people.committee, people.ids[0], week=week)
    else:
        assert booked(home, people.committee, people.ids[0], week=week)


def test_a_college_that_makes_no_visits_books_none(home: DataHome) -> None:
    people = staffed(home, visits_per_week=0)
    with pytest.raises(CareRefused, match="no_visits_a_week"):
        booked(home, people.committee, people.ids[0])
    room_for(home, 1, since=NEXT_WEEK)
    assert booked(home, people.committee, people.ids[0], week=NEXT_WEEK), "the capacity in force that week counts"


def test_the_database_itself_keeps_to_one_visit_a_week(home: DataHome, people: Staff) -> None:
    [row] = booked(home, people.committee, people.ids[0])
    told = {column.name: getattr(row, column.name) for column in VisitRow.__table__.columns}
    with pytest.raises(IntegrityError), home.database.write() as session:
        session.execute(sa.insert(VisitRow).values({**told, "id": uuid4()}))
    with home.database.write() as session:
        session.execute(sa.insert(VisitRow).values({**told, "id": uuid4(), "status": "cancelled"}))


def changed(home: DataHome, who: Principal, row: VisitRow, **changes: Any) -> VisitRow:
    versions = changes.pop("versions", [str(row.version)])
    with home.database.write() as session:
        return visits.change(session, who, row.id, changes, versions=versions, on=DAY, at=AT)


def test_a_cancelled_visit_frees_its_place_and_may_take_one_again(home: DataHome, people: Staff) -> None:
    one, _ = booked(home, people.committee, people.ids[0], people.ids[1])
    one = changed(home, people.committee, one, status="cancelled")
    [third] = booked(home, people.committee, people.ids[2])
    with pytest.raises(WeekIsFull):
        changed(home, people.committee, one, status="planned")
    changed(home, people.committee, third, status="cancelled")
    assert changed(home, people.committee, one, status="planned").version == 3


def test_a_visit_moves_only_to_a_week_with_a_place(home: DataHome, people: Staff) -> None:
    room_for(home, 1)
    [one] = booked(home, people.committee, people.ids[0], planned_on=DAY)
    [other] = booked(home, people.committee, people.ids[1], week=NEXT_WEEK)
    with pytest.raises(WeekIsFull):
        changed(home, people.committee, one, week=NEXT_WEEK)
    changed(home, people.committee, other, status="cancelled")
    moved = changed(home, people.committee, one, week=NEXT_WEEK)
    assert (moved.week, moved.planned_on, moved.version) == (NEXT_WEEK, None, 2)
    with pytest.raises(CareRefused, match="not_in_that_week"):
        changed(home, people.committee, moved, planned_on=DAY)


def test_what_was_found_needs_mode_and_result_and_stays(home: DataHome, people: Staff) -> None:
    [row] = booked(home, people.committee, people.ids[0])
    for changes, why in (
        ({"status": "done", "mode": "HOME"}, "needed_when_done"),
        ({"mode": "HOME"}, "did_not_take_place"),
        ({"status": "cancelled", "minutes": 9}, "did_not_take_place"),
        ({"status": "done", "mode": "HOME", "result": "MOVED", "week": NEXT_WEEK}, "not_of_a_planned_visit"),
        (
            {"status": "done", "mode": "HOME", "result": "MOVED", "planned_on": DAY + timedelta(days=1)},
            "day_is_to_come",
        ),
    ):
        with pytest.raises(CareRefused, match=why):
            changed(home, people.committee, row, **changes)
    row = changed(home, people.advisor, row, status="done", mode="HOME", result="MET_STUDENT", reason_codes=["R05"])
    assert (row.status, row.version, row.changed_by) == ("done", 2, people.advisor.account_id)
    assert row.planned_on == DAY, "the day on which it was written down, where none was said"
    for sent in ({"planned_on": WEEK}, {"attempt": 2}):
        with pytest.raises(CareRefused, match="stays_once_done"):
            changed(home, people.committee, row, **sent)
    for status in ("planned", "cancelled"):
        with pytest.raises(CareRefused, match="not_after_that_status"):
            changed(home, people.committee, row, status=status)
    assert changed(home, people.advisor, row, status="referred").status == "referred"
    [later] = booked(home, people.committee, people.ids[0], week=NEXT_WEEK)
    with pytest.raises(CareRefused, match="day_is_to_come"):
        changed(home, people.advisor, later, status="done", mode="HOME", result="MET_STUDENT")


def test_who_writes_down_care_moves_and_cancels_nothing(home: DataHome, people: Staff) -> None:
    [row] = booked(home, people.committee, people.ids[0])
    [other] = booked(home, people.committee, people.ids[2])
    for changes in ({"status": "cancelled"}, {"week": NEXT_WEEK}, {"two_person": True}, {"planned_on": DAY}):
        with pytest.raises(NotAllowed):
            changed(home, people.advisor, row, **changes)
    with pytest.raises(NotAllowed):
        changed(home, people.director, row, status="done", mode="HOME", result="MET_STUDENT")
    with pytest.raises(NotTheirs):
        changed(home, people.advisor, other, status="done", mode="HOME", result="MET_STUDENT")
    for who in (people.advisor, people.director):
        with pytest.raises(NotAllowed):
            booked(home, who, people.ids[1])


def test_of_two_changes_from_one_version_the_second_is_told(home: DataHome, people: Staff) -> None:
    [row] = booked(home, people.committee, people.ids[0])
    changed(home, people.committee, row, unsafe=True, versions=["1"])
    with pytest.raises(ChangedMeanwhile):
        changed(home, people.committee, row, unsafe=False, versions=["1"])


def test_visits_are_shown_of_ones_own_students_alone(home: DataHome, people: Staff) -> None:
    booked(home, people.committee, people.ids[0], people.ids[2])
    booked(home, people.committee, people.ids[1], week=NEXT_WEEK)
    looked = {"week": None, "status": None, "limit": 9, "after": None}
    rows, more = visits.see_visits(home, people.advisor, DAY, **looked)
    assert [row.student_id for row in rows] == [people.ids[1], people.ids[0]]
    assert not more
    assert trail(home)[-2:] == [
        ("advisor", "see visit", one) for one in sorted(row.student_id for row in rows)
    ]  # fmt: skip
    rows, _ = visits.see_visits(home, people.director, DAY, **{**looked, "week": WEEK})
    assert {row.student_id for row in rows} == {people.ids[0], people.ids[2]}
    assert visits.see_visits(home, people.director, DAY, **{**looked, "status": "done"}) == ([], False)
    with pytest.raises(NotAllowed):
        visits.see_visits(home, principal(home, "analyst"), DAY, **looked)


# The student's rights, time, and tables that move


def test_an_erasure_takes_all_care_of_the_person_and_none_of_others(home: DataHome, engine: str) -> None:
    told = fill(home)
    account = principal(home, "committee").account_id
    assert account is not None
    with home.database.write() as session:
        for number in (OWN, FRIEND):
            everything_about(session, told.ids[number], account)
    erase(home, CODE, told.ids[OWN], actor="office", reason="asked")
    with home.database.read() as session:
        for table in OF_STUDENTS:
            assert session.scalars(sa.select(table.student_id)).all() == [told.ids[FRIEND]], table.__tablename__
    if engine != POSTGRESQL:
        assert traces(home.settings.home, told.ids[OWN]) == ["erasures.jsonl", "zerodrop.db"]  # the erasure itself


def test_the_export_of_a_person_has_all_care_in_words(home: DataHome) -> None:
    told = fill(home)
    account = principal(home, "committee").account_id
    assert account is not None
    with home.database.write() as session:
        for number in (OWN, FRIEND):
            everything_about(session, told.ids[number], account)
    said = Text(th="ก", en="a")
    export = export_person(home, CODE, told.ids[OWN], actor="office", words=lambda _: said)
    found = export.document
    assert [len(found[kind]) for kind in ("contacts", "ratings", "home_visits", "visit_plans")] == [1, 1, 1, 1]
    assert found["contacts"][0]["result"] == {"code": "NOT_HOME", "th": "ไม่อยู่บ้าน", "en": "nobody at home"}
    assert found["ratings"][0]["rating"]["code"] == "CLOSE"
    assert "ผู้ปกครองมีรายได้น้อย" in page_of(export)
    assert str(told.ids[FRIEND]) not in str(found)


def test_care_is_deleted_a_year_after_its_day(home: DataHome, people: Staff) -> None:
    now = datetime(2026, 6, 17, 3, tzinfo=UTC)
    account = people.committee.account_id
    assert account is not None
    with home.database.write() as session:
        everything_about(session, people.ids[0], account, week=date(2025, 6, 16))  # 366 days before
        everything_about(session, people.ids[1], account, week=date(2025, 6, 23))
        everything_about(session, people.ids[2], account, week=date(2025, 6, 2))
        session.execute(sa.update(VisitRow).where(VisitRow.student_id == people.ids[2]).values(week=date(2025, 6, 30)))
    kinds = ("contacts", "ratings", "visits", "plan stops", "plans")
    for dry_run, expected_rows in ((True, [2, 2, 1, 1, 1]), (False, [2, 2, 1, 1, 1]), (False, [0] * 5)):
        found = {one.kind: one.rows for one in prune(home, now=now, dry_run=dry_run)}
        assert [found[kind] for kind in kinds] == expected_rows
    assert [count(home, table) for table in (ContactRow, AdvisorRatingRow, VisitRow, VisitPlanRow)] == [1, 1, 2, 2]


@pytest.fixture
def empty(request: pytest.FixtureRequest, engine: str, tmp_path: Path) -> Iterator[Database]:
    migrating.declare_tables()
    address = f"sqlite:///{tmp_path / 'some.db'}"
    if engine == POSTGRESQL:
        address = request.getfixturevalue("empty_postgres_database")
    made = Database(address)
    yield made
    made.close()


def test_going_back_drops_care_alone_and_going_forth_makes_its_tables_anew(empty: Database) -> None:
    migrating.upgrade(empty, LEDGER)
    with empty.write() as session:
        fill_tables(session, LEDGER.metadata)
    migrating.downgrade(empty, LEDGER, "0002")
    older = sa.MetaData()
    for table in LEDGER.metadata.sorted_tables:
        if table.name not in ("contact", "advisor_rating", "visit", "visit_plan", "visit_plan_stop"):
            table.to_metadata(older)
    with empty.read() as session:
        assert contents(session, older) == expected(older)
        for table in ("student", "list_entry"):  # have other indexes since
            older.remove(older.tables[table])
        assert migrating.differences(session.connection(), older, LEDGER) == []
    migrating.upgrade(empty, LEDGER)
    with empty.read() as session:
        assert migrating.differences(session.connection(), LEDGER.metadata, LEDGER) == []
        assert session.scalar(sa.select(sa.func.count()).select_from(VisitRow)) == 0
