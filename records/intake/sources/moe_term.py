"""StudentTerm, the ministry's individual data of a term: 27 columns named `_Onec` (domain 2.2b).

What its codes for status and level mean differs between the systems that export it: a deployment tells that in the
lookups of its data home, and a code that no lookup names keeps its row back.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from records.clock import local_day
from records.codes import ENROLMENT_STATUSES, LEVELS
from records.intake import normalise
from records.intake.files import Sheet
from records.intake.lookups import FOLDER, SCHOOL
from records.intake.mapping import FileSource, Known, Rows, recoded
from records.intake.melting import filled, where
from records.intake.source import Cells, Covers, Delivery, Field, Request, Tells, field_of
from records.tables import ENROLMENTS, STUDENTS, TERM_GPA
from records.text import Text

_LOOKED_UP = ("students.nationality_group", "students.disability_any")  # codes that only a lookup can tell
_NOTE = Text(
    th=f"รหัสสถานะและระดับชั้นอ่านตามตารางในโฟลเดอร์ {FOLDER} ของที่เก็บข้อมูล แถวที่มีรหัสนอกตารางถูกกักไว้ (UNKNOWN_CODE) เพิ่มรหัสในตารางแล้วนำเข้าใหม่",
    en=f"codes for status and level are read by the tables in the folder {FOLDER} of the data home; a row with a code that is not there is kept back (UNKNOWN_CODE): add the code and import again",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class MinistryFile(FileSource):
    """Codes that no lookup of the deployment explains are left out, not guessed."""

    def deliver(self, request: Request) -> Iterator[Delivery]:
        unknown = {place for place in _LOOKED_UP if place not in request.lookups}
        fields = tuple(replace(one, to=()) if unknown & set(one.to) else one for one in self.fields)
        told = replace(self, fields=fields)
        for delivery in super(MinistryFile, told).deliver(request):
            yield replace(delivery, notes=[*delivery.notes, _NOTE])


def _context(sheet: Sheet, request: Request) -> Known:
    return {"*.happened_on": local_day(request.received_at).isoformat(), "*.institution": request.institution}


def _reshape(rows: Rows, known: Known) -> Rows:
    """Rows of other schools and codes that nothing explains are told; level and room make the class group."""
    level, room = rows.cells["enrolments.level"], rows.cells["*.room"]
    names = recoded(level, _level_name)
    groups = pc.if_else(pa.array(filled(room)), _joined(names, recoded(room, _room_name)), "")
    warnings: dict[str, npt.NDArray[np.int64]] = {}
    if "*.school" in rows.cells:
        school = rows.cells["*.school"]
        own = where(school, lambda cell: normalise.digits(cell) == known["*.institution"])
        warnings["OTHER_INSTITUTION"] = np.flatnonzero(filled(school) & ~own)
    status = rows.cells["enrolments.status"]
    unread = where(status, lambda cell: bool(normalise.read_code(ENROLMENT_STATUSES, cell).problem))
    warnings["UNKNOWN_CODE"] = np.flatnonzero(unread)
    changed = rows.with_cells(enrolments__class_group=groups)
    if "person.title" in rows.cells:
        changed = changed.with_cells(person__title=recoded(rows.cells["person.title"], _title))
    return replace(changed, warnings=warnings)


def _joined(levels: Cells, rooms: Cells) -> Cells:
    """`ม.1/2`; a room that is named with its level stays as it is."""
    is_number = pc.match_substring_regex(rooms, "^[0-9]+$")
    return pc.if_else(is_number, pc.binary_join_element_wise(levels, rooms, "/"), rooms)


def _level_name(cell: str) -> str:
    position = normalise.read_level(cell).value
    return cell if position is None else LEVELS.codes[position].label.th


def _room_name(cell: str) -> str:
    return normalise.digits(cell).removesuffix(".0")


def _title(cell: str) -> str:
    """Titles in words; the ministry's number of a title is none."""
    return "" if normalise.digits(cell).removesuffix(".0").isdigit() else cell


def onec(header: str, *to: str, **more: object) -> Field:
    """A column of the ministry's files."""
    return Field(header=f"{header}_Onec", to=to, **more)  # type: ignore[arg-type]


