"""The event tables, declared once: intake validates by them, the log stores by them, the dictionary prints them.

A record is something we were told about one student (or the whole institution, where `per_student` is False), with the
day it happened (`happened_on`) and the moment from which we could have used it (`recorded_at`). A later record of the
same key replaces an earlier one for whoever asks after it was recorded; nothing is edited in place.
Source: Part 3 of the domain reference (T1–T9), with the names of the architecture page.
"""

from dataclasses import dataclass
from datetime import date
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING

from records import codes
from records.codes import CodeList
from records.constraints import Between, Constraint, OnDays
from records.text import Text

if TYPE_CHECKING:
    import pyarrow as pa  # declarations are read by the service too, which must stay small


class Use(Enum):
    """What a column may be used for; the catalogue refuses a feature over anything but FEATURE."""

    FEATURE = "feature"
    STATE = "state"  # who is enrolled, who left: no feature may name it
    CARE = "care"  # what people did about it: shapes later lists and outcomes, never a model input
    AUDIT = "audit"  # read by evaluation alone, to see whether the list treats groups alike


class Kind(Enum):
    """What a cell is, and how the log stores it."""

    CODE = "code"
    DATE = "date"
    FLAG = "flag"
    NUMBER = "number"
    WHOLE = "whole"
    TEXT = "text"  # short labels such as a class group or a course code; free text never enters the log

    def arrow(self) -> "pa.DataType":
        import pyarrow as pa

        match self:
            case Kind.CODE:
                return pa.uint8()
            case Kind.DATE:
                return pa.date32()
            case Kind.FLAG:
                return pa.bool_()
            case Kind.NUMBER:
                return pa.float64()
            case Kind.WHOLE:
                return pa.int32()
            case Kind.TEXT:
                return pa.string()


