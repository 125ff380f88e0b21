"""Rosters: who is on them, who no longer is, what a second source leaves alone, and rosters that cannot be whole."""

import pytest

from records.errors import ImportRefused
from records.ledger import StudentRow
from records.tables import ENROLMENTS, ROSTER_COUNTS, STUDENTS
from tests.intake.desk import CODE, Desk

TEN = {1001 + n: "ชย.1/1" for n in range(10)}
HEAD = "รหัสนักศึกษา | ชื่อ | นามสกุล | ปีการศึกษา | ภาคเรียน | ระดับชั้น | กลุ่มเรียน | วันที่ข้อมูล"


def enrolled(desk: Desk) -> list[tuple[object, ...]]:
    return desk.known(ENROLMENTS, "student", "term", "class_group")


def groups(desk: Desk) -> dict[int, str]:
    with desk.home.database.read() as session:
        rows = session.query(StudentRow).where(StudentRow.institution == CODE)
        return {row.number: row.class_group for row in rows}


def test_a_roster_makes_students_enrolments_and_a_count(desk: Desk) -> None:
    report = desk.roster({1001: "ชย.1/1", 1002: "ชย.1/2"}, at="2025-05-20 16:00")
    assert (report.source, report.rows, report.accepted) == ("roster", 2, 2)
    assert desk.read(ENROLMENTS, "student", "academic_year", "term", "level", "class_group", "status") == [
        (0, 2025, 1, "V1", "ชย.1/1", "ENROLLED"), (1, 2025, 1, "V1", "ชย.1/2", "ENROLLED")
    ]  # fmt: skip
    assert desk.read(ROSTER_COUNTS, "academic_year", "term", "happened_on", "students") == [(2025, 1, "2025-05-20", 2)]
    assert groups(desk) == {0: "ชย.1/1", 1: "ชย.1/2"}


def test_a_changed_class_group_is_a_new_version(desk: Desk) -> None:
    desk.roster({1001: "ชย.1/1", 1002: "ชย.1/1"})
    report = desk.roster({1001: "ชย.1/1", 1002: "ชย.1/2"}, at="2025-05-27 08:00")
    assert (report.accepted, report.known) == (1, 1)
    assert enrolled(desk) == [(0, 1, "ชย.1/1"), (1, 1, "ชย.1/2")]
    assert desk.known(ENROLMENTS, "student", "class_group", until="2025-05-20 08:00") == [(0, "ชย.1/1"), (1, "ชย.1/1")]
    assert groups(desk) == {0: "ชย.1/1", 1: "ชย.1/2"}


def test_who_is_missing_from_a_later_roster_of_the_term_is_taken_off_it(desk: Desk) -> None:
    desk.roster(TEN)
    report = desk.roster({code: "ชย.1/1" for code in TEN if code != 1004}, at="2025-06-10 08:00")
    assert report.retracted == 1
    assert [student for student, _, _ in enrolled(desk)] == [0, 1, 2, 4, 5, 6, 7, 8, 9]
    assert groups(desk)[3] == ""
    [gone] = [row for row in desk.read(ENROLMENTS, "student", "retracted", "recorded_at", "status") if row[1]]
    assert gone == (3, True, "2025-06-10 08:00", None)


def test_who_comes_back_onto_the_roster_is_enrolled_again(desk: Desk) -> None:
    desk.roster(TEN)
    desk.roster({code: "ชย.1/1" for code in TEN if code != 1004}, at="2025-06-10 08:00")
    report = desk.roster(TEN, at="2025-06-17 08:00")
    assert (report.accepted, report.known, report.retracted) == (1, 9, 0)
    assert len(enrolled(desk)) == 10


def test_who_is_missing_from_the_next_terms_roster_keeps_this_terms_and_the_count_tells(desk: Desk) -> None:
    desk.roster(TEN)
    report = desk.roster({code: "ชย.1/1" for code in TEN if code != 1004}, term=2, at="2025-11-03 08:00")
    assert report.retracted == 0
    assert len([row for row in enrolled(desk) if row[1] == 1]) == 10
    assert (3, 2, "ชย.1/1") not in enrolled(desk)
    assert desk.read(ROSTER_COUNTS, "term", "students") == [(1, 10), (2, 9)]
    assert groups(desk)[3] == ""  # of no class group now


def test_a_roster_of_two_terms_counts_each_by_itself(desk: Desk) -> None:
    rows = [f"{code} | ดี | ส | 2568 | {term} | ปวช.1 | ก | {day}" for code, term, day in (
        (1001, 1, "20/05/2568"), (1002, 1, "20/05/2568"), (1003, 1, "20/05/2568"), (1001, 2, "03/11/2568"), (1002, 2, "03/11/2568")
    )]  # fmt: skip
    desk.bring("\n".join([HEAD, *rows]), at="2025-11-03 17:00")
    assert desk.known(ROSTER_COUNTS, "term", "happened_on", "students") == [(1, "2025-05-20", 3), (2, "2025-11-03", 2)]


