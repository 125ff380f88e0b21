"""Home visits: coded results and reasons, answers about the household, and nothing that was written freely."""

import pytest

from records.codes import REASONS
from records.errors import ImportRefused
from records.tables import HOUSEHOLD, VISITS
from tests.intake.desk import Desk, DeskWith

FREE = "เล่าเรื่องที่บ้านยาว ๆ"


@pytest.fixture
def school(desk_with: DeskWith) -> Desk:
    return desk_with({69201010001: "ชย.1/1", 69201010002: "ชย.1/1"})


def test_a_visit_is_recognised_and_free_text_stays_out(school: Desk) -> None:
    report = school.bring(
        "รหัสนักศึกษา | วันที่เยี่ยม | ครั้งที่ | วิธีเยี่ยม | ผลการเยี่ยม | สาเหตุ | ปัญหาที่พบ | ภาพถ่าย | ละติจูด | แผนที่บ้าน | นาที | สิ่งที่ต้องการให้สนับสนุน\n"
        f"69201010001 | 20/06/2568 | 2 | ออนไลน์ | พบผู้ปกครอง | การคมนาคมไม่สะดวก | {FREE} | a.jpg | 13.7 | b.jpg | 40 | ด้านการศึกษา"
    )
    assert (report.source, report.accepted, list(report.unmapped)) == ("home_visit", 1, [])
    assert report.dropped == ["ปัญหาที่พบ", "ภาพถ่าย", "ละติจูด", "แผนที่บ้าน", "นาที", "สิ่งที่ต้องการให้สนับสนุน"]
    assert school.known(VISITS, "happened_on", "attempt", "mode", "result", "reason_code") == [
        ("2025-06-20", 2, "ONLINE", "MET_GUARDIAN", "R06")
    ]
    assert school.known(HOUSEHOLD, "happened_on") == []
    assert not any(FREE.encode() in file.read_bytes() for file in school.home.logs.rglob("*.parquet"))


@pytest.mark.parametrize(
    ("word", "mode"),
    [
        ("real", "HOME"),
        ("online", "ONLINE"),
        ("interview at school", "AT_SCHOOL"),
        ("โทรศัพท์", "PHONE"),
        ("เยี่ยมบ้าน", "HOME"),
    ],
)
def test_ways_of_visiting(school: Desk, word: str, mode: str) -> None:
    school.bring(f"รหัสนักศึกษา | วันที่เยี่ยม | ผลการเยี่ยม | วิธีเยี่ยม\n69201010001 | 20/06/2568 | พบนักเรียน | {word}")
    assert school.known(VISITS, "attempt", "mode") == [(1, mode)]


@pytest.mark.parametrize(
    ("word", "result"), [("701", "HOUSE_NOT_FOUND"), ("หาบ้านไม่พบ-ไม่มีข้อมูล-ไม่ยินดีให้ข้อมูล-ไม่พบตัว", "HOUSE_NOT_FOUND"), ("ไม่อยู่บ้าน", "NOT_HOME"), ("ไม่ยินดีให้ข้อมูล", "REFUSED")]
)  # fmt: skip
def test_results(school: Desk, word: str, result: str) -> None:
    school.bring(f"รหัสนักศึกษา | วันที่เยี่ยม | ผลการเยี่ยม\n69201010001 | 20/06/2568 | {word}")
    assert school.known(VISITS, "result") == [(result,)]


def test_the_ten_reasons_are_taken_and_the_other_nine_are_outcomes(school: Desk) -> None:
    rows = [["รหัสนักศึกษา", "วันที่เยี่ยม", "ผลการเยี่ยม", "สาเหตุ"]]
    words = [code.label.th for code in REASONS.codes] + ["เสียชีวิต", "ไปเรียนต่อต่างประเทศ", "เรียนในสังกัดเดิม"]
    rows += [["69201010001", f"{day:02}/06/2568", "พบนักเรียน", word] for day, word in enumerate(words, start=1)]
    assert school.bring(rows).accepted == len(words)
    told = [reason for _, reason in school.known(VISITS, "happened_on", "reason_code")]
    assert told == [*REASONS.values, None, None, None]


def test_answers_about_the_household_go_where_they_have_a_place(school: Desk) -> None:
    header = "รหัสนักศึกษา | วันที่เยี่ยม | ผลการเยี่ยม | ลักษณะที่อยู่อาศัย | ระยะทาง | สถานภาพบิดามารดา | รายได้เพียงพอ"
    school.bring(
        f"{header}\n69201010001 | 20/06/2568 | พบนักเรียน | เช่า | 7 กม. | หย่าร้าง | พอใช้\n"
        "69201010002 | 20/06/2568 | พบนักเรียน | อยู่กับผู้อื่น | 1–5 | เสียชีวิต | ขัดสน"
    )
    assert school.known(HOUSEHOLD, "student", "housing", "travel_km", "family_status") == [
        (0, "RENT", 7.0, "DIVORCED"), (1, "WITH_OTHERS", None, None),
    ]  # fmt: skip


def test_a_visit_without_a_known_result_is_quarantined(school: Desk) -> None:
    report = school.bring(
        "รหัสนักศึกษา | วันที่เยี่ยม | ผลการเยี่ยม\n69201010001 | 20/06/2568 | ดี\n69201010002 | 20/06/2568 |\n69201010002 | 31/09/2568 | พบนักเรียน"
    )
    assert dict(report.lines) == {"UNKNOWN_CODE": [2], "MISSING_VALUE": [3], "BAD_DATE": [4]}


def test_a_file_without_result_is_refused_by_name(school: Desk) -> None:
    with pytest.raises(ImportRefused, match=r"no column 'ผลการเยี่ยม'"):
        school.bring("รหัสนักศึกษา | วันที่เยี่ยม\n69201010001 | 20/06/2568", source="home_visit")
