"""Attendance in the long layout: one row a student, day and session (domain T3)."""

from records.intake.mapping import FileSource
from records.intake.source import LEFT_OUT, PERSON_FIELDS, Covers, Field, Tells, fields_of
from records.tables import ATTENDANCE, ENROLMENTS
from records.text import Text

CLASS_GROUP = Field(
    header="กลุ่มเรียน", to=("*.class_group",), aliases=ENROLMENTS["class_group"].aliases, example="ชย.1/1"
)

SOURCE = FileSource(
    name="attendance",
    label=Text(th="การมาเรียนรายวัน (แถวละวัน)", en="attendance, one row a day"),
    about=Text(
        th="การเช็กชื่อ แถวละหนึ่งคน หนึ่งวัน หนึ่งคาบหรือกิจกรรม ช่องว่างแปลว่ายังไม่ได้บันทึก ไม่ใช่มาเรียน",
        en="roll calls, one row a student, day and session; an empty cell is not recorded, which is not present",
    ),
    file_name="attendance-2568-05-19.csv",
    fields=(*PERSON_FIELDS, CLASS_GROUP, *fields_of(ATTENDANCE), *LEFT_OUT),
    tells=(Tells(table=ATTENDANCE, lag_days=1, covers=Covers.DAYS_OF_GROUPS, usually={"session": "DAY"}),),
    marks=(
        ("สถานะ", "การมาเรียน", "มา/ขาด/ลา", "code", "status"),
        ("วันที่", "date", "วันที่เรียน"),
        ("รหัสนักเรียน", "รหัสนักศึกษา", "รหัสประจำตัวนักศึกษา", "รหัสประจำตัว", "เลขประจำตัว", "student_id", "student_code", "เลขประจำตัวประชาชน"),
    ),
    unlike=("ชั้น", "ระดับชั้น", "ชั้นปี", "ระดับ", "เหตุการณ์"),
    proves=Text(
        th="คอลัมน์ บันทึกเมื่อ (ถ้ามี) บอกเวลาที่ครูบันทึก", en="the column บันทึกเมื่อ, where there is one, tells when it was entered"
    ),
)  # fmt: skip
