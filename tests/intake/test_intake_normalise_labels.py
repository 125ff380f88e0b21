"""Words for codes, levels and class groups: every spelling that files have, and the ones that nobody may guess at."""

import pytest

from records import codes
from records.codes import CodeList
from records.intake.normalise import Reading, read_class_group, read_code, read_level, split_level_room

UNKNOWN = Reading(problem="UNKNOWN_CODE")
TWO = Reading(problem="TWO_CODES")


@pytest.mark.parametrize(
    ("codes_list", "value", "cells"),
    [
        (codes.ATTENDANCE_STATUSES, "P", "มา มาเรียน ✓ ✔ /"),
        (codes.ATTENDANCE_STATUSES, "L", "สาย มาสาย ส"),
        (codes.ATTENDANCE_STATUSES, "A", "ขาด ข ขาดเรียน"),
        (codes.ATTENDANCE_STATUSES, "S", "ลาป่วย ป ลา"),
        (codes.ATTENDANCE_STATUSES, "B", "ลากิจ ก"),
        (codes.ATTENDANCE_STATUSES, "K", "โดด หนีเรียน"),
        (codes.ATTENDANCE_STATUSES, "E", "กลับก่อน"),
        (codes.ATTENDANCE_STATUSES, "O", "กิจกรรม ราชการ"),
        (codes.ATTENDANCE_STATUSES, "H", "หยุด"),
        (codes.ENROLMENT_STATUSES, "DISMISSED", "พ้นสภาพ จำหน่าย พ้นสภาพนักศึกษา พ้นสภาพการเป็นนักเรียน พ้นสภาพความเป็นนักศึกษา"),
        (codes.OUTCOME_EVENTS, "DISMISSED", "พ้นสภาพ พ้นสภาพนักศึกษา พ้นสภาพการเป็นนักเรียนนักศึกษา"),
        (codes.GRADES, "4", "4 4.0 4.00 ๔"),
        (codes.GRADES, "3.5", "3.5 3.50 ๓.๕"),
        (codes.GRADES, "0", "0 0.0"),
        (codes.GRADES, "R", "ร ร."),
        (codes.GRADES, "MS", "มส มส. ม.ส. ม.ส"),
        (codes.GRADES, "MP", "มผ มผ. ม.ผ."),
        (codes.GRADES, "PASS", "ผ ผ."),
        (codes.GRADES, "KHR", "ขร ข.ร. ข.ร ขร."),
        (codes.GRADES, "KHP", "ขป ข.ป."),
        (codes.GRADES, "KHS", "ขส ข.ส."),
        (codes.GRADES, "THL", "ถล ถ.ล."),
        (codes.GRADES, "THN", "ถน ถ.น."),
        (codes.GRADES, "THP", "ถพ ถ.พ."),
        (codes.GRADES, "TH", "ท ท."),
        (codes.GRADES, "MT", "มท ม.ท."),
        (codes.GRADES, "MK", "มก ม.ก."),
        (codes.SCREENING_LEVELS, "CONCERN", "ห่วงใย เสี่ยง"),
        (codes.SCREENING_LEVELS, "CLOSE", "ใกล้ชิด มีปัญหา"),
        (codes.SEXES, "U", "ไม่ระบุ"),
        (codes.SENSITIVE_AREA_CODES, "SEXUAL", "ชู้สาว ทางเพศ"),
        (codes.SENSITIVE_AREA_CODES, "DRUGS", "ยาเสพติด สารเสพติด"),
        (codes.SENSITIVE_AREA_CODES, "PROTECTION", "สวัสดิภาพ/ความปลอดภัย(คุ้มครอง)"),
        (codes.SENSITIVE_AREA_CODES, "HEALTH", "สุขภาพ สุขภาพ/กาย/จิต/อารมณ์"),
        (codes.AREAS, "TALENT", "ความสามารถพิเศษ"),
        (codes.AREAS, "DEVICES", "เครื่องมือสื่อสาร"),
        (codes.TOOLS, "SDQ_SELF", "SDQ_SELF"),
        (codes.TZD_OUTCOMES, "GRADUTED_COMPLUSEEDU", "GRADUTED_COMPLUSEEDU"),
    ],
)
def test_words_for_a_code(codes_list: CodeList, value: str, cells: str) -> None:
    for cell in cells.split():
        assert read_code(codes_list, cell) == Reading(codes_list.position(value)), cell


