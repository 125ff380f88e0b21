"""The chain of the audit trail: what was altered, deleted or cut off is found; without the trail nothing is shown."""

import hashlib
import threading
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from records import audit, looks, staff
from records.access import named, principal_of, see_student
from records.audit import AuditCutRow, AuditRow, Circumstances, circumstances, record_look, verify
from records.errors import UserError
from records.home import DataHome
from records.ledger import add_institution
from records.lists import NewPublication, publish
from records.staff import AccountRow
from tests.records.small import CODE, institution, place, publication_of, see_list

pytestmark = pytest.mark.both_engines
DAY = date(2025, 6, 10)
STUDENT = UUID("8d3a2d8e-4c39-4b4c-9a3b-9c5b6a4f0e11")


def look(home: DataHome, count: int = 1, *, student: UUID | None = None) -> None:
    """Some looks, each in a transaction of its own."""
    for number in range(count):
        with home.database.write() as session:
            record_look(
                session, actor="ครู", action="see student", institution=CODE, student_id=student, detail={"n": number}
            )


def tamper(home: DataHome, *statements: str) -> None:
    """What somebody does who may write the database and has put the triggers aside."""
    with home.database.write() as session:
        if home.database.is_sqlite:
            session.execute(text("DROP TRIGGER IF EXISTS audit_refuses_update"))
            session.execute(text("DROP TRIGGER IF EXISTS audit_refuses_delete"))
        else:
            session.execute(text("ALTER TABLE audit DISABLE TRIGGER USER"))
        for statement in statements:
            session.execute(text(statement))


def rows_of(home: DataHome) -> list[AuditRow]:
    with home.database.read() as session:
        return list(session.scalars(select(AuditRow).order_by(AuditRow.id)))


def found_in(home: DataHome, **asked: str) -> list[tuple[int, str, bool]]:
    return [(one.row, one.text.en, one.certain) for one in verify(home.database, **asked).findings]


# The chain as it is written


def test_a_row_is_hashed_as_its_documentation_says() -> None:
    at = datetime(2026, 11, 16, 1, 2, 3, 4, tzinfo=UTC)
    found = audit.row_hash(
        b"before", 7, at, "kru.a", "see student", CODE, STUDENT, {"rows": 2, "ก": "ข"}, "00ff", "10.0.0.1"
    )
    written = (
        b'[7,"2026-11-16T01:02:03.000004+00:00","kru.a","see student","1320026101",'
        b'"8d3a2d8e-4c39-4b4c-9a3b-9c5b6a4f0e11",{"rows":2,"\\u0e01":"\\u0e02"},"00ff","10.0.0.1"]'
    )
    assert found == hashlib.sha256(b"before" + written).digest()


def test_each_row_follows_the_one_before(home: DataHome) -> None:
    look(home, 2)
    with home.database.write() as session:
        for action in ("a", "b", "c"):
            record_look(session, actor="x", action=action, institution=CODE)
    rows = rows_of(home)
    assert [row.id for row in rows] == [1, 2, 3, 4, 5]
    assert rows[0].previous == b""
    assert [row.previous for row in rows[1:]] == [row.hash for row in rows[:-1]]
    verdict = verify(home.database)
    assert (verdict.sound, verdict.rows, verdict.unchained, verdict.findings) == (True, 5, 0, ())


def test_the_head_names_the_newest_row(home: DataHome) -> None:
    with home.database.read() as session:
        assert audit.head(session) == "0-0000000000000000"
    look(home, 3)
    with home.database.read() as session:
        head = audit.head(session)
    assert head == f"3-{rows_of(home)[-1].hash.hex()[:16]}"
    assert verify(home.database).head == head


def test_a_request_is_written_down_with_where_it_came_from(home: DataHome) -> None:
    token = circumstances.set(Circumstances(request_id="00ff", address="10.0.0.1"))
    look(home)
    circumstances.reset(token)
    look(home)
    assert [(row.request_id, row.address) for row in rows_of(home)] == [("00ff", "10.0.0.1"), ("", "")]
    assert verify(home.database).sound


def test_what_is_cancelled_leaves_no_row_and_no_break(home: DataHome) -> None:
    look(home)
    with home.database.write() as session:
        record_look(session, actor="x", action="a", institution=CODE)
        session.rollback()
    look(home)
    verdict = verify(home.database)
    assert (verdict.sound, verdict.rows) == (True, 2)


