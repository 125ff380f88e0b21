"""Attendance as totals: one row a student, the days present, absent and on leave up to a day (domain T3, the summary file)."""

import numpy as np
import pyarrow as pa

from records.intake import title_block
from records.intake.files import Sheet
from records.intake.mapping import FileSource, Known, Rows
from records.intake.melting import filled, numbers
from records.intake.parsing import combined
from records.intake.source import LEFT_OUT, PERSON_FIELDS, Cells, Field, Request, Tells, field_of
from records.intake.sources.attendance import CLASS_GROUP
from records.tables import ATTENDANCE_TOTAL
from records.text import Text

_TOLERANCE = 1.0  # percentages are printed whole
_LEAVES = ("attendance_total.leave", "*.sick", "*.errand")
_AS_OF = ("ข้อมูล ณ วันที่", "ณ วันที่", "ถึงวันที่", "ถึง")
_FROM = ("ตั้งแต่วันที่", "ระหว่างวันที่", "ตั้งแต่")


def _context(sheet: Sheet, request: Request) -> Known:
    """The day up to which the totals count and, where the title says so, the first day."""
    lines = title_block.lines_of(sheet, request)
    last = next(title_block.days_after(lines, *_AS_OF), None)
    first = next(title_block.days_after(lines, *_FROM), None)
    known = {"*.happened_on": last.isoformat()} if last else {}
    return {**known, "attendance_total.from_day": first.isoformat()} if first else known


def _reshape(rows: Rows, known: Known) -> Rows:
    """Kinds of leave that have columns of their own are added up; a percentage that does not fit is told."""
    leaves = [rows.cells[place] for place in _LEAVES if place in rows.cells]
    changed = rows.with_cells(attendance_total__leave=_added(leaves)) if len(leaves) > 1 else rows
    if leaves and len(leaves) == 1:
        changed = rows.with_cells(attendance_total__leave=leaves[0])
    held, present = (numbers(rows.cells[f"attendance_total.{name}"])[0] for name in ("held", "present"))
    if "*.percent" not in rows.cells:
        return changed
    percent = numbers(rows.cells["*.percent"])[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        exact = 100 * present / held
        fits = (np.abs(percent - exact) <= _TOLERANCE) | (np.abs(100 * percent - exact) <= _TOLERANCE)
    wrong = np.flatnonzero(~np.isnan(percent) & np.isfinite(exact) & ~fits)
    return Rows(cells=changed.cells, lines=rows.lines, spare=rows.spare, warnings={"PERCENT_DOES_NOT_FIT": wrong})


def _added(columns: list[Cells]) -> Cells:
    """The sum of some cells as text; the cell that is no number where there is one, nothing where all are empty."""
    total = np.zeros(len(columns[0]))
    said = np.zeros(len(columns[0]), bool)
    wrong: dict[int, str] = {}
    for column in columns:
        values, unreadable = numbers(column)
        total += np.nan_to_num(values)
        said |= filled(column)
        wrong.update({int(row): combined(column)[int(row)].as_py() for row in np.flatnonzero(unreadable)})
    told = [f"{value:g}" if one else "" for value, one in zip(total, said, strict=True)]
    return pa.array([wrong.get(row, cell) for row, cell in enumerate(told)], pa.string())


def _total(name: str, *aliases: str, example: str, th: str = "", en: str = "") -> Field:
    usual = field_of(ATTENDANCE_TOTAL, ATTENDANCE_TOTAL[name])
    about = Text(th=th, en=en) if th else None
    return field_of(
        ATTENDANCE_TOTAL, ATTENDANCE_TOTAL[name], aliases=(*usual.aliases, *aliases), example=example, about=about
    )


HELD = _total("held", "เวลาเรียนเต็ม (วัน)", "จำนวนวันเปิดเรียน", example="60", th="จำนวนวันที่เปิดเรียนในช่วงนั้น ไม่คำนวณให้จากร้อยละ", en="days on which there was teaching; never computed from the percentage")  # fmt: skip
PRESENT = _total("present", "มาเรียน", example="54", th="วันที่มา นับวันที่มาสายด้วย", en="days present, late ones included")
ABSENT = _total("absent", "ขาดเรียน", example="3")
PERCENT = Field(
    header="ร้อยละเวลาเรียน", to=("*.percent",), aliases=("ร้อยละ", "ร้อยละของเวลาเรียน"), example="90",
    about=Text(th="ใช้ตรวจกับจำนวนวันเท่านั้น ไม่นำเข้า", en="only compared with the days, not taken in"),
)  # fmt: skip

SOURCE = FileSource(
    name="attendance_totals",
    label=Text(th="ยอดรวมการมาเรียน", en="attendance totals"),
    about=Text(
        th="ยอดวันมา ขาด ลา สาย แถวละหนึ่งคน สะสมตั้งแต่เปิดภาคเรียนถึงวันที่ที่บอก หรือเฉพาะช่วงถ้าบอกวันแรกไว้",
        en="days present, absent, on leave and late, one row a student: since the term opened up to the day that is told, or of a period when its first day is told",
    ),
    file_name="สรุปเวลาเรียน-2568-08-15.xlsx",
    fields=(
        *PERSON_FIELDS, CLASS_GROUP, HELD, PRESENT, ABSENT,
        _total("late", "มาสาย", example="4"), _total("skipped", example="0"),
        Field(header="ลา", to=("attendance_total.leave",), aliases=("วันที่ลา", "leave"), example="1", about=Text(th="ลา ป่วย และลากิจ ถ้าแยกคอลัมน์จะรวมกันเป็นวันลา", en="ลา, ป่วย and ลากิจ are added up where they have columns of their own")),
        Field(header="ป่วย", to=("*.sick",), aliases=("ลาป่วย",), example="1"),
        Field(header="ลากิจ", to=("*.errand",), aliases=("กิจ",), example="1"),
        PERCENT,
        Field(header="ถึงวันที่", to=("attendance_total.happened_on",), aliases=("ข้อมูล ณ วันที่", "happened_on"), required=True, example="15/08/2568", about=Text(th="วันสุดท้ายที่นับ เขียนไว้เหนือตารางครั้งเดียวก็ได้", en="the last day that is counted; once above the table will do")),
        Field(header="ตั้งแต่วันที่", to=("attendance_total.from_day",), aliases=("from_day",), example="16/05/2568", about=Text(th="วันแรกของช่วง ถ้าไม่มีจะถือว่าสะสมตั้งแต่เปิดภาคเรียน", en="the first day of a period; without it the totals count since the term opened")),
        Field(header="ที่", aliases=("ลำดับ", "ลำดับที่", "เลขที่", "No.")), Field(header="รวม"), Field(header="as_of_week"),
        *LEFT_OUT,
    ),
    tells=(Tells(table=ATTENDANCE_TOTAL, lag_days=7),),
    marks=(
        (PRESENT.header, *PRESENT.aliases),
        (ABSENT.header, *ABSENT.aliases),
        (HELD.header, *HELD.aliases, PERCENT.header, *PERCENT.aliases),
    ),
    unlike=("สถานะ", "การมาเรียน", "เกรด"),
    context=_context,
    reshape=_reshape,
    proves=Text(th="ไม่ได้บอกเวลาที่บันทึก ใช้เวลาที่นำเข้า วันที่ของยอดมาจากคอลัมน์หรือหัวกระดาษ", en="tells no entry time: the moment of the import counts; the day of the totals is in a column or in the title"),
)  # fmt: skip
