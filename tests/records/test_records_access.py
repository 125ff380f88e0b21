"""The one door: who may see whom on a day, against a naive rule, and that every look is written down first."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from records import access, staff
from records.access import Principal, require_students, see_student, visible_students
from records.audit import AuditRow
from records.errors import ConfigurationGap, NotAllowed
from records.home import DataHome, create_home
from records.ledger import add_institution
from records.lists import publish
from records.people import FullName, Identity, IdKind
from records.roles import ROLE_OF, ROLES, Permission, Role
from records.settings import Settings
from records.staff import AccountRow, CaseloadRow
from records.text import Text
from tests.records.small import CODE, OTHER_CODE, batch_of, commit, institution, place, publication_of, see_list

pytestmark = pytest.mark.both_engines

GROUPS = {0: "ชย.1/1", 1: "ชย.1/1", 2: "ชย.1/2", 3: "บช.1/1", 4: ""}
DAY = date(2025, 6, 10)


def principal(home: DataHome, role: str, *, login: str = "", code: str = CODE) -> Principal:
    with home.database.write() as session:
        account = AccountRow(login=login or role, name="ครู", role=role, institution=code)
        session.add(account)
        session.flush()
        return access.principal_of(account)


def numbers(home: DataHome, who: Principal, on: date, ids: dict[int, UUID]) -> set[int]:
    with home.database.read() as session:
        seen = set(session.scalars(visible_students(who, on)))
    return {number for number, student_id in ids.items() if student_id in seen}


def looks(home: DataHome) -> list[tuple[str, str, UUID | None]]:
    with home.database.read() as session:
        rows = session.scalars(select(AuditRow).order_by(AuditRow.id))
        return [(row.actor, row.action, row.student_id) for row in rows]


def give(home: DataHome, who: Principal, group: str, day: date, *, as_head: bool = False) -> None:
    with home.database.write() as session:
        account = session.get(AccountRow, who.account_id)
        assert account is not None
        assign = staff.assign_department if as_head else staff.assign_group
        assign(session, account=account, class_group=group, valid_from=day)


def key(institutions: list[str], *permissions: Permission) -> Principal:
    """What a machine's key stands for: no account, perhaps several institutions."""
    return Principal(
        account_id=None, login="key:1", name="machine", institution=institutions[0],
        role=Role(name="machine", label=Text(th="เครื่อง", en="machine"), permissions=frozenset(permissions)),
        institutions=frozenset(institutions), permissions=frozenset(permissions),
    )  # fmt: skip


EVERYBODY = {0, 1, 2, 3, 4}
SEEN = {
    "advisor": {0, 1},  # of the group that the account advises
    "department_head": {0, 1, 2},  # and of the group that it heads
    "committee": EVERYBODY,
    "counsellor": EVERYBODY,
    "scholarship": EVERYBODY,
    "director": EVERYBODY,
    "province": set(),
    "analyst": set(),
    "data_steward": set(),
    "admin": set(),
}


@pytest.mark.parametrize("role", [role.name for role in ROLES])
def test_what_a_role_sees_of_its_institution(home: DataHome, role: str) -> None:
    ids, elsewhere = place(home, GROUPS), place(home, {0: "ชย.1/1"}, code=OTHER_CODE)
    who = principal(home, role)
    give(home, who, "ชย.1/1", DAY)
    give(home, who, "ชย.1/2", DAY, as_head=True)
    assert numbers(home, who, DAY, ids) == SEEN[role]
    assert numbers(home, who, DAY, elsewhere) == set()


# Random people, class groups, days and duties against the rule said naively

_CODES = (CODE, OTHER_CODE)
caseloads = st.lists(
    st.tuples(
        st.sampled_from(["own", "other"]), st.sampled_from(sorted(set(GROUPS.values()))), st.integers(0, 20),
        st.one_of(st.none(), st.integers(0, 20)), st.sampled_from([CODE, CODE, OTHER_CODE]),
        st.sampled_from([staff.ADVISOR, staff.ADVISOR, staff.DEPARTMENT_HEAD]),
    ),
    max_size=8,
)  # fmt: skip
Held = list[tuple[str, str, int, int | None, str, str]]
Shared = tuple[DataHome, Principal, Principal, dict[str, dict[int, UUID]]]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """One home for all examples: a member of staff, a colleague, and five students in each of two institutions."""
    folder: Path = tmp_path_factory.mktemp("access")
    home = create_home(Settings(home=folder / "home"))
    for code in _CODES:
        add_institution(home.database, institution(code))
    own, other = principal(home, "advisor"), principal(home, "advisor", login="colleague")
    yield home, own, other, {code: place(home, GROUPS, code=code) for code in _CODES}
    home.close()


