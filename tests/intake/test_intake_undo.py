"""A batch withdrawn: every fact is what it would be without it, the log keeps both, and files can come in again."""

import pytest
from sqlalchemy import select

from records import ledger
from records.audit import AuditRow
from records.college import Institution
from records.errors import UserError
from records.intake.undo import UndoReport, undo_batch
from records.ledger import StudentRow
from records.log import EventLog
from records.tables import ATTENDANCE, ENROLMENTS, HOUSEHOLD, ROSTER_COUNTS, TABLES
from tests.intake.desk import CODE, Desk, DeskWith

HEAD = "รหัสนักศึกษา | วันที่สำรวจ | จำนวนสมาชิกในครัวเรือน"
DAYS = "รหัสนักศึกษา | กลุ่มเรียน | วันที่ | คาบ | สถานะ"
OTHER = "1320026102"


def household(members: int, day: str = "01/06/2568", code: int = 1001) -> str:
    return f"{HEAD}\n{code} | {day} | {members}"


def undo(desk: Desk, number: int) -> UndoReport:
    return undo_batch(desk.home, CODE, number, "test")


def members(desk: Desk, until: str = "") -> list[object]:
    return [row[0] for row in desk.known(HOUSEHOLD, "members", until=until)]


def groups(desk: Desk) -> dict[int, str]:
    with desk.home.database.read() as session:
        return {row.number: row.class_group for row in session.scalars(select(StudentRow))}


def told(desk: Desk, until_batch: int | None = None) -> dict[str, list[dict[str, object]]]:
    index = ledger.log_index(desk.home.database, CODE, until_batch)
    log = EventLog(folder=desk.home.logs, institution=CODE, index=index, key=desk.home.vault.key)
    return {table.name: log.rows(table).to_pylist() for table in TABLES}


@pytest.fixture
def ready(desk_with: DeskWith) -> Desk:
    return desk_with({1001: "ชย.1/1", 1002: "ชย.1/1"})


def test_a_fact_is_again_what_it_was_before_the_batch(ready: Desk) -> None:
    ready.bring(household(4), at="2025-06-01 08:00")
    wrong = ready.bring(household(6), at="2025-06-02 08:00")
    report = undo(ready, wrong.ledger_number)
    assert members(ready) == [4]
    assert (dict(report.withdrawn), dict(report.restored)) == ({"household": 0}, {"household": 1})
    assert members(ready, until="2025-06-03 00:00") == [6]  # on that day it was what we knew


def test_a_fact_that_only_the_batch_told_is_told_no_more(ready: Desk) -> None:
    wrong = ready.bring(household(4), at="2025-06-01 08:00")
    report = undo(ready, wrong.ledger_number)
    assert members(ready) == []
    assert (dict(report.withdrawn), dict(report.restored)) == ({"household": 1}, {"household": 0})


def test_what_a_later_batch_told_stays(ready: Desk) -> None:
    ready.bring(household(4), at="2025-06-01 08:00")
    wrong = ready.bring(household(6), at="2025-06-02 08:00")
    ready.bring(household(5), at="2025-06-03 08:00")
    report = undo(ready, wrong.ledger_number)
    assert members(ready) == [5]
    assert sum(report.restored.values()) + sum(report.withdrawn.values()) == 0


@pytest.mark.parametrize("first", [0, 1])
def test_two_batches_can_be_undone_in_any_order(ready: Desk, first: int) -> None:
    ready.bring(household(4), at="2025-06-01 08:00")
    wrong = [ready.bring(household(6 + n), at=f"2025-06-0{n + 2} 08:00").ledger_number for n in range(2)]
    undo(ready, wrong[first])
    assert members(ready) == [7 if first == 0 else 6]
    undo(ready, wrong[1 - first])
    assert members(ready) == [4]


def test_earlier_ledger_numbers_read_the_same_log_byte_for_byte(ready: Desk) -> None:
    wrong = ready.bring(household(4), at="2025-06-01 08:00")
    before = told(ready, wrong.ledger_number)
    index = ledger.log_index(ready.home.database, CODE)
    report = undo(ready, wrong.ledger_number)
    assert told(ready, wrong.ledger_number) == before
    assert ledger.log_index(ready.home.database, CODE).files[: len(index.files)] == index.files
    assert ledger.log_index(ready.home.database, CODE).epoch == index.epoch + 1
    assert report.ledger_number == wrong.ledger_number + 1


# Rosters


def test_an_undone_roster_leaves_its_count_and_its_class_groups(ready: Desk) -> None:
    wrong = ready.roster({1001: "ชย.1/9", 1003: "ชย.1/9"}, at="2025-05-08 08:00", confirm_shrink=True)
    assert groups(ready) == {0: "ชย.1/9", 1: "", 2: "ชย.1/9"}
    report = undo(ready, wrong.ledger_number)
    assert ready.known(ENROLMENTS, "student", "class_group") == [(0, "ชย.1/1"), (1, "ชย.1/1")]
    assert ready.known(ROSTER_COUNTS, "happened_on", "students") == [("2025-05-01", 2)]
    assert groups(ready) == {0: "ชย.1/1", 1: "ชย.1/1", 2: ""}
    assert (report.withdrawn["enrolments"], report.restored["enrolments"]) == (1, 2)


