"""The rules of the contract, one small picture each: which lines break it, and whether their rows are taken."""

from collections.abc import Mapping, Sequence

import pytest

from records.college import Institution
from records.errors import ImportRefused
from records.intake.contract import RULES
from records.intake.importing import ImportRequest, import_file
from records.intake.problems import PROBLEM_OF, PROBLEMS
from records.intake.report import ImportReport
from records.ledger import add_institution
from records.tables import ATTENDANCE, ATTENDANCE_TOTAL, ENROLMENTS, GRADES, HOUSEHOLD, OUTCOMES, ROSTER_COUNTS
from tests.intake.desk import Desk, bangkok

ATTENDED = "รหัสนักศึกษา | วันที่ | สถานะ"
GRADED = "รหัสนักศึกษา | ปีการศึกษา | ภาคเรียน | รหัสวิชา | ชิ้นงาน | ครั้งที่ | คะแนน | เกรด | วันที่ประกาศ"
HAPPENED = "รหัสนักศึกษา | วันที่เกิดเหตุ | เหตุการณ์ | สถานะการติดตาม | StatusCodeCause_Onec"
ROSTER = "รหัสนักศึกษา | ชื่อ | นามสกุล | ปีการศึกษา | ภาคเรียน | ระดับชั้น | กลุ่มเรียน | วันที่ข้อมูล"
LATER = "2025-11-20 08:00"


@pytest.fixture
def ready(desk: Desk) -> Desk:
    """Three students of term 1/2568 (19 to 30 May, the 21st a holiday, the 22nd closed, the 23rd an exam)."""
    kinds = {21: "วันหยุด", 22: "ปิด", 23: "วันสอบ"}
    days = [
        f"2568 | 1 | {day}/05/2568 | {kinds.get(day, 'วันเรียน')}" for day in (19, 20, 21, 22, 23, 26, 27, 28, 29, 30)
    ]
    days += [f"2568 | 2 | {day:02}/11/2568 | วันเรียน" for day in (3, 4, 5)]
    desk.bring(
        "\n".join(["ปีการศึกษา | ภาคเรียน | วันที่ | ประเภทวัน", *days]),
        table="calendar",
        source="plain",
        at="2025-05-01 07:00",
    )
    desk.roster({1001: "ชย.1/1", 1002: "ชย.1/1", 1003: "ชย.1/1"})
    return desk


def bring(desk: Desk, head: str, *rows: str, at: str = LATER, source: str = "") -> ImportReport:
    return desk.bring("\n".join([head, *rows]), at=at, source=source)


def warned(report: ImportReport) -> Mapping[str, Sequence[int]]:
    """The lines of each warning; no row of the report is in quarantine."""
    assert (report.quarantined, dict(report.reasons)) == (0, {})
    return dict(report.warnings)


# Attendance


def test_weekend(ready: Desk) -> None:
    rows = ("1001 | 24/05/2568 | มา", "1001 | 25/05/2568 | ขาด", "1001 | 26/05/2568 | มา", "1002 | 24/05/2568 | N")
    report = bring(ready, ATTENDED, *rows)
    assert warned(report) == {"WEEKEND": [2, 3]}
    assert report.accepted == 4


def test_not_a_teaching_day(ready: Desk) -> None:
    rows = (
        "1001 | 20/05/2568 | มา",
        "1001 | 21/05/2568 | มา",
        "1001 | 22/05/2568 | ขาด",
        "1001 | 23/05/2568 | มา",
        "1002 | 21/05/2568 | H",
    )
    report = bring(ready, ATTENDED, *rows)
    assert warned(report) == {"NOT_A_TEACHING_DAY": [3, 4]}
    assert ready.log.rows(ATTENDANCE).num_rows == 5


def test_outside_calendar(ready: Desk) -> None:
    rows = ("1001 | 16/05/2568 | มา", "1001 | 19/05/2568 | มา", "1001 | 30/05/2568 | มา", "1001 | 02/06/2568 | มา")
    assert warned(bring(ready, ATTENDED, *rows)) == {"OUTSIDE_CALENDAR": [2, 5]}


def test_without_a_calendar_no_day_is_outside_it(desk: Desk) -> None:
    desk.roster({1001: "ชย.1/1"})
    assert warned(bring(desk, ATTENDED, "1001 | 16/05/2568 | มา", "1001 | 02/06/2568 | มา")) == {}


def test_not_enrolled(ready: Desk) -> None:
    ready.roster({1001: "ชย.1/1", 1003: "ชย.1/1"}, term=2, at="2025-11-03 08:00", confirm_shrink=True)
    rows = ("1001 | 04/11/2568 | มา", "1002 | 04/11/2568 | มา", "1002 | 20/05/2568 | มา")
    assert warned(bring(ready, ATTENDED, *rows)) == {"NOT_ENROLLED": [3]}