def naively(who: Principal, held: Held, day: int) -> set[tuple[str, int]]:
    """(institution, student) that an account or key may see, one student after the other."""
    seen = set()
    for code in _CODES:
        for number, group in GROUPS.items():
            if code not in who.institutions:
                continue
            if Permission.SEE_ALL_STUDENTS in who.permissions:
                seen.add((code, number))
            if Permission.SEE_OWN_STUDENTS not in who.permissions or who.account_id is None:
                continue
            for whose, held_group, start, end, held_code, duty in held:
                of_that_day = start <= day and (end is None or day < end)
                counts = duty == staff.ADVISOR or who.role.name == "department_head"
                if whose == "own" and (held_code, held_group) == (code, group) and of_that_day and counts:
                    seen.add((code, number))
    return seen


def enter(home: DataHome, own: Principal, other: Principal, held: Held, first: date) -> None:
    with home.database.write() as session:
        session.execute(delete(CaseloadRow))
        for whose, group, start, end, code, duty in held:
            session.add(
                CaseloadRow(
                    account_id=(own if whose == "own" else other).account_id, institution=code, class_group=group, duty=duty,
                    valid_from=first + timedelta(days=start), valid_to=None if end is None else first + timedelta(days=end),
                )
            )  # fmt: skip


@given(caseloads, st.integers(-1, 21), st.sampled_from(ROLES), st.sampled_from([(CODE,), (OTHER_CODE,), _CODES]))
@settings(max_examples=150, deadline=None)
def test_nobody_sees_more_or_less_than_the_rule(
    shared: Shared, held: Held, day: int, role: Role, codes: tuple[str, ...]
) -> None:
    home, own, other, ids = shared
    first = date(2025, 6, 1)
    enter(home, own, other, held, first)
    account = replace(own, role=role, permissions=role.permissions, institution=codes[0], institutions=frozenset(codes))
    machine = replace(account, account_id=None)
    for who in (account, machine):
        expected = naively(who, held, day)
        for code in _CODES:
            seen = {(code, number) for number in numbers(home, who, first + timedelta(days=day), ids[code])}
            assert seen == {one for one in expected if one[0] == code}


def test_a_head_is_no_advisor_and_takes_no_group_from_one(home: DataHome) -> None:
    place(home, GROUPS)
    advisor, head, next_head = (
        principal(home, role, login=login)
        for role, login in (("advisor", "a"), ("department_head", "h"), ("department_head", "i"))
    )
    give(home, advisor, "ชย.1/1", DAY)
    give(home, head, "ชย.1/1", DAY, as_head=True)
    give(home, next_head, "ชย.1/1", DAY + timedelta(days=7), as_head=True)
    with home.database.read() as session:
        for day in (DAY, DAY + timedelta(days=30)):
            assert staff.advisors_by_group(session, CODE, day) == {"ชย.1/1": advisor.account_id}
        assert staff.assigned_groups(session, CODE) == {"ชย.1/1"}
        assert staff.assigned_groups(session, CODE, staff.DEPARTMENT_HEAD) == {"ชย.1/1"}
        assert session.scalars(visible_students(head, DAY + timedelta(days=6))).all()
        assert not session.scalars(visible_students(head, DAY + timedelta(days=7))).all()


def test_a_key_of_two_institutions_finds_a_student_of_either(home: DataHome) -> None:
    here, there = place(home, GROUPS), place(home, {0: "ก"}, code=OTHER_CODE)
    publish(home.database, publication_of(here))
    publish(home.database, publication_of(there, code=OTHER_CODE))
    machine = key([CODE, OTHER_CODE], Permission.SEE_ALL_STUDENTS)
    found = see_student(home, machine, there[0], DAY)
    assert found is not None
    assert found[0].institution == OTHER_CODE
    assert see_student(home, key([CODE], Permission.SEE_ALL_STUDENTS), there[0], DAY) is None
    with home.database.read() as session:
        places = [row.institution for row in session.scalars(select(AuditRow).order_by(AuditRow.id))]
    assert places == [OTHER_CODE, CODE]


def test_a_group_that_is_given_away_is_seen_until_that_day(home: DataHome) -> None:
    ids = place(home, GROUPS)
    before, after = principal(home, "advisor", login="a"), principal(home, "advisor", login="b")
    with home.database.write() as session:
        for who, day in ((before, DAY), (after, DAY + timedelta(days=7))):
            account = session.get(AccountRow, who.account_id)
            assert account is not None
            staff.assign_group(session, account=account, class_group="ชย.1/2", valid_from=day)
    for day in (DAY, DAY + timedelta(days=6)):
        assert (numbers(home, before, day, ids), numbers(home, after, day, ids)) == ({2}, set())
    assert numbers(home, before, DAY + timedelta(days=7), ids) == set()
    assert numbers(home, after, DAY + timedelta(days=7), ids) == {2}
    with home.database.read() as session:
        assert staff.advisors_by_group(session, CODE, DAY) == {"ชย.1/2": before.account_id}


