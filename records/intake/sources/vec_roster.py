"""The class roster of the vocational colleges (ศธ.02/EDR): one class group a sheet, student rows from row 9 (domain 2.3)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow.compute as pc

from records.clock import local_day
from records.codes import LEVELS, fold_label
from records.intake import normalise, title_block
from records.intake.files import Part, Sheet, open_sheets
from records.intake.files.kinds import Kind, kind_of
from records.intake.files.layout_rows import LayoutRows
from records.intake.files.rows import parts_of, piece
from records.intake.files.sheet import LEAST_KNOWN
from records.intake.files.workbook import open_workbook_sheets
from records.intake.mapping import FileSource, Known, repeated
from records.intake.source import (
    CODE,
    FULL_NAME,
    LEFT_OUT,
    PERSON_FIELDS,
    Covers,
    Field,
    Portion,
    Request,
    Tells,
    Told,
    field_of,
)
from records.intake.sources.roster import TERM_LABEL
from records.tables import ENROLMENTS, STUDENTS
from records.text import Text

_FIRST_ROW = 9
_CODE_AT, _NAME_AT = 2, 3
_MODES = (("ทวิภาคี", "DUAL"), ("สมทบ", "EVENING"), ("ฝึกงาน", "INTERNSHIP"), ("ระยะสั้น", "SHORT"))
_AS_OF = ("ข้อมูล ณ วันที่", "ณ วันที่")
_MODE = "enrolments.study_mode"


@dataclass(frozen=True, kw_only=True)
class ClassRoster(FileSource):
    """Sheets without a readable header are read by position: column C is the student code, column D the whole name."""

    def open(self, path: Path) -> list[Sheet]:
        kind = kind_of(path)
        if kind not in (Kind.WORKBOOK, Kind.OLD_WORKBOOK):
            return open_sheets(path, self.headers)
        sheets = open_workbook_sheets(path, kind, {fold_label(header) for header in self.headers})
        return [_by_position(sheet) or sheet for sheet in sheets] or open_sheets(path, self.headers)

    def recognises(self, sheet: Sheet) -> bool:
        found = _by_position(sheet) or sheet
        lines = [normalise.digits(" ".join(filter(None, row))) for row in found.above]
        return super().recognises(found) and bool(_group_of(lines)) and title_block.term_of(lines) is not None

    def _portions(
        self, sheets: Sequence[tuple[Sheet, Mapping[int, Field]]], request: Request, *, is_whole: bool
    ) -> Iterator[Portion]:
        """Where one label of the workbook says how its group studies, a label that does not is the normal programme."""
        says_modes = any(_MODE in self.context(sheet, request) for sheet, _ in sheets)
        for portion in super()._portions(sheets, request, is_whole=is_whole):
            yield replace(portion, told=[_with_mode(one) for one in portion.told]) if says_modes else portion


def _with_mode(told: Told) -> Told:
    if told.table is not ENROLMENTS or "study_mode" in told.cells:
        return told
    size = len(told.cells["happened_on"])
    return replace(told, cells={**told.cells, "study_mode": repeated("NORMAL", size)})


# Sheets without a header


def _by_position(sheet: Sheet) -> Sheet | None:
    """The sheet under the header that it lacks; None when it has one, or when row 9 is no student's."""
    if sheet.known_headers >= LEAST_KNOWN or len(sheet.headers) <= _NAME_AT:
        return None
    first = next(sheet.parts(), None)
    if first is None or sheet.top_lines >= _FIRST_ROW or not _is_student(first):
        return None
    headers = [""] * len(sheet.headers)
    headers[_CODE_AT], headers[_NAME_AT] = CODE.header, FULL_NAME.header
    title = pc.less(first.lines, _FIRST_ROW)
    rows = zip(*(column.filter(title).to_pylist() for column in first.columns), strict=True)
    above = [*sheet.above, sheet.headers, *(list(row) for row in rows)]
    return replace(
        sheet, headers=headers, above=above, known_headers=LEAST_KNOWN, top_lines=_FIRST_ROW - 1,
        read=lambda: _rows_below(sheet, headers),
    )  # fmt: skip


def _is_student(part: Part) -> bool:
    """Whether the first row from row 9 on has a student code in column C and a name in column D."""
    below = np.flatnonzero(part.lines.to_numpy() >= _FIRST_ROW)
    if not len(below):
        return False
    code, name = (part.columns[at][int(below[0])].as_py() for at in (_CODE_AT, _NAME_AT))
    reading = normalise.split_name(name).value
    has_digits = sum(letter.isdigit() for letter in code) >= 3
    return has_digits and normalise.read_student_code(code).value is not None and bool(reading and reading.last_name)


def _rows_below(sheet: Sheet, headers: list[str]) -> Iterator[Part]:
    pieces = []
    layout: list[tuple[int, str]] = []
    for part in sheet.parts():
        below = pc.greater_equal(part.lines, _FIRST_ROW)
        columns = [column.filter(below) for column in part.columns]
        pieces.append(piece(columns, part.lines.filter(below).to_numpy().astype(np.int32)))
        layout += [(line, kind) for line, kind in part.layout if line >= _FIRST_ROW]
    for part in parts_of(pieces, LayoutRows([headers])):
        yield replace(part, layout=[*part.layout, *layout])
        layout = []


