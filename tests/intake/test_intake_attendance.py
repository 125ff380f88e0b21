"""Attendance week after week: each fact once, corrections as versions, and what a file that covers it no longer tells."""

import pytest

from records.errors import ImportRefused
from records.tables import ATTENDANCE, ATTENDANCE_TOTAL, GRADES
from tests.intake.desk import Desk, DeskWith

HEAD = "รหัสนักศึกษา | กลุ่มเรียน | วันที่ | คาบ | สถานะ"


@pytest.fixture
def ready(desk_with: DeskWith) -> Desk:
    """Three students: two of ชย.1/1, one of ชย.1/2."""
    return desk_with({1001: "ชย.1/1", 1002: "ชย.1/1", 1003: "ชย.1/2"})


def file_of(*rows: str) -> str:
    """Rows as `code group day status [session]`, days of May 2568."""
    told = []
    for row in rows:
        code, group, day, status, *session = row.split()
        told.append(f"{code} | {group} | {day}/05/2568 | {session[0] if session else 'ทั้งวัน'} | {status}")
    return "\n".join([HEAD, *told])


def known(desk: Desk) -> list[str]:
    """What holds now, as `student day status`."""
    return [f"{s} {day[-2:]} {status}" for s, day, status in desk.known(ATTENDANCE, "student", "happened_on", "status")]


def test_the_same_file_twice_adds_nothing_and_says_so(ready: Desk) -> None:
    told = file_of("1001 ชย.1/1 19 มา", "1002 ชย.1/1 19 ขาด")
    first = ready.bring(told, at="2025-05-20 08:00")
    again = ready.bring(told, at="2025-05-21 08:00")
    assert (first.accepted, first.notes) == (2, [])
    assert (again.rows, again.accepted, again.known, again.retracted) == (2, 0, 2, 0)
    [note] = again.notes
    assert note.en == f"this very file was taken in before, as batch {first.ledger_number}"
    assert note.th == f"ไฟล์นี้เคยนำเข้าแล้วเป็นชุดที่ {first.ledger_number}"
    assert ready.log.rows(ATTENDANCE).num_rows == 2


def test_a_corrected_row_is_a_new_version_from_the_moment_it_was_told(ready: Desk) -> None:
    ready.bring(file_of("1001 ชย.1/1 19 ขาด", "1002 ชย.1/1 19 มา"), at="2025-05-20 08:00")
    report = ready.bring(file_of("1001 ชย.1/1 19 ลาป่วย", "1002 ชย.1/1 19 มา"), at="2025-05-26 08:00")
    assert (report.accepted, report.known) == (1, 1)
    assert ready.read(ATTENDANCE, "student", "status", "recorded_at") == [
        (0, "A", "2025-05-20 08:00"), (1, "P", "2025-05-20 08:00"), (0, "S", "2025-05-26 08:00")
    ]  # fmt: skip
    assert known(ready) == ["0 19 S", "1 19 P"]


def test_term_to_date_repeats_add_each_fact_once(ready: Desk) -> None:
    rows = [f"{code} {group} {day} มา" for day in range(19, 24) for code, group in ((1001, "ชย.1/1"), (1003, "ชย.1/2"))]
    for week in range(1, 6):
        report = ready.bring(file_of(*rows[: 2 * week]), at=f"2025-05-{23 + week} 08:00")
        assert (report.accepted, report.known, report.retracted) == (2, 2 * (week - 1), 0)
    assert ready.log.rows(ATTENDANCE).num_rows == 10


def test_one_file_with_the_same_fact_twice_takes_it_once(ready: Desk) -> None:
    report = ready.bring(file_of("1001 ชย.1/1 19 ขาด", "1001 ชย.1/1 19 ขาด"))
    assert (report.rows, report.accepted, report.known, report.quarantined) == (2, 1, 1, 0)
    assert known(ready) == ["0 19 A"]


def test_one_file_that_tells_a_fact_in_two_ways_tells_nothing_of_it(ready: Desk) -> None:
    rows = ("1001 ชย.1/1 19 ขาด", "1001 ชย.1/1 19 ขาด", "1001 ชย.1/1 19 มา", "1001 ชย.1/1 20 มา")
    report = ready.bring(file_of(*rows))
    assert (report.rows, report.accepted, report.known, report.quarantined) == (4, 1, 0, 3)
    assert dict(report.lines) == {"CONFLICTING_ROWS": [2, 3, 4]}
    assert known(ready) == ["0 20 P"]


def test_what_a_newer_file_tells_in_two_ways_stays_as_it_was(ready: Desk) -> None:
    ready.bring(file_of("1001 ชย.1/1 19 ขาด", "1001 ชย.1/1 20 ขาด"), at="2025-05-21 08:00")
    report = ready.bring(
        file_of("1001 ชย.1/1 19 มา", "1001 ชย.1/1 19 สาย", "1001 ชย.1/1 20 ขาด"), at="2025-05-26 08:00"
    )
    assert (report.accepted, report.quarantined, report.retracted) == (0, 2, 0)
    assert known(ready) == ["0 19 A", "0 20 A"]


