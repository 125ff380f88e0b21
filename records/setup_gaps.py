"""What a college has not entered or taken in yet, and what each gap costs."""

from dataclasses import dataclass

from sqlalchemy import func, select

from records import ledger
from records.college import SETUP_SHEETS
from records.home import DataHome
from records.lists import CapacityRow
from records.staff import AccountRow, CaseloadRow
from records.text import Text


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Something not entered, and what that costs."""

    what: Text
    costs: Text
    blocking: bool


def gaps(home: DataHome, institution: str) -> list[Gap]:
    """What is missing for this institution: set-up sheets that are empty, tables without a record."""
    index = ledger.log_index(home.database, institution)
    tables = {file.table for file in index.files}
    with home.database.read() as session:

        def count(table: type[CaseloadRow | CapacityRow | AccountRow]) -> int:
            return session.scalar(select(func.count()).select_from(table).where(table.institution == institution)) or 0

        entered = {
            "institution": 1, "terms": int("calendar" in tables), "holidays": int("calendar" in tables), "staff": count(AccountRow),
            "class_groups": count(CaseloadRow), "capacity": count(CapacityRow), "rules": int("rules" in tables),
        }  # fmt: skip
    missing = [
        Gap(what=sheet.label, costs=sheet.without, blocking=sheet.name in ("institution", "terms"))
        for sheet in SETUP_SHEETS
        if not entered[sheet.name]
    ]
    return missing + [gap for table, gap in _TABLE_GAPS.items() if table not in tables]


def _gap(th: str, en: str, costs_th: str, costs_en: str, *, blocking: bool = False) -> Gap:
    return Gap(what=Text(th=th, en=en), costs=Text(th=costs_th, en=costs_en), blocking=blocking)


_TABLE_GAPS: dict[str, Gap] = {
    "enrolments": _gap("ทะเบียนนักเรียน", "roster", "ไม่มีรายชื่อรายสัปดาห์", "no weekly list", blocking=True),
    "attendance": _gap("การมาเรียน", "attendance", "ไม่เห็นสัญญาณที่สำคัญที่สุด และไม่รู้วันสุดท้ายที่มาเรียน", "the strongest signal is missing, and the last day seen is unknown"),
    "grades": _gap("ผลการเรียน", "grades", "ไม่เห็นนักเรียนที่มาเรียนแต่เรียนไม่ผ่าน", "students who come but fail are not seen"),
    "household": _gap("ข้อมูลครัวเรือน", "household", "ไม่เห็นความยากลำบากทางบ้าน", "hardship at home is not seen"),
    "screening": _gap("ผลคัดกรอง", "screening", "ไม่ได้ใช้สิ่งที่ครูที่ปรึกษารู้อยู่แล้ว", "what advisors know already is not used"),
    "outcomes": _gap("ผลลัพธ์ (ลาออก ย้าย จบ)", "outcomes", "รู้การออกกลางคันจากทะเบียนรอบถัดไปเท่านั้น", "leaving is known from the next roster only"),
}  # fmt: skip
