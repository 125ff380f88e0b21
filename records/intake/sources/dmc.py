"""The DMC workbook of the basic-education commission: 36 columns, two of them with the same header (domain 2.2a)."""

import re
from collections.abc import Iterator, Sequence
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from records.codes import fold_label
from records.errors import ImportRefused
from records.intake import normalise
from records.intake.reading import Sheet, read_sheet
from records.intake.source import (
    FIRST_NAME_HEADERS,
    LAST_NAME_HEADERS,
    TITLE_HEADERS,
    Cells,
    Covers,
    Delivery,
    PeopleCells,
    Request,
    Told,
    find_column,
    original_of,
    repeated,
)
from records.tables import ENROLMENTS, HOUSEHOLD, STUDENTS
from records.text import Text

_ID_HEADER = "เลขประจำตัวนักเรียน"
_GONE_HEADER = "ยังไม่สามารถจำหน่ายได้ (3.1.8)"
_NEEDED = (_ID_HEADER, "ชั้น", "ห้อง", "ชื่อ", "นามสกุล", _GONE_HEADER)
_HEADERS = (*_NEEDED, "รหัสโรงเรียน", "ชื่อโรงเรียน", "เพศ", "คำนำหน้าชื่อ", "วันเกิด", "สัญชาติ", "ความด้อยโอกาส")
# 2568-3-student.xlsx is the third collection round, at the end of the year; it counts the roster of term 2.
_FILE_NAME = re.compile(r"^(2[0-9]{3})-([123])-")
_TERM_OF_ROUND = {1: 1, 2: 2, 3: 2}
_PERSON_DIGITS = 10


class DmcWorkbook:
    """A roster of the whole institution on the day in its first row."""

    name = "dmc"
    label = Text(th="ทะเบียน DMC (36 คอลัมน์)", en="DMC roster workbook (36 columns)")

    def recognises(self, headers: Sequence[str]) -> bool:
        folded = [fold_label(header) for header in headers]
        return fold_label(_GONE_HEADER) in folded and folded.count(fold_label(_ID_HEADER)) == 2

    def deliver(self, request: Request) -> Iterator[Delivery]:
        sheet = read_sheet(request.path, _HEADERS)
        missing = [header for header in _NEEDED if find_column(sheet, (header,)) is None]
        if missing:
            raise ImportRefused.missing_columns(file=sheet.file, missing=missing, found=sheet.shown_headers)
        year, term = _year_and_term(request.path.name)
        counted_on = _counted_on(sheet)
        national, code = _the_two_numbers(sheet)
        told = [
            Told(table=STUDENTS, cells=_student_cells(sheet, counted_on), lag_days=1),
            Told(
                table=ENROLMENTS,
                cells=_enrolment_cells(sheet, year, term, counted_on),
                lag_days=1,
                covers=Covers.WHOLE_ROSTER,
            ),
        ]
        yield Delivery(
            institution=request.institution,
            lines=sheet.lines,
            told=[*told, *_poverty(sheet, counted_on)],
            people=PeopleCells(
                national=national,
                code=code,
                title=find_column(sheet, TITLE_HEADERS),
                first_name=find_column(sheet, FIRST_NAME_HEADERS),
                last_name=find_column(sheet, LAST_NAME_HEADERS),
                admits=True,
            ),
            original=original_of(sheet),
            ragged=sheet.ragged,
        )


def _year_and_term(file: str) -> tuple[int, int]:
    found = _FILE_NAME.match(file)
    if not found:
        raise ImportRefused(
            f"{file}: a DMC workbook says its year and round only in its file name. Name it as DMC does, for example 2568-1-student.xlsx."
        )
    return normalise.year_ce(int(found[1])), _TERM_OF_ROUND[int(found[2])]


def _counted_on(sheet: Sheet) -> date:
    """The day of the report, from the row above the header: วันและเวลาที่สร้างรายงาน 2026-05-02 04:10:12."""
    for row in sheet.above:
        for cell in row:
            if found := re.search(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", cell):
                day = normalise.parse_day(found[0])
                if day:
                    return day
    raise ImportRefused(
        f"{sheet.file}: row 1 does not say when the report was made. Export it again from DMC without editing it."
    )


def _the_two_numbers(sheet: Sheet) -> tuple[Cells, Cells]:
    """Person number and school number bear the same header: the one with ten digits or more is the person's."""
    same = [
        column
        for header, column in zip(sheet.headers, sheet.columns, strict=True)
        if fold_label(header) == fold_label(_ID_HEADER)
    ]
    if len(same) != 2:
        raise ImportRefused(
            f"{sheet.file} should have two columns '{_ID_HEADER}' and has {len(same)}. Export it again from DMC."
        )
    lengths = [
        pc.mean(pc.utf8_length(pc.replace_substring_regex(column, r"[\s\-]", ""))).as_py() or 0 for column in same
    ]
    first_is_person = lengths[0] >= lengths[1] if min(lengths) >= _PERSON_DIGITS else lengths[0] >= _PERSON_DIGITS
    return (same[0], same[1]) if first_is_person else (same[1], same[0])


def _student_cells(sheet: Sheet, counted_on: date) -> dict[str, Cells]:
    named = {"birth_month": "วันเกิด", "sex": "เพศ", "nationality_group": "สัญชาติ"}
    cells = {name: column for name, header in named.items() if (column := find_column(sheet, (header,))) is not None}
    return {**cells, "happened_on": repeated(counted_on.isoformat(), sheet.rows)}


def _enrolment_cells(sheet: Sheet, year: int, term: int, counted_on: date) -> dict[str, Cells]:
    level, room = sheet.column("ชั้น"), sheet.column("ห้อง")
    rooms = pa.chunked_array([pa.array([cell.removesuffix(".0") for cell in room.to_pylist()], pa.string())])
    gone = pc.is_in(pc.utf8_trim_whitespace(sheet.column(_GONE_HEADER)), pa.array(["", "-"]))
    return {
        "academic_year": repeated(str(year), sheet.rows),
        "term": repeated(str(term), sheet.rows),
        "level": level,
        "class_group": pc.binary_join_element_wise(level, rooms, "/"),
        "status": pc.if_else(gone, "ENROLLED", "GONE_ON_ROLL"),
        "happened_on": repeated(counted_on.isoformat(), sheet.rows),
    }


def _poverty(sheet: Sheet, counted_on: date) -> list[Told]:
    """Of the ten kinds of disadvantage only poverty is taken; the others are sensitive and are left out on purpose."""
    column = find_column(sheet, ("ความด้อยโอกาส",))
    if column is None:
        return []
    poor = pc.equal(pc.utf8_trim_whitespace(column), "เด็กยากจน")
    cells = {
        "poverty_class": pc.if_else(poor, "POOR", ""),
        "happened_on": repeated(counted_on.isoformat(), sheet.rows),
    }
    return [Told(table=HOUSEHOLD, cells=cells, lag_days=1)]