def test_a_shrunken_roster_is_refused_and_nobody_is_taken_off(desk: Desk) -> None:
    desk.roster(TEN)
    with pytest.raises(ImportRefused) as refused:
        desk.roster(dict(list(TEN.items())[:6]), at="2025-06-10 08:00")
    assert refused.value.code == "SHRUNKEN_ROSTER"
    assert refused.value.text.en == (
        "file.csv lists 6 students where the last roster had 10. A partial roster would turn the others into leavers. "
        "Export the whole institution, or confirm with --confirm-shrink."
    )
    assert refused.value.text.th.startswith("ไฟล์ file.csv มีนักเรียน 6 คน แต่ทะเบียนครั้งก่อนมี 10 คน ")
    assert len(enrolled(desk)) == 10
    report = desk.roster(dict(list(TEN.items())[:6]), at="2025-06-10 08:00", confirm_shrink=True)
    assert report.retracted == 4


def test_seven_of_ten_are_still_a_whole_roster(desk: Desk) -> None:
    desk.roster(TEN)
    assert desk.roster(dict(list(TEN.items())[:7]), at="2025-06-10 08:00").retracted == 3


def test_the_roster_of_a_summer_term_shrinks_nothing_and_takes_nobody_off(desk: Desk) -> None:
    desk.roster(TEN, term=2)
    summer = desk.roster({1001: "ชย.1/1", 1002: "ชย.1/1"}, term=3, at="2026-04-01 08:00")
    assert (summer.accepted, summer.retracted) == (2, 0)
    assert [note.en for note in summer.notes] == [
        "the roster of a summer term counts nobody as gone: most students skip it"
    ]
    assert set(groups(desk).values()) == {"ชย.1/1"}
    with pytest.raises(ImportRefused, match="lists 6 students where the last roster had 10"):
        desk.roster(dict(list(TEN.items())[:6]), term=2, at="2026-04-02 08:00")
    of_march = f"{HEAD}\n1001 | ดี1001 | สมมติ | 2568 | 3 | ปวช.1 | ชย.1/1 | 30/03/2569"
    with pytest.raises(ImportRefused) as refused:
        desk.bring(of_march, at="2026-04-03 08:00")
    assert refused.value.code == "OLDER_ROSTER"


# Two sources of one roster


def test_columns_that_a_source_does_not_have_keep_their_known_values(desk: Desk) -> None:
    desk.bring(
        f"{HEAD} | สาขาวิชา | เพศ | วันเกิด\n1001 | ดี | ส | 2568 | 1 | ปวช.1 | ก | 20/05/2568 | ช่างยนต์ | ชาย | 11/01/2553",
        at="2025-05-20 16:00",
    )
    desk.bring(f"{HEAD} | สัญชาติ\n1001 | ดี | ส | 2568 | 1 | ปวช.1 | ข | 10/06/2568 | ไทย", at="2025-06-10 16:00")
    assert desk.known(ENROLMENTS, "class_group", "programme") == [("ข", "ช่างยนต์")]
    assert desk.known(STUDENTS, "sex", "birth_month", "nationality_group") == [("M", "2010-01-01", "TH")]


def test_an_empty_cell_of_a_column_that_is_there_empties_the_value(desk: Desk) -> None:
    desk.bring(f"{HEAD} | สาขาวิชา\n1001 | ดี | ส | 2568 | 1 | ปวช.1 | ก | 20/05/2568 | ช่างยนต์", at="2025-05-20 16:00")
    desk.bring(f"{HEAD} | สาขาวิชา\n1001 | ดี | ส | 2568 | 1 | ปวช.1 | ก | 10/06/2568 | -", at="2025-06-10 16:00")
    assert desk.known(ENROLMENTS, "programme") == [(None,)]


def test_a_file_that_came_in_earlier_is_not_filled_with_what_was_told_later(desk: Desk) -> None:
    """Replayed out of order: on 1 June nobody knew the nationality or programme that the file of 10 June told."""
    desk.bring(
        f"{HEAD} | สัญชาติ | สาขาวิชา\n1001 | ดี | ส | 2568 | 1 | ปวช.1 | ข | 10/06/2568 | ไทย | ช่างยนต์",
        at="2025-06-10 16:00",
    )
    report = desk.bring(f"{HEAD} | เพศ\n1001 | ดี | ส | 2568 | 1 | ปวช.1 | ก | 20/05/2568 | ชาย", at="2025-05-20 16:00")
    assert report.accepted == 1
    early = "2025-06-01 00:00"
    assert desk.known(STUDENTS, "sex", "nationality_group", until=early) == [("M", None)]
    assert desk.known(ENROLMENTS, "class_group", "programme", until=early) == [("ก", None)]
    assert desk.known(ENROLMENTS, "class_group", "programme") == [("ข", "ช่างยนต์")]
    assert groups(desk) == {0: "ข"}  # the file of the earlier day does not have the last word