PLACE_COLUMNS = tuple(
    onec(header)
    for header in ("VillageNumber", "Street", "Soi", "Trok", "SubDistrictID", "ProvinceNameThai", "DistrictNameThai", "SubDistrictNameThai")
)  # fmt: skip
SCHOOL_CODE = onec(
    "SchoolID", SCHOOL, example="1320026101",
    about=Text(
        th=f'แถวที่เป็นรหัสของสถานศึกษาอื่นถูกกักไว้ ถ้ารหัสของกระทรวงต่างจากรหัสในระบบนี้ ให้แปลในตาราง {FOLDER} หัวข้อ "{SCHOOL}"',
        en=f'a row with another institution\'s code is kept back; where the ministry\'s code differs from the one here, a lookup "{SCHOOL}" tells it',
    ),
)  # fmt: skip
PERSON_ID = onec("PersonID", "person.national", required=True, example="1100201520688", about=Text(th="เลขประจำตัวประชาชน 13 หลัก หรือรหัส G", en="the 13-digit national number, or a G-code"))  # fmt: skip
_BY_LOOKUP = Text(
    th="รหัสของระบบต้นทาง แปลตามตาราง lookups ถ้าไม่มีตารางจะไม่นำเข้า",
    en="a code of the exporting system: read by a lookup, left out without one",
)

SOURCE = MinistryFile(
    name="moe_term",
    label=Text(th="ข้อมูลรายบุคคล ศธ. รายภาคเรียน (StudentTerm)", en="ministry individual data of a term (StudentTerm)"),
    about=Text(
        th="ไฟล์ StudentTerm 27 คอลัมน์ (_Onec) ทะเบียนและเกรดเฉลี่ยสะสมของสถานศึกษาหนึ่งแห่งในหนึ่งภาคเรียน",
        en="the file StudentTerm, 27 columns named _Onec: the roster of an institution in a term, with the GPAX",
    ),
    file_name="StudentTerm-2568-1.csv",
    fields=(
        onec("AcademicYear", "*.academic_year", required=True, example="2568"),
        onec("Semester", "*.term", required=True, example="1"),
        onec("DepartmentID"),
        SCHOOL_CODE, PERSON_ID,
        onec("PassportNumber", "person.passport"),
        onec("PrefixID", "person.title", about=Text(th="รับเฉพาะคำ ไม่รับรหัส", en="words only, no code")),
        onec("FirstName", "person.first_name", example="สมชาย"), onec("MiddleName"), onec("LastName", "person.last_name", example="ใจดี"),
        onec("GenderID", "students.sex", example="1", about=Text(th="1 ชาย 2 หญิง", en="1 male, 2 female")),
        onec("NationalityID", "students.nationality_group", about=_BY_LOOKUP),
        onec("DisabilityID", "students.disability_any", about=_BY_LOOKUP),
        onec("DisadvantageEducationID"),
        *PLACE_COLUMNS,
        field_of(ENROLMENTS, ENROLMENTS["entry_year"], header="SchoolAdmissionYear_Onec", aliases=(), example="2568"),
        onec("GradeLevelID", "enrolments.level", required=True, example="111", about=Text(th="ชื่อระดับชั้น หรือรหัสที่แปลตามตาราง lookups", en="the level in words, or a code that a lookup explains")),
        onec("RoomID", "*.room", required=True, example="1"),
        onec("GPAX", "term_gpa.gpax", example="2.75", about=Text(th="เกรดเฉลี่ยสะสม ณ วันที่ได้รับไฟล์", en="the GPAX as of the day of receipt")),
        onec("StudentStatusID", "enrolments.status", required=True, example="10", about=Text(th="รหัสที่แปลตามตาราง lookups", en="a code that a lookup explains")),
    ),
    tells=(
        Tells(table=STUDENTS, lag_days=1),
        Tells(table=ENROLMENTS, lag_days=1, covers=Covers.WHOLE_ROSTER),
        Tells(table=TERM_GPA, lag_days=1),
    ),
    marks=(("AcademicYear_Onec",), ("Semester_Onec",), ("PersonID_Onec",), ("GradeLevelID_Onec",), ("StudentStatusID_Onec",)),
    unlike=("StatusCodeCause_Onec",),
    admits=True,
    context=_context,
    reshape=_reshape,
    proves=Text(th="ไฟล์ไม่มีวันที่ ใช้วันที่ได้รับไฟล์", en="the file has no date: the day of receipt counts"),
)  # fmt: skip
