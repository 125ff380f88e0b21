"""What a sheet says once for all its rows: in the title block above the header, in its own name, or in the file's name."""

import re
from collections.abc import Iterator, Sequence
from datetime import date

from records.intake import normalise
from records.intake.files import Sheet
from records.intake.source import Request

_LABELS = (
    "ข้อมูล ณ วันที่", "ณ วันที่", "ตั้งแต่วันที่", "ตั้งแต่", "ระหว่างวันที่", "ถึงวันที่", "ถึง", "วันที่ประกาศผล", "วันที่ประกาศ",
    "กลุ่มเรียน", "กลุ่ม", "ระดับชั้น", "ประเภทวิชา", "สาขาวิชา", "สาขางาน", "แผนกวิชา", "รหัสวิชา", "ชื่อวิชา", "วิชา", "หน่วยกิต",
    "ภาคเรียนที่", "ภาคเรียน", "ปีการศึกษา", "ครูที่ปรึกษา", "อาจารย์ที่ปรึกษา", "ครูประจำชั้น", "ครูผู้สอน", "ผู้สอน", "จำนวน", "คะแนน", "หมายเหตุ",
)  # fmt: skip
_LABEL = re.compile("|".join(map(re.escape, sorted(_LABELS, key=len, reverse=True))))
_TERM = re.compile(
    r"(?:ภาคเรียน|ภาคการศึกษา|เทอม)\s*(?:ที่)?\s*:?\s*([1-3])\s*(?:/|,?\s*ปีการศึกษา\s*:?)\s*(2[0-9]{3}|[0-9]{2})(?![0-9])"
)
_TERM_ALONE = re.compile(r"(?<![0-9/])([1-3])\s?/\s?(2[0-9]{3})(?![0-9/])")
_MONTHS = (
    "มกราคม", "กุมภาพันธ์", "มีนาคม", "เมษายน", "พฤษภาคม", "มิถุนายน", "กรกฎาคม", "สิงหาคม", "กันยายน", "ตุลาคม", "พฤศจิกายน", "ธันวาคม",
)  # fmt: skip
_SHORT_MONTHS = ("ม.ค.", "ก.พ.", "มี.ค.", "เม.ย.", "พ.ค.", "มิ.ย.", "ก.ค.", "ส.ค.", "ก.ย.", "ต.ค.", "พ.ย.", "ธ.ค.")
_MONTH_WORD = "|".join(map(re.escape, (*_MONTHS, *_SHORT_MONTHS)))
_MONTH_AND_YEAR = re.compile(rf"({_MONTH_WORD})\s*(?:พ\.?\s?ศ\.?)?\s*([0-9]{{4}}|[0-9]{{2}})(?![0-9])")
_YEAR_AND_MONTH = re.compile(r"(?<![0-9])(2[0-9]{3})-(0[1-9]|1[0-2])(?![0-9-])")
_DAY = re.compile(rf"[0-9]{{1,2}}(?:\s*[/.\-]\s*[0-9]{{1,2}}\s*[/.\-]\s*|\s*(?:{_MONTH_WORD})\s*(?:พ\.?\s?ศ\.?)?\s*)(?:[0-9]{{4}}|[0-9]{{2}})(?![0-9])|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}")  # fmt: skip

_TWO_MONTHS = re.compile(rf"({_MONTH_WORD})\s*(?:-|–|—|,|ถึง|และ)\s*(?:วันที่|เดือน)?\s*(?:[0-9]{{1,2}}\s*)?({_MONTH_WORD})\s*([0-9]{{4}}|[0-9]{{2}})(?![0-9])")  # fmt: skip
_PRINTED = re.compile(rf"(?:ณ\s*วันที่|พิมพ์|ออกรายงาน|สร้างรายงาน)[^0-9]{{0,20}}(?:{_DAY.pattern})")


def lines_of(sheet: Sheet, request: Request) -> list[str]:
    """The title block line by line, then the sheet's name and the file's: what comes first is trusted first."""
    above = [normalise.digits(" ".join(cell for cell in row if cell)) for row in sheet.above]
    return [line for line in (*above, *map(normalise.digits, (sheet.name, request.path.stem))) if line]


def value_of(lines: Sequence[str], *labels: str) -> str:
    """What stands after the first of some labels, up to the next label or the end of the line; '' when nothing does."""
    for label in labels:
        for line in lines:
            for found in _LABEL.finditer(line):
                if found[0] == label:
                    after = _LABEL.search(line, found.end())
                    value = line[found.end() : after.start() if after else None].strip(" :")
                    if value:
                        return value
    return ""


def term_of(lines: Sequence[str]) -> tuple[int, int] | None:
    """The academic year (Common Era) and the term: `ภาคเรียนที่ 1 ปีการศึกษา 2568`, `ภาคเรียนที่ 1/68`, `1/2568`."""
    for pattern in (_TERM, _TERM_ALONE):
        for line in lines:
            if found := pattern.search(line):
                return _term(found[1], found[2])
    return _term(value_of(lines, "ภาคเรียนที่", "ภาคเรียน"), value_of(lines, "ปีการศึกษา"))


def _term(term: str, year: str) -> tuple[int, int] | None:
    read = normalise.read_term(f"{term}/{year}").value
    return (read[0], read[1]) if read and read[0] is not None else None


def days_after(lines: Sequence[str], *labels: str) -> Iterator[date]:
    """The days that stand after a label, in order."""
    for label in labels:
        for line in lines:
            place = line.find(label)
            if place >= 0 and (found := _DAY.search(line, place)) and (day := normalise.parse_day(found[0])):
                yield day


def months_of(line: str) -> list[tuple[int, int]]:
    """Every year (Common Era) and month that a line names for its rows; the day of printing is none of theirs.

    A month that stands alone is meant before those of whole days: `เดือน มิ.ย. 68 (เปิดเรียน 16 พ.ค. 68)`.
    """
    told = _PRINTED.sub(" ", line)
    alone = _DAY.sub(" ", told)
    found = dict.fromkeys(_months_in(alone) or _months_in(told))
    for span in _TWO_MONTHS.finditer(told):
        before, after = month_of(f"{span[1]} {span[3]}"), month_of(f"{span[2]} {span[3]}")
        found |= dict.fromkeys(month for month in (before, after) if month)
    return list(found)


def _months_in(line: str) -> list[tuple[int, int]]:
    written = (f"1 {found[1]} {found[2]}" for found in _MONTH_AND_YEAR.finditer(line))
    months = [(day.year, day.month) for day in map(normalise.parse_day, written) if day]
    return months or [(normalise.year_ce(int(found[1])), int(found[2])) for found in _YEAR_AND_MONTH.finditer(line)]


def month_of(line: str) -> tuple[int, int] | None:
    """The year (Common Era) and month of `พฤษภาคม 2568`, `พ.ค. 68` or `2568-05`."""
    return next(iter(_months_in(line)), None)
