"""Attendance as a register has it: one row a student, a column a day (domain T3)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from records.codes import ATTENDANCE_STATUSES
from records.errors import ImportRefused
from records.intake import normalise, title_block
from records.intake.files import Part, Sheet
from records.intake.mapping import FileSource, Known, Rows, recoded, repeated
from records.intake.melting import Flags, filled, melted, where
from records.intake.parsing import combined
from records.intake.source import LEFT_OUT, PERSON_FIELDS, Cells, Covers, Delivery, Field, Request, Tells
from records.intake.sources.attendance import CLASS_GROUP
from records.tables import ATTENDANCE
from records.text import Text

_ROWS_AT_ONCE = 20_000  # each becomes as many records as there are days
_SAMPLE = 200
_LEAST_DAYS = 2  # one date among the headers may be the day of anything
_LONGEST_STEP_BACK = 14  # days between two columns of one month where the newest comes first
_MONTH = "*.month"
_DAY = Field(
    header="16/5/2568", to=("*.day",), example="มา", words={"ล": "ลา"},
    about=Text(
        th="คอลัมน์ละหนึ่งวัน หัวคอลัมน์เป็นวันที่ หรือเลข 1–31 โดยบอกเดือนและปีไว้เหนือตาราง ในชื่อแผ่นงาน หรือในชื่อไฟล์ ช่องว่างแปลว่าไม่ได้บันทึก ไม่ใช่มาเรียน",
        en="one column a day, headed by the date, or by 1 to 31 with month and year above the table, in the sheet's name or in the file's; an empty cell is not recorded, which is not present",
    ),
)  # fmt: skip
_WEEKDAYS = (
    "จันทร์", "อังคาร", "พุธ", "พฤหัสบดี", "พฤหัส", "ศุกร์", "เสาร์", "อาทิตย์", "พฤ", "อา", "จ", "อ", "พ", "ศ", "ส",
)  # fmt: skip
_WEEKDAY_WORDS = frozenset(_WEEKDAYS)
_WEEKDAY = re.compile(rf"^(?:วัน)?(?:{'|'.join(_WEEKDAYS)})\.?\s*(?:ที่)?\s*(?=[0-9])")
_HALF = re.compile(r"\s*\(?(?:ช่วง|ภาค)?(เช้า|บ่าย)\)?\s*$")
_NUMBER = re.compile(r"(.*?)\s*([0-9]{1,2})")
_HALVES = " in halves"
_AGAIN = "#"  # marks a header that stood in the row before


@dataclass(frozen=True, kw_only=True)
class WideAttendance(FileSource):
    """The days are found by what their headers say, so no list of headers can name them."""

    def open(self, path: Path) -> list[Sheet]:
        return [_as_register(sheet) for sheet in super().open(path)]

    def recognises(self, sheet: Sheet) -> bool:
        days = [place for place, header in enumerate(sheet.headers) if _may_be_day(header)]
        return super().recognises(sheet) and len(days) >= _LEAST_DAYS and _calls_the_roll(sheet, days)

    def deliver(self, request: Request) -> Iterator[Delivery]:
        for delivery in super().deliver(request):
            others = [header for header in delivery.unmapped if not _may_be_day(header)]
            yield replace(delivery, unmapped=others)

    def _missing(self, sheet: Sheet, columns: Mapping[int, Field], request: Request) -> list[str]:
        days = [] if any(map(_may_be_day, sheet.headers)) else [_DAY.header]
        return [*super()._missing(sheet, columns, request), *days]


def _calls_the_roll(sheet: Sheet, days: Sequence[int]) -> bool:
    """Whether most cells under the days are words of a roll call: answers of a form may stand under 1 to 25 too."""
    part = next(sheet.parts(), None)
    if part is None:
        return False
    cells = pa.concat_arrays([combined(part.columns[place].slice(0, _SAMPLE)) for place in days])
    said = filled(cells)
    read = where(cells, lambda cell: normalise.read_code(ATTENDANCE_STATUSES, _status(cell)).value is not None)
    return bool((read & said).sum() * 2 >= max(said.sum(), 1))


def _status(cell: str) -> str:
    return _DAY.words.get(cell.strip(), cell)


def _as_register(sheet: Sheet) -> Sheet:
    """The sheet with a name of its own for each column, without the row of weekdays, in parts of a bearable size."""
    seen: dict[str, int] = {}
    headers = []
    for header in sheet.headers:
        seen[header] = seen.get(header, 0) + 1
        again = seen[header] > 1 and _may_be_day(header)
        headers.append(f"{header}{_AGAIN}{seen[header]}" if again else header)
    return replace(sheet, headers=headers, read=lambda: _parts(sheet))


def _parts(sheet: Sheet) -> Iterator[Part]:
    days = [_may_be_day(header) for header in sheet.headers]
    for number, part in enumerate(sheet.parts()):
        yield from _sliced(_without_weekdays(part, days) if number == 0 else part)


def _sliced(part: Part) -> Iterator[Part]:
    for start in range(0, max(len(part.lines), 1), _ROWS_AT_ONCE):
        columns = [column.slice(start, _ROWS_AT_ONCE) for column in part.columns]
        told = replace(part, columns=columns, lines=part.lines.slice(start, _ROWS_AT_ONCE))
        yield told if start == 0 else replace(told, ragged=[], layout=[])


def _without_weekdays(part: Part, days: Sequence[bool]) -> Part:
    """A first row of nothing but จ อ พ พฤ ศ under the days is a second row of headers."""
    if not len(part.lines):
        return part
    first = [normalise.clean(column[0].as_py()).rstrip(".") for column in part.columns]
    said = [cell for cell in first if cell]
    under_days = [cell for cell, is_day in zip(first, days, strict=True) if is_day and cell]
    if len(said) != len(under_days) or len(said) < _LEAST_DAYS or not set(said) <= _WEEKDAY_WORDS:
        return part
    layout = [*part.layout, (part.lines[0].as_py(), "REPEATED_HEADER")]
    return replace(part, columns=[column.slice(1) for column in part.columns], lines=part.lines.slice(1), layout=layout)


# Headers to days


def _bare(header: str) -> str:
    """A day's header without the half of the day, the weekday, and the mark of a second column."""
    return _WEEKDAY.sub("", _HALF.sub("", normalise.digits(header.split(_AGAIN)[0])))