# The title block


def _group_of(lines: Sequence[str]) -> str:
    """The class group: after its label, else a line's level with a room (`ปวช.1/1 ช่างยนต์`)."""
    told = title_block.value_of(lines, "กลุ่มเรียน", "กลุ่ม", "ระดับชั้น")
    if told:
        return told
    named = (line for line in lines if normalise.split_level_room(line)[1].value)
    return next(named, "")


def _context(sheet: Sheet, request: Request) -> Known:
    lines = title_block.lines_of(sheet, request)
    day = next(title_block.days_after(lines, *_AS_OF), local_day(request.received_at))
    group, term = _group_of(lines), title_block.term_of(lines)
    level = normalise.split_level_room(group)[0].value if group else None
    programme = title_block.value_of(lines, "สาขาวิชา", "สาขางาน", "แผนกวิชา")
    named = f"{group} {programme} {sheet.name}"
    known = {
        "*.happened_on": day.isoformat(),
        "*.academic_year": str(term[0]) if term else "",
        "*.term": str(term[1]) if term else "",
        "enrolments.class_group": group,
        "enrolments.level": group if level is None else LEVELS.values[level],
        "enrolments.programme": programme,
        _MODE: next((mode for word, mode in _MODES if word in named), ""),
    }
    return {place: cell for place, cell in known.items() if cell}


def _of(name: str, **changes: object) -> Field:
    return field_of(ENROLMENTS, ENROLMENTS[name], **changes)


_ABOVE = Text(th="อยู่เหนือตาราง เขียนครั้งเดียวสำหรับทั้งกลุ่ม", en="above the table, once for the whole group")

SOURCE = ClassRoster(
    name="vec_roster",
    label=Text(th="รายชื่อตามกลุ่มเรียน ศธ.02 (EDR)", en="class roster of ศธ.02 (EDR)"),
    about=Text(
        th="รายชื่อผู้เรียนหนึ่งกลุ่มเรียนต่อหนึ่งแผ่นงาน แถวผู้เรียนเริ่มที่แถว 9 คอลัมน์ C รหัส คอลัมน์ D ชื่อ ผู้ที่ไม่มีชื่อแล้วออกจากกลุ่มนี้เท่านั้น ไม่นับเป็นทะเบียนครบทั้งสถานศึกษา",
        en="the students of one class group a sheet, from row 9 on: code in column C, name in column D; it speaks for its groups only and is no count of the whole institution",
    ),
    file_name="ศธ02-ปวช.1-1-ช่างยนต์.xls",
    fields=(
        *PERSON_FIELDS,
        _of("class_group", to=("enrolments.class_group",), aliases=(), example="ปวช.1/1 ช่างยนต์", about=_ABOVE),
        _of("level", aliases=(), example="ปวช.1", about=Text(th="อ่านจากชื่อกลุ่มเรียน", en="read from the name of the group")),
        _of("programme", example="ช่างยนต์", about=_ABOVE),
        _of("study_mode", example="ทวิภาคี", about=Text(th="อ่านจากคำ ทวิภาคี สมทบ ฝึกงาน ระยะสั้น เหนือตาราง", en="read from the words ทวิภาคี, สมทบ, ฝึกงาน, ระยะสั้น above the table")),
        TERM_LABEL,
        _of("academic_year", to=("*.academic_year",), example="2568", about=_ABOVE),
        _of("term", to=("*.term",), example="1", about=_ABOVE),
        Field(header="ข้อมูล ณ วันที่", to=("*.happened_on",), example="10/06/2568", about=Text(th="ถ้าไม่บอก ใช้วันที่ได้รับไฟล์", en="without it the day of receipt counts")),
        Field(header="ที่", aliases=("ลำดับ", "ลำดับที่", "เลขที่", "No.")), Field(header="หมายเหตุ"), Field(header="ครูที่ปรึกษา", aliases=("อาจารย์ที่ปรึกษา",)),
        *LEFT_OUT,
    ),
    tells=(
        Tells(table=STUDENTS, lag_days=1),
        Tells(table=ENROLMENTS, lag_days=1, covers=Covers.ROSTER_OF_GROUPS, usually={"status": "ENROLLED"}),
    ),
    marks=((CODE.header, *CODE.aliases), (FULL_NAME.header, *FULL_NAME.aliases)),
    unlike=("ชั้น", "ระดับชั้น", "ปีการศึกษา", "สถานะ", "การมาเรียน", "วันที่", "เกรด", "คะแนน", "มา", "ด้าน", "เหตุการณ์"),
    admits=True,
    context=_context,
    proves=Text(th="วันที่ข้อมูลอยู่เหนือตาราง ถ้าไม่มีใช้วันที่ได้รับไฟล์", en="the day of the roster stands above the table; without it the day of receipt counts"),
)  # fmt: skip