def test_who_was_taken_off_a_roster_was_on_it(ready: Desk) -> None:
    ready.roster({1001: "ชย.1/1", 1003: "ชย.1/1"}, at="2025-05-28 08:00", confirm_shrink=True)
    assert warned(bring(ready, ATTENDED, "1002 | 20/05/2568 | มา")) == {}


def test_a_term_without_a_roster_has_nobody_missing_from_it(ready: Desk) -> None:
    assert warned(bring(ready, ATTENDED, "1001 | 04/11/2568 | มา")) == {}


def test_after_death(ready: Desk) -> None:
    bring(ready, HAPPENED, "1001 | 26/05/2568 | เสียชีวิต | - | -", at="2025-06-01 08:00")
    report = bring(ready, ATTENDED, "1001 | 26/05/2568 | มา", "1001 | 27/05/2568 | ขาด", "1002 | 27/05/2568 | มา")
    assert (report.accepted, dict(report.lines)) == (2, {"AFTER_DEATH": [3]})
    graded = bring(ready, GRADED, *(f"{code} | 2568 | 1 | 201 | - | - | 80 | 4 | 13/10/2568" for code in (1001, 1002)))
    assert (graded.accepted, dict(graded.lines)) == (1, {"AFTER_DEATH": [2]})
    assert ready.known(GRADES, "student") == [(1,)]


def test_after_a_death_that_the_roster_told(ready: Desk) -> None:
    rows = [
        f"{code} | ดี{code} | สมมติ | 2568 | 1 | ปวช.1 | ชย.1/1 | 28/05/2568 | {status}"
        for code, status in ((1001, "เสียชีวิต"), (1002, "ปกติ"), (1003, "ปกติ"))
    ]
    bring(ready, f"{ROSTER} | สถานะ", *rows, at="2025-05-28 08:00", source="roster")
    report = bring(ready, ATTENDED, "1001 | 28/05/2568 | มา", "1001 | 29/05/2568 | มา", "1002 | 29/05/2568 | มา")
    assert (report.accepted, dict(report.lines)) == (2, {"AFTER_DEATH": [3]})


def test_left_and_attends(ready: Desk) -> None:
    bring(
        ready, HAPPENED, "1001 | 26/05/2568 | ออกกลางคัน | - | -", "1002 | 26/05/2568 | ออกกลางคัน | - | -",
        "1002 | 27/05/2568 | กลับเข้าเรียน | - | -", at="2025-06-01 08:00",
    )  # fmt: skip
    report = bring(
        ready,
        ATTENDED,
        "1001 | 26/05/2568 | มา",
        "1001 | 28/05/2568 | มา",
        "1001 | 29/05/2568 | ขาด",
        "1002 | 28/05/2568 | มา",
    )
    assert warned(report) == {"LEFT_AND_ATTENDS": [3]}
    assert report.accepted == 4


def test_total_too_large_is_not_judged_on_a_row_that_is_bad_already(ready: Desk) -> None:
    head = "รหัสนักศึกษา | ตั้งแต่วันที่ | ถึงวันที่ | เวลาเรียนเต็ม | มา | ขาด | ลา"
    rows = (
        "1001 | 19/05/2568 | 30/05/2568 | 8 | 7 | 1 | 0",
        "1002 | 19/05/2568 | 30/05/2568 | 8 | 7 | 1 | 1",
        "1003 | 19/05/2568 | 30/05/2568 | -1 | 7 | 1 | 1",
    )
    report = bring(ready, head, *rows)
    assert (report.accepted, dict(report.lines)) == (1, {"TOTAL_TOO_LARGE": [3], "OUT_OF_RANGE": [4]})
    assert ready.known(ATTENDANCE_TOTAL, "student", "present") == [(0, 7)]


# Rosters


def roster(desk: Desk, *rows: str, head: str = ROSTER, at: str = "2025-05-28 08:00") -> ImportReport:
    return desk.bring("\n".join([head, *rows]), at=at, source="roster", confirm_shrink=True)


def test_term_does_not_fit(ready: Desk) -> None:
    rows = (
        "1001 | ดี | ก | 2568 | 1 | ปวช.1 | ก | 28/05/2568",
        "1002 | ดี | ข | 2568 | 2 | ปวช.1 | ก | 28/05/2568",
        "1003 | ดี | ค | 2568 | 1 | ปวช.1 | ก | 17/05/2568",
    )
    report = roster(ready, *rows)
    assert report.warnings["TERM_DOES_NOT_FIT"] == [3]
    assert report.accepted == 3


