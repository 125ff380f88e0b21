"""What is told without saying who: counts that hide small ones, and rows under pseudonyms."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from records.access import Principal, principal_of
from records.audit import AuditRow
from records.errors import NotAllowed
from records.home import DataHome
from records.lists import publish
from records.staff import AccountRow
from records.summaries import pseudonymous_entries, summary
from tests.records.small import CODE, OTHER_CODE, place, publication_of

pytestmark = pytest.mark.both_engines


def principal(home: DataHome, role: str) -> Principal:
    with home.database.write() as session:
        account = AccountRow(login=role, name="ครู", role=role, institution=CODE)
        session.add(account)
        session.flush()
        return principal_of(account)


def listed(home: DataHome, code: str, bands: Mapping[str, int], groups: Sequence[str] = ("ชย.1/1",)) -> dict[int, UUID]:
    """A published list with so many students in each band, who go round the class groups."""
    of = [band for band, count in bands.items() for _ in range(count)]
    ids = place(home, {number: groups[number % len(groups)] for number in range(len(of))}, code=code)
    made = publication_of(ids, code=code)
    entries = [
        replace(
            entry, band=band, class_group=groups[entry.number % len(groups)], cause="" if band == "none" else "rank"
        )
        for entry, band in zip(made.entries, of, strict=True)
    ]
    publish(home.database, replace(made, entries=entries))
    return ids


def actions(home: DataHome) -> list[tuple[str, str]]:
    with home.database.read() as session:
        rows = session.scalars(select(AuditRow).order_by(AuditRow.id))
        return [(row.actor, row.action) for row in rows if row.actor in ("director", "province", "analyst", "advisor")]


def test_a_director_is_told_small_counts_of_their_own_institution(home: DataHome) -> None:
    listed(home, CODE, {"high": 3, "watch": 12, "none": 30})
    listed(home, OTHER_CODE, {"high": 20})
    found = summary(home, principal(home, "director"))
    [own] = found.institutions
    assert (own.institution, own.students, found.hides_small) == (CODE, 45, False)
    assert own.by_band == {"high": 3, "watch": 12, "none": 30, "unknown": 0}
    assert actions(home) == [("director", "see summary")]


def test_an_analyst_is_told_no_small_count(home: DataHome) -> None:
    listed(home, CODE, {"high": 3, "watch": 12, "none": 30})
    found = summary(home, principal(home, "analyst"))
    [own] = found.institutions
    assert (own.students, found.together.students, found.hides_small) == (45, 45, True)
    assert own.by_band == {"high": None, "watch": 12, "none": None, "unknown": None}
    assert found.together.by_band == own.by_band  # one institution alone: its sums are its counts


def test_the_province_is_told_of_all_its_institutions_and_no_small_count(home: DataHome) -> None:
    listed(home, CODE, {"high": 8, "watch": 40, "none": 60, "unknown": 14})
    listed(home, OTHER_CODE, {"high": 12, "watch": 30, "none": 50, "unknown": 25})
    found = summary(home, principal(home, "province"))
    assert [(one.institution, one.students) for one in found.institutions] == [(CODE, 122), (OTHER_CODE, 117)]
    for one, watch, none in zip(found.institutions, (40, 30), (60, 50), strict=True):
        assert one.by_band == {"high": None, "watch": watch, "none": none, "unknown": None}
    assert found.together.by_band == {"high": 20, "watch": 70, "none": 110, "unknown": 39}


def test_who_may_not_count_is_refused_and_that_is_recorded(home: DataHome) -> None:
    with pytest.raises(NotAllowed, match="sees no counts"):
        summary(home, principal(home, "advisor"))
    assert actions(home) == [("advisor", "refused summary")]


def test_without_a_list_there_is_nothing_to_count(home: DataHome) -> None:
    found = summary(home, principal(home, "province"))
    assert (found.institutions, found.together.students) == ((), 0)


def test_pseudonymous_rows_carry_nothing_that_leads_back(home: DataHome) -> None:
    ids = listed(home, CODE, {"watch": 24}, groups=("ก", "ก", "ข"))
    who = principal(home, "analyst")
    found = pseudonymous_entries(home, who, CODE)
    assert found is not None
    assert len({entry.pseudonym for entry in found}) == 24
    assert {entry.class_group for entry in found} == {None}  # eight of the second group: told of the first, all is told
    assert not any(str(student) in repr(found) or student.hex in repr(found) for student in ids.values())
    assert pseudonymous_entries(home, who, CODE) == found
    assert actions(home) == [("analyst", "see pseudonyms"), ("analyst", "see pseudonyms")]


def test_large_class_groups_are_told(home: DataHome) -> None:
    listed(home, CODE, {"watch": 20}, groups=("ก", "ข"))
    found = pseudonymous_entries(home, principal(home, "analyst"), CODE)
    assert found is not None
    assert {entry.class_group for entry in found} == {"ก", "ข"}


def test_pseudonymous_rows_of_another_institution_are_not_there(home: DataHome) -> None:
    listed(home, OTHER_CODE, {"watch": 20})
    who = principal(home, "analyst")
    assert pseudonymous_entries(home, who, OTHER_CODE) is None
    assert pseudonymous_entries(home, who, CODE, uuid4()) is None
    assert actions(home) == [("analyst", "refused pseudonyms")] * 2
    with pytest.raises(NotAllowed, match="sees no pseudonymous rows"):
        pseudonymous_entries(home, principal(home, "director"), CODE)


def test_a_pseudonym_belongs_to_an_institution_and_a_key(home: DataHome) -> None:
    student = uuid4()
    assert home.vault.key.pseudonym(CODE, student) != home.vault.key.pseudonym(OTHER_CODE, student)
    assert len(home.vault.key.pseudonym(CODE, student)) == 32
