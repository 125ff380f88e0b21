"""The DMC workbook of the basic-education commission: 36 columns, two of them with the same header (domain 2.2a)."""

import re
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from records.errors import ImportRefused
from records.intake import normalise
from records.intake.files import Sheet
from records.intake.mapping import FileSource, Known, Rows, recoded
from records.intake.source import (
    FIRST_NAME,
    GUARDIAN,
    LAST_NAME,
    LEFT_OUT,
    TITLE,
    Covers,
    Field,
    Request,
    Shape,
    Tells,
    fields_of,
)
from records.intake.sources.roster import BIRTH_DATE
from records.tables import ENROLMENTS, HOUSEHOLD, STUDENTS
from records.text import Text

_ID_HEADER = "เลขประจำตัวนักเรียน"
_GONE_HEADER = "ยังไม่สามารถจำหน่ายได้ (3.1.8)"
# 2568-3-student.xlsx is the third collection round, at the end of the year; it counts the roster of term 2.
_FILE_NAME = re.compile(r"^(2[0-9]{3})-([123])-")
_TERM_OF_ROUND = {1: 1, 2: 2, 3: 2}
_EMPTY = pa.array(["", "-"])


def _context(sheet: Sheet, request: Request) -> Known:
    """The year and the collection round from the file's name, the day from the row above the header."""
    found = _FILE_NAME.match(request.path.name)
    if not found:
        raise ImportRefused(
            f"{request.path.name}: a DMC workbook says its year and round only in its file name. "
            "Name it as DMC does, for example 2568-1-student.xlsx.",
            th="ไฟล์ DMC บอกปีและรอบไว้ในชื่อไฟล์เท่านั้น ตั้งชื่อตามแบบ DMC เช่น 2568-1-student.xlsx",
            code="DMC_FILE_NAME",
        )
    return {
        "*.academic_year": str(normalise.year_ce(int(found[1]))),
        "*.term": str(_TERM_OF_ROUND[int(found[2])]),
        "*.happened_on": _counted_on(sheet).isoformat(),
    }


def _counted_on(sheet: Sheet) -> date:
    """The day of the report, from the row above the header: วันและเวลาที่สร้างรายงาน 2026-05-02 04:10:12."""
    for row in sheet.above:
        for cell in row:
            if found := re.search(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", cell):
                day = normalise.parse_day(found[0])
                if day:
                    return day
    raise ImportRefused(
        f"{sheet.file}: row 1 does not say when the report was made. Export it again from DMC without editing it.",
        th="แถวที่ 1 ไม่มีวันและเวลาที่สร้างรายงาน ส่งออกจาก DMC ใหม่โดยไม่แก้ไขไฟล์",
        code="DMC_NO_DAY",
    )


def _reshape(rows: Rows, known: Known) -> Rows:
    """Level and room become the class group, 3.1.8 the status; of ten kinds of disadvantage only poverty is taken."""
    level = recoded(rows.cells["enrolments.level"], normalise.digits)
    rooms = recoded(rows.cells["*.room"], lambda cell: normalise.digits(cell).removesuffix(".0"))
    told = pc.is_in(pc.utf8_trim_whitespace(rows.cells["*.gone"]), _EMPTY)
    changed = rows.with_cells(
        enrolments__class_group=pc.binary_join_element_wise(level, rooms, "/"),
        enrolments__status=pc.if_else(told, "ENROLLED", "GONE_ON_ROLL"),
    )
    if "*.disadvantage" not in rows.cells:
        return changed
    poor = pc.equal(pc.utf8_trim_whitespace(rows.cells["*.disadvantage"]), "เด็กยากจน")
    return changed.with_cells(household__poverty_class=pc.if_else(poor, "POOR", ""))


SOURCE = FileSource(
    name="dmc",
    label=Text(th="ทะเบียน DMC (36 คอลัมน์)", en="DMC roster workbook (36 columns)"),
    about=Text(
        th="ไฟล์ส่งออกนักเรียนรายบุคคลจากระบบ DMC ทั้งโรงเรียน แถวที่ 1 บอกวันที่สร้างรายงาน แถวที่ 2 เป็นหัวตาราง",
        en="the per-student export of DMC for the whole school: row 1 tells the day of the report, row 2 is the header",
    ),
    file_name="2568-1-student.xlsx",
    fields=(
        Field(header=_ID_HEADER, to=("person.any",), shape=Shape.PERSON_NUMBER, required=True, aliases=("เลขประจำตัวประชาชน",), example="1100201520688"),
        Field(header=_ID_HEADER, to=("person.code",), shape=Shape.SCHOOL_NUMBER, required=True, aliases=("เลขประจำตัวนักเรียน2",), example="01234"),
        Field(header="ชั้น", to=("enrolments.level",), required=True, example="ม.1"),
        Field(header="ห้อง", to=("*.room",), required=True, example="1"),
        TITLE, FIRST_NAME, LAST_NAME, GUARDIAN, BIRTH_DATE,
        Field(header="นามสกุลผู้ปกครอง", to=("person.guardian_last",)),
        *fields_of(STUDENTS, "sex", "nationality_group"),
        Field(header="ความด้อยโอกาส", to=("*.disadvantage",), about=Text(th="รับเฉพาะ เด็กยากจน ประเภทอื่นเป็นข้อมูลอ่อนไหว ไม่นำเข้า", en="only เด็กยากจน is taken; the other kinds are sensitive and left out")),
        Field(header=_GONE_HEADER, to=("*.gone",), required=True, about=Text(th="มีข้อความ = มีชื่อแต่ตัวไม่อยู่ ใช้เป็นผลลัพธ์เท่านั้น", en="any text: on the roll but gone; evidence of leaving, never a feature")),
        Field(header="รหัสโรงเรียน"), Field(header="ชื่อโรงเรียน"), Field(header="อายุ(ปี)"), Field(header="นามสกุลบิดา"), Field(header="นามสกุลมารดา"),
        *LEFT_OUT,
    ),
    tells=(
        Tells(table=STUDENTS, lag_days=1),
        Tells(table=ENROLMENTS, lag_days=1, covers=Covers.WHOLE_ROSTER),
        Tells(table=HOUSEHOLD, lag_days=1),
    ),
    marks=((_GONE_HEADER,), (_ID_HEADER,)),
    admits=True,
    context=_context,
    reshape=_reshape,
    proves=Text(th="แถวที่ 1 บอกเวลาที่สร้างรายงาน ซึ่งเป็นวันที่ของทุกแถว", en="row 1 tells when the report was made: the day of every row"),
)  # fmt: skip