@pytest.mark.parametrize(
    ("level", "status", "early"),
    [
        ("ปวช.1", "จบ", True),
        ("ปวช.3", "จบ", False),
        ("ปวส.2", "จบ", False),
        ("ปวช.1", "ปกติ", False),
        ("ปวส.1", "จบ", True),
    ],
)
def test_finished_too_early(desk: Desk, level: str, status: str, early: bool) -> None:
    report = roster(desk, f"1001 | ดี | ก | 2568 | 1 | {level} | ก | 28/05/2568 | {status}", head=f"{ROSTER} | สถานะ")
    assert warned(report) == ({"FINISHED_TOO_EARLY": [2]} if early else {})
    assert report.accepted == 1


def test_age_for_level(desk: Desk) -> None:
    head = f"{ROSTER} | วันเกิด"
    born = {
        1001: ("ปวช.1", "11/01/2553"),
        1002: ("ปวช.1", "11/01/2563"),
        1003: ("ม.1", "11/01/2533"),
        1004: ("ปวช.1", "11/01/2533"),
    }
    for day in ("20", "28"):
        rows = [
            f"{code} | ดี | ก{code} | 2568 | 1 | {level} | ก | {day}/05/2568 | {birth}"
            for code, (level, birth) in born.items()
        ]
        report = roster(desk, *rows, head=head, at=f"2025-05-{day} 08:00")
    assert warned(report) == {"AGE_FOR_LEVEL": [3, 4]}  # judged by what the log knew when the file came in


# Grades, households, outcomes


@pytest.mark.parametrize(
    ("score", "grade", "wrong"),
    [
        ("80", "4", False), ("79.99", "4", True), ("79.99", "3.5", False), ("50", "1", False), ("49", "0", False), ("49", "1", True),
        ("70", "ร", False), ("-", "4", False),
    ],
)  # fmt: skip
def test_grade_contradicts_score(ready: Desk, score: str, grade: str, wrong: bool) -> None:
    report = bring(ready, GRADED, f"1001 | 2568 | 1 | 201 | FINAL | 1 | {score} | {grade} | 13/10/2568")
    assert warned(report) == ({"GRADE_CONTRADICTS_SCORE": [2]} if wrong else {})
    assert report.accepted == 1


def test_pieces_of_work_and_second_attempts_have_no_scale(ready: Desk) -> None:
    rows = (
        "1001 | 2568 | 1 | 201 | งาน 1 | 1 | 90 | 1 | 13/10/2568",
        "1001 | 2568 | 1 | 201 | FINAL | 2 | 90 | 1 | 13/10/2568",
    )
    assert warned(bring(ready, GRADED, *rows)) == {}


def test_income_does_not_add_up(ready: Desk) -> None:
    head = "รหัสนักศึกษา | วันที่สำรวจ | จำนวนสมาชิกในครัวเรือน | รายได้เฉลี่ยต่อคน | รายได้ต่อเดือน"
    rows = (
        "1001 | 01/06/2568 | 4 | 1250 | 5000",
        "1002 | 01/06/2568 | 4 | 1250 | 6000",
        "1003 | 01/06/2568 | 3 | 1667 | 5000",
    )
    report = bring(ready, head, *rows)
    assert warned(report) == {"INCOME_DOES_NOT_ADD_UP": [3]}
    assert len(ready.known(HOUSEHOLD, "student")) == 3


def test_cause_contradicts_status(ready: Desk) -> None:
    ready.roster({1001: "ชย.1/1", 1002: "ชย.1/1"}, at="2025-05-28 08:00", confirm_shrink=True)
    rows = (
        "1001 | 01/06/2568 | ติดตามพบแล้ว | ไม่พบตัว | -", "1002 | 01/06/2568 | ออกกลางคัน | - | 701",
        "1003 | 01/06/2568 | ออกกลางคัน | ไม่พบตัว | 701", "1001 | 02/06/2568 | ออกกลางคัน | พบตัว กลับเข้าระบบ | 702",
    )  # fmt: skip
    report = bring(ready, HAPPENED, *rows)
    assert warned(report) == {"CAUSE_CONTRADICTS_STATUS": [2, 3]}
    assert len(ready.known(OUTCOMES, "student")) == 4


def test_returned_not_enrolled(ready: Desk) -> None:
    ready.roster({1001: "ชย.1/1", 1002: "ชย.1/1"}, at="2025-05-28 08:00", confirm_shrink=True)
    rows = (
        "1001 | 01/06/2568 | กลับเข้าเรียน | - | -",
        "1003 | 01/06/2568 | กลับเข้าเรียน | - | -",
        "1003 | 02/06/2568 | ออกกลางคัน | - | -",
    )
    assert warned(bring(ready, HAPPENED, *rows)) == {"RETURNED_NOT_ENROLLED": [3]}


# Rules over several rows