# Looks


def test_a_look_at_the_list_is_recorded_with_the_rows_that_were_shown(home: DataHome) -> None:
    ids = place(home, GROUPS)
    publish(home.database, publication_of(ids))
    who = principal(home, "advisor")
    with home.database.write() as session:
        account = session.get(AccountRow, who.account_id)
        assert account is not None
        staff.assign_group(session, account=account, class_group="ชย.1/1", valid_from=DAY)
    found = see_list(home, who, DAY)
    assert found is not None
    assert [entry.number for entry in found[1]] == [0, 1]
    assert looks(home) == [("advisor", "see list", None)]
    with home.database.read() as session:
        assert [row.detail["rows"] for row in session.scalars(select(AuditRow))] == [2]


def test_a_refused_look_is_recorded_and_tells_nothing(home: DataHome) -> None:
    ids = place(home, GROUPS)
    publish(home.database, publication_of(ids))
    who = principal(home, "advisor")
    assert see_student(home, who, ids[0], DAY) is None
    assert see_student(home, who, uuid4(), DAY) is None
    assert [action for _, action, _ in looks(home)] == ["refused student", "refused student"]
    assert looks(home)[0] == ("advisor", "refused student", ids[0])


def test_a_look_at_a_student_is_recorded(home: DataHome) -> None:
    ids = place(home, GROUPS)
    publish(home.database, publication_of(ids))
    found = see_student(home, principal(home, "director"), ids[3], DAY)
    assert found is not None
    assert found[1].number == 3
    assert looks(home) == [("director", "see student", ids[3])]


@pytest.mark.parametrize("role", ["analyst", "admin", "province", "data_steward"])
def test_roles_without_students_are_refused_by_sentence(home: DataHome, role: str) -> None:
    ids = place(home, GROUPS)
    who = principal(home, role)
    assert see_list(home, who, DAY) is None
    with pytest.raises(NotAllowed) as refused:
        require_students(home, who, "refused list")
    assert str(refused.value) == (
        f"The role '{role}' sees no students. · บทบาท '{ROLE_OF[role].label.th}' ดูข้อมูลนักเรียนไม่ได้"
    )
    assert refused.value.exit_code == 7
    assert see_student(home, who, ids[0], DAY) is None
    assert [action for _, action, _ in looks(home)] == ["refused list", "refused student"]


def test_names_are_given_for_those_one_may_see_and_no_others(home: DataHome) -> None:
    batch = batch_of()
    asked = [
        Identity(identifiers={IdKind.CODE: f"100{n}"}, name=FullName(title="", first_name=f"คน{n}", last_name="ส"))
        for n in range(2)
    ]
    here = home.vault.admit(CODE, asked, batch_token=batch.token)
    there = home.vault.admit(OTHER_CODE, asked, batch_token=batch.token)
    from records.ledger import Placement

    for code, known in ((CODE, here), (OTHER_CODE, there)):
        placed = [Placement(number=one.number, student_id=one.student_id, class_group="ก") for one in known]
        commit(home, batch_of(code=code, placements=placed))
    wanted = [one.student_id for one in (*here, *there)]
    found = access.named(home, principal(home, "director"), wanted, DAY)
    assert {student_id: name.first_name for student_id, name in found.items()} == {
        here[0].student_id: "คน0", here[1].student_id: "คน1"
    }  # fmt: skip
    assert access.named(home, principal(home, "analyst"), wanted, DAY) == {}
    assert looks(home) == [("director", "see names", None), ("analyst", "see names", None)]


def test_the_log_is_opened_for_a_purpose_that_is_written_down(home: DataHome) -> None:
    access.open_log(home, CODE, actor="notebook", purpose="look at attendance")
    with home.database.read() as session:
        [row] = session.scalars(select(AuditRow))
    assert (row.actor, row.action, row.detail) == ("notebook", "open log", {"purpose": "look at attendance"})
    with pytest.raises(ConfigurationGap, match="There is no institution '77'"):
        access.open_log(home, "77", actor="notebook", purpose="x")
    assert len(looks(home)) == 1


def test_who_has_which_permission_about_students() -> None:
    def holders(permission: Permission) -> list[str]:
        return [role.name for role in ROLES if permission in role.permissions]

    assert holders(Permission.SEE_HOUSEHOLD) == ["committee", "counsellor", "scholarship"]
    assert holders(Permission.SEE_SENSITIVE_SCREENING) == ["counsellor"]
    assert holders(Permission.MANAGE_ACCOUNTS) == ["admin"]
    for name in ("analyst", "admin", "province", "data_steward"):
        assert not ROLE_OF[name].permissions & {Permission.SEE_ALL_STUDENTS, Permission.SEE_OWN_STUDENTS}