def test_of_two_tellings_with_their_times_of_entry_the_later_holds(ready: Desk) -> None:
    told = "รหัสนักศึกษา | วันที่ | สถานะ | บันทึกเมื่อ\n1001 | 19/05/2568 | {} | 19/05/2568 {}\n1001 | 19/05/2568 | {} | 19/05/2568 {}"
    report = ready.bring(told.format("ขาด", "08:00", "มา", "09:30"))
    assert (report.accepted, report.quarantined) == (2, 0)
    assert known(ready) == ["0 19 P"]


# Rows that are gone


def weeks(desk: Desk) -> None:
    """Monday to Wednesday of all three students."""
    groups = {1001: "ชย.1/1", 1002: "ชย.1/1", 1003: "ชย.1/2"}
    rows = [f"{code} {group} {day} ขาด" for day in (19, 20, 21) for code, group in groups.items()]
    desk.bring(file_of(*rows), at="2025-05-22 08:00")


def test_a_row_that_vanished_is_retracted_and_not_deleted(ready: Desk) -> None:
    weeks(ready)
    report = ready.bring(
        file_of(
            "1001 ชย.1/1 19 ขาด", "1001 ชย.1/1 21 ขาด", "1002 ชย.1/1 20 ขาด", "1002 ชย.1/1 19 ขาด", "1002 ชย.1/1 21 ขาด"
        ),
        at="2025-05-26 08:00",
    )
    assert (report.accepted, report.known, report.retracted) == (0, 5, 1)
    assert "0 20 A" not in known(ready)
    assert len(known(ready)) == 8
    assert ready.known(ATTENDANCE, "student", until="2025-05-26 08:00") == [(0,)] * 3 + [(1,)] * 3 + [(2,)] * 3
    assert ready.read(ATTENDANCE, "student", "happened_on", "retracted", "status")[-1] == (0, "2025-05-20", True, None)


def test_days_and_groups_that_a_file_does_not_cover_stay(ready: Desk) -> None:
    weeks(ready)
    report = ready.bring(file_of("1001 ชย.1/1 20 ขาด", "1001 ชย.1/1 21 ขาด"), at="2025-05-26 08:00")
    assert report.retracted == 2  # the other student of that group, on these two days
    assert known(ready) == ["0 19 A", "0 20 A", "0 21 A", "1 19 A", "2 19 A", "2 20 A", "2 21 A"]


def test_without_class_groups_a_file_speaks_for_the_students_in_it(ready: Desk) -> None:
    weeks(ready)
    told = "รหัสนักศึกษา | วันที่ | สถานะ\n1001 | 19/05/2568 | ขาด\n1001 | 21/05/2568 | ขาด"
    assert ready.bring(told, at="2025-05-26 08:00").retracted == 1
    assert known(ready) == ["0 19 A", "0 21 A", "1 19 A", "1 20 A", "1 21 A", "2 19 A", "2 20 A", "2 21 A"]


def test_a_file_of_the_flagpole_leaves_the_periods_alone(ready: Desk) -> None:
    ready.bring(file_of("1001 ชย.1/1 19 ขาด 1", "1001 ชย.1/1 19 มา 2"), at="2025-05-20 08:00")
    report = ready.bring(file_of("1001 ชย.1/1 19 มา หน้าเสาธง"), at="2025-05-21 08:00")
    assert (report.accepted, report.retracted) == (1, 0)
    assert ready.known(ATTENDANCE, "session", "status") == [("FLAG", "P"), ("P1", "A"), ("P2", "P")]


def test_what_was_retracted_can_be_told_again(ready: Desk) -> None:
    weeks(ready)
    ready.bring(file_of("1001 ชย.1/1 19 ขาด", "1001 ชย.1/1 21 ขาด"), at="2025-05-26 08:00")
    report = ready.bring(
        file_of("1001 ชย.1/1 19 ขาด", "1001 ชย.1/1 20 มา", "1001 ชย.1/1 21 ขาด"), at="2025-05-27 08:00"
    )
    assert (report.accepted, report.known, report.retracted) == (1, 2, 0)
    assert "0 20 P" in known(ready)


def test_an_older_file_retracts_nothing_that_was_told_after_it(ready: Desk) -> None:
    weeks(ready)
    report = ready.bring(file_of("1001 ชย.1/1 19 ขาด", "1001 ชย.1/1 21 ขาด"), at="2025-05-21 18:00")
    assert report.retracted == 0
    assert len(known(ready)) == 9


def test_a_bad_row_is_no_silence_about_its_student(ready: Desk) -> None:
    weeks(ready)
    report = ready.bring(
        file_of("1001 ชย.1/1 19 ขาด", "1001 ชย.1/1 20 ???", "1001 ชย.1/1 21 ขาด", "1002 ชย.1/1 19 ขาด"),
        at="2025-05-26 08:00",
    )
    assert (report.quarantined, report.retracted) == (1, 2)  # two days of the other student
    assert [row for row in known(ready) if row.startswith("0")] == ["0 19 A", "0 20 A", "0 21 A"]