def _may_be_day(header: str) -> bool:
    bare = _bare(header)
    return normalise.parse_day(bare) is not None or _number_of(bare) is not None or _looks_dated(bare)


def _looks_dated(bare: str) -> bool:
    """A day that cannot be, such as 31/9/2568: it must not vanish, so its cells go to quarantine."""
    return normalise.read_day(bare).problem == "BAD_DATE" and bool(
        re.fullmatch(r"[0-9]{1,2}([/.-])[0-9]{1,2}\1(?:[0-9]{2}|[0-9]{4})", bare)
    )


def _number_of(bare: str) -> int | None:
    """The number of a day of a month, 1 to 31, alone or under the month (`พฤษภาคม 2568 16`)."""
    found = _NUMBER.fullmatch(bare)
    if found is None or not 1 <= int(found[2]) <= 31:
        return None
    return int(found[2]) if not found[1] or title_block.month_of(found[1]) else None


def _day_of(header: str, month: str) -> str:
    """The day of a column, in ISO; as it is written when there is no such day."""
    bare = _bare(header)
    if day := normalise.parse_day(bare):
        return day.isoformat()
    number = _number_of(bare)
    if number is None:
        return bare
    found = _NUMBER.fullmatch(bare)
    year, of_year = title_block.month_of(found[1] if found else "") or tuple(map(int, month.split("-")))
    try:
        return date(year, of_year, number).isoformat()
    except ValueError:
        return f"{number}/{of_year}/{year}"


def _context(sheet: Sheet, request: Request) -> Known:
    """The month of days that are only numbered, and which roll call it is. Raises ImportRefused without one month."""
    lines = title_block.lines_of(sheet, request)
    known = {"attendance.session": _session(lines)}
    bare = [_bare(header) for header in sheet.headers]
    numbers = [int(one) for one in bare if one.isdigit() and _number_of(one)]
    if not numbers:
        return known
    told = [months for months in map(title_block.months_of, lines) if months]
    if not told:
        raise _no_month(sheet.file)
    month = next((months[0] for months in told if len(months) == 1), None)
    if month is None or not _run_through_one_month(numbers):
        raise _two_months(sheet.file)
    return {**known, _MONTH: f"{month[0]}-{month[1]}"}


def _run_through_one_month(numbers: Sequence[int]) -> bool:
    """Whether numbers of days go up, or all down in a list with the newest first: 29, 30, 2, 3 run into another month."""
    steps = [after - before for before, after in pairwise(dict.fromkeys(numbers))]
    return all(step > 0 for step in steps) or all(-_LONGEST_STEP_BACK <= step < 0 for step in steps)


def _no_month(file: str) -> ImportRefused:
    return ImportRefused(
        f"{file}: the days are numbered 1 to 31 and no month is told. Write month and year above the table, "
        "for example พฤษภาคม 2568, or in the name of the sheet or file, for example 2568-05.",
        th=f"ไฟล์ {file} มีแต่เลขวันที่ 1–31 ไม่บอกเดือน เขียนเดือนและปีไว้เหนือตาราง เช่น พฤษภาคม 2568 หรือในชื่อแผ่นงานหรือชื่อไฟล์ เช่น 2568-05",
        code="NO_MONTH",
    )