def test_marks_with_spaces_inside() -> None:
    assert read_code(codes.GRADES, "ข. ร.").value == codes.GRADES.position("KHR")


@pytest.mark.parametrize(
    ("codes_list", "cell", "reading"),
    [
        (codes.GRADES, "4,0", Reading(codes.GRADES.position("4"), "DECIMAL_COMMA")),
        (codes.GRADES, "3,5", Reading(codes.GRADES.position("3.5"), "DECIMAL_COMMA")),
        (codes.GRADES, "ข\u200b.ร.", Reading(codes.GRADES.position("KHR"), "INVISIBLE_CHARACTERS")),
        (codes.GRADES, "４", Reading(codes.GRADES.position("4"), "FULL_WIDTH")),
        (codes.SEXES, "1.0", Reading(codes.SEXES.position("M"), "EXCEL_NUMBER")),
        (codes.GRADES, "W", UNKNOWN), (codes.GRADES, "I", UNKNOWN), (codes.GRADES, "105", UNKNOWN), (codes.GRADES, "4.5", UNKNOWN),
        (codes.GRADES, "3,4", TWO),
        (codes.ATTENDANCE_STATUSES, "ส,ข", TWO), (codes.ATTENDANCE_STATUSES, "มา/ขาด", TWO), (codes.ATTENDANCE_STATUSES, "ส ข", TWO),
        (codes.ATTENDANCE_STATUSES, "1", UNKNOWN),  # one system's number, told by its own source
        (codes.ATTENDANCE_STATUSES, "ส,?", UNKNOWN),
        (codes.ATTENDANCE_STATUSES, "-", Reading()), (codes.ATTENDANCE_STATUSES, "", Reading()), (codes.GRADES, "-", Reading()),
    ],
)  # fmt: skip
def test_damaged_and_unknown_words(codes_list: CodeList, cell: str, reading: Reading[int]) -> None:
    assert read_code(codes_list, cell) == reading


def test_the_words_for_sealed_areas_are_those_of_their_codes() -> None:
    for word in ("ชู้สาว", "ด้านยาเสพติด", "การทะเลาะวิวาท", "ความรุนแรง", "สุขภาพ/กาย/จิต/อารมณ์", "ทางเพศ", "HEALTH", "SDQ"):
        assert word in codes.SENSITIVE_AREAS
    assert all(codes.AREAS.parse(word) is None for word in codes.SENSITIVE_AREAS)


LEVEL_CELLS = {
    "ปวช.1": ("V1", ""), "ปวช 1": ("V1", ""), "ปวช1": ("V1", ""), "ปวช.๑": ("V1", ""), "ปวช.ปีที่ 2": ("V2", ""), "ปวช.ชั้นปีที่ 2": ("V2", ""),
    "ปวช. 1/2": ("V1", "2"), "ปวช.1/1 ช่างยนต์": ("V1", "1 ช่างยนต์"), "ปวช.3 ช่างไฟฟ้า": ("V3", "ช่างไฟฟ้า"), "ปวส.1/1 บัญชี": ("D1", "1 บัญชี"),
    "ปวส.1 (ม.6)": ("D1", ""), "ปวส.1(ปวช.)": ("D1", ""), "ประกาศนียบัตรวิชาชีพปีที่ 1": ("V1", ""), "ระดับชั้น ปวช.2": ("V2", ""),
    "ประกาศนียบัตรวิชาชีพชั้นสูงชั้นปีที่ 1/ ปวท. ชั้นปีที่ 1 - ปกศ. สูง": ("D1", ""), "ประกาศนียบัตรวิชาชีพชั้นสูงปีที่ 2": ("D2", ""),
    "ม.1/3": ("M1", "3"), "ม1": ("M1", ""), "ม. 6": ("M6", ""), "ม.๓/๒": ("M3", "2"), "M.1/3": ("M1", "3"), "ชั้นมัธยมศึกษาปีที่ 2/4": ("M2", "4"),
    "มัธยมศึกษาปีที่ 1 /เกรด 7/ นาฎศิลป์ชั้นที่ 1": ("M1", ""), "มัธยมศึกษาปีที่ 4/เกรด10": ("M4", ""), "มัธยมศึกษาปีที่ 4/เกรด 10": ("M4", ""),
    "ประถมศึกษาปีที่ 1/เกรด 1": ("P1", ""), "ป.6/1": ("P6", "1"), "ป.6": ("P6", ""),
    "อนุบาล 1": ("K1", ""), "อนุบาล 2/1": ("K2", "1"), "อนุบาล 1(หลักสูตร 3 ปีของ สช.)/อนุบาล 3 ขวบ": ("K1", ""), "ทล.บ. 2": ("B", "2"),
}  # fmt: skip