@dataclass(frozen=True, kw_only=True)
class Where:
    """A condition on one code column: the value is one of these."""

    column: str
    values: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of an event table; `aliases` are the headers that real exports give it."""

    name: str
    kind: Kind
    use: Use
    label: Text
    aliases: tuple[str, ...] = ()
    codes: CodeList | None = None
    constraint: Constraint | None = None
    required: bool = False

    def __post_init__(self) -> None:
        if (self.kind is Kind.CODE) != (self.codes is not None):
            raise ValueError(f"column {self.name}: a code column needs a code list, and only a code column has one")

    def is_in(self, *values: str) -> Where:
        if self.codes is None:
            raise TypeError(f"column {self.name} is no code column")
        for value in values:
            self.codes.position(value)
        return Where(column=self.name, values=values)


@dataclass(frozen=True, kw_only=True)
class Table:
    """One event table. `key` names what makes two records versions of the same fact (the student always belongs)."""

    name: str
    label: Text
    about: Text
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    happened_on_aliases: tuple[str, ...]
    per_student: bool = True
    sensitive: bool = False
    """Stored sealed, read with its own permission, and no feature unless a deployment switches it on (PDPA s. 26)."""

    def __post_init__(self) -> None:
        names = {column.name for column in self.columns} | {"happened_on"}
        if len(names) != len(self.columns) + 1:
            raise ValueError(f"table {self.name}: a column name is used twice")
        if not set(self.key) <= names:
            raise ValueError(f"table {self.name}: the key names unknown columns {set(self.key) - names}")

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"table {self.name} has no column '{name}'")

    @cached_property
    def key_columns(self) -> tuple[str, ...]:
        return ("student", *self.key) if self.per_student else self.key

    @cached_property
    def schema(self) -> "pa.Schema":
        """How the log stores it: `recorded_at` in milliseconds UTC, `line` of the source file, `retracted` facts."""
        import pyarrow as pa

        student = [pa.field("student", pa.int32(), nullable=False)] if self.per_student else []
        return pa.schema(
            [
                *student,
                pa.field("happened_on", pa.date32(), nullable=False),
                *(pa.field(column.name, column.kind.arrow()) for column in self.columns),
                pa.field("entered_at", pa.timestamp("ms", tz="UTC")),
                pa.field("recorded_at", pa.timestamp("ms", tz="UTC"), nullable=False),
                pa.field("line", pa.int32(), nullable=False),
                pa.field("retracted", pa.bool_(), nullable=False),
            ]
        )


_ANY_DAY = OnDays(first=date(2000, 1, 1), last=date(2100, 12, 31))
_YEAR = Between(low=2000, high=2100)

_ACADEMIC_YEAR = Column(
    name="academic_year", kind=Kind.WHOLE, use=Use.FEATURE, constraint=_YEAR, required=True,
    label=Text(th="ปีการศึกษา (ค.ศ. ของวันเปิดภาคเรียนที่ 1)", en="academic year (CE, of the first term)"),
    aliases=("ปีการศึกษา", "ปี", "AcademicYear_Onec"),
)  # fmt: skip
_TERM = Column(
    name="term", kind=Kind.WHOLE, use=Use.FEATURE, constraint=Between(low=1, high=3), required=True,
    label=Text(th="ภาคเรียน (3 = ฤดูร้อน)", en="term (3 = summer)"),
    aliases=("ภาคเรียน", "เทอม", "ภาคเรียนที่", "Semester_Onec"),
)  # fmt: skip

STUDENTS = Table(
    name="students",
    label=Text(th="นักเรียน", en="Students"),
    about=Text(th="ข้อมูลประจำตัวที่ไม่ระบุชื่อ คนละหนึ่งรายการล่าสุด", en="What is known of a person without the name; the latest holds."),
    key=(),
    happened_on_aliases=(),
    columns=(
        Column(
            name="birth_month", kind=Kind.DATE, use=Use.FEATURE, constraint=OnDays(first=date(1930, 1, 1), last=date(2100, 1, 1)),
            label=Text(th="เดือนเกิด (วันที่ 1 ของเดือน)", en="month of birth (first of the month)"),
            aliases=("วันเกิด", "วัน/เดือน/ปีเกิด", "ว/ด/ป เกิด", "BirthDate_Onec"),
        ),
        Column(
            name="sex", kind=Kind.CODE, use=Use.AUDIT, codes=codes.SEXES,
            label=Text(th="เพศ", en="sex"), aliases=("เพศ", "GenderID_Onec", "gender"),
        ),
        Column(
            name="nationality_group", kind=Kind.CODE, use=Use.AUDIT, codes=codes.NATIONALITY_GROUPS,
            label=Text(th="กลุ่มสัญชาติ", en="nationality group"), aliases=("สัญชาติ", "NationalityID_Onec"),
        ),
        Column(
            name="disability_any", kind=Kind.FLAG, use=Use.AUDIT,
            label=Text(th="มีความพิการ", en="any disability"), aliases=("ความพิการ", "DisabilityID_Onec"),
        ),
    ),
)  # fmt: skip

ENROLMENTS = Table(
    name="enrolments",
    label=Text(th="การลงทะเบียนเรียน", en="Enrolments"),
    about=Text(th="นักเรียนหนึ่งคนในหนึ่งภาคเรียน ตามทะเบียนครั้งล่าสุด", en="A student in a term, as the last roster told it."),
    key=("academic_year", "term"),
    happened_on_aliases=("วันที่ข้อมูล", "snapshot_date"),
    columns=(
        _ACADEMIC_YEAR,
        _TERM,
        Column(
            name="level", kind=Kind.CODE, use=Use.FEATURE, codes=codes.LEVELS, required=True,
            label=Text(th="ระดับชั้น", en="level"), aliases=("ชั้น", "ระดับชั้น", "ชั้นปี", "ระดับ", "GradeLevelID_Onec"),
        ),
        Column(
            name="class_group", kind=Kind.TEXT, use=Use.FEATURE, required=True,
            label=Text(th="กลุ่มเรียน", en="class group"), aliases=("กลุ่มเรียน", "กลุ่ม", "ห้อง", "RoomID_Onec"),
        ),
        Column(
            name="programme", kind=Kind.TEXT, use=Use.FEATURE,
            label=Text(th="สาขาวิชา", en="programme"), aliases=("สาขาวิชา", "แผนกวิชา", "สาขางาน"),
        ),
        Column(
            name="study_mode", kind=Kind.CODE, use=Use.FEATURE, codes=codes.STUDY_MODES,
            label=Text(th="รูปแบบการเรียน", en="study mode"), aliases=("รูปแบบการเรียน", "รอบ"),
        ),
        Column(
            name="entry_year", kind=Kind.WHOLE, use=Use.FEATURE, constraint=_YEAR,
            label=Text(th="ปีที่เข้าเรียน", en="year of entry"), aliases=("ปีที่เข้าเรียน", "SchoolAdmissionYear_Onec"),
        ),
        Column(
            name="entry_route", kind=Kind.CODE, use=Use.FEATURE, codes=codes.ENTRY_ROUTES,
            label=Text(th="ช่องทางเข้าเรียน", en="entry route"), aliases=("ช่องทางเข้าเรียน",),
        ),
        Column(
            name="entry_gpa", kind=Kind.NUMBER, use=Use.FEATURE, constraint=Between(low=0, high=4),
            label=Text(th="เกรดเฉลี่ยแรกเข้า", en="GPA at entry"), aliases=("เกรดเฉลี่ยแรกเข้า", "เกรดเฉลี่ย ม.3"),
        ),
        Column(
            name="education_before", kind=Kind.CODE, use=Use.FEATURE, codes=codes.EDUCATION,
            label=Text(th="วุฒิก่อนเข้าเรียน", en="education completed before"), aliases=("วุฒิเดิม", "วุฒิการศึกษาเดิม", "วุฒิที่ใช้สมัคร"),
        ),
        Column(
            name="earlier_attempts", kind=Kind.WHOLE, use=Use.FEATURE, constraint=Between(low=0, high=20),
            label=Text(th="จำนวนครั้งที่เคยเรียนมาก่อน", en="earlier attempts"), aliases=("เคยเรียนมาแล้ว",),
        ),
        Column(
            name="credits", kind=Kind.NUMBER, use=Use.FEATURE, constraint=Between(low=0, high=1000),
            label=Text(th="หน่วยกิตที่ลงทะเบียน", en="credits taken"), aliases=("หน่วยกิตที่ลงทะเบียน",),
        ),
        Column(
            name="registered_on", kind=Kind.DATE, use=Use.FEATURE, constraint=_ANY_DAY,
            label=Text(th="วันที่ลงทะเบียน", en="registered on"), aliases=("วันที่ลงทะเบียน", "วันที่ชำระเงิน"),
        ),
        Column(
            name="status", kind=Kind.CODE, use=Use.STATE, codes=codes.ENROLMENT_STATUSES,
            label=Text(th="สถานภาพ", en="status"), aliases=("สถานะ", "สถานภาพ", "สถานะนักเรียน", "StudentStatusID_Onec"),
        ),
        Column(
            name="status_on", kind=Kind.DATE, use=Use.STATE, constraint=_ANY_DAY,
            label=Text(th="วันที่มีผลของสถานภาพ", en="status since"), aliases=("วันที่เปลี่ยนสถานภาพ", "วันที่พ้นสภาพ"),
        ),
    ),
)  # fmt: skip

ROSTER_COUNTS = Table(
    name="roster_counts",
    label=Text(th="รอบการนับทะเบียน", en="Roster counts"),
    about=Text(th="วันที่ได้รับทะเบียนครบทั้งสถานศึกษา ผู้ที่ไม่มีชื่อคือผู้ที่ต้องติดตาม", en="A day for which the whole roster was told; who is not on it must be traced."),
    key=("academic_year", "term", "happened_on"),
    happened_on_aliases=(),
    per_student=False,
    columns=(
        _ACADEMIC_YEAR,
        _TERM,
        Column(
            name="students", kind=Kind.WHOLE, use=Use.STATE, constraint=Between(low=0, high=1_000_000),
            label=Text(th="จำนวนนักเรียน", en="students on the roster"),
        ),
    ),
)  # fmt: skip

CALENDAR = Table(
    name="calendar",
    label=Text(th="ปฏิทินการศึกษา", en="Calendar"),
    about=Text(th="วันของภาคเรียน และวันใดเปิดสอน", en="The days of a term, and on which of them there was teaching."),
    key=("academic_year", "term", "happened_on"),
    happened_on_aliases=("วันที่", "date"),
    per_student=False,
    columns=(
        _ACADEMIC_YEAR,
        _TERM,
        Column(
            name="kind", kind=Kind.CODE, use=Use.FEATURE, codes=codes.DAY_KINDS, required=True,
            label=Text(th="ประเภทวัน", en="kind of day"), aliases=("ประเภทวัน",),
        ),
    ),
)  # fmt: skip

RULES = Table(
    name="rules",
    label=Text(th="เกณฑ์ของสถานศึกษา", en="Rules of the institution"),
    about=Text(th="เกณฑ์ที่สถานศึกษากำหนดเอง รายการล่าสุดใช้", en="What the institution has set for itself; the latest holds."),
    key=("rule", "stage", "after_terms"),
    happened_on_aliases=("ใช้ตั้งแต่วันที่",),
    per_student=False,
    columns=(
        Column(
            name="rule", kind=Kind.CODE, use=Use.FEATURE, codes=codes.RULES, required=True,
            label=Text(th="เกณฑ์", en="rule"), aliases=("เกณฑ์",),
        ),
        Column(
            name="stage", kind=Kind.CODE, use=Use.FEATURE, codes=codes.STAGES,
            label=Text(th="ระดับการศึกษา (ว่าง = ทุกระดับ)", en="stage of education (empty = all)"), aliases=("ระดับการศึกษา",),
        ),
        Column(
            name="after_terms", kind=Kind.WHOLE, use=Use.FEATURE, constraint=Between(low=1, high=12),
            label=Text(th="เมื่อเรียนครบกี่ภาคเรียน (ว่าง = ตลอด)", en="after how many terms (empty = always)"), aliases=("เมื่อครบภาคเรียน",),
        ),
        Column(
            name="value", kind=Kind.NUMBER, use=Use.FEATURE, constraint=Between(low=0, high=100), required=True,
            label=Text(th="ค่า", en="value"), aliases=("ค่า",),
        ),
    ),
)  # fmt: skip

ATTENDANCE = Table(
    name="attendance",
    label=Text(th="การมาเรียนรายวัน", en="Attendance"),
    about=Text(th="นักเรียนหนึ่งคน หนึ่งวัน หนึ่งคาบหรือกิจกรรม", en="A student on a day in one session."),
    key=("happened_on", "session"),
    happened_on_aliases=("วันที่", "date", "วันที่เรียน"),
    columns=(
        Column(
            name="session", kind=Kind.CODE, use=Use.FEATURE, codes=codes.SESSIONS,
            label=Text(th="คาบหรือกิจกรรม", en="session"), aliases=("คาบ", "รายการ", "กิจกรรม"),
        ),
        Column(
            name="status", kind=Kind.CODE, use=Use.FEATURE, codes=codes.ATTENDANCE_STATUSES, required=True,
            label=Text(th="การมาเรียน", en="attendance"), aliases=("สถานะ", "การมาเรียน", "มา/ขาด/ลา", "code"),
        ),
        Column(
            name="minutes_late", kind=Kind.WHOLE, use=Use.FEATURE, constraint=Between(low=0, high=600),
            label=Text(th="มาสายกี่นาที", en="minutes late"), aliases=("สาย(นาที)",),
        ),
        Column(
            name="course_code", kind=Kind.TEXT, use=Use.FEATURE,
            label=Text(th="รหัสวิชาของคาบ", en="course of the period"), aliases=("รหัสวิชา",),
        ),
    ),
)  # fmt: skip

ATTENDANCE_TOTAL = Table(
    name="attendance_total",
    label=Text(th="ยอดรวมการมาเรียน", en="Attendance totals"),
    about=Text(th="ยอดของช่วงวันหนึ่ง สำหรับสถานศึกษาที่เก็บเพียงยอดรวม", en="Days of one period, for colleges that keep only totals."),
    key=("from_day", "happened_on"),
    happened_on_aliases=("ถึงวันที่",),
    columns=(
        Column(
            name="from_day", kind=Kind.DATE, use=Use.FEATURE, constraint=_ANY_DAY,
            label=Text(th="ตั้งแต่วันที่", en="from day"), aliases=("ตั้งแต่วันที่",),
        ),
        *(
            Column(
                name=name, kind=Kind.WHOLE, use=Use.FEATURE, constraint=Between(low=0, high=400), required=required,
                label=Text(th=th, en=en), aliases=aliases,
            )
            for name, th, en, aliases, required in (
                ("held", "วันที่เปิดเรียน", "days held", ("เวลาเรียนเต็ม",), True),
                ("present", "วันที่มา", "days present", ("มา",), True),
                ("late", "วันที่สาย", "days late", ("สาย",), False),
                ("absent", "วันที่ขาด", "days absent", ("ขาด",), False),
                ("leave", "วันที่ลา", "days on leave", ("ลา",), False),
                ("skipped", "วันที่โดด", "days skipped", ("โดด", "หนีเรียน"), False),
            )
        ),
    ),
)  # fmt: skip

GRADES = Table(
    name="grades",
    label=Text(th="ผลการเรียน", en="Grades"),
    about=Text(th="ผลของหนึ่งรายวิชา หรือหนึ่งชิ้นงานในรายวิชา", en="The result of a course, or of one piece of work in it."),
    key=("academic_year", "term", "course_code", "item", "attempt"),
    happened_on_aliases=("วันที่ประกาศผล", "วันที่ประกาศ", "released_at"),
    columns=(
        _ACADEMIC_YEAR,
        _TERM,
        Column(
            name="course_code", kind=Kind.TEXT, use=Use.FEATURE, required=True,
            label=Text(th="รหัสวิชา", en="course code"), aliases=("รหัสวิชา",),
        ),
        Column(
            name="item", kind=Kind.TEXT, use=Use.FEATURE,
            label=Text(th="ชิ้นงาน (FINAL = ผลรายวิชา)", en="piece of work (FINAL = the course result)"), aliases=("ชิ้นงาน", "รายการประเมิน"),
        ),
        Column(
            name="attempt", kind=Kind.WHOLE, use=Use.FEATURE, constraint=Between(low=1, high=9),
            label=Text(th="ครั้งที่", en="attempt"), aliases=("ครั้งที่",),
        ),
        Column(
            name="credits", kind=Kind.NUMBER, use=Use.FEATURE, constraint=Between(low=0, high=12),
            label=Text(th="หน่วยกิต", en="credits"), aliases=("หน่วยกิต", "นก."),
        ),
        Column(
            name="weight", kind=Kind.NUMBER, use=Use.FEATURE, constraint=Between(low=0, high=100),
            label=Text(th="น้ำหนักของชิ้นงาน (ร้อยละ)", en="weight of the piece of work (percent)"), aliases=("น้ำหนัก",),
        ),
        Column(
            name="score", kind=Kind.NUMBER, use=Use.FEATURE, constraint=Between(low=0, high=100),
            label=Text(th="คะแนน (เต็ม 100)", en="score (of 100)"), aliases=("คะแนน", "คะแนนรวม", "รวม(100)"),
        ),
        Column(
            name="days_late", kind=Kind.NUMBER, use=Use.FEATURE, constraint=Between(low=0, high=730),
            label=Text(th="ส่งช้ากี่วัน (0 = ทันกำหนด)", en="days handed in after it was due (0: in time)"), aliases=("ส่งช้า (วัน)", "ส่งช้ากี่วัน"),
        ),
        Column(
            name="grade", kind=Kind.CODE, use=Use.FEATURE, codes=codes.GRADES, required=True,
            label=Text(th="ผลการเรียน", en="grade or mark"), aliases=("เกรด", "ผลการเรียน", "ระดับผลการเรียน(เกรด)"),
        ),
    ),
)  # fmt: skip

TERM_GPA = Table(
    name="term_gpa",
    label=Text(th="เกรดเฉลี่ย", en="Grade point averages"),
    about=Text(th="เกรดเฉลี่ยของหนึ่งภาคเรียนและเกรดเฉลี่ยสะสม ตามที่สถานศึกษาประกาศ", en="The average of a term and over all terms, as the institution released them."),
    key=("academic_year", "term"),
    happened_on_aliases=("วันที่ประกาศผล", "วันที่ประกาศ", "released_at"),
    columns=(
        _ACADEMIC_YEAR,
        _TERM,
        Column(
            name="gpa", kind=Kind.NUMBER, use=Use.FEATURE, constraint=Between(low=0, high=4),
            label=Text(th="เกรดเฉลี่ยประจำภาค", en="GPA of the term"), aliases=("เกรดเฉลี่ยประจำภาค", "เกรดเฉลี่ย", "GPA"),
        ),
        Column(
            name="gpax", kind=Kind.NUMBER, use=Use.FEATURE, constraint=Between(low=0, high=4),
            label=Text(th="เกรดเฉลี่ยสะสม", en="GPA over all terms (GPAX)"), aliases=("เกรดเฉลี่ยสะสม", "GPAX", "GPAX_Onec"),
        ),
        Column(
            name="credits_tried", kind=Kind.NUMBER, use=Use.FEATURE, constraint=Between(low=0, high=400),
            label=Text(th="หน่วยกิตที่เรียน", en="credits tried"), aliases=("หน่วยกิตที่เรียน",),
        ),
        Column(
            name="credits_earned", kind=Kind.NUMBER, use=Use.FEATURE, constraint=Between(low=0, high=400),
            label=Text(th="หน่วยกิตที่ได้", en="credits earned"), aliases=("หน่วยกิตที่ได้", "หน่วยกิตสะสม"),
        ),
    ),
)  # fmt: skip

HOUSEHOLD = Table(
    name="household",
    label=Text(th="ครัวเรือน", en="Household"),
    about=Text(th="ผลสำรวจครัวเรือนหนึ่งครั้ง", en="One survey of a student's household."),
    key=("happened_on",),
    happened_on_aliases=("วันที่สำรวจ", "survey_date"),
    columns=(
        Column(
            name="income_per_head", kind=Kind.NUMBER, use=Use.FEATURE, constraint=Between(low=0, high=500_000),
            label=Text(th="รายได้ต่อคนต่อเดือน (บาท)", en="income per head and month (baht)"),
            aliases=("รายได้ครัวเรือนเฉลี่ยต่อคน", "รายได้เฉลี่ยต่อคน"),
        ),
        Column(
            name="members", kind=Kind.WHOLE, use=Use.FEATURE, constraint=Between(low=1, high=20),
            label=Text(th="สมาชิกในครัวเรือน", en="household members"), aliases=("จำนวนสมาชิกในครัวเรือน",),
        ),
        Column(
            name="dependants", kind=Kind.WHOLE, use=Use.FEATURE, constraint=Between(low=0, high=20),
            label=Text(th="ผู้อยู่ในภาวะพึ่งพิง", en="dependants"), aliases=("จำนวนผู้พึ่งพิง",),
        ),
        Column(
            name="family_status", kind=Kind.CODE, use=Use.FEATURE, codes=codes.FAMILY_STATUSES,
            label=Text(th="สถานภาพครอบครัว", en="family status"), aliases=("สถานภาพครอบครัว", "สถานภาพสมรสของบิดามารดา"),
        ),
        Column(
            name="poverty_class", kind=Kind.CODE, use=Use.FEATURE, codes=codes.POVERTY_CLASSES,
            label=Text(th="ระดับความยากจน", en="poverty class"), aliases=("ระดับความยากจน", "ความด้อยโอกาส"),
        ),
        Column(
            name="poverty_score", kind=Kind.NUMBER, use=Use.FEATURE, constraint=Between(low=0, high=1),
            label=Text(th="คะแนนความยากจน (0–1)", en="poverty score (0–1, 1 poorest)"), aliases=("คะแนนความยากจน", "pmt_score"),
        ),
        Column(
            name="travel_km", kind=Kind.NUMBER, use=Use.FEATURE, constraint=Between(low=0, high=300),
            label=Text(th="ระยะทางจากบ้าน (กม. เที่ยวเดียว)", en="distance from home (km, one way)"), aliases=("ระยะทาง", "ระยะทางจากบ้าน"),
        ),
        Column(
            name="works_parttime", kind=Kind.FLAG, use=Use.FEATURE,
            label=Text(th="ทำงานพิเศษ", en="works part-time"), aliases=("ทำงานพิเศษ",),
        ),
        Column(
            name="scholarship", kind=Kind.FLAG, use=Use.FEATURE,
            label=Text(th="ได้รับทุนหรือกู้ยืม", en="scholarship or loan"), aliases=("ทุนการศึกษา", "ได้รับทุน"),
        ),
        Column(
            name="income_month", kind=Kind.NUMBER, use=Use.FEATURE, constraint=Between(low=0, high=5_000_000),
            label=Text(th="รายได้ครัวเรือนต่อเดือน (บาท)", en="household income a month (baht)"),
            aliases=("รายได้ครัวเรือนต่อเดือน", "รายได้เฉลี่ยต่อเดือน", "รายได้ต่อเดือน"),
        ),
        Column(
            name="lives_with", kind=Kind.CODE, use=Use.FEATURE, codes=codes.LIVES_WITH,
            label=Text(th="อาศัยอยู่กับ", en="lives with"), aliases=("อาศัยอยู่กับ", "พักอาศัยกับ"),
        ),
        Column(
            name="state_card", kind=Kind.FLAG, use=Use.FEATURE,
            label=Text(th="มีบัตรสวัสดิการแห่งรัฐ", en="state welfare card"), aliases=("บัตรสวัสดิการแห่งรัฐ", "StateWelfareFlag"),
        ),
        Column(
            name="housing", kind=Kind.CODE, use=Use.FEATURE, codes=codes.HOUSING,
            label=Text(th="ลักษณะการอยู่อาศัย", en="housing"), aliases=("ลักษณะที่อยู่อาศัย", "การอยู่อาศัย"),
        ),
        Column(
            name="travel_min", kind=Kind.WHOLE, use=Use.FEATURE, constraint=Between(low=0, high=600),
            label=Text(th="เวลาเดินทาง (นาที เที่ยวเดียว)", en="travel time (minutes, one way)"), aliases=("เวลาเดินทาง", "ใช้เวลาเดินทาง"),
        ),
        Column(
            name="travel_cost_month", kind=Kind.NUMBER, use=Use.FEATURE, constraint=Between(low=0, high=50_000),
            label=Text(th="ค่าเดินทางต่อเดือน (บาท)", en="travel cost a month (baht)"), aliases=("ค่าเดินทางต่อเดือน",),
        ),
        Column(
            name="pocket_money_day", kind=Kind.NUMBER, use=Use.FEATURE, constraint=Between(low=0, high=5_000),
            label=Text(th="เงินมาเรียนต่อวัน (บาท)", en="pocket money a day (baht)"), aliases=("เงินมาโรงเรียนวันละ", "ค่าขนมต่อวัน", "เงินมาเรียนวันละ"),
        ),
    ),
)  # fmt: skip

SCREENING = Table(
    name="screening",
    label=Text(th="การคัดกรอง", en="Screening"),
    about=Text(th="ผลคัดกรองหนึ่งด้านโดยครูที่ปรึกษา", en="One area of the advisor's screening."),
    key=("happened_on", "tool", "area"),
    happened_on_aliases=("วันที่คัดกรอง",),
    columns=(
        Column(
            name="tool", kind=Kind.CODE, use=Use.FEATURE, codes=codes.TOOLS,
            label=Text(th="แบบคัดกรอง", en="instrument"), aliases=("แบบคัดกรอง", "เครื่องมือ"),
        ),
        Column(
            name="area", kind=Kind.CODE, use=Use.FEATURE, codes=codes.AREAS, required=True,
            label=Text(th="ด้าน", en="area"), aliases=("ด้าน", "รายการพิจารณา"),
        ),
        Column(
            name="level", kind=Kind.CODE, use=Use.FEATURE, codes=codes.SCREENING_LEVELS, required=True,
            label=Text(th="กลุ่ม", en="group"), aliases=("กลุ่ม", "ผลคัดกรอง", "ระดับ"),
        ),
        Column(
            name="reviewed", kind=Kind.FLAG, use=Use.FEATURE,
            label=Text(th="ครูยืนยันแล้ว", en="confirmed by the advisor"), aliases=("ยืนยันแล้ว", "คัดกรองแล้ว"),
        ),
    ),
)  # fmt: skip

SCREENING_SENSITIVE = Table(
    name="screening_sensitive",
    label=Text(th="การคัดกรอง (ด้านอ่อนไหว)", en="Screening, sensitive areas"),
    about=Text(th="ยาเสพติด ชู้สาว การทะเลาะวิวาท สุขภาพ และ SDQ เก็บปิดผนึก ไม่ใช้เป็นข้อมูลเข้าแบบจำลองโดยปริยาย", en="Drugs, sexual behaviour, fights, health and SDQ: stored sealed, no model input unless switched on."),
    key=("happened_on", "tool", "area"),
    happened_on_aliases=("วันที่คัดกรอง", "วันที่ประเมิน"),
    sensitive=True,
    columns=(
        Column(
            name="tool", kind=Kind.CODE, use=Use.FEATURE, codes=codes.TOOLS,
            label=Text(th="แบบคัดกรอง", en="instrument"), aliases=("แบบคัดกรอง", "เครื่องมือ"),
        ),
        Column(
            name="area", kind=Kind.CODE, use=Use.FEATURE, codes=codes.SENSITIVE_AREA_CODES, required=True,
            label=Text(th="ด้าน", en="area"), aliases=("ด้าน", "รายการพิจารณา"),
        ),
        Column(
            name="level", kind=Kind.CODE, use=Use.FEATURE, codes=codes.SCREENING_LEVELS,
            label=Text(th="กลุ่ม", en="group"), aliases=("กลุ่ม", "ผลคัดกรอง", "ระดับ"),
        ),
        Column(
            name="score", kind=Kind.WHOLE, use=Use.FEATURE, constraint=Between(low=0, high=40),
            label=Text(th="คะแนน", en="score"), aliases=("คะแนน",),
        ),
        Column(
            name="reviewed", kind=Kind.FLAG, use=Use.FEATURE,
            label=Text(th="ครูยืนยันแล้ว", en="confirmed by the advisor"), aliases=("ยืนยันแล้ว", "คัดกรองแล้ว"),
        ),
        Column(
            name="version", kind=Kind.TEXT, use=Use.FEATURE,
            label=Text(th="เกณฑ์ที่ใช้", en="cut-offs that were used"), aliases=("เกณฑ์", "sdq_version"),
        ),
    ),
)  # fmt: skip

VISITS = Table(
    name="visits",
    label=Text(th="การเยี่ยมบ้าน", en="Visits"),
    about=Text(th="การเยี่ยมหนึ่งครั้งและผล เป็นการช่วยเหลือ ไม่ใช้เป็นข้อมูลเข้าแบบจำลอง", en="One visit and its result: care, never a model input."),
    key=("happened_on", "attempt"),
    happened_on_aliases=("วันที่เยี่ยม",),
    columns=(
        Column(
            name="attempt", kind=Kind.WHOLE, use=Use.CARE, constraint=Between(low=1, high=99),
            label=Text(th="ครั้งที่", en="attempt"), aliases=("ครั้งที่",),
        ),
        Column(
            name="mode", kind=Kind.CODE, use=Use.CARE, codes=codes.VISIT_MODES,
            label=Text(th="วิธีเยี่ยม", en="mode"), aliases=("วิธีเยี่ยม",),
        ),
        Column(
            name="result", kind=Kind.CODE, use=Use.CARE, codes=codes.VISIT_RESULTS, required=True,
            label=Text(th="ผลการเยี่ยม", en="result"), aliases=("ผลการเยี่ยม",),
        ),
        Column(
            name="reason_code", kind=Kind.CODE, use=Use.CARE, codes=codes.REASONS,
            label=Text(th="สาเหตุ", en="reason found"), aliases=("สาเหตุ",),
        ),
    ),
)  # fmt: skip

OUTCOMES = Table(
    name="outcomes",
    label=Text(th="ผลลัพธ์", en="Outcomes"),
    about=Text(th="เหตุการณ์ที่บอกว่านักเรียนออก ย้าย จบ หรือกลับมา", en="Events that tell who left, moved, finished or came back."),
    key=("happened_on", "event"),
    happened_on_aliases=("วันที่", "วันที่เกิดเหตุ", "event_date"),
    columns=(
        Column(
            name="event", kind=Kind.CODE, use=Use.STATE, codes=codes.OUTCOME_EVENTS, required=True,
            label=Text(th="เหตุการณ์", en="event"), aliases=("เหตุการณ์",),
        ),
        Column(
            name="reason_code", kind=Kind.CODE, use=Use.STATE, codes=codes.REASONS,
            label=Text(th="สาเหตุ", en="reason"), aliases=("สาเหตุ", "เหตุที่ออกกลางคัน"),
        ),
        Column(
            name="trace_status", kind=Kind.CODE, use=Use.STATE, codes=codes.TRACE_STATUSES,
            label=Text(th="สถานะการติดตาม", en="trace status"), aliases=("สถานะการติดตาม",),
        ),
        Column(
            name="cause_code_moe", kind=Kind.TEXT, use=Use.STATE,
            label=Text(th="รหัสสาเหตุของกระทรวง", en="cause code of the ministry"), aliases=("StatusCodeCause_Onec",),
        ),
    ),
)  # fmt: skip

SAME_PERSON = Table(
    name="same_person",
    label=Text(th="บุคคลเดียวกัน", en="Same person"),
    about=Text(th="เลขสองเลขเป็นคนเดียวกัน ตั้งแต่เวลาที่ทราบ", en="Two numbers are one person, from the moment we knew."),
    key=(),
    happened_on_aliases=(),
    columns=(
        Column(
            name="same_as", kind=Kind.WHOLE, use=Use.STATE, required=True,
            label=Text(th="เลขที่ใช้ต่อไป", en="the number that goes on"),
        ),
    ),
)  # fmt: skip

TABLES: tuple[Table, ...] = (
    STUDENTS,
    ENROLMENTS,
    ROSTER_COUNTS,
    CALENDAR,
    RULES,
    ATTENDANCE,
    ATTENDANCE_TOTAL,
    GRADES,
    TERM_GPA,
    HOUSEHOLD,
    SCREENING,
    SCREENING_SENSITIVE,
    VISITS,
    OUTCOMES,
    SAME_PERSON,
)
TABLE_OF: dict[str, Table] = {table.name: table for table in TABLES}