def test_the_only_roster_undone_leaves_nobody_in_a_class_group(desk: Desk) -> None:
    wrong = desk.roster({1001: "ชย.1/1"})
    undo(desk, wrong.ledger_number)
    assert desk.known(ENROLMENTS, "student") == []
    assert groups(desk) == {0: ""}


def test_operation_begins_anew_when_its_only_batch_was_undone(desk: Desk) -> None:
    wrong = desk.roster({1001: "ชย.1/1"})
    assert ledger.first_operational(desk.home.database, CODE) is not None
    undo(desk, wrong.ledger_number)
    assert ledger.first_operational(desk.home.database, CODE) is None


# History


def test_an_undone_history_never_was(desk: Desk) -> None:
    desk.roster({1001: "ชย.1/1", 1002: "ชย.1/1"}, history=True)
    right = f"{DAYS}\n1001 | ชย.1/1 | 19/05/2568 | ทั้งวัน | มา\n1001 | ชย.1/1 | 20/05/2568 | ทั้งวัน | มา"
    desk.bring(right, history=True)
    before = desk.known(ATTENDANCE, "student", "happened_on", "status", until="2025-06-01 00:00")
    wrong = desk.bring(
        f"{DAYS}\n1001 | ชย.1/1 | 20/05/2568 | ทั้งวัน | ขาด\n1002 | ชย.1/1 | 21/05/2568 | ทั้งวัน | ขาด", history=True
    )
    changed = desk.known(ATTENDANCE, "student", "happened_on", "status", until="2025-06-01 00:00")
    report = undo(desk, wrong.ledger_number)
    assert changed != before
    assert desk.known(ATTENDANCE, "student", "happened_on", "status", until="2025-06-01 00:00") == before
    assert desk.known(ATTENDANCE, "student", "happened_on", "status") == before
    assert ledger.first_operational(desk.home.database, CODE) is None
    assert (report.withdrawn["attendance"], report.restored["attendance"]) == (1, 1)


def test_reconstructed_rows_do_not_count_what_was_undone(desk: Desk) -> None:
    wrong = desk.roster({1001: "ชย.1/1"}, history=True)
    assert ledger.reconstructed_rows(desk.home.database, CODE) > 0
    undo(desk, wrong.ledger_number)
    assert ledger.reconstructed_rows(desk.home.database, CODE) == 0


# Files after an undo


def test_the_same_file_comes_in_again_after_an_undo(ready: Desk) -> None:
    path = ready.file(household(4))
    first = ready.bring(path, at="2025-06-01 08:00")
    assert ready.bring(path).accepted == 0
    undo(ready, first.ledger_number)
    assert ready.bring(path).accepted == 1
    assert members(ready) == [4]
    assert ready.bring(path).accepted == 0  # from now on it is known again


def test_a_later_file_that_told_the_same_comes_in_again_and_the_report_asks_for_it(ready: Desk) -> None:
    wrong = ready.bring(household(4) + "\n9999 | 01/06/2568 | 3", at="2025-06-01 08:00")
    path = ready.file(household(4) + "\n1002 | 01/06/2568 | 3", "later.csv")
    later = ready.bring(path, at="2025-06-02 08:00")
    assert later.known == 1
    report = undo(ready, wrong.ledger_number)
    assert report.notes[0].en.startswith(f"import the files received since then again (batches {later.ledger_number})")
    assert members(ready) == [3]
    assert ready.bring(path).accepted == 1
    assert members(ready) == [3, 4]


def test_an_undo_takes_the_rows_in_quarantine_with_it_and_is_audited(ready: Desk) -> None:
    wrong = ready.bring(household(4) + "\n9999 | 01/06/2568 | 3", at="2025-06-01 08:00")
    assert undo(ready, wrong.ledger_number).discarded == 1
    assert ready.home.quarantine.counts() == []
    with ready.home.database.read() as session:
        [row] = session.scalars(select(AuditRow).where(AuditRow.action == "undo batch"))
    assert row.detail == {"batch": wrong.ledger_number}


# Wrong use


def test_an_undo_that_cannot_be_says_why(ready: Desk) -> None:
    ledger.add_institution(ready.home.database, Institution(code=OTHER, name_th="อื่น", name_en="Other"))
    wrong = ready.bring(household(4), at="2025-06-01 08:00").ledger_number
    for code, number, sentence in (
        (CODE, 99, "There is no batch 99."),
        (OTHER, wrong, f"Batch {wrong} belongs to another institution than {OTHER}."),
    ):
        with pytest.raises(UserError) as refused:
            undo_batch(ready.home, code, number, "test")
        assert str(refused.value).startswith(sentence)
    undoing = undo(ready, wrong).ledger_number
    with pytest.raises(UserError, match=f"Batch {wrong} was undone already, by batch {undoing}"):
        undo(ready, wrong)
    with pytest.raises(UserError, match=f"Batch {undoing} is itself an undo, of batch {wrong}"):
        undo(ready, undoing)


def test_the_report_says_it_in_both_languages(ready: Desk) -> None:
    wrong = ready.bring(household(4), at="2025-06-01 08:00").ledger_number
    text = undo(ready, wrong).text()
    assert (
        text.splitlines()[0]
        == f"ถอนชุดที่ {wrong} แล้วด้วยชุดที่ {wrong + 1} · batch {wrong} was withdrawn by batch {wrong + 1}"
    )
    assert "1 withdrawn, 0 as before again" in text