def test_many_at_once_make_one_chain(home: DataHome) -> None:
    threads = [threading.Thread(target=look, args=(home, 10)) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    verdict = verify(home.database)
    assert (verdict.sound, verdict.rows, verdict.findings) == (True, 60, ())


# What is found


@pytest.mark.parametrize(
    "change",
    [
        "actor = 'somebody else'", "action = 'see list'", "institution = 'x'", "student_id = NULL", "detail = '{\"n\": 8}'",
        "at = '2020-01-01 00:00:00+00:00'", "request_id = 'x'", "address = 'x'",
    ],
)  # fmt: skip
def test_an_altered_row_is_found(home: DataHome, change: str) -> None:
    look(home, 5, student=STUDENT)
    at = change.replace("+00:00", ".000000") if home.database.is_sqlite else change
    tamper(home, f"UPDATE audit SET {at} WHERE id = 3")  # noqa: S608
    assert found_in(home) == [(3, "row 3 was altered", True)]


@pytest.mark.parametrize("emptied", ["[]", "null", '""', "0", "false"])
def test_an_empty_detail_is_told_from_what_is_empty_otherwise(home: DataHome, emptied: str) -> None:
    look(home, 3)
    tamper(home, f"UPDATE audit SET detail = '{emptied}' WHERE id = 2")  # noqa: S608
    assert found_in(home) == [(2, "row 2 was altered", True)]


def test_an_altered_row_with_a_new_hash_is_found_in_the_next_one(home: DataHome) -> None:
    look(home, 4)
    row = rows_of(home)[1]
    said = [row.id, row.at, "nobody", row.action, row.institution, row.student_id, row.detail, "", ""]
    forged = audit.row_hash(row.previous, *said).hex()  # type: ignore[arg-type]
    written = f"x'{forged}'" if home.database.is_sqlite else f"'\\x{forged}'"
    tamper(home, f"UPDATE audit SET actor = 'nobody', hash = {written} WHERE id = 2")  # noqa: S608
    assert found_in(home) == [(3, "row 3 does not follow the row before it", True)]


def test_rows_that_were_deleted_in_the_middle_are_found(home: DataHome) -> None:
    look(home, 6)
    tamper(home, "DELETE FROM audit WHERE id IN (3, 4)")
    assert found_in(home) == [(3, "rows 3 to 4 are missing", True)]
    assert not verify(home.database).sound


def test_rows_that_were_deleted_at_the_beginning_are_found(home: DataHome) -> None:
    look(home, 4)
    tamper(home, "DELETE FROM audit WHERE id < 3")
    assert found_in(home) == [(1, "rows 1 to 2 are missing", True)]


def test_a_cut_tail_is_found_by_the_ids_that_were_given_out(home: DataHome) -> None:
    look(home, 6)
    tamper(home, "DELETE FROM audit WHERE id > 4")
    [(row, said, certain)] = found_in(home)
    assert row == 5
    if home.database.is_sqlite:
        assert (said, certain) == ("rows 5 to 6 are missing", True)
        look(home, 3)  # and stays found when the trail goes on
        assert found_in(home) == [(5, "rows 5 to 6 are missing", True)]
    else:
        assert not certain


def test_a_printed_head_finds_a_cut_tail_and_a_chain_made_anew(home: DataHome) -> None:
    look(home, 6)
    with home.database.read() as session:
        head = audit.head(session)
    look(home, 2)
    assert found_in(home, printed=head) == []
    tamper(home, "DELETE FROM audit WHERE id > 5")
    assert (6, f"the printed head {head} is not in the chain: rows were altered or cut off", True) in found_in(
        home, printed=head
    )


def test_a_head_that_is_none_is_refused(home: DataHome) -> None:
    with pytest.raises(UserError, match="is no head of the audit trail"):
        verify(home.database, printed="12345")


def test_the_trail_goes_on_after_its_oldest_rows_were_deleted(home: DataHome) -> None:
    look(home, 6)
    with home.database.read() as session:
        head = audit.head(session)
    rows = rows_of(home)
    with home.database.write() as session:
        session.add(AuditCutRow(through=4, hash=rows[3].hash, at=datetime.now(UTC), actor="prune"))
    with home.database.write() as session:
        session.execute(text("DELETE FROM audit WHERE id <= 4"))
    look(home)
    verdict = verify(home.database, printed=head)
    assert (verdict.sound, verdict.rows, verdict.findings) == (True, 3, ())
    [(row, said, certain)] = found_in(home, printed=f"2-{rows[1].hash.hex()[:16]}")
    assert (row, certain) == (2, False)
    assert "cannot be compared" in said
    tamper(home, "DELETE FROM audit WHERE id = 5")
    assert found_in(home) == [(5, "rows 5 to 5 are missing", True)]


def test_when_all_was_deleted_in_time_the_next_row_follows_the_cut(home: DataHome) -> None:
    look(home, 2)
    last = rows_of(home)[-1].hash
    with home.database.write() as session:
        session.add(AuditCutRow(through=2, hash=last, at=datetime.now(UTC), actor="prune"))
    with home.database.write() as session:
        session.execute(text("DELETE FROM audit"))
    look(home)
    [row] = rows_of(home)
    assert (row.id, row.previous) == (3, last)
    assert verify(home.database).sound


def test_rows_from_before_the_chain_are_counted_and_no_later_row_may_be_one(home: DataHome) -> None:
    look(home, 2)
    none = "x''" if home.database.is_sqlite else "'\\x'"
    tamper(home, f"UPDATE audit SET hash = {none}, previous = {none}")  # noqa: S608
    look(home, 2)
    verdict = verify(home.database)
    assert (verdict.sound, verdict.unchained, verdict.rows) == (True, 2, 4)
    tamper(home, f"UPDATE audit SET hash = {none}, previous = {none} WHERE id = 4")  # noqa: S608
    assert not verify(home.database).sound


def test_only_so_many_findings_are_told(home: DataHome) -> None:
    look(home, 60)
    tamper(home, "UPDATE audit SET actor = 'x'")
    verdict = verify(home.database)
    assert (len(verdict.findings), verdict.more) == (50, 10)


# Nothing leaves without it


def refuse_new_rows(home: DataHome) -> None:
    with home.database.write() as session:
        if home.database.is_sqlite:
            session.execute(text("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END"))
        else:
            session.execute(text("ALTER TABLE audit ADD CONSTRAINT full_ CHECK (id < 0) NOT VALID"))


def test_when_the_trail_cannot_be_written_nothing_is_shown(home: DataHome) -> None:
    ids = place(home, {0: "ก", 1: "ข"})
    publish(home.database, publication_of(ids))
    with home.database.write() as session:
        account = AccountRow(login="head", name="ครู", role="director", institution=CODE)
        session.add(account)
        session.flush()
        who = principal_of(account)
    refuse_new_rows(home)
    for ask in (
        lambda: see_list(home, who, DAY),
        lambda: see_student(home, who, ids[0], DAY),
        lambda: named(home, who, list(ids.values()), DAY),
        lambda: looks.looks(home, who, DAY, limit=5),
    ):
        with pytest.raises((DatabaseError, UserError)):
            ask()
    assert rows_of(home) == []


# Who saw a student


def test_who_saw_a_student_names_pages_and_lists_that_showed_them(home: DataHome) -> None:
    ids = place(home, {0: "ชย.1/1", 1: "ชย.1/2"})
    publish(home.database, _with_groups(ids))
    who = {}
    with home.database.write() as session:
        for login, role, group in (("a", "advisor", "ชย.1/1"), ("b", "advisor", "ชย.1/2"), ("d", "director", "")):
            account = AccountRow(login=login, name=f"ครู {login}", role=role, institution=CODE)
            session.add(account)
            session.flush()
            who[login] = principal_of(account)
            if group:
                staff.assign_group(session, account=account, class_group=group, valid_from=date(2025, 1, 1))
    for login in ("a", "b", "d"):
        see_list(home, who[login], DAY)
    see_student(home, who["a"], ids[0], DAY)
    see_student(home, who["b"], ids[0], DAY)
    found = looks.student_looks(home, str(ids[0]), actor="command line: x")
    told = [(one.actor, one.action) for one in found]
    assert told == [("a", "see list"), ("d", "see list"), ("a", "see student"), ("b", "refused student")]
    assert [one.name for one in found] == ["ครู a", "ครู d", "ครู a", "ครู b"]
    asked = rows_of(home)[-1]
    assert (asked.actor, asked.action, asked.student_id) == ("command line: x", "see looks", ids[0])


def _with_groups(ids: dict[int, UUID]) -> NewPublication:
    made = publication_of(ids)
    groups = {ids[0]: "ชย.1/1", ids[1]: "ชย.1/2"}
    return replace(made, entries=[replace(one, class_group=groups[one.student_id]) for one in made.entries])


def test_who_saw_nobody_is_refused_or_empty(home: DataHome) -> None:
    assert looks.student_looks(home, str(uuid4()), actor="x") == []
    with pytest.raises(UserError, match="no student's UUID"):
        looks.student_looks(home, "สมชาย", actor="x")
    assert "สมชาย" not in str([row.detail for row in rows_of(home)])


def test_an_institution_more_changes_no_chain(home: DataHome) -> None:
    look(home)
    add_institution(home.database, institution("1320026103"))
    assert verify(home.database).sound
