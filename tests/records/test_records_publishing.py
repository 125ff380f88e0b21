"""Which list may take the place of which: older snapshots, clocks that went back, mistyped years, lists put back by hand."""

import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, select, update

from records import lists
from records.audit import AuditRow
from records.errors import UserError
from records.home import DataHome
from records.lists import ClockWentBack, ListEntryRow, NewerListStands, PublicationRow, Published, publish, restore
from records.weeks import monday_of, mondays, require_plausible
from tests.records.small import CODE, place, publication_of

pytestmark = pytest.mark.both_engines

WEEK = date(2025, 6, 9)
NOW = datetime(2025, 6, 9, 23, tzinfo=UTC)
Ids = dict[int, UUID]


@pytest.fixture
def ids(home: DataHome) -> Ids:
    return place(home, {0: "ชย.1/1", 1: "ชย.1/1"})


def current(home: DataHome, as_of: date = WEEK) -> PublicationRow:
    with home.database.read() as session:
        found = lists.current_of_week(session, CODE, as_of)
    assert found is not None
    return found


def told(home: DataHome, action: str) -> list[tuple[str, dict[str, Any]]]:
    with home.database.read() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.action == action).order_by(AuditRow.id))
        return [(row.actor, row.detail) for row in rows]


# Older records do not replace newer ones


def test_an_older_snapshot_does_not_replace_a_newer_one(home: DataHome, ids: Ids) -> None:
    publish(home.database, publication_of(ids, model="new", ledger_number=5))
    with pytest.raises(NewerListStands) as refused:
        publish(home.database, publication_of(ids, model="old", ledger_number=4))
    assert str(refused.value) == (
        "The list of 2025-06-09 in use was made from later records (batch 5, this one 4). Score again, or add --force if "
        "the older one is meant. · รายชื่อ ณ วันที่ 09/06/2568 ที่ใช้อยู่ทำจากข้อมูลใหม่กว่า (ชุดที่ 5 ชุดนี้ 4) "
        "สั่ง score อีกครั้ง หรือเพิ่ม --force ถ้าต้องการใช้ชุดเก่าจริง"
    )
    assert current(home).model_digest == "new"


def test_what_knew_less_does_not_replace_what_knew_more(home: DataHome, ids: Ids) -> None:
    publish(home.database, publication_of(ids, model="new", minute=9))
    with pytest.raises(NewerListStands):
        publish(home.database, publication_of(ids, model="old", minute=8))


def test_force_replaces_it_and_is_recorded(home: DataHome, ids: Ids) -> None:
    publish(home.database, publication_of(ids, model="new", ledger_number=5))
    publish(home.database, publication_of(ids, model="old", ledger_number=4), actor="ก", force=True)
    assert current(home).model_digest == "old"
    assert told(home, "force list") == [("ก", {"as_of": "2025-06-09", "ledger_number": 4})]


def test_late_records_supersede_with_a_larger_ledger_number(home: DataHome, ids: Ids) -> None:
    publish(home.database, publication_of(ids, model="a", ledger_number=5))
    publish(home.database, publication_of(ids, model="b", ledger_number=6))
    assert (current(home).model_digest, current(home).ledger_number) == ("b", 6)


def test_later_records_that_change_nothing_confirm_the_list(home: DataHome, ids: Ids) -> None:
    number, _ = publish(home.database, publication_of(ids, ledger_number=5))
    assert publish(home.database, publication_of(ids, ledger_number=8)) == (number, Published.SAME)
    assert publish(home.database, publication_of(ids, ledger_number=7)) == (number, Published.SAME)
    assert current(home).ledger_number == 8


# The clock and the calendar


def test_a_clock_that_went_back_publishes_nothing_new(home: DataHome, ids: Ids) -> None:
    publish(home.database, publication_of(ids, model="a"), now=lambda: NOW)
    earlier = NOW - timedelta(hours=2)
    with pytest.raises(ClockWentBack) as refused:
        publish(home.database, publication_of(ids, model="b"), now=lambda: earlier)
    assert str(refused.value).startswith(
        "The clock of this machine says 2025-06-10 04:00, but a list was published at 2025-06-10 06:00 already."
    )
    assert current(home).model_digest == "a"
    assert publish(home.database, publication_of(ids, model="a"), now=lambda: earlier)[1] is Published.SAME
    publish(home.database, publication_of(ids, model="b"), now=lambda: NOW)
    assert current(home).model_digest == "b"


def test_a_clock_that_was_wrong_before_and_is_right_now_takes_force(home: DataHome, ids: Ids) -> None:
    publish(home.database, publication_of(ids, model="a"), now=lambda: NOW + timedelta(days=365))
    publish(home.database, publication_of(ids, model="b"), now=lambda: NOW, actor="ก", force=True)
    assert current(home).model_digest == "b"


@pytest.mark.parametrize(
    ("as_of", "sentence"),
    [
        (date(2568, 6, 9), "2568-06-09 looks like a Buddhist year. Give the year as 2025: 2025-06-09."),
        (date(2025, 6, 23), "2025-06-23 is more than a week ahead; today is 2025-06-10."),
        (date(1482, 6, 9), "1482-06-09 is too long ago for a list."),
    ],
)
def test_a_mistyped_week_is_refused_with_what_is_meant(home: DataHome, ids: Ids, as_of: date, sentence: str) -> None:
    with pytest.raises(UserError) as refused:
        publish(home.database, replace(publication_of(ids), as_of=as_of), now=lambda: NOW)
    assert str(refused.value).startswith(sentence)
    assert "ปี" in str(refused.value) or "นาฬิกา" in str(refused.value)
    with home.database.read() as session:
        assert session.scalars(select(PublicationRow)).all() == []