def _two_months(file: str) -> ImportRefused:
    return ImportRefused(
        f"{file}: the days are numbered 1 to 31 and belong to more than one month, so a day cannot be told. Head each "
        "column with its whole date, for example 29/5/2568, or give each month a file of its own.",
        th=f"ไฟล์ {file} มีแต่เลขวันที่ 1–31 และวันเหล่านั้นคร่อมมากกว่าหนึ่งเดือน จึงบอกไม่ได้ว่าเป็นวันใด "
        "ใส่วันที่เต็มที่หัวทุกคอลัมน์ เช่น 29/5/2568 หรือแยกเป็นไฟล์ละเดือน",
        code="TWO_MONTHS",
    )


def _session(lines: Sequence[str]) -> str:
    text = " ".join(lines)
    if "เสาธง" in text:
        return "FLAG"
    return "HOMEROOM" if "โฮมรูม" in text or "homeroom" in text.lower() else "DAY"


# Columns to records


def _reshape(rows: Rows, known: Known) -> Rows:
    columns = {header: column for header, column in rows.spare.items() if _may_be_day(header)}
    if "*.day" in rows.cells:
        columns[_DAY.header] = rows.cells["*.day"]
    days, cells, half_told = _whole_days(columns, known.get(_MONTH, ""), len(rows.lines))
    found = melted(cells, len(rows.lines), half_told)
    statuses = recoded(found.cells, _status)
    return found.repeated(rows).with_cells(attendance__happened_on=found.by_column(days), attendance__status=statuses)


def _whole_days(columns: Mapping[str, Cells], month: str, size: int) -> tuple[list[str], list[Cells], Flags]:
    """Morning and afternoon make one day: a word that both say, else both words; a half that is missing is asked for."""
    halves: dict[str, list[Cells]] = {}
    days: dict[str, str] = {}
    for header, column in columns.items():
        half = _HALF.search(normalise.clean(header.split(_AGAIN)[0]))
        day = _day_of(header, month)
        key = f"{day}{_HALVES}" if half else f"{day} {header}"
        halves.setdefault(key, []).append(column)
        days[key] = day
    half_told = np.zeros((size, len(halves)), bool)
    cells: list[Cells] = []
    for place, (key, parts) in enumerate(halves.items()):
        if key.endswith(_HALVES) and len(parts) == 1:
            parts.append(repeated("", size))
        one = combined(parts[0])
        for other in map(combined, parts[1:]):
            half_told[:, place] |= filled(one) ^ filled(other)
            one = _both(one, other)
        cells.append(one)
    return list(days.values()), cells, half_told


def _both(morning: Cells, afternoon: Cells) -> Cells:
    first, second = pc.utf8_trim_whitespace(morning), pc.utf8_trim_whitespace(afternoon)
    both = pc.binary_join_element_wise(first, second, ",")
    one_is_missing = pa.array(filled(first) ^ filled(second))
    return pc.if_else(pc.equal(first, second), first, pc.if_else(one_is_missing, "", both))


SOURCE = WideAttendance(
    name="attendance_wide",
    label=Text(th="การมาเรียนรายวัน (คอลัมน์ละวัน)", en="attendance, one column a day"),
    about=Text(
        th="บัญชีเรียกชื่อ แถวละหนึ่งคน คอลัมน์ละหนึ่งวัน ใช้คำ มา ข ล ป ส ✓ ช่องว่างหรือ - แปลว่าไม่ได้บันทึก คอลัมน์ยอดรวมทางขวาไม่นำเข้า",
        en="a register: one row a student, one column a day, with มา ข ล ป ส ✓; an empty cell or - is not recorded; the totals at the right are left out",
    ),
    file_name="เช็คชื่อ-2568-05.xlsx",
    fields=(
        *PERSON_FIELDS, CLASS_GROUP, _DAY,
        *(Field(header=header, aliases=aliases) for header, aliases in (
            ("ที่", ("ลำดับ", "ลำดับที่", "เลขที่", "No.")), ("มา", ("รวมมา", "วันมา")), ("ขาด", ("รวมขาด",)), ("ลา", ("รวมลา",)), ("ป่วย", ("รวมป่วย",)),
            ("สาย", ("รวมสาย",)), ("โดด", ("รวมโดด",)), ("รวม", ()), ("ร้อยละ", ("ร้อยละเวลาเรียน",)), ("เวลาเรียนเต็ม", ()), ("หมายเหตุ", ()),
        )),
        *LEFT_OUT,
    ),
    tells=(Tells(table=ATTENDANCE, lag_days=7, covers=Covers.DAYS_OF_GROUPS),),  # handed over by the week [judgement]
    marks=(tuple(alias for one in PERSON_FIELDS for to in one.to if to in ("person.code", "person.national") for alias in (one.header, *one.aliases)),),
    context=_context,
    reshape=_reshape,
)  # fmt: skip
