"""Why a row could not be taken: codes with a sentence each, in Thai for the clerk and in English."""

from dataclasses import dataclass

from records.text import Text


@dataclass(frozen=True, kw_only=True)
class Problem:
    code: str
    text: Text


def _problem(code: str, th: str, en: str) -> Problem:
    return Problem(code=code, text=Text(th=th, en=en))


PROBLEMS: tuple[Problem, ...] = (
    _problem("NO_STUDENT_ID", "ไม่มีเลขประจำตัวหรือรหัสนักเรียนที่ใช้ได้", "no usable student code or national number; fill it in"),
    _problem("UNKNOWN_STUDENT", "ไม่พบรหัสนี้ในทะเบียน ให้นำเข้าทะเบียนก่อน", "this code is on no roster; import the roster first"),
    _problem("MISSING_VALUE", "ช่องที่จำเป็นว่างอยู่", "a required cell is empty; fill it in"),
    _problem("UNKNOWN_CODE", "คำในช่องนี้ไม่อยู่ในรายการที่รู้จัก", "the word in a cell is not one of the known codes"),
    _problem("BAD_DATE", "อ่านวันที่ไม่ได้ ใช้รูปแบบ วัน/เดือน/ปี พ.ศ.", "a date cannot be read; write day/month/year"),
    _problem("DATE_OUT_OF_RANGE", "วันที่อยู่นอกช่วงที่เป็นไปได้", "a date is out of range; look at the year"),
    _problem("DATE_IN_FUTURE", "วันที่อยู่หลังวันที่ได้รับไฟล์", "the date lies after the day the file was received"),
    _problem("BAD_NUMBER", "ช่องตัวเลขไม่ใช่ตัวเลข", "a number cannot be read"),
    _problem("OUT_OF_RANGE", "ตัวเลขอยู่นอกช่วงที่เป็นไปได้", "a number is out of range"),
    _problem("SENSITIVE_AREA", "ด้านนี้เป็นข้อมูลอ่อนไหว เก็บปิดผนึกไว้ ไม่นำเข้าบันทึกกลาง", "a sensitive area: kept sealed, not taken into the log"),
    _problem("NOT_HISTORY", "เกิดขึ้นหลังเริ่มใช้งานจริง นำเข้าโดยไม่ใช้ --history", "happened after operation began; import it without --history"),
    _problem("OUTSIDE_TERM", "วันที่ของยอดรวมไม่อยู่ในภาคเรียนใดในปฏิทิน", "the day of the totals lies in no term of the calendar"),
    _problem("NEGATIVE_DIFFERENCE", "ยอดสะสมลดลงจากครั้งก่อน", "a cumulative total is lower than before"),
    _problem("TOTAL_TOO_LARGE", "ยอดรวมมากกว่าวันที่เปิดเรียน", "the days add up to more than the days held"),
    _problem("RAGGED_ROW", "จำนวนช่องในแถวไม่ตรงกับหัวตาราง", "the row has more or fewer cells than the header"),
)  # fmt: skip
PROBLEM_OF: dict[str, Problem] = {problem.code: problem for problem in PROBLEMS}
