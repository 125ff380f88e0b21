"""Who is one person: G-codes that become national numbers, twins, changed surnames, and pairs that people must decide."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from records import ledger
from records.admission import MOST_ALIKE
from records.home import DataHome
from records.people import FullName, Identity, IdKind, Known, fold_name
from records.person_tables import LinkReview, PersonTrait
from tests.records.small import CODE, OTHER_CODE

pytestmark = pytest.mark.both_engines

NID, OTHER_NID = "1819900000014", "1819900000022"
G = "G000000000001"
BORN = date(2009, 4, 13)


def row(
    first: str = "มะลิ",
    last: str = "เขาใหญ่",
    *,
    born: date | None = BORN,
    guardian: str | None = "นายสิงห์ เขาใหญ่",
    title: str = "ด.ญ.",
    **numbers: str,
) -> Identity:
    """A row with numbers by kind: national, g_code, passport, code."""
    return Identity(
        identifiers={IdKind(kind): value for kind, value in numbers.items()},
        name=FullName(title=title, first_name=first, last_name=last) if first else None,
        birth_date=born,
        guardian=guardian,
    )


def admit(home: DataHome, *rows: Identity, code: str = CODE) -> list[Known]:
    return home.vault.admit(code, rows, batch_token=uuid4())


def queued(home: DataHome) -> list[tuple[UUID, UUID, str]]:
    with home.vault_database.read() as session:
        rows = session.scalars(select(LinkReview).order_by(LinkReview.created_at))
        return [(one.student_a, one.student_b, one.why) for one in rows]


def name_of(home: DataHome, known: Known) -> FullName:
    held = home.vault.names([known.student_id])[known.student_id]
    return FullName(title=held.title, first_name=held.first_name, last_name=held.last_name)


# Linked


@pytest.mark.parametrize("earlier", [{"g_code": G}, {"passport": "AA0000001"}, {"code": "1001"}])
def test_a_person_without_a_national_number_gets_one(home: DataHome, earlier: dict[str, str]) -> None:
    [before] = admit(home, row(**earlier))
    [after] = admit(home, row(national=NID))
    assert (after, after.notes) == (before, ("LINKED_ID",))
    assert home.vault.find(CODE, [row(national=NID), row(**earlier)]) == [before, before]
    assert queued(home) == []
    assert admit(home, row(national=NID))[0].notes == ()


def test_the_national_number_may_come_first(home: DataHome) -> None:
    [before] = admit(home, row(national=NID))
    [after] = admit(home, row(g_code=G))
    assert (after, after.notes) == (before, ("LINKED_ID",))


def test_two_rows_of_one_file_are_linked_as_well(home: DataHome) -> None:
    first, second = admit(home, row(g_code=G), row(national=NID))
    assert (second, second.notes) == (first, ("LINKED_ID",))


def test_a_person_is_linked_across_institutions(home: DataHome) -> None:
    [there] = admit(home, row(g_code=G), code=OTHER_CODE)
    [here] = admit(home, row(national=NID))
    assert here.student_id == there.student_id
    assert here.notes == ("LINKED_ID",)


@pytest.mark.parametrize(("people", "asked"), [(MOST_ALIKE, MOST_ALIKE), (MOST_ALIKE + 1, 0)])
def test_a_name_that_everybody_has_tells_nobody_apart(home: DataHome, people: int, asked: int) -> None:
    """A word that stands in place of names would ask a person about every pair."""
    admit(home, *(row("ไม่ทราบ", "ไม่ทราบ", guardian=None, g_code=f"G{number:012}") for number in range(people)))
    [after] = admit(home, row("ไม่ทราบ", "ไม่ทราบ", guardian=None, national=NID))
    assert len(queued(home)) == asked
    assert after.notes == (("POSSIBLE_SAME_PERSON",) if asked else ())


def test_a_guardian_of_many_tells_nobody_apart_and_their_names_still_do(home: DataHome) -> None:
    many = [row(f"คนที่{number}", "ในบ้าน", guardian="มูลนิธิ", g_code=f"G{number:012}") for number in range(MOST_ALIKE + 1)]
    before = admit(home, *many)
    [changed, same] = admit(
        home,
        row("คนที่3", "นามสกุลใหม่", guardian="มูลนิธิ", national=NID),
        row("คนที่7", "ในบ้าน", guardian="มูลนิธิ", national=OTHER_NID),
    )
    assert (changed.number, changed.notes) == (MOST_ALIKE + 1, ())
    assert (same, same.notes) == (before[7], ("LINKED_ID",))


def test_spelling_and_title_do_not_keep_a_person_apart(home: DataHome) -> None:
    [before] = admit(home, row("มะลิ", "ณ  เขาใหญ่", guardian="นาย สิงห์ เขาใหญ่", g_code=G))
    [after] = admit(home, row("มะลิิ", "ณ เขาใหญ่\u200b", guardian="สิงห์ เขาใหญ่", title="นางสาว", national=NID))
    assert (after, after.notes) == (before, ("LINKED_ID",))


def test_the_student_code_and_the_name_link_without_birth_date(home: DataHome) -> None:
    [before] = admit(home, row(born=None, guardian=None, g_code=G, code="1001"))
    [after] = admit(home, row(born=None, guardian=None, national=NID, code="1001"))
    assert (after, after.notes) == (before, ("LINKED_ID",))


def test_a_code_of_another_institution_links_nobody(home: DataHome) -> None:
    [there] = admit(home, row(born=None, guardian=None, g_code=G, code="1001"), code=OTHER_CODE)
    [here] = admit(home, row(born=None, guardian=None, national=NID, code="1001"))
    assert here.student_id != there.student_id
    assert here.notes == ()


# Doubtful


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (row(last="เขาเขียว", national=NID), "OTHER_LAST_NAME"),
        (row(guardian="นางแก้ว เขาใหญ่", national=NID), "OTHER_GUARDIAN"),
        (row(guardian=None, national=NID), "OTHER_GUARDIAN"),
        (row(born=None, national=NID), "NO_BIRTH_DATE"),
    ],
)
def test_what_is_nearly_the_same_waits_for_a_decision(home: DataHome, told: Identity, why: str) -> None:
    [before] = admit(home, row(g_code=G))
    [after] = admit(home, told)
    assert after.student_id != before.student_id
    assert after.notes == ("POSSIBLE_SAME_PERSON",)
    assert queued(home) == [(before.student_id, after.student_id, why)]
    assert admit(home, told)[0].notes == ()  # asked once


@pytest.mark.parametrize(
    "told",
    [
        row("มะลิวัลย์", national=NID),  # a twin
        row(born=date(2009, 4, 14), national=NID),
        row(last="เขาเขียว", guardian="นางแก้ว เขาใหญ่", national=NID),
        row(born=None, guardian=None, national=NID),
        row(born=None, last="เขาเขียว", national=NID),
        row("", national=NID),
    ],
)
def test_who_has_too_little_in_common_is_somebody_else(home: DataHome, told: Identity) -> None:
    [before] = admit(home, row(g_code=G))
    [after] = admit(home, told)
    assert after.student_id != before.student_id
    assert after.notes == ()
    assert queued(home) == []


def test_twins_stay_apart_in_every_order(home: DataHome) -> None:
    ids = [
        admit(home, one)[0].student_id
        for one in (row("มะลิ", g_code=G), row("มะลิวัลย์", national=NID), row("มะลิลา", code="1"), row("ลิลา", national=OTHER_NID))
    ]  # fmt: skip
    assert len(set(ids)) == 4
    assert queued(home) == []


def test_two_national_numbers_are_two_people_whatever_else_is_the_same(home: DataHome) -> None:
    [one] = admit(home, row(national=NID))
    [other] = admit(home, row(national=OTHER_NID))
    assert other.student_id != one.student_id
    assert (other.notes, queued(home)) == ((), [])


def test_two_without_a_national_number_are_not_compared(home: DataHome) -> None:
    [one] = admit(home, row(g_code=G))
    [other] = admit(home, row(passport="AA0000001"))
    assert other.student_id != one.student_id
    assert (other.notes, queued(home)) == ((), [])


def test_several_who_are_all_the_same_are_linked_to_none(home: DataHome) -> None:
    known = admit(home, row(g_code=G), row(g_code="G000000000002"))
    [came] = admit(home, row(national=NID))
    assert came.notes == ("POSSIBLE_SAME_PERSON",)
    assert {(a, why) for a, _, why in queued(home)} == {(one.student_id, "ALL_THE_SAME") for one in known}


def test_without_a_birth_date_namesakes_are_nobodys_doubt(home: DataHome) -> None:
    admit(home, row(born=None, g_code=G), row(born=None, g_code="G000000000002"))
    assert admit(home, row(born=None, national=NID))[0].notes == ()
    assert queued(home) == []


def test_without_a_birth_date_two_rows_of_one_name_are_nobodys_doubt(home: DataHome) -> None:
    admit(home, row(born=None, g_code=G))
    came = admit(home, row(born=None, national=NID), row(born=None, national=OTHER_NID))
    assert [one.notes for one in came] == [(), ()]


def test_a_code_without_a_name_to_compare_is_doubtful(home: DataHome) -> None:
    [before] = admit(home, row(g_code=G, code="1001"))
    [after] = admit(home, row("", national=NID, code="1001"))
    assert after.student_id != before.student_id
    assert queued(home) == [(before.student_id, after.student_id, "SAME_CODE")]


def test_a_g_code_beside_a_number_of_somebody_else_is_doubtful_and_stays(home: DataHome) -> None:
    [child, registered] = admit(home, row(g_code=G), row("ดำ", national=NID))
    [again] = admit(home, row("ดำ", national=NID, g_code=G))
    assert (again, again.notes) == (registered, ("POSSIBLE_SAME_PERSON",))
    assert home.vault.find(CODE, [row(g_code=G)]) == [child]
    assert queued(home) == [(child.student_id, registered.student_id, "TWO_IDS_IN_ROW")]


def test_one_row_with_both_numbers_is_one_person(home: DataHome) -> None:
    [before] = admit(home, row("ดำ", g_code=G))
    [after] = admit(home, row("ขาว", national=NID, g_code=G))
    assert after == before


# Names


def test_a_surname_changed_under_one_national_number_is_told_and_kept(home: DataHome) -> None:
    admit(home, row(national=NID))
    [after] = admit(home, row(last="เขาเขียว", title="นาง", national=NID))
    assert after.notes == ("NAME_CHANGED",)
    assert name_of(home, after) == FullName(title="นาง", first_name="มะลิ", last_name="เขาเขียว")


def test_a_title_is_no_change_of_name(home: DataHome) -> None:
    admit(home, row("ดำ", title="ด.ช.", national=NID))
    [after] = admit(home, row("ดำ", title="นาย", national=NID))
    assert after.notes == ()
    assert name_of(home, after).title == "นาย"


def test_what_a_file_does_not_say_of_a_name_stays(home: DataHome) -> None:
    admit(home, row(national=NID))
    [after] = admit(home, row(last="", title="", national=NID))
    assert after.notes == ()
    assert name_of(home, after) == FullName(title="ด.ญ.", first_name="มะลิ", last_name="เขาใหญ่")


def test_two_people_under_one_national_number_are_told_and_nothing_is_kept(home: DataHome) -> None:
    [before] = admit(home, row(national=NID))
    stranger = row("แก้ว", "ทองดี", born=date(1980, 1, 1), guardian=None, national=NID, code="2002")
    [after] = admit(home, stranger)
    assert (after, after.notes) == (before, ("NATIONAL_TWO_NAMES",))
    assert name_of(home, after).first_name == "มะลิ"
    assert home.vault.find(CODE, [row(code="2002")]) == [None]
    with home.vault_database.read() as session:
        assert len(session.scalars(select(PersonTrait)).all()) == 5


def test_two_people_under_one_new_national_number_are_both_told(home: DataHome) -> None:
    came = admit(home, row(national=NID), row("แก้ว", "ทองดี", national=NID))
    assert [one.notes for one in came] == [("NATIONAL_TWO_NAMES",)] * 2


def test_a_name_that_was_theirs_before_is_theirs(home: DataHome) -> None:
    for told in (row(national=NID), row(last="เขาเขียว", national=NID), row("ลิลา", "เขาเขียว", national=NID)):
        admit(home, told)
    [back] = admit(home, row(national=NID))
    assert back.notes == ("NAME_CHANGED",)


def test_a_changed_surname_is_remembered_for_linking(home: DataHome) -> None:
    [before] = admit(home, row(national=NID))
    admit(home, row(last="เขาเขียว", national=NID))
    [after] = admit(home, row(g_code=G))
    assert (after.student_id, after.notes) == (before.student_id, ("LINKED_ID", "NAME_CHANGED"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("สมชาย  ใจดี ", "สมชาย ใจดี"),
        ("นาย สมชาย ใจดี", "สมชาย ใจดี"),
        ("นายสมชาย ใจดี", "สมชาย ใจดี"),
        ("เด็กหญิงมะลิ", "มะลิ"),
        ("ด.ช. ดำ", "ดำ"),
        ("น้่่ำ", "น้่ำ"),
        ("เเก้ว", "แก้ว"),
        ("SOMCHAI", "Somchai"),
        ("Mr. John Smith", "John Smith"),
        ("ว่าที่ ร.ต. ดำ", "ดำ"),
        ("\ufeffดำ\u200b", "ดำ"),
        ("-", ""),
    ],
)
def test_spellings_of_one_name_are_the_same(one: str, other: str) -> None:
    assert fold_name(one) == fold_name(other)


@pytest.mark.parametrize("name", ["นายาว", "พระแก้ว", "นางาม", "นาง", "นาย", "นายก"])
def test_a_name_that_begins_like_a_title_stays_whole(name: str) -> None:
    assert fold_name(name) == name
    assert fold_name(f"นาย {name}") == name


# What is left behind


@pytest.mark.sqlite_files
def test_traits_cannot_be_read_from_the_vault(home: DataHome) -> None:
    admit(home, row(guardian="ฑฒณทดสอบ", national=NID))
    held = (home.settings.home / "people.db").read_bytes()
    assert not any(word in held for word in ("ฑฒณทดสอบ".encode(), b"2009-04-13", NID.encode()))


def test_pairs_and_traits_of_an_import_that_never_came_are_swept(home: DataHome) -> None:
    admit(home, row(g_code=G))
    admit(home, row(last="เขาเขียว", national=NID))
    later = datetime.now(UTC) + timedelta(days=2)
    swept = home.vault.sweep(
        ledger.tokens(home.database), placed=lambda code: ledger.student_ids(home.database, code), now=later
    )
    assert swept == 2
    assert queued(home) == []
    with home.vault_database.read() as session:
        assert session.scalars(select(PersonTrait)).all() == []
    [after] = admit(home, row(national=NID))
    assert (after.number, after.notes) == (0, ())