def test_what_a_newer_file_that_came_in_before_does_not_tell_is_said(desk: Desk) -> None:
    newer = f"{HEAD}\n1001 | ดี | ส | 2568 | 1 | ปวช.1 | ก | 10/06/2568"
    older = f"{HEAD} | สาขาวิชา\n1001 | ดี | ส | 2568 | 1 | ปวช.1 | ก | 20/05/2568 | ช่างยนต์"
    assert desk.bring(newer, history=True).notes == []
    [note] = desk.bring(older, history=True).notes
    assert note.en.startswith("a newer file that came in before does not tell 'programme', which this one does")
    assert note.th.startswith("ไฟล์ที่ใหม่กว่าเข้ามาก่อนแล้วและไม่บอก 'สาขาวิชา'")


def test_in_the_order_of_their_days_nothing_is_lost_and_nothing_said(desk: Desk) -> None:
    desk.bring(f"{HEAD} | สาขาวิชา\n1001 | ดี | ส | 2568 | 1 | ปวช.1 | ก | 20/05/2568 | ช่างยนต์", history=True)
    report = desk.bring(f"{HEAD}\n1001 | ดี | ส | 2568 | 1 | ปวช.1 | ก | 10/06/2568", history=True)
    assert report.notes == []
    assert desk.known(ENROLMENTS, "programme") == [("ช่างยนต์",)]


def test_the_day_of_birth_stays_out_of_the_log(desk: Desk) -> None:
    desk.bring(f"{HEAD} | วันเกิด\n1001 | ดี | ส | 2568 | 1 | ปวช.1 | ก | 20/05/2568 | 23/01/2553")
    assert desk.known(STUDENTS, "birth_month") == [("2010-01-01",)]


# Rows that cannot be taken


def test_a_bad_row_of_a_known_student_is_no_silence(desk: Desk) -> None:
    desk.roster(TEN)
    rows = [
        f"{code} | ดี{code} | สมมติ | 2568 | 1 | {'??' if code == 1004 else 'ปวช.1'} | ชย.1/1 | 10/06/2568"
        for code in TEN
    ]
    report = desk.bring("\n".join([HEAD, *rows]), at="2025-06-10 08:00")
    assert (report.quarantined, report.retracted) == (1, 0)
    assert len(enrolled(desk)) == 10


def test_a_bad_row_that_names_nobody_keeps_everybody_on_the_roster(desk: Desk) -> None:
    desk.roster(TEN)
    rows = [
        f"{code if code != 1004 else '1.8E+05'} | ดี{code} | สมมติ | 2568 | 1 | ปวช.1 | ชย.1/1 | 10/06/2568"
        for code in TEN
    ]
    report = desk.bring("\n".join([HEAD, *rows]), at="2025-06-10 08:00")
    assert (report.quarantined, report.retracted, dict(report.reasons)) == (1, 0, {"LOST_DIGITS": 1})
    assert [note.en for note in report.notes] == [
        "some rows name nobody, so nobody missing from this file counts as gone: mend those rows and import again",
        "rows in quarantine: this roster does not count as complete, or their students would look gone; "
        "mend and import again",
    ]
    assert len(enrolled(desk)) == 10


def test_a_student_told_in_two_classes_stays_in_the_old_one(desk: Desk) -> None:
    desk.roster(TEN)
    rows = [f"{code} | ดี{code} | สมมติ | 2568 | 1 | ปวช.1 | ชย.1/1 | 10/06/2568" for code in TEN]
    rows.append(rows[3].replace("ชย.1/1", "ชย.1/2"))
    report = desk.bring("\n".join([HEAD, *rows]), at="2025-06-10 08:00")
    assert (dict(report.lines), report.accepted, report.retracted) == ({"CONFLICTING_ROWS": [5, 12]}, 0, 0)
    assert enrolled(desk) == [(number, 1, "ชย.1/1") for number in range(10)]
    assert len(desk.read(ROSTER_COUNTS, "students")) == 1  # one of them is not known: no complete roster


def test_a_row_in_quarantine_makes_nobody_a_student(desk: Desk) -> None:
    report = desk.bring(
        f"{HEAD}\n1001 | ดี | ส | 2568 | 1 | ?? | ก | 20/05/2568\n1002 | งาม | ส | 2568 | 1 | ปวช.1 | ก | 20/05/2568"
    )
    assert (report.accepted, report.quarantined) == (1, 1)
    assert groups(desk) == {0: "ก"}
    with desk.home.vault_database.read() as session:
        from records.people import StudentName

        assert [row.first_name for row in session.query(StudentName)] == ["งาม"]