def household(desk: Desk, copies: int, *, members: str = "4") -> ImportReport:
    desk.roster({1001 + n: "ชย.1/1" for n in range(8)})
    head = "รหัสนักศึกษา | วันที่สำรวจ | จำนวนสมาชิกในครัวเรือน | รายได้เฉลี่ยต่อคน | ระยะทาง | ทำงานพิเศษ"
    rows = [f"{1001 + n} | 01/06/2568 | {members} | 1250 | 3 | ไม่" for n in range(copies)]
    return bring(desk, head, *rows, f"1008 | 01/06/2568 | {members} | 1250 | 4 | ไม่")


def test_same_as_others(desk: Desk) -> None:
    report = household(desk, 5)
    assert warned(report) == {"SAME_AS_OTHERS": [2, 3, 4, 5, 6]}
    assert len(desk.known(HOUSEHOLD, "student")) == 6


def test_four_of_one_answer_and_five_of_few_answers_are_no_copies(desk: Desk) -> None:
    assert warned(household(desk, 4)) == {}
    assert warned(household(desk, 5, members="-")) == {}


def test_code_two_names(desk: Desk) -> None:
    rows = (
        "1001 | ดี | ก | 2568 | 1 | ปวช.1 | ก | 28/05/2568",
        "1001 | งาม | ข | 2568 | 1 | ปวช.1 | ก | 28/05/2568",
        "1002 | ดี | ค | 2568 | 1 | ปวช.1 | ก | 28/05/2568",
    )
    report = roster(desk, *rows)
    assert (report.accepted, dict(report.lines)) == (1, {"CODE_TWO_NAMES": [2, 3]})
    assert desk.known(ENROLMENTS, "student") == [(0,)]


def test_national_two_names(desk: Desk) -> None:
    head = f"{ROSTER} | เลขประจำตัวประชาชน"
    rows = (
        "1001 | ดี | ก | 2568 | 1 | ปวช.1 | ก | 28/05/2568 | 1819900000014", "1002 | งาม | ข | 2568 | 1 | ปวช.1 | ก | 28/05/2568 | 1819900000014",
        "1003 | ดี | ค | 2568 | 1 | ปวช.1 | ก | 28/05/2568 | 1819900000022",
    )  # fmt: skip
    report = roster(desk, *rows, head=head)
    assert (report.accepted, dict(report.lines)) == (1, {"NATIONAL_TWO_NAMES": [2, 3]})


def test_two_institutions(desk: Desk) -> None:
    other = "1320026102"
    add_institution(desk.home.database, Institution(code=other, name_th="วิทยาลัยอื่น", name_en="Other"))
    head = f"{ROSTER} | เลขประจำตัวประชาชน"
    here = "{} | ดี | ก{} | 2568 | {} | ปวช.1 | ก | 28/05/2568 | {}"
    there = desk.file(
        "\n".join([head, here.format(501, 1, 1, "1819900000014"), here.format(502, 2, 1, "1819900000049")]), "there.csv"
    )
    import_file(desk.home, ImportRequest(path=there, institution=other, received_at=bangkok("2025-05-28 07:00")))
    report = roster(desk, here.format(1001, 1, 1, "1819900000014"), here.format(1002, 3, 1, "1819900000022"), head=head)
    assert warned(report) == {"TWO_INSTITUTIONS": [2]}
    assert report.accepted == 2
    later = roster(desk, here.format(1001, 1, 2, "1819900000014"), head=head, at="2025-11-20 08:00")
    assert "TWO_INSTITUTIONS" not in later.warnings  # the other institution has no roster of that term


def test_an_older_roster_is_refused(desk: Desk) -> None:
    def told(day: str, group: str) -> str:
        return f"{ROSTER}\n1001 | ดี | ก | 2568 | 1 | ปวช.1 | {group} | {day}/2568"

    desk.bring(told("10/06", "ใหม่"))
    with pytest.raises(ImportRefused) as refused:
        desk.bring(told("01/06", "เก่า"))
    assert refused.value.code == "OLDER_ROSTER"
    assert refused.value.text.en.startswith("file.csv is a roster of 2025-06-01; one of 2025-06-10 is known already. ")
    assert "ทะเบียนของวันที่ 01/06/2568 แต่มีทะเบียนของวันที่ 10/06/2568" in refused.value.text.th
    assert desk.known(ENROLMENTS, "class_group") == [("ใหม่",)]
    assert desk.read(ROSTER_COUNTS, "happened_on") == [("2025-06-10",)]
    assert desk.bring(told("01/06", "เก่า"), at="2025-06-01 17:00").accepted == 1  # as it came in then
    assert desk.known(ENROLMENTS, "class_group") == [("ใหม่",)]


# The declarations


def test_every_rule_has_a_sentence_and_only_one_place() -> None:
    assert {rule.code for rule in RULES} <= set(PROBLEM_OF)
    assert len({(rule.code, rule.table) for rule in RULES}) == len(RULES)
    assert len(PROBLEM_OF) == len(PROBLEMS)
