"""Google Forms: questions as headers, time stamps in three languages, the last of several answers, four subjects."""

from collections.abc import Sequence

import pytest

from records.errors import ImportRefused
from records.intake.report import ImportReport
from records.tables import ATTENDANCE, HOUSEHOLD, SCREENING, VISITS
from tests.intake.desk import Desk, DeskWith

CODE = "1. รหัสนักศึกษา (11 หลัก)"
HOME = ["ประทับเวลา", "ที่อยู่อีเมล", CODE, "2. รายได้ครัวเรือนต่อเดือนของท่านประมาณเท่าใด (บาท)", "3. จำนวนสมาชิกในครัวเรือนรวมตัวท่าน", "4. ระยะทางจากบ้านถึงวิทยาลัย (กม.)"]  # fmt: skip
STAMP = "16/5/2568, 14:03:22"


@pytest.fixture
def school(desk_with: DeskWith) -> Desk:
    return desk_with({69201010001: "ชย.1/1", 69201010002: "ชย.1/1"})


def bring(desk: Desk, head: Sequence[str], *rows: Sequence[str]) -> ImportReport:
    return desk.bring(desk.workbook([head, *rows]))


def test_questions_are_the_columns_that_they_contain(school: Desk) -> None:
    report = bring(
        school, [*HOME, "5. มีอะไรอยากบอกครู"], [STAMP, "a@example.com", "69201010001", "8,000", "4", "12", "ไม่มี"]
    )
    assert (report.source, report.accepted) == ("google_form", 1)
    assert (list(report.dropped), list(report.unmapped)) == (["ที่อยู่อีเมล"], ["5. มีอะไรอยากบอกครู"])
    assert school.read(
        HOUSEHOLD, "happened_on", "entered_at", "income_month", "members", "income_per_head", "travel_km"
    ) == [("2025-05-16", "2025-05-16 14:03", 8000.0, 4, 2000.0, 12.0)]


@pytest.mark.parametrize(
    ("stamps", "day", "moment"),
    [
        (["16/5/2568, 14:03:22", "5/6/2568, 8:00:00"], "2025-06-05", "2025-06-05 08:00"),
        (["5/16/2025 14:03:22", "5/6/2025 8:00:00"], "2025-05-06", "2025-05-06 08:00"),
        (["5/6/2025 14:03:22", "6/6/2025 8:00:00"], "2025-06-06", "2025-06-06 08:00"),
        (["2025/05/16 2:03:22 PM GMT+7", "2025/05/17 8:00:00 AM GMT+7"], "2025-05-17", "2025-05-17 08:00"),
        (["2025/05/16 2:03:22 PM GMT+7", "2025/05/16 6:00:00 PM UTC"], "2025-05-17", "2025-05-17 01:00"),
        (["2025-05-16 14:03:22", "2025-05-17 08:00:00"], "2025-05-17", "2025-05-17 08:00"),
    ],
)
def test_time_stamps_are_read_in_the_order_of_their_own_column(
    school: Desk, stamps: list[str], day: str, moment: str
) -> None:
    rows = [[stamp, "", f"6920101000{n}", "8000", "4", "12"] for n, stamp in enumerate(stamps, start=1)]
    assert bring(school, HOME, *rows).accepted == 2
    assert (1, day, moment) in school.read(HOUSEHOLD, "student", "happened_on", "entered_at")


def test_of_several_answers_the_last_time_stamp_counts(school: Desk) -> None:
    report = bring(
        school, HOME,
        ["16/5/2568, 15:00:00", "", "69201010001", "9000", "3", ""],
        ["16/5/2568, 14:00:00", "", "69201010001", "8000", "4", "12"],
        ["16/5/2568, 14:30:00", "", "69201010001", "7000", "4", "12"],
        ["17/5/2568, 9:00:00", "", "69201010001", "6000", "4", "12"],
    )  # fmt: skip
    assert (report.quarantined, dict(report.reasons)) == (0, {})
    assert school.known(HOUSEHOLD, "happened_on", "income_month", "travel_km") == [
        ("2025-05-16", 9000.0, None),
        ("2025-05-17", 6000.0, 12.0),
    ]


