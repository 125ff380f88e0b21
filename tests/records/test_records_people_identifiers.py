"""Identifiers over time: who holds a number now, who held it before, and a student code that is given anew."""

from datetime import date
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from records.home import DataHome
from records.people import FullName, Identity, IdKind, Known
from records.person_tables import Identifier, StudentNumber
from tests.records.small import CODE, OTHER_CODE

pytestmark = pytest.mark.both_engines

NID, OTHER_NID = "1819900000014", "1819900000022"
G = "G000000000001"
MAY, JUNE, JULY = date(2025, 5, 20), date(2025, 6, 20), date(2025, 7, 20)
Held = tuple[UUID, date, date, bool]


def row(name: str = "", **numbers: str) -> Identity:
    full = FullName(title="", first_name=name, last_name="สมมติ") if name else None
    return Identity(identifiers={IdKind(kind): value for kind, value in numbers.items()}, name=full)


def admit(home: DataHome, *rows: Identity, on: date = MAY, code: str = CODE) -> list[Known]:
    return home.vault.admit(code, rows, batch_token=uuid4(), seen_on=on)


def history(home: DataHome, kind: IdKind) -> list[Held]:
    with home.vault_database.read() as session:
        rows = session.scalars(select(Identifier).where(Identifier.kind == kind.value).order_by(Identifier.first_seen))
        return [(one.student_id, one.first_seen, one.last_seen, one.is_current) for one in rows]


def test_a_number_is_known_from_the_first_to_the_last_day_it_was_seen(home: DataHome) -> None:
    for day in (JUNE, MAY, JULY, JUNE):
        [one] = admit(home, row(national=NID), on=day)
    assert history(home, IdKind.NATIONAL) == [(one.student_id, MAY, JULY, True)]


@pytest.mark.parametrize("kind", list(IdKind))
def test_every_kind_of_number_finds_its_holder(home: DataHome, kind: IdKind) -> None:
    [one] = admit(home, row(**{kind.value: "AB123"}))
    assert home.vault.find(CODE, [row(**{kind.value: "AB123"})]) == [one]
    others = [row(**{other.value: "AB123"}) for other in IdKind if other is not kind]
    assert home.vault.find(CODE, others) == [None] * 4


@pytest.mark.parametrize("kind", [IdKind.NATIONAL, IdKind.G_CODE, IdKind.PASSPORT, IdKind.PERSON])
def test_only_the_student_code_ends_at_the_institution(home: DataHome, kind: IdKind) -> None:
    [here] = admit(home, row(**{kind.value: "AB123"}))
    [there] = admit(home, row(**{kind.value: "AB123"}), code=OTHER_CODE)
    assert there.student_id == here.student_id


def test_numbers_of_the_country_are_sealed_and_student_codes_are_not_kept(home: DataHome) -> None:
    admit(home, row(national=NID, g_code=G, passport="AA0000001", code="1001", person="77"))
    with home.vault_database.read() as session:
        sealed = {IdKind(one.kind): one.sealed for one in session.scalars(select(Identifier))}
    opened = {kind: home.vault.key.unseal(held).decode() for kind, held in sealed.items() if held}
    assert opened == {IdKind.NATIONAL: NID, IdKind.G_CODE: G, IdKind.PASSPORT: "AA0000001"}


def test_a_student_who_gets_a_new_code_is_found_by_both(home: DataHome) -> None:
    [one] = admit(home, row(national=NID, code="1001"))
    [again] = admit(home, row(national=NID, code="2002"), on=JUNE)
    assert again == one
    assert home.vault.find(CODE, [row(code="1001"), row(code="2002")]) == [one, one]


def test_a_code_given_anew_is_the_new_students_from_then_on(home: DataHome) -> None:
    [left] = admit(home, row(national=NID, code="1001"))
    [came] = admit(home, row(national=OTHER_NID, code="1001"), on=JUNE)
    assert came.student_id != left.student_id
    assert home.vault.find(CODE, [row(code="1001"), row(national=NID)]) == [came, left]
    assert history(home, IdKind.CODE) == [(left.student_id, MAY, MAY, False), (came.student_id, JUNE, JUNE, True)]


def test_an_older_file_does_not_take_a_code_back(home: DataHome) -> None:
    [came] = admit(home, row(national=OTHER_NID, code="1001"), on=JUNE)
    [left] = admit(home, row(national=NID, code="1001"), on=MAY)
    assert home.vault.find(CODE, [row(code="1001")]) == [came]
    assert history(home, IdKind.CODE) == [(left.student_id, MAY, MAY, False), (came.student_id, JUNE, JUNE, True)]


def test_a_code_may_come_back_to_who_had_it(home: DataHome) -> None:
    [one] = admit(home, row(national=NID, code="1001"), on=MAY)
    admit(home, row(national=OTHER_NID, code="1001"), on=JUNE)
    admit(home, row(national=NID, code="1001"), on=JULY)
    assert home.vault.find(CODE, [row(code="1001")]) == [one]
    assert [(first, last, current) for _, first, last, current in history(home, IdKind.CODE)] == [
        (MAY, JULY, True), (JUNE, JUNE, False)
    ]  # fmt: skip


def test_a_code_of_a_g_code_child_given_to_another_name_is_given_anew(home: DataHome) -> None:
    [left] = admit(home, row("ดำ", g_code=G, code="1001"))
    [came] = admit(home, row("ขาว", national=NID, code="1001"), on=JUNE)
    assert (came.student_id != left.student_id, came.notes) == (True, ())
    assert home.vault.find(CODE, [row(code="1001"), row(g_code=G)]) == [came, left]


def test_a_student_known_by_code_alone_gets_a_national_number(home: DataHome) -> None:
    [before] = admit(home, row(code="1001"))
    [after] = admit(home, row(national=NID, code="1001"))
    assert (after, after.notes) == (before, ())


def test_what_an_admission_says_is_what_is_found_after(home: DataHome) -> None:
    told = [row(national=NID, code="1001"), row(code="1001"), row(code="1002", g_code=G), row(g_code=G)]
    known = admit(home, *told)
    assert home.vault.find(CODE, told) == known
    assert known[0] == known[1]
    assert known[2] == known[3]


numbers = st.fixed_dictionaries(
    {}, optional={"national": st.sampled_from("123"), "g_code": st.sampled_from("12"), "code": st.sampled_from("123")}
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.lists(
        st.tuples(st.lists(numbers.filter(bool), max_size=4), st.sampled_from([MAY, JUNE, JULY])), max_size=4
    )
)
def test_an_identifier_has_one_holder_and_a_person_one_national_number(
    home: DataHome, files: list[tuple[list[dict[str, str]], date]]
) -> None:
    with home.vault_database.write() as session:
        session.execute(delete(Identifier))
        session.execute(delete(StudentNumber))
    for rows, day in files:
        admit(home, *(row(**one) for one in rows), on=day)
    with home.vault_database.read() as session:
        held = session.scalars(select(Identifier)).all()
        given_numbers = [one.number for one in session.scalars(select(StudentNumber).order_by(StudentNumber.number))]
    current = [one.fingerprint for one in held if one.is_current]
    assert sorted(current) == sorted({one.fingerprint for one in held})
    registered = [one.student_id for one in held if one.kind == IdKind.NATIONAL.value]
    assert len(registered) == len(set(registered))
    assert given_numbers == list(range(len(given_numbers)))
    assert all(one.first_seen <= one.last_seen for one in held)
