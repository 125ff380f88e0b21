"""StudentDropouts, the ministry's list of children to trace: 24 columns named `_Onec` (domain 2.2b, T9).

Being on the list is evidence that the ministry found no roster with the child, not that the child left: such lists
have named children who were in class (domain 1.6), so the event is `NOT_ON_NEXT_ROSTER`.
"""

import pyarrow.compute as pc

from records.clock import local_day
from records.intake.files import Sheet
from records.intake.mapping import FileSource, Known, Rows, recoded
from records.intake.source import Field, Request, Tells
from records.intake.sources.moe_term import PERSON_ID, PLACE_COLUMNS, onec
from records.tables import OUTCOMES
from records.text import Text

_NOT_FOUND = "701"
_NOT_FOUND_WORDS = "หาบ้านไม่พบ-ไม่มีข้อมูล-ไม่ยินดีให้ข้อมูล-ไม่พบตัว"


def _context(sheet: Sheet, request: Request) -> Known:
    return {"*.happened_on": local_day(request.received_at).isoformat()}


def _reshape(rows: Rows, known: Known) -> Rows:
    """Of the cause codes only 701 is known to mean an outcome; every other is kept as it is written."""
    causes = recoded(rows.cells["outcomes.cause_code_moe"], lambda cell: cell.strip().removesuffix(".0"))
    traced = pc.if_else(pc.equal(causes, _NOT_FOUND), "not_found", "")
    return rows.with_cells(outcomes__cause_code_moe=causes, outcomes__trace_status=traced)


SOURCE = FileSource(
    name="moe_dropouts",
    label=Text(th="รายชื่อเด็กที่หลุดจากระบบ ศธ. (StudentDropouts)", en="the ministry's list of children to trace (StudentDropouts)"),
    about=Text(
        th="ไฟล์ StudentDropouts จาก exchange.moe.go.th ใช้เป็นหลักฐานผลลัพธ์ของนักเรียนที่รู้จักเท่านั้น เด็กของสถานศึกษาอื่นถูกกักไว้ การมีชื่อในรายการยังไม่แปลว่าออกกลางคัน",
        en="the file StudentDropouts of exchange.moe.go.th: evidence about students who are known here; children of other schools are kept back, and to be on the list is not yet to have left",
    ),
    file_name="StudentDropouts-2568.csv",
    fields=(
        PERSON_ID,
        onec(
            "StatusCodeCause", "outcomes.cause_code_moe", required=True, example=_NOT_FOUND, words={_NOT_FOUND_WORDS: _NOT_FOUND},
            about=Text(th="701 = หาบ้านไม่พบ ไม่พบตัว รหัสอื่นเก็บไว้ตามที่เขียน", en="701 is house or child not found; other codes are kept as written"),
        ),
        Field(header="DropoutTransferID_Onec", about=Text(th="ไม่ทราบความหมายของรหัส จึงไม่นำเข้า", en="what its codes mean is not known, so it is left out")),
        *(onec(header) for header in (
            "Fullname", "Gender", "GenderID", "NationalityName", "BirthDate", "HouseNumber", "Remark", "SchoolName", "SchoolID",
            "GradeLevelID", "AcademicYearPresent", "RoomID", "GPAX",
        )),
        *PLACE_COLUMNS,
        Field(header="ACADYEAR"),
    ),
    tells=(Tells(table=OUTCOMES, lag_days=21, usually={"event": "NOT_ON_NEXT_ROSTER"}),),
    marks=(("PersonID_Onec",), ("StatusCodeCause_Onec",)),
    context=_context,
    reshape=_reshape,
    proves=Text(th="ไฟล์ไม่มีวันที่ ใช้วันที่ได้รับไฟล์", en="the file has no date: the day of receipt counts"),
)  # fmt: skip