def test_a_row_of_an_unknown_student_stops_all_retractions(ready: Desk) -> None:
    weeks(ready)
    report = ready.bring(
        file_of("1001 ชย.1/1 19 ขาด", "1001 ชย.1/1 21 ขาด", "9999 ชย.1/1 21 ขาด"), at="2025-05-26 08:00"
    )
    assert (dict(report.reasons), report.retracted) == ({"UNKNOWN_STUDENT": 1}, 0)
    assert len(report.notes) == 1


# Cells


@pytest.mark.parametrize(
    ("cell", "status"),
    [
        ("มา", "P"),
        ("✓", "P"),
        ("/", "P"),
        ("ข", "A"),
        ("ส", "L"),
        ("ป", "S"),
        ("ก", "B"),
        ("โดด", "K"),
        ("L", "L"),
        ("ฝึกงาน", "I"),
    ],
)
def test_marks_of_attendance(ready: Desk, cell: str, status: str) -> None:
    ready.bring(file_of(f"1001 ชย.1/1 19 {cell}"))
    assert known(ready) == [f"0 19 {status}"]


@pytest.mark.parametrize(("cell", "reason"), [("-", "MISSING_VALUE"), ("--", "MISSING_VALUE"), ("", "MISSING_VALUE"), ("ส,ข", "RAGGED_ROW"), (".", "UNKNOWN_CODE"), ("\u200b", "MISSING_VALUE")])  # fmt: skip
def test_a_cell_without_a_mark_is_never_present(ready: Desk, cell: str, reason: str) -> None:
    report = ready.bring(f"{HEAD}\n1001 | ชย.1/1 | 19/05/2568 | วัน | {cell}")
    assert known(ready) == []
    assert dict(report.reasons) == {reason: 1}


# Totals


def test_totals_are_taken_and_impossible_ones_are_not(ready: Desk) -> None:
    report = ready.bring(
        """
        รหัสนักศึกษา | ตั้งแต่วันที่ | ถึงวันที่ | เวลาเรียนเต็ม | มา | สาย | ขาด | ลา
        1001 | 19/05/2568 | 30/05/2568 | 10 | 8 | 1 | 1 | 1
        1002 | 19/05/2568 | 30/05/2568 | 10 | 9 | 0 | 2 | 0
        1003 | 19/05/2568 | 30/05/2568 | -1 | 0 | 0 | 0 | 0
        """
    )
    assert (report.accepted, dict(report.lines)) == (1, {"TOTAL_TOO_LARGE": [3], "OUT_OF_RANGE": [4]})
    assert ready.known(ATTENDANCE_TOTAL, "student", "from_day", "happened_on", "held", "present", "late", "absent") == [
        (0, "2025-05-19", "2025-05-30", 10, 8, 1, 1)
    ]


# Class periods

PERIODS = "รหัสนักศึกษา | กลุ่มเรียน | วันที่ | คาบ | รหัสวิชา | สถานะ"


def test_a_period_is_known_with_its_course_beside_the_whole_day(ready: Desk) -> None:
    ready.bring(file_of("1001 ชย.1/1 19 มา"), at="2025-05-20 08:00")
    report = ready.bring(
        f"{PERIODS}\n1001 | ชย.1/1 | 19/05/2568 | 1 | 20001-1001 | มา\n1001 | ชย.1/1 | 19/05/2568 | คาบที่ 2 | 20000-1201 | ขาด",
        at="2025-05-20 09:00",
    )
    assert (report.source, report.accepted, report.retracted) == ("attendance", 2, 0)
    assert ready.known(ATTENDANCE, "session", "course_code", "status") == [
        ("DAY", None, "P"), ("P1", "20001-1001", "P"), ("P2", "20000-1201", "A"),
    ]  # fmt: skip


def test_a_course_without_its_period_is_no_whole_day(ready: Desk) -> None:
    told = "รหัสนักศึกษา | กลุ่มเรียน | วันที่ | รหัสวิชา | สถานะ\n1001 | ชย.1/1 | 19/05/2568 | 20001-1001 | ขาด"
    with pytest.raises(ImportRefused, match="has no column 'คาบ'"):
        ready.bring(told)
    assert ready.log.rows(ATTENDANCE).num_rows == 0


def test_grades_are_no_attendance_though_both_name_courses(ready: Desk) -> None:
    head = "รหัสนักศึกษา | ปีการศึกษา | ภาคเรียน | รหัสวิชา | หน่วยกิต | เกรด | สถานะ | วันที่ประกาศ | วันที่"
    report = ready.bring(f"{head}\n1001 | 2568 | 1 | 20001-1001 | 3 | 2.5 | ปกติ | 20/05/2568 | 19/05/2568")
    assert report.source == "plain"
    assert ready.log.rows(ATTENDANCE).num_rows == 0
    assert ready.known(GRADES, "course_code", "grade") == [("20001-1001", "2.5")]
