"""A list as a CSV or XLSX file, with names: as this account may see it, recorded as an export, not often a minute."""

from typing import Any
from uuid import UUID

from fastapi.responses import Response
from starlette.exceptions import HTTPException

from records import list_pages
from records.access import Principal
from serving.api import sheets
from serving.api.asking import limited, problems, topic
from serving.api.students import Language
from serving.desk import AtDesk, Desk, SignedIn
from serving.shown import ListedStudent, ShownList, list_shown

router = topic("exports")
EXPORTS_A_MINUTE = 10
_CSV, _XLSX = "text/csv; charset=utf-8", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_HEADS = {
    "th": ("ข้อมูล ณ วันที่", "หมดอายุ", "กลุ่มเรียน", "ชื่อ", "ระดับ", "เหตุผล", "ต้องพบตามระเบียบ", "รหัสในระบบ"),
    "en": ("as of", "expires", "class group", "name", "band", "reasons", "must be seen by rule", "id"),
}
_BANDS = {
    "th": {"high": "เยี่ยมบ้าน", "watch": "พูดคุย", "unknown": "ข้อมูลยังไม่พอ"},
    "en": {"high": "visit", "watch": "talk", "unknown": "too little is known"},
}
_RULES = {
    "th": {
        "attendance_share": "เวลาเรียนต่ำกว่าเกณฑ์",
        "absent_run_notice": "ขาดติดต่อกันถึงเกณฑ์แจ้งผู้ปกครอง",
        "absent_run_dismissal": "ขาดติดต่อกันถึงเกณฑ์ที่อาจพ้นสภาพ",
    },
    "en": {
        "attendance_share": "attendance below the rule",
        "absent_run_notice": "absent so long that parents are told",
        "absent_run_dismissal": "absent so long that a dismissal may follow",
    },
}


def _file(media_type: str) -> dict[int | str, dict[str, Any]]:
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {**problems(403, 404, 429), 200: {"description": "the file", "content": {media_type: binary}}}


@router.get(
    "/exports/lists/{publication_id}.csv",
    operation_id="exportListCsv",
    summary="A list as CSV (UTF-8) for a spreadsheet",
    response_class=Response,
    responses=_file("text/csv"),
    dependencies=[limited("exporting", EXPORTS_A_MINUTE)],
)
def export_csv(desk: AtDesk, reader: SignedIn, language: Language, publication_id: UUID) -> Response:
    shown = _exported(desk, reader, publication_id)
    return _attachment(sheets.as_csv(_HEADS[language], _rows(shown, language)), _CSV, shown, "csv")


@router.get(
    "/exports/lists/{publication_id}.xlsx",
    operation_id="exportListXlsx",
    summary="A list as an XLSX workbook",
    response_class=Response,
    responses=_file(_XLSX),
    dependencies=[limited("exporting", EXPORTS_A_MINUTE)],
)
def export_xlsx(desk: AtDesk, reader: SignedIn, language: Language, publication_id: UUID) -> Response:
    shown = _exported(desk, reader, publication_id)
    content = sheets.as_xlsx(shown.head.as_of.isoformat(), _HEADS[language], _rows(shown, language))
    return _attachment(content, _XLSX, shown, "xlsx")


def _exported(desk: Desk, reader: Principal, publication_id: UUID) -> ShownList:
    today = desk.today()
    seen = list_pages.see_publication(desk.home, reader, publication_id, today, action="export list")
    if seen is None:
        raise HTTPException(status_code=404)
    return list_shown(desk.home, reader, *seen, today)


def _attachment(content: bytes, media_type: str, shown: ShownList, ending: str) -> Response:
    name = f"list-{shown.head.as_of.isoformat()}.{ending}"
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _rows(shown: ShownList, language: str) -> list[list[str]]:
    by_rule = [student for student in shown.must_see if student not in shown.listed and student not in shown.unknown]
    return [_row(shown, student, language) for student in (*shown.listed, *by_rule, *shown.unknown)]


def _row(shown: ShownList, student: ListedStudent, language: str) -> list[str]:
    """Once a list is stale it tells no band."""
    return [
        shown.head.as_of.isoformat(),
        shown.head.expires_on.isoformat(),
        student.class_group,
        student.name,
        _BANDS[language][student.band] if student.band else "",
        "; ".join(reason.sentence.in_language(language) for reason in student.reasons),
        "; ".join(_RULES[language].get(rule, rule) for rule in student.must_see),
        str(student.student_id),
    ]