def test_the_week_to_come_may_be_published(home: DataHome, ids: Ids) -> None:
    publish(home.database, replace(publication_of(ids), as_of=date(2025, 6, 16)), now=lambda: NOW)
    require_plausible(date(2025, 6, 17), date(2025, 6, 10))


def test_a_year_of_fifty_three_weeks_loses_none() -> None:
    assert date(2026, 12, 28).isocalendar().week == 53
    assert list(mondays(date(2026, 12, 15), date(2027, 1, 10))) == [
        date(2026, 12, 21), date(2026, 12, 28), date(2027, 1, 4)
    ]  # fmt: skip
    assert {monday_of(date(2026, 12, 28) + timedelta(days=n)) for n in range(7)} == {date(2026, 12, 28)}
    assert list(mondays(date(2026, 12, 21), date(2026, 12, 21))) == [date(2026, 12, 21)]


# An older list put back by hand


def test_an_older_list_is_put_back_and_who_did_it_is_recorded(home: DataHome, ids: Ids) -> None:
    first, _ = publish(home.database, publication_of(ids, model="a"))
    publish(home.database, publication_of(ids, model="b"))
    assert restore(home.database, first, actor="ครูหัวหน้า") is Published.RESTORED
    assert current(home).id == first
    assert told(home, "restore list") == [("ครูหัวหน้า", {"publication": str(first)})]
    assert restore(home.database, first, actor="ครูหัวหน้า") is Published.SAME
    assert len(told(home, "restore list")) == 1


def test_a_list_that_is_not_there_is_refused(home: DataHome) -> None:
    unknown = uuid4()
    with pytest.raises(UserError, match=f"There is no published list {unknown}"):
        restore(home.database, unknown, actor="ก")


def test_a_pruned_list_cannot_be_put_back(home: DataHome, ids: Ids) -> None:
    first, _ = publish(home.database, publication_of(ids, model="a"))
    second, _ = publish(home.database, publication_of(ids, model="b"))
    prune(home, first)
    with pytest.raises(UserError, match="The scores of the list of 2025-06-09 were deleted when their time was over"):
        restore(home.database, first, actor="ก")
    assert current(home).id == second


@pytest.mark.parametrize("was_current", [True, False])
def test_the_content_of_a_pruned_list_is_published_anew(home: DataHome, ids: Ids, was_current: bool) -> None:
    first, _ = publish(home.database, publication_of(ids, model="a"))
    if not was_current:
        publish(home.database, publication_of(ids, model="b"))
    prune(home, first)
    again, outcome = publish(home.database, publication_of(ids, model="a"))
    assert (outcome, again != first, current(home).id) == (Published.NEW, True, again)
    with home.database.read() as session:
        assert len(lists.entries_of(session, again)) == 2


def prune(home: DataHome, publication: UUID) -> None:
    with home.database.write() as session:
        session.execute(delete(ListEntryRow).where(ListEntryRow.publication_id == publication))
        session.execute(update(PublicationRow).where(PublicationRow.id == publication).values(pruned_at=NOW))


def test_whether_a_person_chose_the_list_ends_with_the_next_publication(home: DataHome, ids: Ids) -> None:
    def chosen() -> bool:
        with home.database.read() as session:
            held = lists.current_of_week(session, CODE, WEEK)
            assert held is not None
            return lists.was_put_back(session, held)

    first, _ = publish(home.database, publication_of(ids, model="a"))
    publish(home.database, publication_of(ids, model="b"))
    assert not chosen()
    restore(home.database, first, actor="ก")
    assert chosen()
    publish(home.database, publication_of(ids, model="c"))
    assert not chosen()


def test_the_newest_lists_are_told_first_with_their_size(home: DataHome, ids: Ids) -> None:
    publish(home.database, publication_of(ids, model="a"))
    publish(home.database, publication_of({0: ids[0]}, model="b"))
    publish(home.database, replace(publication_of(ids, model="c"), as_of=date(2025, 6, 16)))
    with home.database.read() as session:
        found = lists.publications(session, CODE)
        newest = lists.publications(session, CODE, most=1)
    assert [(one.publication.model_digest, one.students) for one in found] == [("c", 2), ("b", 1), ("a", 2)]
    assert [one.publication.model_digest for one in newest] == ["c"]


# What a list says, and how long it takes


def test_the_digest_of_a_list_stays_the_same_from_release_to_release() -> None:
    known = publication_of({number: UUID(int=number) for number in range(3)})
    assert known.digest() == "50a94dc305205402d93950afee8a87b7934ce9d9f2bb2f358a7d7aca34b81d14"


def test_five_thousand_students_are_published_within_a_second_of_a_processor(home: DataHome) -> None:
    reasons = [{"feature": f"feature_{n}", "value": 0.3333, "contribution": 1.31} for n in range(5)]
    few = publication_of({number: uuid4() for number in range(5_000)})
    entries = [replace(entry, reasons=reasons, domains={"attendance": 2.2, "grades": 0.9}) for entry in few.entries]
    taken = []
    for turn in range(3):
        new = replace(few, model_digest=f"m{turn}", entries=entries)
        began = time.process_time()
        publish(home.database, new)
        taken.append(time.process_time() - began)
    assert min(taken) < 1
