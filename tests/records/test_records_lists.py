"""What we said: one current list a week, the same content once, and an audit trail that nobody edits."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from records import audit, lists
from records.college import Capacity
from records.home import DataHome
from records.lists import CapacityRow, ListEntryRow, PublicationRow, Published, publish
from tests.records.small import CODE, OTHER_CODE, START, place, publication_of

pytestmark = pytest.mark.both_engines

Ids = dict[int, UUID]
WEEK = date(2025, 6, 9)


@pytest.fixture
def ids(home: DataHome) -> Ids:
    return place(home, {0: "ชย.1/1", 1: "ชย.1/1"})


def statuses(home: DataHome) -> dict[str, str]:
    """Status of each publication by the name of its model."""
    with home.database.read() as session:
        return {row.model_digest: row.status for row in session.scalars(select(PublicationRow))}


def test_the_same_content_is_published_once(home: DataHome, ids: Ids) -> None:
    first, told = publish(home.database, publication_of(ids))
    assert told is Published.NEW
    assert publish(home.database, publication_of(ids)) == (first, Published.SAME)
    assert statuses(home) == {"absence_rule": "current"}


def test_when_it_was_computed_is_not_what_it_says(home: DataHome, ids: Ids) -> None:
    first, _ = publish(home.database, publication_of(ids))
    assert publish(home.database, publication_of(ids, minute=90, ledger_number=9)) == (first, Published.SAME)


def test_other_content_supersedes_and_is_kept(home: DataHome, ids: Ids) -> None:
    publish(home.database, publication_of(ids, model="a"))
    publish(home.database, publication_of(ids, model="b"))
    assert statuses(home) == {"a": "superseded", "b": "current"}
    with home.database.read() as session:
        assert session.scalar(select(func.count()).select_from(ListEntryRow)) == 4


def test_superseded_content_becomes_current_again(home: DataHome, ids: Ids) -> None:
    first, _ = publish(home.database, publication_of(ids, model="a"))
    publish(home.database, publication_of(ids, model="b"))
    assert publish(home.database, publication_of(ids, model="a")) == (first, Published.RESTORED)
    assert statuses(home) == {"a": "current", "b": "superseded"}


def test_every_part_of_what_a_list_says_is_in_its_digest(ids: Ids) -> None:
    one = publication_of(ids)
    changed = [
        replace(one, model_digest="x"), replace(one, catalogue_fingerprint="x"), replace(one, horizon="days(28)"),
        replace(one, as_of=date(2025, 6, 16)), replace(one, institution=OTHER_CODE),
        replace(one, capacity=replace(one.capacity, visits_per_week=4)),
        replace(one, capacity=replace(one.capacity, rows_per_advisor=4)),
        replace(one, entries=one.entries[:1]), replace(one, entries=[replace(one.entries[0], band="high"), one.entries[1]]),
        replace(one, entries=[replace(one.entries[0], must_see=["absent_run_notice"]), one.entries[1]]),
    ]  # fmt: skip
    assert len({each.digest() for each in (one, *changed)}) == len(changed) + 1
    assert replace(one, entries=one.entries[::-1]).digest() == one.digest()  # the rank orders, not the place in memory


def test_threads_leave_exactly_one_current_list(home: DataHome, ids: Ids) -> None:
    models = [f"m{n % 4}" for n in range(12)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda model: publish(home.database, publication_of(ids, model=model)), models))
    found = statuses(home)
    assert set(found) == set(models)
    assert sorted(found.values()) == ["current", "superseded", "superseded", "superseded"]
    with home.database.read() as session:
        assert session.scalar(select(func.count()).select_from(PublicationRow)) == 4


def test_the_database_itself_refuses_two_current_lists(home: DataHome, ids: Ids) -> None:
    publish(home.database, publication_of(ids, model="a"))
    publish(home.database, publication_of(ids, model="b"))
    with pytest.raises(IntegrityError), home.database.write() as session:
        session.execute(text("UPDATE publication SET status = 'current'"))
    assert sorted(statuses(home).values()) == ["current", "superseded"]


def test_the_list_of_another_week_or_institution_stays_current(home: DataHome, ids: Ids) -> None:
    publish(home.database, publication_of(ids, model="a"))
    publish(home.database, replace(publication_of(ids, model="b"), as_of=date(2025, 6, 16)))
    publish(home.database, publication_of({}, model="c", code=OTHER_CODE))
    assert statuses(home) == {"a": "current", "b": "current", "c": "current"}
    with home.database.read() as session:
        newest = lists.current_publication(session, CODE)
        assert newest is not None
        assert newest.model_digest == "b"


def test_who_was_listed_before_comes_from_the_last_week_alone(home: DataHome, ids: Ids) -> None:
    publish(home.database, publication_of(ids))
    publish(home.database, replace(publication_of({0: ids[0]}), as_of=date(2025, 6, 16)))
    with home.database.read() as session:
        assert lists.listed_before(session, CODE, date(2025, 6, 16), "watch") == {0, 1}
        assert lists.listed_before(session, CODE, date(2025, 6, 23), "watch") == {0}
        assert lists.listed_before(session, CODE, WEEK, "watch") == set()
        assert lists.listed_before(session, CODE, date(2025, 6, 23), "high") == set()


# Promotions, capacity


def test_the_newest_signature_of_the_institution_holds(home: DataHome) -> None:
    def champion() -> tuple[str, str]:
        with home.database.read() as session:
            return lists.champion(session, CODE), lists.champion(session, OTHER_CODE)

    assert champion() == ("absence_rule", "absence_rule")
    lists.promote(home.database, institution=lists.EVERY_INSTITUTION, model_digest="all", signed_by="ก", reason="r")
    assert champion() == ("all", "all")
    for digest in ("first", "second"):
        lists.promote(home.database, institution=CODE, model_digest=digest, signed_by="ก", reason="r")
    assert champion() == ("second", "all")


def test_capacity_holds_from_its_day_and_the_default_is_marked(home: DataHome) -> None:
    with home.database.write() as session:
        for day, visits in ((1, 4), (10, 8)):
            row = CapacityRow(
                institution=CODE, valid_from=date(2025, 6, day), visits_per_week=visits, rows_per_advisor=6
            )
            session.add(row)
    with home.database.read() as session:
        held = {day: lists.capacity_on(session, CODE, date(2025, 6, day)) for day in (1, 9, 10)}
        before = lists.capacity_on(session, CODE, date(2025, 5, 31))
    assert {day: (found.visits_per_week, default) for day, (found, default) in held.items()} == {
        1: (4, False), 9: (4, False), 10: (8, False)
    }  # fmt: skip
    assert before == (Capacity(valid_from=date(2025, 5, 31), visits_per_week=0, rows_per_advisor=5), True)


# The audit trail


@pytest.mark.parametrize("change", ["UPDATE audit SET actor = 'somebody else'", "DELETE FROM audit"])
def test_the_audit_trail_refuses_to_be_changed(home: DataHome, change: str) -> None:
    with home.database.write() as session:
        audit.record_look(session, actor="kru.a", action="see list", institution=CODE)
    with pytest.raises(IntegrityError, match="the audit trail is append-only"), home.database.write() as session:
        session.execute(text(change))
    with home.database.read() as session:
        assert [row.actor for row in session.scalars(select(audit.AuditRow))] == ["kru.a"]


def test_looks_at_one_student_are_found_in_order(home: DataHome, ids: Ids) -> None:
    with home.database.write() as session:
        for actor, number in (("a", 0), ("b", 1), ("c", 0)):
            audit.record_look(session, actor=actor, action="see student", institution=CODE, student_id=ids[number])
    with home.database.read() as session:
        looks = audit.looks_at(session, ids[0])
    assert [row.actor for row in looks] == ["a", "c"]
    assert all(row.at.tzinfo is not None and row.at > START for row in looks)