def test_a_stamp_that_is_no_time_is_quarantined(school: Desk) -> None:
    report = bring(
        school, HOME, ["เมื่อวาน", "", "69201010001", "8000", "4", "12"], [STAMP, "", "69201010002", "8000", "4", "12"]
    )
    assert dict(report.lines) == {"BAD_DATE": [2]}


def test_a_form_about_screening_keeps_its_rules(school: Desk) -> None:
    areas = ("การเรียน", "สังคม", "ชู้สาว", "เศรษฐกิจ", "การพนัน")
    head = ["Timestamp", CODE, *(f"ท่านจัดนักเรียนด้าน{area}อยู่ในกลุ่มใด" for area in areas), "ครูคัดกรองแล้ว"]
    report = bring(school, head, [STAMP, "69201010001", "ห่วงใย", "ไว้ใจ", "ใกล้ชิด", "ไว้ใจ", "ไว้ใจ", "ใช่"])
    assert (report.source, report.accepted) == ("google_form", 1)
    assert ("LEARNING", "CONCERN", "2025-05-16") in school.read(SCREENING, "area", "level", "happened_on")
    assert ("OVERALL", "CONCERN", "2025-05-16") in school.read(SCREENING, "area", "level", "happened_on")


def test_a_form_about_visits_has_its_own_day(school: Desk) -> None:
    head = ["ประทับเวลา", CODE, "วันที่เยี่ยมบ้านนักเรียน", "ผลการเยี่ยมบ้านครั้งนี้", "โปรดเล่าปัญหาที่พบ"]
    report = bring(school, head, ["5/16/2025 14:03:22", "69201010001", "5/6/2025", "พบผู้ปกครอง", "…"])
    assert (report.source, list(report.dropped)) == ("google_form", ["โปรดเล่าปัญหาที่พบ"])
    assert school.read(VISITS, "happened_on", "result", "entered_at") == [
        ("2025-05-06", "MET_GUARDIAN", "2025-05-16 14:03")
    ]


def test_a_form_about_attendance_retracts_nobody(school: Desk) -> None:
    school.bring(
        "รหัสนักศึกษา | วันที่ | สถานะ | กลุ่มเรียน\n69201010001 | 16/05/2568 | มา | ชย.1/1\n69201010002 | 16/05/2568 | ขาด | ชย.1/1"
    )
    report = bring(
        school, ["ประทับเวลา", CODE, "กลุ่มเรียนของท่าน", "สถานะการมาเรียนวันนี้"], [STAMP, "69201010001", "ชย.1/1", "ป่วย"]
    )
    assert (report.source, report.accepted, report.retracted) == ("google_form", 1, 0)
    assert school.known(ATTENDANCE, "student", "status") == [(0, "S"), (1, "A")]


def test_names_and_telephones_that_a_form_asks_for_are_left_out(school: Desk) -> None:
    head = [*HOME, "ชื่อ-สกุล ของท่าน", "โทรศัพท์ที่ติดต่อได้"]
    report = bring(school, head, [STAMP, "a@example.com", "69201010001", "8,000", "4", "12", "ดี สมมติ", "0800000000"])
    assert (set(report.dropped), list(report.unmapped)) == ({"ที่อยู่อีเมล", *head[-2:]}, [])


def test_a_form_without_a_question_for_the_code_is_refused_by_name(school: Desk) -> None:
    with pytest.raises(ImportRefused, match="no column 'รหัสนักเรียน'"):
        bring(school, [HOME[0], *HOME[3:]], [STAMP, "8000", "4", "12"])


@pytest.mark.parametrize(
    "head",
    [["รหัสนักศึกษา", "ประทับเวลา", "วันที่", "สถานะ"], ["ลำดับ", "ประทับเวลา", "รหัสนักศึกษา", "วันที่สำรวจ", "รายได้ครัวเรือนต่อเดือน"]],
)
def test_a_time_stamp_elsewhere_makes_no_form(school: Desk, head: list[str]) -> None:
    cells = {
        "รหัสนักศึกษา": "69201010001",
        "ประทับเวลา": STAMP,
        "วันที่": "16/05/2568",
        "วันที่สำรวจ": "16/05/2568",
        "สถานะ": "มา",
        "ลำดับ": "1",
    }
    report = bring(school, head, [cells.get(header, "8000") for header in head])
    assert (report.source != "google_form", report.accepted) == (True, 1)
