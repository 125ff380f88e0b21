"""Attendance in the long layout: one row a student, day and session (domain T3)."""

from collections.abc import Mapping
from dataclasses import dataclass

from records.intake.files import Sheet
from records.intake.mapping import FileSource
from records.intake.source import LEFT_OUT, PERSON_FIELDS, Covers, Field, Request, Tells, field_of, fields_of
from records.tables import ATTENDANCE, ENROLMENTS, GRADES
from records.text import Text

CLASS_GROUP = Field(
    header="กลุ่มเรียน", to=("*.class_group",), aliases=ENROLMENTS["class_group"].aliases, example="ชย.1/1"
)

SESSION = field_of(ATTENDANCE, ATTENDANCE["session"])
COURSE = field_of(
    ATTENDANCE, ATTENDANCE["course_code"],
    about=Text(
        th="รหัสวิชาของแถวรายคาบ (คาบ 1–10) เว้นว่างในแถวทั้งวัน ไฟล์ที่มีรหัสวิชาต้องมีคอลัมน์ คาบ ด้วย",
        en="the course of a class period (P1 to P10), empty for a whole day; a file with courses needs the column คาบ too",
    ),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class LongAttendance(FileSource):
    """Missing one course is not missing the day: a file that names courses must say the period."""

    def _missing(self, sheet: Sheet, columns: Mapping[int, Field], request: Request) -> list[str]:
        told = {place for one in columns.values() for place in one.to}
        needs_session = set(COURSE.to) <= told and not set(SESSION.to) <= told
        return [*super()._missing(sheet, columns, request), *([SESSION.header] if needs_session else [])]


SOURCE = LongAttendance(
    name="attendance",
    label=Text(th="การมาเรียนรายวัน (แถวละวัน)", en="attendance, one row a day"),
    about=Text(
        th="การเช็กชื่อ แถวละหนึ่งคน หนึ่งวัน หนึ่งคาบหรือกิจกรรม ช่องว่างแปลว่ายังไม่ได้บันทึก ไม่ใช่มาเรียน",
        en="roll calls, one row a student, day and session; an empty cell is not recorded, which is not present",
    ),
    file_name="attendance-2568-05-19.csv",
    fields=(*PERSON_FIELDS, CLASS_GROUP, SESSION, *fields_of(ATTENDANCE, "status", "minutes_late"), COURSE, *LEFT_OUT),
    tells=(Tells(table=ATTENDANCE, lag_days=1, covers=Covers.DAYS_OF_GROUPS, usually={"session": "DAY"}),),
    marks=(
        ("สถานะ", "การมาเรียน", "มา/ขาด/ลา", "code", "status"),
        ("วันที่", "date", "วันที่เรียน"),
        ("รหัสนักเรียน", "รหัสนักศึกษา", "รหัสประจำตัวนักศึกษา", "รหัสประจำตัว", "เลขประจำตัว", "student_id", "student_code", "เลขประจำตัวประชาชน"),
    ),
    unlike=("ชั้น", "ระดับชั้น", "ชั้นปี", "ระดับ", "เหตุการณ์", "เกรด", *GRADES["grade"].aliases),
    proves=Text(
        th="คอลัมน์ บันทึกเมื่อ (ถ้ามี) บอกเวลาที่ครูบันทึก", en="the column บันทึกเมื่อ, where there is one, tells when it was entered"
    ),
)  # fmt: skip