@pytest.mark.parametrize("cell", LEVEL_CELLS)
def test_levels_with_and_without_a_room(cell: str) -> None:
    value, room = LEVEL_CELLS[cell]
    level = Reading(codes.LEVELS.position(value), "LEVEL_SHAPE" if room else "")
    assert split_level_room(cell) == (level, Reading(room) if room else Reading())
    assert read_level(cell) == level


@pytest.mark.parametrize(
    ("cell", "reading"),
    [
        ("1ชย.2", UNKNOWN), ("ชั้นปีที่ 1", UNKNOWN), ("สทค.1", UNKNOWN), ("กศน.มัธยมศึกษาตอนต้น (ม.3)", UNKNOWN), ("ปวท.1", UNKNOWN),
        ("ม.7", UNKNOWN), ("ม.10", UNKNOWN), ("ปวช.4", UNKNOWN), ("ปวช.12", UNKNOWN), ("ปวส.3", UNKNOWN), ("ป.1.5", UNKNOWN), ("อนุบาล 3 ขวบ", UNKNOWN),
        ("ป.ตรี", UNKNOWN), ("รวม", UNKNOWN), ("1", UNKNOWN),
        ("ม.1-ม.3", TWO), ("ม.1-3", TWO), ("ปวช.1/ปวส.1", TWO), ("ม.1 และ ม.2", TWO),
        ("-", Reading()), ("", Reading()),
    ],
)  # fmt: skip
def test_what_is_no_level(cell: str, reading: Reading[int]) -> None:
    assert split_level_room(cell) == (reading, Reading())


@pytest.mark.parametrize("value", [value for value in codes.LEVELS.values if value != "MODULE"])
def test_every_level_by_its_own_words(value: str) -> None:
    code = codes.LEVELS.codes[codes.LEVELS.position(value)]
    for word in (code.value, code.label.th, *code.aliases):
        assert read_level(word) == Reading(codes.LEVELS.position(value))


@pytest.mark.parametrize(
    ("cell", "reading"),
    [
        ("ปวช.1/1  ช่างยนต์", Reading("ปวช.1/1 ช่างยนต์")), ("1.0", Reading("1", "EXCEL_NUMBER")), ("๑/๒", Reading("1/2")), ("1", Reading("1")),
        ("ทวิภาคี", Reading("ทวิภาคี")), ("เเผนก", Reading("แผนก", "THAI_TEXT_MENDED")), ("-", Reading()), ("", Reading()),
        ("2025-02-01", Reading(problem="GROUP_AS_DATE")), ("2025-02-01 00:00:00", Reading(problem="GROUP_AS_DATE")),
        ("1-ก.พ.", Reading(problem="GROUP_AS_DATE")), ("02-Jan", Reading(problem="GROUP_AS_DATE")), ("ม.ค.-68", Reading(problem="GROUP_AS_DATE")),
        ("ม.1/2", Reading("ม.1/2")), ("1-2", Reading("1-2")), ("1/2/2568", Reading("1/2/2568")), ("มี.ค.", Reading("มี.ค.")),
    ],
)  # fmt: skip
def test_class_groups(cell: str, reading: Reading[str]) -> None:
    assert read_class_group(cell) == reading
