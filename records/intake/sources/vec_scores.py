"""The score sheet of a vocational course: one row a student, a column a piece of work, then total and grade (domain 2.3)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from records.clock import local_day
from records.intake import normalise, title_block
from records.intake.files import Sheet
from records.intake.mapping import FileSource, Known, Rows, repeated
from records.intake.melting import melted, numbers
from records.intake.parsing import combined
from records.intake.source import CODE, LEFT_OUT, PERSON_FIELDS, Cells, Delivery, Field, Request, Tells, field_of
from records.intake.sources.roster import TERM_LABEL
from records.tables import GRADES
from records.text import Text

_ROUNDED = 0.5  # a total is often printed whole
_PIECE = re.compile(r"(.*[^\s(\[])\s*[(\[]\s*([0-9]{1,3})(?:\s*คะแนน)?\s*[)\]]")
_TOTAL = re.compile(r"(?:คะแนน)?รวม(?:คะแนน)?")
_RELEASED = ("วันที่ประกาศผล", "วันที่ประกาศ")
_GRADE = field_of(GRADES, GRADES["grade"], header="ระดับผลการเรียน(เกรด)", example="3.5", about=Text(th="ช่องว่างแปลว่ายังไม่ประกาศผลรายวิชา", en="empty: the course has no result yet"))  # fmt: skip
_WORK = Field(
    header="หน่วยที่1(30)", to=("*.piece",), example="24",
    about=Text(th="คอลัมน์ละหนึ่งชิ้นงาน คะแนนเต็มอยู่ในวงเล็บ เก็บเป็นร้อยละของคะแนนเต็ม", en="one column a piece of work with its maximum in brackets; kept as percent of that maximum"),
)  # fmt: skip
_SUM = Field(header="รวม(100)", to=("*.total",), example="78", about=Text(th="คะแนนรวม ถ้าคะแนนเต็มไม่ใช่ 100 ให้เขียนในวงเล็บ", en="the total, its maximum in brackets where that is not 100"))  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ScoreSheet(FileSource):
    """The pieces of work are found by the maximum in their headers, so no list of headers can name them."""

    def recognises(self, sheet: Sheet) -> bool:
        return super().recognises(sheet) and any(map(_piece_of, sheet.headers))

    def deliver(self, request: Request) -> Iterator[Delivery]:
        for delivery in super().deliver(request):
            yield replace(delivery, unmapped=[header for header in delivery.unmapped if not _maximum_of(header)])

    def _missing(self, sheet: Sheet, columns: Mapping[int, Field], request: Request) -> list[str]:
        pieces = [] if any(map(_piece_of, sheet.headers)) else [_WORK.header]
        return [*super()._missing(sheet, columns, request), *pieces]


def _maximum_of(header: str) -> tuple[str, float] | None:
    """The name and the maximum of `หน่วยที่1(30)`."""
    found = _PIECE.fullmatch(normalise.digits(header))
    return (found[1].strip(), float(found[2])) if found and int(found[2]) else None


def _piece_of(header: str) -> tuple[str, float] | None:
    named = _maximum_of(header)
    return None if named is None or _TOTAL.fullmatch(named[0]) else named


def _context(sheet: Sheet, request: Request) -> Known:
    """Course, credits, term and day of release from the title block; without such a day, that of the receipt."""
    lines = title_block.lines_of(sheet, request)
    released = next(title_block.days_after(lines, *_RELEASED), local_day(request.received_at))
    term = title_block.term_of(lines)
    known = {
        "*.happened_on": released.isoformat(),
        "*.course_code": title_block.value_of(lines, "รหัสวิชา").split(" ")[0],
        "*.credits": title_block.value_of(lines, "หน่วยกิต"),
        "*.academic_year": str(term[0]) if term else "",
        "*.term": str(term[1]) if term else "",
    }
    return {place: cell for place, cell in known.items() if cell}


# Columns to records


@dataclass(frozen=True, kw_only=True)
class _Scores:
    """Cells of one column as numbers, which of them are no number or cannot be, and the maximum."""

    values: npt.NDArray[np.float64]
    unreadable: npt.NDArray[np.bool_]
    maximum: float

    @property
    def beyond(self) -> npt.NDArray[np.bool_]:
        with np.errstate(invalid="ignore"):
            return np.asarray((self.values < 0) | (self.values > self.maximum))


def _reshape(rows: Rows, known: Known) -> Rows:
    """A record for each piece of work that has a score, and one for the course where there is a grade."""
    pieces = {header: column for header, column in rows.spare.items() if _piece_of(header)}
    if "*.piece" in rows.cells:
        pieces = {_WORK.header: rows.cells["*.piece"], **pieces}
    named = [named for named in map(_piece_of, pieces) if named]
    total = _total_of(rows)
    scores = [_scores(column, maximum) for column, (_, maximum) in zip(pieces.values(), named, strict=True)]
    grades = rows.cells["grades.grade"]
    found = melted([*pieces.values(), grades], len(rows.lines))
    every = [*scores, total]
    maxima = np.array([one.maximum for one in every])
    is_final = found.columns == len(scores)
    cells = {
        "grades.item": found.by_column([*(name for name, _ in named), "FINAL"]),
        "grades.weight": pa.array(np.where(is_final, np.nan, maxima[found.columns]), pa.float64(), from_pandas=True),
        "grades.score": _percent(every, maxima, found.rows, found.columns),
        "grades.grade": _grades(found.cells, is_final),
        "grades.attempt": repeated("1", len(found.rows)),
    }
    told = found.repeated(rows)
    return replace(told, cells={**told.cells, **cells}, warnings=_warnings(scores, total, found.rows, found.columns))


def _total_of(rows: Rows) -> _Scores:
    """The total: under its usual header out of 100, else under one that tells its maximum."""
    for header, column in rows.spare.items():
        named = _maximum_of(header)
        if named and _TOTAL.fullmatch(named[0]):
            return _scores(column, named[1])
    return _scores(rows.cells.get("*.total", repeated("", len(rows.lines))), 100.0)


def _scores(column: Cells, maximum: float) -> _Scores:
    values, unreadable = numbers(column)
    return _Scores(values=values, unreadable=unreadable, maximum=maximum)


def _percent(
    every: Sequence[_Scores], maxima: npt.NDArray[np.float64], at: npt.NDArray[np.int64], of: npt.NDArray[np.int64]
) -> pa.Array:
    shares = np.stack([one.values for one in every])[of, at] / maxima[of] * 100
    in_range = np.where((shares >= 0) & (shares <= 100), np.round(shares, 6), np.nan)
    return pa.array(in_range, pa.float64(), from_pandas=True)


def _grades(cells: pa.Array, is_final: npt.NDArray[np.bool_]) -> pa.Array:
    return pa.array(np.where(is_final, combined(cells).to_numpy(zero_copy_only=False), "SCORED"), pa.string())


def _warnings(
    scores: Sequence[_Scores], total: _Scores, at: npt.NDArray[np.int64], of: npt.NDArray[np.int64]
) -> dict[str, npt.NDArray[np.int64]]:
    every = [*scores, total]
    unreadable = np.stack([one.unreadable for one in every])[of, at]
    beyond = np.stack([one.beyond for one in every])[of, at]
    told = {"BAD_NUMBER": np.flatnonzero(unreadable), "OUT_OF_RANGE": np.flatnonzero(beyond)}
    if sum(one.maximum for one in scores) != total.maximum:
        return told  # a part of the course stands elsewhere
    parts = np.nansum([one.values for one in scores], axis=0)
    with np.errstate(invalid="ignore"):
        differs = np.abs(parts - total.values) > _ROUNDED
    sure = ~np.any([one.unreadable for one in every], axis=0)
    return {**told, "SCORES_DO_NOT_ADD_UP": np.flatnonzero((differs & sure)[at] & (of == len(scores)))}


SOURCE = ScoreSheet(
    name="vec_scores",
    label=Text(th="แบบบันทึกคะแนนรายวิชา (อาชีวศึกษา)", en="score sheet of a vocational course"),
    about=Text(
        th="คะแนนรายวิชา แถวละหนึ่งคน คอลัมน์ละหนึ่งชิ้นงานพร้อมคะแนนเต็มในวงเล็บ แล้วเป็นคะแนนรวมและเกรด รหัสวิชา หน่วยกิต และภาคเรียนอยู่เหนือตาราง",
        en="scores of a course: one row a student, a column a piece of work with its maximum in brackets, then total and grade; course code, credits and term stand above the table",
    ),
    file_name="คะแนน-20101-2001-1-2568.xlsx",
    fields=(
        *PERSON_FIELDS, _WORK, _SUM, replace(_GRADE, required=True),
        field_of(GRADES, GRADES["course_code"], example="20101-2001"),
        Field(header="ชื่อวิชา", example="งานเครื่องยนต์เบื้องต้น"),
        field_of(GRADES, GRADES["credits"], example="1-6-3", about=Text(th="ทฤษฎี-ปฏิบัติ-หน่วยกิต ใช้ตัวสุดท้าย", en="theory-practice-credits: the last counts")),
        TERM_LABEL,
        field_of(GRADES, GRADES["academic_year"], to=("*.academic_year",), example="2568"), field_of(GRADES, GRADES["term"], to=("*.term",), example="1"),
        Field(header="วันที่ประกาศผล", to=("grades.happened_on",), aliases=("วันที่ประกาศ", "released_at"), required=True, example="10/10/2568"),
        Field(header="ที่", aliases=("ลำดับ", "ลำดับที่", "เลขที่", "No.")), Field(header="หมายเหตุ"),
        *LEFT_OUT,
    ),
    tells=(Tells(table=GRADES, lag_days=0),),
    marks=((CODE.header, *CODE.aliases), (_GRADE.header, *_GRADE.aliases)),
    context=_context,
    reshape=_reshape,
    proves=Text(
        th="วันที่ประกาศผลอยู่เหนือตาราง ถ้าไม่มีใช้วันที่ได้รับไฟล์", en="the day of release stands above the table; without it the day of receipt counts"
    ),
)  # fmt: skip
